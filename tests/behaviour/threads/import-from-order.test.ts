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

  it(
    "makes the DeltaChannel of a graph what MemorySaver's pending writes say, also when the " + "graph goes on",
    async () => {
      const Log = Annotation.Root({
        log: () =>
          new DeltaChannel((before: string[], said: string[][]) => [...before, ...said.flat()], {
            snapshotFrequency: 100,
            initialValueFactory: () => [],
          }),
      });
      const build = (checkpointer: BaseCheckpointSaver) => {
        const graph = new StateGraph(Log).addNode("ask", () => ({ log: [interrupt<string, string>("sure?")] }));
        for (const name of ["left", "middle", "right"])
          graph.addNode(name, () => ({ log: [name] })).addEdge(START, name);
        return graph.addEdge(START, "ask").compile({ checkpointer });
      };
      const memory = new MemorySaver();
      const saver = createSaver();
      const ids = ["1", "2", "3", "4", "5", "6"];
      for (const id of ids) {
        await build(memory).invoke({ log: ["question"] }, thread(id));
        await build(memory).invoke(new Command({ resume: "yes" }), thread(id));
        await build(memory).invoke({ log: ["again"] }, thread(id));
      }
      await saver.importFrom(memory);

      // An older LangGraph tells no saver in which order a run has applied what its tasks wrote.
      const tellsPaths = MemorySaver.prototype.putWrites.length > 3;
      // The first input is in a checkpoint, and in no pending write.
      const saidOf = async (id: string): Promise<unknown[]> =>
        (await collect(memory.list(thread(id))))
          .reverse()
          .flatMap(({ pendingWrites }) =>
            pendingWrites!.filter(([, channel]) => channel === "log").flatMap(([, , value]) => value),
          );
      const logOf = async (id: string): Promise<string[]> =>
        ((await build(saver).getState(thread(id))).values as { log: string[] }).log;
      for (const id of ids) {
        const said = await saidOf(id);
        // What the superstep under way wrote is not applied yet
        const taken = said.filter((text) => text !== "question").slice(0, 5);
        expect(taken.toSorted()).toEqual(["again", "left", "middle", "right", "yes"]);
        expect((await logOf(id)).slice(1, 6)).toEqual(taken);
        const { log } = (await build(saver).invoke(new Command({ resume: "no" }), thread(id))) as { log: string[] };
        const after = await logOf(id);
        expect(after.filter((text) => text !== "no").slice(1)).toEqual(said.filter((text) => text !== "question"));
        expect(after).toEqual(tellsPaths ? log : expect.arrayContaining(log));
      }
    },
  );
});
