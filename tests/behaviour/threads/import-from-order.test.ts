import type { RunnableConfig } from "@langchain/core/runnables";
import {
  INTERRUPT,
  MemorySaver,
  RESUME,
  type BaseCheckpointSaver,
  type CheckpointTuple,
  type PendingWrite,
} from "@langchain/langgraph-checkpoint";
import { Annotation, Command, DeltaChannel, interrupt, START, StateGraph } from "@langchain/langgraph";
import { provideContext } from "langgraph-checkpoint-dynamodb/context";
import { describe, expect, it } from "vitest";
import { collect, emptyThread, putStep } from "../../lanes/savers/checkpoints.js";
import { createSaver } from "../../lanes/savers/harness.js";

provideContext();

const thread = (thread_id: string) => ({ configurable: { thread_id } });

/** Puts a checkpoint with writes of tasks, and the one after it, as a graph with a `DeltaChannel` does. */
async function putDeltaWrites(
  saver: BaseCheckpointSaver,
  id: string,
  tasks: [taskId: string, writes: PendingWrite[], path?: string][],
): Promise<RunnableConfig> {
  const first = await putStep(saver, emptyThread(id), { n: 1 }, { newVersions: { n: 1, log: 1 } });
  for (const [taskId, writes, path] of tasks) await saver.putWrites(first.config, writes, taskId, path);
  await putStep(
    saver,
    first,
    { n: 2 },
    { newVersions: { n: 2, log: 2 }, metadata: { counters_since_delta_snapshot: { log: [1, 1] } } },
  );
  return first.config;
}

const historyOf = async (saver: BaseCheckpointSaver, id: string): Promise<unknown[]> =>
  (await saver.getDeltaChannelHistory({ config: thread(id), channels: ["log"] })).log!.writes.map(
    ([, , value]) => value,
  );

describe("the order of what tasks wrote", () => {
  const ordinary = (tuple: CheckpointTuple): [string, string, unknown][] =>
    tuple.pendingWrites!.filter(([, channel]) => !channel.startsWith("__"));
  const log = (...values: string[]): PendingWrite[] => values.map((value) => ["log", value]);

  it(
    "is that of the source, whatever the ids of the tasks are, in a tuple, a list and the history of a " +
      "DeltaChannel",
    async () => {
      const ids = Array.from({ length: 12 }, (_, i) => `task ${(i * 7) % 12}`);
      const source = createSaver();
      const config = await putDeltaWrites(
        source,
        "t",
        ids.map((id, i) => [id, log(`${i}a`, `${i}b`), `~__pregel_pull, ${String(i).padStart(2, "0")}`]),
      );
      const saver = createSaver();
      await saver.importFrom(source);

      const expected = ids.flatMap((id, i) => [
        [id, "log", `${i}a`],
        [id, "log", `${i}b`],
      ]);
      expect((await saver.getTuple(config))!.pendingWrites).toEqual(expected);
      expect((await collect(saver.list(thread("t")))).at(-1)!.pendingWrites).toEqual(expected);
      expect(await historyOf(saver, "t")).toEqual(expected.map(([, , value]) => value));
      const again = createSaver(); // a source whose paths are made up is one as well
      await again.importFrom(saver);
      expect(await historyOf(again, "t")).toEqual(expected.map(([, , value]) => value));
    },
  );

  it(
    "leaves a place to a task that had asked, and puts others that run again after what was taken over, input " +
      "before it",
    async () => {
      const source = createSaver();
      await putDeltaWrites(source, "t", [
        ["c", log("c"), "~__pregel_pull, 1"],
        ["b", [[INTERRUPT, "sure?"]], "~__pregel_pull, 2"],
        ["a", log("a"), "~__pregel_pull, 3"],
      ]);
      const saver = createSaver();
      await saver.importFrom(source);
      const [, first] = await collect(saver.list(thread("t")));
      await saver.putWrites(first!.config, log("died in the source"), "0", "~__pregel_pull, 0");
      await saver.putWrites(first!.config, [[RESUME, ["yes"]], ...log("b")], "b", "~__pregel_pull, 2");
      await saver.putWrites(first!.config, log("input"), "z");

      expect(await historyOf(saver, "t")).toEqual(["input", "c", "b", "a", "died in the source"]);
    },
  );

  it("follows the source when it is called again, and stores no write twice", async () => {
    const source = createSaver();
    const config = await putDeltaWrites(source, "t", [
      ["c", log("c"), "~2"],
      ["a", log("a1", "a2"), "~4"],
    ]);
    const saver = createSaver();
    await saver.importFrom(source);
    await source.putWrites(config, log("d"), "d", "~1");
    await source.putWrites(config, [[INTERRUPT, "sure?"]], "a", "~4");
    await source.putWrites(config, log("b"), "b", "~3");
    await saver.importFrom(source);

    expect(await historyOf(saver, "t")).toEqual(["d", "c", "b", "a1", "a2"]);
    expect(ordinary((await saver.getTuple(config))!)).toEqual(ordinary((await source.getTuple(config))!));
  });

  /** A graph with a `DeltaChannel` to which four nodes write in one superstep, of which `ask` asks before. */
  const Log = Annotation.Root({
    log: () =>
      new DeltaChannel((before: string[], said: string[][]) => [...before, ...said.flat()], {
        snapshotFrequency: 100,
        initialValueFactory: () => [],
      }),
  });
  const build = (checkpointer: BaseCheckpointSaver) => {
    // The one that comes last is the first to have written.
    const graph = new StateGraph(Log).addNode("ask", () => ({ log: [interrupt<string, string>("sure?")] }));
    for (const name of ["above", "left", "right"])
      graph
        .addNode(name, async () => {
          if (name !== "right") await new Promise((resolve) => setTimeout(resolve, name === "left" ? 4 : 8));
          return { log: [name] };
        })
        .addEdge(START, name);
    return graph.addEdge(START, "ask").compile({ checkpointer });
  };
  const logOf = async (saver: BaseCheckpointSaver, id: string): Promise<string[]> =>
    ((await build(saver).getState(thread(id))).values as { log: string[] }).log;

  it.each(["sync", "exit"] as const)(
    "makes the DeltaChannel of a graph what it is on MemorySaver, also when the graph goes on, with the durability %s",
    async (durability) => {
      const memory = new MemorySaver();
      const saver = createSaver();
      const ids = ["1", "2", "3", "4", "5", "6"];
      const run = (on: BaseCheckpointSaver, input: unknown, id: string) =>
        build(on).invoke(input as never, { ...thread(id), durability });
      for (const id of ids) {
        await run(memory, { log: ["question"] }, id);
        await run(memory, new Command({ resume: "yes" }), id);
        await run(memory, { log: ["again"] }, id);
      }
      await saver.importFrom(memory);

      for (const id of ids) {
        const log = await logOf(memory, id);
        expect([...new Set(log)].toSorted()).toEqual(["above", "again", "left", "question", "right", "yes"]);
        expect(await logOf(saver, id)).toEqual(log);
        for (const on of [memory, saver]) await run(on, new Command({ resume: "no" }), id);
        expect(await logOf(saver, id)).toEqual(await logOf(memory, id));
      }
    },
  );
});
