import { Annotation, Command, END, interrupt, Send, START, StateGraph } from "@langchain/langgraph";
import { describe, expect, test } from "vitest";
import { collect, emptyThread, noiseText, putChain, putStep } from "../../lanes/savers/checkpoints.js";
import { deleteRaw, itemsOf } from "../../lanes/stored/raw-table.js";
import { place, run, runInTerminal, saverAt, type Place } from "../run.js";
import { type Line, keyPrefixOf, linesOf } from "./inspected.js";

const State = Annotation.Root({
  log: Annotation<string[]>({ reducer: (a, b) => [...a, ...b], default: () => [] }),
  approved: Annotation<string>,
});
const child = new StateGraph(State)
  .addNode("ask", () => ({ approved: interrupt<string, string>("May I?"), log: ["asked"] }))
  .addEdge(START, "ask")
  .compile();

/** A graph with all that decides which node is next: edges that join, sends, a subgraph that asks, a deferred node. */
const graphOn = (where: Place) =>
  new StateGraph(State)
    .addNode("a", () => ({ log: ["a"] }))
    .addNode("b", () => ({ log: ["b"] }))
    .addNode("c", () => ({ log: ["c"] }))
    .addNode("worker", () => ({ log: ["worker"] }))
    .addNode("child", child)
    .addNode("late", () => ({ log: ["late"] }), { defer: true })
    .addEdge(START, "a")
    .addEdge(START, "b")
    .addEdge(["a", "b"], "c")
    .addConditionalEdges("c", () => [new Send("worker", { log: [] }), new Send("worker", { log: [] })])
    .addEdge("worker", "child")
    .addEdge("child", "late")
    .addEdge("late", END)
    .compile({ checkpointer: saverAt(where) });

const config = { configurable: { thread_id: "t" } };

describe("the timeline", () => {
  test(
    "tells of each checkpoint what LangGraph tells: parent, step, source, what is next, and what " + "was asked",
    async () => {
      const where = place();
      const graph = graphOn(where);
      await graph.invoke({ log: ["began"] }, config);
      const asked = await graph.getState(config);
      await graph.updateState((await collect(graph.getStateHistory(config)))[2]!.config, { log: ["forked"] }, "c");
      const history = await collect(graph.getStateHistory(config));

      const lines = await linesOf(where, ["t"]);

      const root = lines.filter(({ namespace }) => namespace === "");
      expect(
        root.map(({ checkpointId, parentId, step, source, next }) => ({ checkpointId, parentId, step, source, next })),
      ).toEqual(
        history.map(({ config, parentConfig, metadata, next }) => ({
          checkpointId: config.configurable!.checkpoint_id,
          parentId: parentConfig?.configurable?.checkpoint_id ?? null,
          step: metadata!.step,
          source: metadata!.source,
          next,
        })),
      );
      const waiting = root.find(({ checkpointId }) => checkpointId === asked.config.configurable!.checkpoint_id)!;
      expect(waiting.tasks.flatMap((task: Line) => task.interrupts)).toEqual(
        asked.tasks.flatMap(({ interrupts }) => interrupts),
      );
      expect(new Set(lines.map(({ namespace }) => namespace.split(":")[0]))).toEqual(new Set(["", "child"]));
      expect(lines.map(({ namespace }) => namespace === "")).toEqual([
        ...root.map(() => true),
        ...lines.slice(root.length).map(() => false),
      ]);
    },
  );

  test("tells which nodes are next after an answer too, and of a node that waits for all others", async () => {
    const where = place();
    const graph = graphOn(where);
    await graph.invoke({ log: ["began"] }, config);
    await graph.invoke(new Command({ resume: "yes" }), config);

    const lines = await linesOf(where, ["t", "--namespace", ""]);

    const history = await collect(graph.getStateHistory(config));
    expect(lines.map(({ next }) => next)).toEqual(history.map(({ next }) => next));
    expect(lines.flatMap(({ next }) => next)).toContain("late");
  });

  test("draws forks as a graph", async () => {
    const where = place();
    const saver = saverAt(where);
    const [one, two] = await putChain(saver, emptyThread("t"), [{ a: 1 }, { a: 2 }]);
    await putStep(saver, two!, { a: 3 });
    await putStep(saver, one!, { b: 1 });
    const fork = await putStep(saver, one!, { c: 1 });
    await putStep(saver, fork, { a: 4 });

    const { lines, code } = await runInTerminal(where, ["inspect", "t"], { columns: 160 });

    expect(code).toBe(0);
    const drawn = lines.map((line) => /^[●│╯┴─┼ ]+/.exec(line)?.[0].trimEnd());
    expect(drawn.slice(1)).toEqual(["●", "●", "│ ●", "│ │ ●", "│ │ ●", "●─┴─╯"]);
    expect(lines[1]).toMatch(/ ~a +\d+ B +\d+ B$/);
    expect(lines.at(-1)).toMatch(/ \+a +\d+ B +\d+ B$/);
  });

  test("a step adds what it changed, and not what it shares with its parent", async () => {
    const where = place();
    const saver = saverAt(where);
    const text = noiseText(30_000, 5);
    await putChain(saver, emptyThread("t"), [
      { document: noiseText(20_000, 4), log: [text] },
      { log: [text, "short"] },
    ]);

    const [second, first] = await linesOf(where, ["t"]);

    expect(first!.changes.map(({ channel, change }: Line) => [channel, change])).toEqual([
      ["document", "added"],
      ["log", "added"],
    ]);
    expect(first!.bytes.newSegments).toBeGreaterThan(49_000);
    expect(second!.changes).toMatchObject([{ channel: "log", change: "changed" }]);
    expect(second!.bytes.newSegments).toBe(0);
    expect(second!.bytes.items).toBe(
      sizeOf(
        (await itemsOf(keyPrefixOf(where), "t", "C#")).filter(({ SK }) => SK!.S!.includes(second!.checkpointId))[0]!,
      ),
    );
    expect(second!.bytes.state).toBeGreaterThan(50_000);
  });

  test("says what tasks have failed with, and marks what waits for an answer", async () => {
    const where = place();
    const saver = saverAt(where);
    const step = await putStep(saver, emptyThread("t"), { a: 1 });
    await saver.putWrites(step.config, [["__error__", { name: "Error", message: "out of stock" }]], "task-1");
    await saver.putWrites(step.config, [["__interrupt__", [{ value: "Send it?", id: "1" }]]], "task-2");

    const { text } = await runInTerminal(where, ["inspect", "t"], { columns: 160 });

    expect(text).toContain('failed: "out of stock"; waits: "Send it?"; +a');
  });

  test("has room in narrow terminals, and no colour where none is wanted", async () => {
    const where = place();
    await putChain(saverAt(where), emptyThread("t"), [{ a: 1 }, { a: 2, "a-channel-with-a-long-name": 1 }]);
    const narrow = await runInTerminal(where, ["inspect", "t"], { columns: 40 });
    const medium = await runInTerminal({ env: { ...where.env, NO_COLOR: "1" } }, ["inspect", "t"], { columns: 100 });
    const piped = await run(where, ["inspect", "t"]);

    for (const { lines, columns } of [
      { ...narrow, columns: 40 },
      { ...medium, columns: 100 },
    ])
      expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(columns);
    expect(narrow.text).toMatch(/^step +0$/m);
    expect(narrow.raw).toContain("\u001b[36m");
    expect(medium.raw).not.toContain("\u001b[36m");
    expect(medium.lines[0]).toMatch(/^ +step +checkpoint +time +next +what changed +added +state$/);
    expect(piped.stdout).not.toContain("\u001b");
  });

  test("--limit shows the newest, and says so", async () => {
    const where = place();
    const steps = await putChain(
      saverAt(where),
      emptyThread("t"),
      Array.from({ length: 60 }, (_, n) => ({ n })),
    );
    const ids = steps.map(({ checkpoint }) => checkpoint.id).reverse();

    expect((await linesOf(where, ["t", "--limit", "3"])).map(({ checkpointId }) => checkpointId)).toEqual(
      ids.slice(0, 3),
    );
    expect((await linesOf(where, ["t"])).map(({ checkpointId }) => checkpointId)).toEqual(ids);
    const people = await run(where, ["inspect", "t"]);
    expect(people.stdout.trimEnd().split("\n")).toHaveLength(51);
    expect(people.stderr).toContain("The newest 50. For all of them: --limit 0");
    expect((await run(where, ["inspect", "t", "--limit", "0"])).stdout.trimEnd().split("\n")).toHaveLength(61);
  });

  test("a parent that was pruned is none, and one that has vanished is said to be gone", async () => {
    const where = place();
    const saver = saverAt(where);
    const steps = await putChain(saver, emptyThread("t"), [{ n: 1 }, { n: 2 }, { n: 3 }, { n: 4 }]);
    await saver.prune({ threadIds: ["t"], keepLast: 3, graceSeconds: 0 });
    const vanished = (await itemsOf(keyPrefixOf(where), "t", `C##${steps[2]!.checkpoint.id}`))[0]!;
    await deleteRaw(vanished);

    const lines = await linesOf(where, ["t"]);

    expect(
      lines.map(({ parentId, parentIsThere, changes }) => ({
        parentId,
        parentIsThere,
        changes: changes?.length ?? null,
      })),
    ).toEqual([
      { parentId: steps[2]!.checkpoint.id, parentIsThere: false, changes: null },
      { parentId: null, parentIsThere: false, changes: null },
    ]);
  });

  test("a thread that is not there is an error", async () => {
    expect(await run(place(), ["inspect", "nobody"])).toMatchObject({
      code: 1,
      stdout: "",
      stderr: expect.stringContaining('There is no thread "nobody"'),
    });
  });
});

/**
 * As "DynamoDB item sizes and formats" has it, for what items of the saver hold: zeros at the end of a number are none.
 */
function sizeOf(item: Awaited<ReturnType<typeof itemsOf>>[number]): number {
  const valueSize = ({ S, N, B }: Partial<Record<"S" | "N" | "B", string>>): number =>
    S?.length ?? (B === undefined ? Math.ceil(N!.replace(/0+$/, "").length / 2) + 1 : atob(B).length);
  return Object.entries(item).reduce((sum, [name, value]) => sum + name.length + valueSize(value), 0);
}
