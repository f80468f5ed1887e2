import { Annotation, DeltaChannel, END, START, StateGraph } from "@langchain/langgraph";
import { type BaseCheckpointSaver, MemorySaver } from "@langchain/langgraph-checkpoint";
import { describe, expect, it } from "vitest";
import {
  collect,
  emptyThread,
  latestOf,
  noise,
  noiseText,
  putChain,
  putStep,
  sameBytes,
  threadIdOf,
  valuesAt,
} from "../../lanes/savers/checkpoints.js";
import { countedSaver, newPrefix } from "../../lanes/stored/requests.js";
import { createSaver } from "../../lanes/savers/harness.js";

/** The budget table of the design: what each operation may send. */

describe("put", () => {
  it("sends one request when the change fits the tail", async () => {
    const { saver, log } = countedSaver();
    const parent = await putStep(saver, emptyThread(), { notes: ["one"] });
    const put = await log.during(() => putStep(saver, parent, { notes: ["one", "two"] }));
    expect(put.operations).toEqual(["PutItem"]);
  });

  it("sends two requests more when it starts a thread, for its marker and its index entry", async () => {
    const { saver, log } = countedSaver();
    const put = await log.during(() => putStep(saver, emptyThread(), { notes: ["one"] }));
    expect(put.operations).toEqual(["PutItem", "UpdateItem", "UpdateItem"]);
  });

  it("sends one request for each 25 new segments and one for the checkpoint, in two round trips", async () => {
    const { saver, log } = countedSaver();
    const start = await putStep(saver, emptyThread(), { notes: [] });
    const one = await log.during(() => putStep(saver, start, { a: noiseText(5_000) }));
    expect(one).toMatchObject({ operations: ["PutItem", "PutItem"], roundTrips: 2 });

    const thirty = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`c${i}`, noiseText(5_000, i + 1)]));
    const many = await log.during(() => putStep(saver, start, thirty));
    expect(many).toMatchObject({ operations: ["BatchWriteItem", "BatchWriteItem", "PutItem"], roundTrips: 2 });
  });

  it("reads its parent first when another instance put it", async () => {
    const keyPrefix = newPrefix();
    const parent = await putStep(createSaver({ keyPrefix }), emptyThread(), { notes: ["one"] });
    const { saver, log } = countedSaver({ keyPrefix });
    const put = await log.during(() => putStep(saver, parent, { notes: ["one", "two"] }));
    expect(put.operations).toEqual(["PutItem", "Query"]);
  });
});

describe("putWrites", () => {
  it("sends one request for 20 writes", async () => {
    const { saver, log } = countedSaver();
    const { config } = await putStep(saver, emptyThread(), { notes: [] });
    const writes = Array.from({ length: 20 }, (_, i): [string, unknown] => [`channel-${i}`, { value: i }]);
    const { operations } = await log.during(() => saver.putWrites(config, writes, "task"));
    expect(operations).toEqual(["UpdateItem"]);
  });
});

describe("getTuple", () => {
  it("reads the latest small checkpoint and its pending writes in one request, also when cold", async () => {
    const keyPrefix = newPrefix();
    const step = await putStep(createSaver({ keyPrefix }), emptyThread(), { notes: ["one"] });
    for (const task of ["a", "b", "c"])
      await createSaver({ keyPrefix }).putWrites(step.config, [["notes", task]], task);
    const { saver, log } = countedSaver({ keyPrefix });
    const { result, operations } = await log.during(() => saver.getTuple(latestOf(step)));
    expect(operations).toEqual(["Query"]);
    expect(result?.pendingWrites).toHaveLength(3);
  });

  it("reads large state in two requests when cold and in one when its segments are cached", async () => {
    const keyPrefix = newPrefix();
    const writer = countedSaver({ keyPrefix });
    const step = await putStep(writer.saver, emptyThread(), {
      document: noiseText(50_000),
      other: noiseText(20_000, 2),
    });
    const own = await writer.log.during(() => writer.saver.getTuple(latestOf(step)));
    expect(own.operations).toEqual(["Query"]);

    const reader = countedSaver({ keyPrefix });
    const cold = await reader.log.during(() => reader.saver.getTuple(latestOf(step)));
    expect(cold).toMatchObject({ operations: ["BatchGetItem", "Query"], roundTrips: 2 });
    const warm = await reader.log.during(() => reader.saver.getTuple(latestOf(step)));
    expect(warm.operations).toEqual(["Query"]);
  });

  it("does not read the past of the thread for its latest checkpoint", async () => {
    const { saver, log } = countedSaver();
    const steps = await putChain(
      saver,
      emptyThread(),
      Array.from({ length: 300 }, (_, i) => ({ last: noiseText(900, i + 1) })),
    );
    const { readUnits, operations } = await log.during(() => saver.getTuple(latestOf(steps.at(-1)!)));
    expect(operations).toEqual(["Query"]);
    // The items are above 600 bytes each: all of them would be 45 units or more.
    expect(readUnits).toBeGreaterThan(0);
    expect(readUnits).toBeLessThanOrEqual(3);
  });
});

describe("a turn of a graph", () => {
  it.each(["sync", "async"] as const)(
    "sends one Query, and for each superstep one request for its checkpoint and one for its writes (durability %s)",
    async (durability) => {
      const { saver, log } = countedSaver();
      const State = Annotation.Root({ steps: Annotation<number>({ reducer: (a, b) => a + b, default: () => 0 }) });
      const step = (): { steps: number } => ({ steps: 1 });
      const graph = new StateGraph(State)
        .addNode("a", step)
        .addNode("b", step)
        .addNode("c", step)
        .addEdge(START, "a")
        .addEdge("a", "b")
        .addEdge("b", "c")
        .addEdge("c", END)
        .compile({ checkpointer: saver });
      const config = { configurable: { thread_id: "1" }, durability };
      await graph.invoke({ steps: 0 }, config);
      const { operations } = await log.during(() => graph.invoke({ steps: 0 }, config));
      const count = (name: string): number => operations.filter((operation) => operation === name).length;
      // The input and three nodes; the input has writes too, and what the last node leaves has none.
      expect({
        queries: count("Query"),
        puts: count("PutItem"),
        writes: count("UpdateItem"),
        all: operations.length,
      }).toEqual({ queries: 1, puts: 5, writes: 4, all: 10 });
    },
  );
});

describe("history", () => {
  it("lists 50 checkpoints with their state and writes in at most 3 requests, cold", async () => {
    const keyPrefix = newPrefix();
    const writer = createSaver({ keyPrefix });
    const messages = Array.from({ length: 60 }, (_, i) => noiseText(300, i + 1));
    const growing = messages.map((_, i) => ({ messages: messages.slice(0, i + 1) }));
    const steps = await putChain(writer, emptyThread(), growing);
    for (const { config } of steps) await writer.putWrites(config, [["messages", "next"]], "task");
    const { saver, log } = countedSaver({ keyPrefix });
    const { result, operations } = await log.during(() => collect(saver.list(latestOf(steps[0]!), { limit: 50 })));
    expect(result).toHaveLength(50);
    expect(result[0]?.checkpoint.channel_values).toEqual(growing[59]);
    expect(result[49]?.checkpoint.channel_values).toEqual(growing[10]);
    expect(operations).toContain("BatchGetItem");
    expect(operations.length).toBeLessThanOrEqual(3);
  });

  it("gives a graph 50 states in at most 3 requests", async () => {
    const { saver, log } = countedSaver();
    const State = Annotation.Root({
      messages: Annotation<string[]>({ reducer: (a, b) => [...a, ...b], default: () => [] }),
    });
    const graph = new StateGraph(State)
      .addNode("answer", ({ messages }) => ({ messages: [noiseText(300, messages.length)] }))
      .addEdge(START, "answer")
      .addEdge("answer", END)
      .compile({ checkpointer: saver });
    const config = { configurable: { thread_id: "1" } };
    for (let turn = 0; turn < 17; turn++) await graph.invoke({ messages: [noiseText(100, turn + 1)] }, config);
    const { result, operations } = await log.during(() => collect(graph.getStateHistory(config, { limit: 50 })));
    expect(result).toHaveLength(50);
    expect(result[0]?.values.messages).toHaveLength(34);
    expect(operations.length).toBeLessThanOrEqual(3);
  });
});

describe("a DeltaChannel", () => {
  it("is rebuilt after 200 turns with one request a megabyte of history, never one an ancestor", async () => {
    const keyPrefix = newPrefix();
    const append = (state: string[], writes: string[][]): string[] => [...state, ...writes.flat()];
    const State = Annotation.Root({
      log: () =>
        new DeltaChannel<string[], string[]>(append, { snapshotFrequency: 10_000, initialValueFactory: () => [] }),
    });
    const agent = (checkpointer: BaseCheckpointSaver) =>
      new StateGraph(State)
        .addNode("answer", ({ log }) => ({ log: [`answer ${log.length}`] }))
        .addEdge(START, "answer")
        .addEdge("answer", END)
        .compile({ checkpointer });
    const config = { configurable: { thread_id: "1" } };
    // Each turn reads all that was before it, which is quicker in memory.
    const memory = new MemorySaver();
    for (let turn = 0; turn < 200; turn++) await agent(memory).invoke({ log: [`question ${turn}`] }, config);
    await createSaver({ keyPrefix }).importFrom(memory);

    const { saver, log } = countedSaver({ keyPrefix });
    const whole = await log.during(() => agent(saver).getState(config));
    expect(whole.result.values.log).toHaveLength(400);
    expect(whole.result.values.log.at(-1)).toBe("answer 399");
    expect(whole.operations).toEqual(["Query", "Query"]); // the latest checkpoint, and its ancestors
    expect(whole.readUnits * 4_096).toBeLessThan(2 ** 20);
  });

  it("is rebuilt from a history of several megabytes with one request for each", async () => {
    const { saver, log } = countedSaver();
    const steps = await putChain(
      saver,
      emptyThread(),
      Array.from({ length: 50 }, (_, i) => ({ turn: i })),
    );
    await Promise.all(steps.map(({ config }, i) => saver.putWrites(config, [["log", noise(50_000, i + 1)]], "task")));
    const { config } = await putStep(saver, steps.at(-1)!, { turn: 50 });
    const { result, operations } = await log.during(() => saver.getDeltaChannelHistory({ config, channels: ["log"] }));
    expect(result.log?.writes.map(([, , delta], i) => sameBytes(delta, noise(50_000, i + 1)))).toEqual(
      steps.map(() => true),
    );
    expect(operations).toEqual(["Query", "Query", "Query"]); // 2.5 MB
  });
});

describe("deleteThread", () => {
  it(
    "sends a query a page and a batch for each 25 items, and five for the marker and the index entry: each is read " +
      "and deleted, and looked at last",
    async () => {
      const { saver, log } = countedSaver();
      const steps = await putChain(
        saver,
        emptyThread(),
        Array.from({ length: 60 }, (_, i) => ({ document: noiseText(2_000, i + 1) })),
      );
      for (const { config } of steps) await saver.putWrites(config, [["document", "next"]], "task");
      const { operations } = await log.during(() => saver.deleteThread(threadIdOf(steps[0]!)));
      const pages = operations.filter((operation) => operation === "Query").length;
      const batches = operations.filter((operation) => operation === "BatchWriteItem").length;
      expect(pages).toBeLessThanOrEqual(3); // checkpoints, segments, and the empty one that ends it
      // 60 checkpoints, 60 tasks' writes, 60 segments; checkpoints go before their writes, so each page that has items
      // can leave one batch half full.
      expect(batches).toBeLessThanOrEqual(Math.ceil(180 / 25) + 2);
      expect(operations).toHaveLength(pages + batches + 5);
      expect(await valuesAt(saver, latestOf(steps[0]!))).toBeUndefined();
    },
  );
});
