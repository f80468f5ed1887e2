import { MemorySaver, type BaseCheckpointSaver, type CheckpointTuple } from "@langchain/langgraph-checkpoint";
import {
  Annotation,
  Command,
  interrupt,
  MessagesAnnotation,
  START,
  StateGraph,
  type StateSnapshot,
} from "@langchain/langgraph";
import type { ImportFromProgress } from "langgraph-checkpoint-dynamodb";
import { provideContext } from "langgraph-checkpoint-dynamodb/context";
import { expect, it } from "vitest";
import { collect, emptyThread, idsOf, putChain, putStep } from "../../lanes/savers/checkpoints.js";
import { createSaver } from "../../lanes/savers/harness.js";
import { newPrefix } from "../../lanes/stored/requests.js";

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

it("called again, takes newer questions along, and leaves those of a thread that went on here", async () => {
  const memory = new MemorySaver();
  const keyPrefix = newPrefix();
  const asking = (saver: BaseCheckpointSaver) =>
    new StateGraph(Annotation.Root({ out: Annotation<string> }))
      .addNode("ask", () => ({ out: `${interrupt("name?")} ${interrupt("age?")} ${interrupt("city?")}` }))
      .addEdge(START, "ask")
      .compile({ checkpointer: saver });
  const questionIn = async (saver: BaseCheckpointSaver): Promise<unknown> =>
    (await asking(saver).getState(thread("1"))).tasks[0]!.interrupts[0]!.value;
  await asking(memory).invoke({ out: "" }, thread("1"));
  await createSaver({ keyPrefix }).importFrom(memory);
  await asking(memory).invoke(new Command({ resume: "Bob" }), thread("1"));
  await createSaver({ keyPrefix }).importFrom(memory);
  expect(await questionIn(createSaver({ keyPrefix }))).toBe("age?");

  await asking(createSaver({ keyPrefix })).invoke(new Command({ resume: "36" }), thread("1"));
  expect(await questionIn(createSaver({ keyPrefix }))).toBe("city?");
  for (let call = 0; call < 2; call++) await createSaver({ keyPrefix }).importFrom(memory);
  expect(await questionIn(createSaver({ keyPrefix }))).toBe("city?");
  expect(await asking(createSaver({ keyPrefix })).invoke(new Command({ resume: "Rome" }), thread("1"))).toEqual({
    out: "Bob 36 Rome",
  });
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
  await expect(saver.importFrom(memory, { threadIds: ["b", "nope"] })).rejects.toMatchObject({
    code: "INVALID_INPUT",
    message: expect.stringContaining('no thread "nope"') as string,
  });
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
