import type { RunnableConfig } from "@langchain/core/runnables";
import {
  INTERRUPT,
  MemorySaver,
  RESUME,
  type BaseCheckpointSaver,
  type CheckpointTuple,
  type PendingWrite,
} from "@langchain/langgraph-checkpoint";
import {
  Annotation,
  Command,
  DeltaChannel,
  interrupt,
  MessagesAnnotation,
  START,
  StateGraph,
  type StateSnapshot,
} from "@langchain/langgraph";
import type { ImportFromProgress } from "langgraph-checkpoint-dynamodb";
import { provideContext } from "langgraph-checkpoint-dynamodb/context";
import { describe, expect, it } from "vitest";
import { collect, emptyThread, idsOf, putChain, putStep } from "../../lanes/savers/checkpoints.js";
import { createSaver } from "../../lanes/savers/harness.js";

provideContext();

const thread = (thread_id: string) => ({ configurable: { thread_id } });

it("takes along states, history, forks, subgraphs and pending writes", async () => {
  const memory = new MemorySaver();
  const dynamodb = createSaver();
  const config = thread("moved");
  const graph = approval(memory);
  await graph.invoke({ messages: [{ role: "user", content: "Send 250 to Ada." }] }, config);
  const [, asked] = await collect(graph.getStateHistory(config));
  await graph.updateState(asked!.config, { messages: [{ role: "user", content: "And 10 to Bob." }] }); // a fork
  await graph.invoke(null, config); // up to the interrupt in the subgraph

  const taken = await dynamodb.importFrom(memory);

  const before = await tuplesOf(memory, "moved");
  expect(taken).toMatchObject({ threads: 1, checkpoints: before.length });
  expect(before.some(({ pendingWrites }) => pendingWrites!.some(({ channel }) => channel === "__interrupt__"))).toBe(
    true,
  );
  expect(new Set(before.map((tuple) => tuple.config.configurable!.checkpoint_ns as string)).size).toBe(3);
  expect(await tuplesOf(dynamodb, "moved")).toEqual(before);
  expect(await snapshotsOf(approval(dynamodb), "moved")).toEqual(await snapshotsOf(graph, "moved"));
  expect((await collect(dynamodb.listThreads())).map(({ threadId }) => threadId)).toEqual(["moved"]);
});

it("leaves threads that go on where they stopped, and can be called again", async () => {
  const memory = new MemorySaver();
  const dynamodb = createSaver();
  for (const id of ["1", "2"])
    await approval(memory).invoke({ messages: [{ role: "user", content: "Send 250 to Ada." }] }, thread(id));

  for (let i = 0; i < 2; i++) expect(await dynamodb.importFrom(memory)).toMatchObject({ threads: 2 });

  for (const id of ["1", "2"]) {
    expect(await tuplesOf(dynamodb, id)).toEqual(await tuplesOf(memory, id));
    const { status, messages } = await approval(dynamodb).invoke(new Command({ resume: "yes" }), thread(id));
    expect(status).toBe("sent");
    expect(messages).toHaveLength(2);
  }
});

it("takes the threads that it is told, says how far it is, and lets branches in", async () => {
  const memory = new MemorySaver();
  const [first, ...others] = await putChain(memory, emptyThread("a"), [{ n: 1 }, { n: 2 }, { n: 3 }]);
  const fork = await putStep(memory, first!, { n: 4 }, { metadata: { source: "fork" } });
  await putStep(memory, emptyThread("b"), { n: 1 });
  const saver = createSaver({ conflict: "reject" });

  const progress: ImportFromProgress[] = [];
  await saver.importFrom(memory, { threadIds: ["a"], onProgress: (step) => progress.push(step) });

  expect(progress.at(-1)).toEqual({ threadId: "a", threads: 1, checkpoints: 4, writes: 0 });
  expect(idsOf(await collect(saver.list({})))).toEqual(
    [fork, ...others.toReversed(), first!].map(({ checkpoint }) => checkpoint.id),
  );
  await expect(saver.importFrom({} as never)).rejects.toMatchObject({ code: "INVALID_INPUT" });
});

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

/** Two tasks side by side, one of which asks in a subgraph. */
function approval(checkpointer: BaseCheckpointSaver) {
  const Transfer = Annotation.Root({
    ...MessagesAnnotation.spec,
    status: Annotation<string>,
    note: Annotation<string>,
  });
  const ask = new StateGraph(Transfer)
    .addNode("prepare", () => ({ note: "prepared" }))
    .addNode("ask", () => ({
      status: interrupt("Send it?") === "yes" ? "sent" : "declined",
      messages: [{ role: "assistant", content: "Done." }],
    }))
    .addEdge(START, "prepare")
    .addEdge("prepare", "ask")
    .compile();
  return new StateGraph(Transfer)
    .addNode("look", () => ({ note: "looked up" }))
    .addNode("transfer", ask)
    .addNode("log", () => ({}))
    .addEdge(START, "look")
    .addEdge("look", "transfer")
    .addEdge("look", "log")
    .compile({ checkpointer });
}

/** All that a saver has of the thread, in one order for every saver. */
async function tuplesOf(
  saver: BaseCheckpointSaver,
  id: string,
): Promise<
  (Omit<CheckpointTuple, "pendingWrites"> & { pendingWrites?: { task: string; channel: string; value: unknown }[] })[]
> {
  const tuples = await collect(saver.list(thread(id)));
  const place = ({ config }: { config: CheckpointTuple["config"] }): string =>
    `${config.configurable!.checkpoint_ns} ${config.configurable!.checkpoint_id}`;
  const described = tuples.map(({ pendingWrites = [], ...tuple }) => ({
    ...tuple,
    // Within a task as they are; special channels come first in one saver and last in another.
    pendingWrites: pendingWrites
      .map(([task, channel, value]) => ({ task, channel, value }))
      .toSorted((a, b) =>
        compare(`${a.task} ${a.channel.startsWith("__")}`, `${b.task} ${b.channel.startsWith("__")}`),
      ),
  }));
  return described.toSorted((a, b) => compare(place(a), place(b)));
}

/** What the graph makes of each checkpoint, the latest with its subgraphs. */
async function snapshotsOf(graph: ReturnType<typeof approval>, id: string): Promise<unknown> {
  const history: StateSnapshot[] = await collect(graph.getStateHistory(thread(id)));
  return JSON.parse(JSON.stringify([await graph.getState(thread(id), { subgraphs: true }), ...history])) as unknown;
}

const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b));
