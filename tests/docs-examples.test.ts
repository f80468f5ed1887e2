import { MemorySaver, type BaseCheckpointSaver, type CheckpointTuple } from "@langchain/langgraph-checkpoint";
import { Annotation, Command, interrupt, MessagesAnnotation, START, StateGraph, type StateSnapshot } from "@langchain/langgraph";
import type { DynamoDBSaver } from "langgraph-checkpoint-dynamodb";
import { beforeAll, describe, expect, test } from "vitest";
import { readDocuments, type Block } from "../scripts/lib/documents.js";
import { writeExample } from "../scripts/lib/documented-programs.js";
import { collect } from "./lanes/checkpoints.js";
import { runExample } from "./lanes/documented-programs.js";
import { createSaver } from "./lanes/harness.js";
import { deleteTable } from "./lanes/raw-setup.js";

let blocks: Block[];

const marked = (mark: string): Block[] => blocks.filter((block) => block.mark === mark);

beforeAll(async () => {
  blocks = (await readDocuments()).flatMap((document) => document.blocks);
});

test("the programs of the documentation run, and print what stands behind them", async () => {
  const programs = marked("run");

  const ended = await Promise.all(
    programs.map(async (program) => {
      const tableName = `docs-${crypto.randomUUID()}`;
      const { code, printed } = await runExample(program, tableName);
      await deleteTable(tableName);
      return { place: program.place, code, printed: printed.trimEnd() };
    }),
  );

  expect(programs.map(({ place }) => place.split(":")[0])).toEqual(expect.arrayContaining(["README.md", "docs/operations.md"]));
  expect(ended).toEqual(programs.map(({ place, output }) => ({ place, code: 0, printed: output ?? (expect.any(String) as string) })));
});

describe("copyThread of the migration guide", () => {
  const config = { configurable: { thread_id: "moved" } };
  let copyThread: (from: BaseCheckpointSaver, to: DynamoDBSaver, threadId: string) => Promise<number>;

  beforeAll(async () => {
    const [module] = marked("module");
    ({ copyThread } = (await import(/* @vite-ignore */ writeExample(module!))) as { copyThread: typeof copyThread });
  });

  test("takes along states, history, forks, subgraphs and pending writes", async () => {
    const memory = new MemorySaver();
    const dynamodb = createSaver();
    const graph = approval(memory);
    await graph.invoke({ messages: [{ role: "user", content: "Send 250 to Ada." }] }, config);
    const [, asked] = await collect(graph.getStateHistory(config));
    await graph.updateState(asked!.config, { messages: [{ role: "user", content: "And 10 to Bob." }] }); // a fork
    await graph.invoke(null, config); // up to the interrupt in the subgraph

    const copied = await copyThread(memory, dynamodb, "moved");

    const before = await tuplesOf(memory);
    expect(copied).toBe(before.length);
    expect(before.some(({ pendingWrites }) => pendingWrites!.some(({ channel }) => channel === "__interrupt__"))).toBe(true);
    expect(new Set(before.map((tuple) => tuple.config.configurable!.checkpoint_ns as string)).size).toBe(3);
    expect(await tuplesOf(dynamodb)).toEqual(before);
    expect(await snapshotsOf(approval(dynamodb))).toEqual(await snapshotsOf(graph));
    expect((await collect(dynamodb.listThreads())).map(({ threadId }) => threadId)).toEqual(["moved"]);
  });

  test("leaves a thread that goes on where it stopped, and can be run again", async () => {
    const memory = new MemorySaver();
    const dynamodb = createSaver();
    await approval(memory).invoke({ messages: [{ role: "user", content: "Send 250 to Ada." }] }, config);

    await copyThread(memory, dynamodb, "moved");
    await copyThread(memory, dynamodb, "moved");

    expect(await tuplesOf(dynamodb)).toEqual(await tuplesOf(memory));
    const { status, messages } = await approval(dynamodb).invoke(new Command({ resume: "yes" }), config);
    expect(status).toBe("sent");
    expect(messages).toHaveLength(2);
  });

  /** Two tasks side by side, one of which asks in a subgraph. */
  function approval(checkpointer: BaseCheckpointSaver) {
    const Transfer = Annotation.Root({ ...MessagesAnnotation.spec, status: Annotation<string>, note: Annotation<string> });
    const ask = new StateGraph(Transfer)
      .addNode("prepare", () => ({ note: "prepared" }))
      .addNode("ask", () => ({ status: interrupt("Send it?") === "yes" ? "sent" : "declined", messages: [{ role: "assistant", content: "Done." }] }))
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
  async function tuplesOf(saver: BaseCheckpointSaver): Promise<(Omit<CheckpointTuple, "pendingWrites"> & { pendingWrites?: { task: string; channel: string; value: unknown }[] })[]> {
    const tuples = await collect(saver.list(config));
    const place = ({ config }: { config: CheckpointTuple["config"] }): string => `${config.configurable!.checkpoint_ns} ${config.configurable!.checkpoint_id}`;
    const described = tuples.map(({ pendingWrites = [], ...tuple }) => ({
      ...tuple,
      // Within a task as they are; special channels come first in one saver and last in another.
      pendingWrites: pendingWrites
        .map(([task, channel, value]) => ({ task, channel, value }))
        .toSorted((a, b) => compare(`${a.task} ${a.channel.startsWith("__")}`, `${b.task} ${b.channel.startsWith("__")}`)),
    }));
    return described.toSorted((a, b) => compare(place(a), place(b)));
  }

  /** What the graph makes of each checkpoint, the latest with its subgraphs. */
  async function snapshotsOf(graph: ReturnType<typeof approval>): Promise<unknown> {
    const history: StateSnapshot[] = await collect(graph.getStateHistory(config));
    return JSON.parse(JSON.stringify([await graph.getState(config, { subgraphs: true }), ...history])) as unknown;
  }
});

const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b));
