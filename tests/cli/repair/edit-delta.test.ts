import { Annotation, Command, DeltaChannel, END, interrupt, START, StateGraph } from "@langchain/langgraph";
import { describe, expect, test } from "vitest";
import { place, run, saverAt, type Place } from "../run.js";
import { withEditor } from "./editor.js";
import { at } from "./refund-graph.js";

describe("edit of a thread with a DeltaChannel", () => {
  const graphAt = (where: Place) =>
    new StateGraph(
      Annotation.Root({
        log: () =>
          new DeltaChannel<string[], string[]>((log, writes) => [...log, ...writes.flat()], {
            initialValueFactory: () => [],
          }),
        n: Annotation<number>(),
      } as any), // eslint-disable-line @typescript-eslint/no-explicit-any
    )
      .addNode("first", () => ({ log: ["first"], n: 1 }) as never)
      .addNode("asks", () => ({ log: [interrupt("go on?")] }) as never)
      .addEdge(START, "first")
      .addEdge("first", "asks")
      .addEdge("asks", END)
      .compile({ checkpointer: saverAt(where) });

  test("changes the other channels, and what the channel is put together from stays", async () => {
    const where = place();
    await graphAt(where).invoke({ log: ["input"] } as never, at("t"));
    const { env, seen } = await withEditor(where, "state.values.n = 7");
    const wrong = await withEditor(where, "state.values.log = []");

    const refused = await run(wrong, ["edit", "t", "--yes"]);
    const { code } = await run({ env }, ["edit", "t", "--yes"]);
    const end = await graphAt(where).invoke(new Command({ resume: "yes" }), at("t"));

    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining("log cannot be edited here")]);
    expect(Object.keys((await seen()).state.values)).toEqual(["n"]);
    expect([code, end]).toEqual([0, { log: ["input", "first", "yes"], n: 7 }]);
  });

  test("is refused while a task has written to it and its step is not over: that would come again", async () => {
    const where = place();
    await graphAt(where).invoke({ log: ["input"] } as never, at("t"));
    const saver = saverAt(where);
    const { config } = (await saver.getTuple(at("t")))!;
    await saver.putWrites(config, [["log", ["half"]]], crypto.randomUUID());
    const { env } = await withEditor(where, "state.values.n = 7");

    const { code, stderr } = await run({ env }, ["edit", "t", "--yes"]);

    expect([code, stderr]).toEqual([2, expect.stringContaining("A task has written to log, a DeltaChannel")]);
    expect((await saver.getTuple(at("t")))!.config.configurable).toEqual(config.configurable);
  });

  test("is also what rollback leaves it", async () => {
    const where = place();
    await graphAt(where).invoke({ log: ["input"] } as never, at("t"));
    await graphAt(where).invoke(new Command({ resume: "wrong" }), at("t"));

    const { code } = await run(where, ["rollback", "t", "latest~1", "--yes"]);
    const end = await graphAt(where).invoke(new Command({ resume: "right" }), at("t"));

    expect([code, end]).toEqual([0, { log: ["input", "first", "right"], n: 1 }]);
  });
});
