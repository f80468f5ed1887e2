import { DeltaSnapshot } from "@langchain/langgraph-checkpoint";
import { Annotation, DeltaChannel, END, START, StateGraph } from "@langchain/langgraph";
import type { DynamoDBSaver, PruneProgress } from "langgraph-checkpoint-dynamodb";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Intercept } from "../../lanes/stored/aws-requests.js";
import {
  collect,
  emptyThread,
  idsOf,
  latestOf,
  noiseText,
  putChain,
  putStep,
  threadIdOf,
  valuesAt,
  type Step,
} from "../../lanes/savers/checkpoints.js";
import { putDeltaStep, putDeltaThread } from "../../lanes/savers/delta-thread.js";
import { garbageOf } from "../../lanes/stored/garbage.js";
import { createSaver } from "../../lanes/savers/harness.js";
import { itemsOf, itemsWithPrefix, type RawItem } from "../../lanes/stored/raw-table.js";
import { countedSaver, newPrefix } from "../../lanes/stored/requests.js";
import { fetchInRealTime, newPlace, saverAt } from "../../lanes/savers/s3-saver.js";
import { isTombstone } from "../../lanes/stored/sort-keys.js";

/** Nothing runs, so all goes at once. */
const idle = { graceSeconds: 0 };
const GRACE = 3_600;

const plainSaver = (keyPrefix: string): DynamoDBSaver => createSaver({ keyPrefix, compression: "none" });
const idsIn = async (saver: DynamoDBSaver, threadId: string, ns = ""): Promise<string[]> =>
  idsOf(await collect(saver.list({ configurable: { thread_id: threadId, checkpoint_ns: ns } })));
const passSeconds = (seconds: number): void => void vi.setSystemTime(Date.now() + seconds * 1_000);

afterEach(() => {
  vi.useRealTimers();
});
const useFakeDate = (): void => void vi.useFakeTimers({ toFake: ["Date"] });

/** Each step replaces a document, and leaves another one as it is. */
async function putDocuments(saver: DynamoDBSaver, steps: number, start = emptyThread("t")): Promise<Step[]> {
  const documents = Array.from({ length: steps }, (_, i) => ({
    document: noiseText(2_000, i + 1),
    ...(i === 0 && { constant: noiseText(3_000, 99) }),
  }));
  const chain = await putChain(saver, start, documents);
  for (const [i, { config }] of chain.entries()) await saver.putWrites(config, [["document", i]], "task");
  return chain;
}

describe("which checkpoints stay", () => {
  it("keepLast keeps the newest ones as they are, with their writes, and nothing else of the thread", async () => {
    const keyPrefix = newPrefix();
    const saver = plainSaver(keyPrefix);
    const steps = await putDocuments(saver, 6);
    const before = await collect(plainSaver(keyPrefix).list({ configurable: { thread_id: "t" } }));

    const freed = await plainSaver(keyPrefix).prune({ threadIds: ["t"], keepLast: 2, ...idle });

    expect(freed).toMatchObject({
      checkpoints: 4,
      writes: 4,
      segments: 4,
      objects: 0,
      later: { segments: 0, objects: 0 },
    });
    expect(freed.bytes).toBeGreaterThan(4 * 2_000);
    const after = await collect(plainSaver(keyPrefix).list({ configurable: { thread_id: "t" } }));
    const [{ parentConfig: _, ...first }] = before.slice(1, 2) as [(typeof before)[0]];
    expect(after).toEqual([before[0], first]);
    for (const { config } of steps.slice(0, 4)) expect(await plainSaver(keyPrefix).getTuple(config)).toBeUndefined();
    expect(await garbageOf({ keyPrefix }, "t")).toEqual([]);
  });

  it("what stays is stored byte for byte as before", async () => {
    const keyPrefix = newPrefix();
    await putDocuments(plainSaver(keyPrefix), 4);
    const data = (items: RawItem[]): Map<string, unknown> =>
      new Map(
        items
          .filter((item) => !isTombstone(item))
          .map(({ SK, data, parent, ttl, w0 }) => [SK!.S!, { data, parent, ttl, w0 }]),
      );
    const before = data(await itemsOf(keyPrefix, "t"));
    await plainSaver(keyPrefix).prune({ threadIds: ["t"], keepLast: 3, ...idle });
    const after = data(await itemsOf(keyPrefix, "t"));
    expect(after.size).toBe(before.size - 3);
    for (const [sortKey, item] of after) expect(item, sortKey).toEqual(before.get(sortKey));
  });

  it("olderThanSeconds keeps what is younger, and keepLast as many of the rest", async () => {
    const keyPrefix = newPrefix();
    const saver = createSaver({ keyPrefix });
    const steps: Step[] = [];
    for (const days of [9, 7, 5, 3, 1]) {
      const parent = steps.at(-1) ?? emptyThread("t");
      const id = `1f0a0000-0000-6000-8000-${String(10 - days).padStart(12, "0")}`;
      const checkpoint = {
        ...parent.checkpoint,
        id,
        ts: new Date(Date.now() - days * 86_400_000).toISOString(),
        channel_values: { days },
        channel_versions: { days },
      };
      steps.push({
        config: await saver.put(parent.config, checkpoint, { source: "loop", step: days, parents: {} }, { days }),
        checkpoint,
      });
    }
    const ids = steps.map(({ checkpoint }) => checkpoint.id).toReversed();
    await saver.prune({ threadIds: ["t"], olderThanSeconds: 4 * 86_400, keepLast: 3, ...idle });
    expect(await idsIn(saver, "t")).toEqual(ids.slice(0, 3));
    await saver.prune({ threadIds: ["t"], olderThanSeconds: 4 * 86_400, ...idle });
    expect(await idsIn(saver, "t")).toEqual(ids.slice(0, 2));
    await saver.prune({ threadIds: ["t"], olderThanSeconds: 0, ...idle });
    expect(await idsIn(saver, "t")).toEqual(ids.slice(0, 1));
  });

  it("the newest one of every namespace stays, and with checkpointNs the others are left alone", async () => {
    const keyPrefix = newPrefix();
    const saver = plainSaver(keyPrefix);
    const root = await putDocuments(saver, 3);
    const child = await putDocuments(saver, 3, emptyThread("t", "child:1|grandchild:2"));
    await saver.prune({ threadIds: ["t"], keepLast: 1, checkpointNs: "", ...idle });
    expect([(await idsIn(saver, "t")).length, (await idsIn(saver, "t", "child:1|grandchild:2")).length]).toEqual([
      1, 3,
    ]);
    await saver.prune({ threadIds: ["t"], strategy: "keep_latest", ...idle });
    expect(await valuesAt(plainSaver(keyPrefix), latestOf(child[0]!))).toEqual(child[2]!.checkpoint.channel_values);
    expect(await valuesAt(plainSaver(keyPrefix), latestOf(root[0]!))).toEqual(root[2]!.checkpoint.channel_values);
    expect(await garbageOf({ keyPrefix }, "t")).toEqual([]);
  });

  it("the ancestors of a DeltaChannel stay for it, and are gone to readers", async () => {
    const keyPrefix = newPrefix();
    const saver = plainSaver(keyPrefix);
    const [first, second] = (await putDeltaThread(saver, "t")) as [Step, Step];
    await saver.putWrites(second.config, [["log", "d"]], "task 2");
    const third = await putDeltaStep(saver, second, "3", 2);
    const history = { config: third.config, channels: ["log"] };
    const before = await plainSaver(keyPrefix).getDeltaChannelHistory(history);
    expect(before.log!.seed).toBeInstanceOf(DeltaSnapshot);

    const freed = await plainSaver(keyPrefix).prune({ threadIds: ["t"], keepLast: 1, ...idle });

    expect(freed.checkpoints).toBe(0);
    expect(await plainSaver(keyPrefix).getDeltaChannelHistory(history)).toEqual(before);
    expect(await idsIn(plainSaver(keyPrefix), "t")).toEqual(["3"]);
    for (const { config } of [first, second]) expect(await plainSaver(keyPrefix).getTuple(config)).toBeUndefined();
    expect(await garbageOf({ keyPrefix }, "t")).toEqual([]);
  });

  it("a thread goes on after it was pruned, also in an instance that knows it from before", async () => {
    const keyPrefix = newPrefix();
    const saver = plainSaver(keyPrefix);
    const steps = await putDocuments(saver, 5);
    await plainSaver(keyPrefix).prune({ threadIds: ["t"], keepLast: 1, ...idle });
    const next = await putStep(saver, steps.at(-1)!, { document: "short" });
    expect(await valuesAt(plainSaver(keyPrefix), latestOf(next))).toEqual(next.checkpoint.channel_values);
    await plainSaver(keyPrefix).prune({ threadIds: ["t"], keepLast: 1, ...idle });
    expect(await valuesAt(plainSaver(keyPrefix), latestOf(next))).toEqual(next.checkpoint.channel_values);
    expect(await garbageOf({ keyPrefix }, "t")).toEqual([]);
  });

  it("an instance that has pruned a checkpoint does not refer to what went with it", async () => {
    const keyPrefix = newPrefix();
    const saver = plainSaver(keyPrefix);
    const [first] = await putDocuments(saver, 3);
    await saver.prune({ threadIds: ["t"], keepLast: 1, ...idle });
    const fork = await putStep(saver, first!, { n: 1 });
    expect(await valuesAt(plainSaver(keyPrefix), fork.config)).toEqual(fork.checkpoint.channel_values);
  });

  it("all: true prunes every thread, strategy delete deletes them, and a dry run does neither", async () => {
    const keyPrefix = newPrefix();
    const saver = createSaver({ keyPrefix });
    for (const threadId of ["a", "b", "c"]) await putDocuments(saver, 3, emptyThread(threadId));
    const before = await itemsWithPrefix(keyPrefix);
    const dry = await saver.prune({ all: true, keepLast: 1, dryRun: true, ...idle });
    const dryDelete = await saver.prune({ all: true, strategy: "delete", dryRun: true });
    expect(await itemsWithPrefix(keyPrefix)).toEqual(before);

    const progress: PruneProgress[] = [];
    await saver.prune({ all: true, keepLast: 1, ...idle, onProgress: (step) => progress.push(step) });
    expect(progress.at(-1)!.freed).toEqual(dry);
    expect(dry).toMatchObject({ checkpoints: 6, writes: 6, segments: 6 });
    expect([...new Set(progress.map(({ threadId }) => threadId))]).toEqual(["a", "b", "c"]);
    expect(await saver.prune({ all: true, strategy: "delete" })).toMatchObject({
      checkpoints: 3,
      writes: 3,
      segments: 6,
    });
    expect(dryDelete).toMatchObject({ checkpoints: 9, writes: 9, segments: 12 });
    expect(await itemsWithPrefix(keyPrefix)).toEqual([]);
  });

  it("objects in S3 go with their pointers, and a thread that is not there is fine", async () => {
    const place = newPlace();
    const { saver } = saverAt(place, undefined, { compression: "none" });
    await putChain(
      saver,
      emptyThread("t"),
      [1, 2, 3].map((n) => ({ document: noiseText(6_000, n) })),
    );
    expect(await saver.prune({ threadIds: ["t", "none"], keepLast: 1, ...idle })).toMatchObject({
      checkpoints: 2,
      objects: 2,
      segments: 0,
    });
    expect(await garbageOf(place, "t")).toEqual([]);
    expect((await valuesAt(saverAt(place).saver, { configurable: { thread_id: "t" } }))?.document).toBe(
      noiseText(6_000, 3),
    );
  });
});

it(
  "pruning sends what it takes to read the thread and to delete by 25, and beside runs one request a " +
    "segment later",
  async () => {
    useFakeDate();
    const keyPrefix = newPrefix();
    await putDocuments(plainSaver(keyPrefix), 60);
    await plainSaver(keyPrefix).copyThread("t", "again");
    const { saver, log } = countedSaver({ keyPrefix });
    const count = async (options: object): Promise<Record<string, number>> => {
      const { operations } = await log.during(() => saver.prune({ threadIds: ["t"], keepLast: 10, ...options }));
      return Object.fromEntries(
        [...new Set(operations)].map((name) => [name, operations.filter((operation) => operation === name).length]),
      );
    };
    const reading = { GetItem: 1, Query: 3 };
    // It looks whether the thread was deleted meanwhile, and has tombstones by now.
    expect(await count({ threadIds: ["again"], ...idle })).toEqual({
      ...reading,
      GetItem: 2,
      UpdateItem: 1,
      BatchWriteItem: 2 * 2,
      DeleteItem: 50,
    });
    // A list of what is freed later is 2 items.
    expect(await count({})).toEqual({ ...reading, GetItem: 2, PutItem: 2, UpdateItem: 1, BatchWriteItem: 2 * 2 });
    expect(await count({})).toEqual(reading);
    passSeconds(GRACE + 10);
    expect(await count({})).toEqual({ ...reading, DeleteItem: 50, BatchWriteItem: 1 });
  },
);

describe("beside runs that are under way", () => {
  it("what checkpoints referred to is freed by a call after the grace period, and not before", async () => {
    useFakeDate();
    const keyPrefix = newPrefix();
    const saver = plainSaver(keyPrefix);
    await putDocuments(saver, 4);
    const prune = (): Promise<unknown> => plainSaver(keyPrefix).prune({ threadIds: ["t"], keepLast: 1 });
    expect(await prune()).toMatchObject({ checkpoints: 3, segments: 0, later: { segments: 3 } });
    passSeconds(GRACE - 10);
    expect(await prune()).toMatchObject({ checkpoints: 0, segments: 0, later: { segments: 3 } });
    passSeconds(20);
    expect(await prune()).toMatchObject({ checkpoints: 0, segments: 3, later: { segments: 0 } });
    expect(await garbageOf({ keyPrefix }, "t")).toEqual([]);
    expect((await itemsOf(keyPrefix, "t", "G#")).length).toBe(0);
  });

  it("a call every few minutes frees as well", async () => {
    useFakeDate();
    const keyPrefix = newPrefix();
    const saver = plainSaver(keyPrefix);
    let step = emptyThread("t");
    let freed = 0;
    for (let i = 0; i < 12; i++) {
      step = await putStep(saver, step, { document: noiseText(2_000, i + 1) });
      freed += (await plainSaver(keyPrefix).prune({ threadIds: ["t"], keepLast: 1 })).segments;
      passSeconds(GRACE / 6 + 5);
    }
    expect(freed).toBe(5);
  });

  it("a put whose parent is pruned under it is whole, however much later the rest goes", async () => {
    useFakeDate();
    const keyPrefix = newPrefix();
    const saver = plainSaver(keyPrefix);
    const [first, , third] = (await putDocuments(saver, 3)) as [Step, Step, Step];
    const other = plainSaver(keyPrefix);
    await other.prune({ threadIds: ["t"], keepLast: 1 });
    const fork = await putStep(saver, first, { n: 1 });
    passSeconds(GRACE + 10);
    await other.prune({ threadIds: ["t"], keepLast: 10 });
    for (const step of [third, fork])
      expect(await valuesAt(plainSaver(keyPrefix), step.config)).toEqual(step.checkpoint.channel_values);
    expect(await garbageOf({ keyPrefix }, "t")).toEqual([]);
  });

  it("an instance that remembers a checkpoint from long ago does not refer to what was freed since", async () => {
    useFakeDate();
    const keyPrefix = newPrefix();
    const saver = plainSaver(keyPrefix);
    const [first] = await putDocuments(saver, 3);
    const other = plainSaver(keyPrefix);
    await other.prune({ threadIds: ["t"], keepLast: 1 });
    passSeconds(GRACE + 10);
    await other.prune({ threadIds: ["t"], keepLast: 1 });
    const fork = await putStep(saver, first!, { n: 1 });
    expect(await valuesAt(plainSaver(keyPrefix), fork.config)).toEqual(fork.checkpoint.channel_values);
  });

  it("what has come into use again and goes once more has its grace period from then on", async () => {
    useFakeDate();
    const keyPrefix = newPrefix();
    const saver = plainSaver(keyPrefix);
    const pruning = plainSaver(keyPrefix);
    const [first] = await putDocuments(saver, 3);
    await pruning.prune({ threadIds: ["t"], keepLast: 1 });
    passSeconds(60);
    const fork = await putStep(saver, first!, { n: 1 }); // refers to what was about to be freed
    passSeconds(GRACE - 120);
    await putStep(saver, fork, { document: "short" });
    const resumed = plainSaver(keyPrefix);
    await resumed.getTuple(fork.config);
    await pruning.prune({ threadIds: ["t"], keepLast: 1 }); // with the fork it goes again
    passSeconds(120);
    await pruning.prune({ threadIds: ["t"], keepLast: 1 });
    expect(await plainSaver(keyPrefix).getTuple(fork.config)).toBeUndefined();
    const running = await putStep(resumed, fork, { n: 2 });
    expect(await valuesAt(plainSaver(keyPrefix), running.config)).toEqual(running.checkpoint.channel_values);
  });

  it("a value that comes back while it is about to be freed stays", async () => {
    useFakeDate();
    const keyPrefix = newPrefix();
    const document = noiseText(2_000, 1);
    const saver = plainSaver(keyPrefix);
    const [, second] = (await putChain(saver, emptyThread("t"), [{ document }, { document: "short" }])) as [Step, Step];
    await plainSaver(keyPrefix).prune({ threadIds: ["t"], keepLast: 1 });
    passSeconds(GRACE + 10);
    let back: Step | undefined;
    // Between the reading of the thread and the deletion.
    const { saver: pruning } = saverAt({ keyPrefix }, async (request) => {
      if (request.operation === "DeleteItem" && !back) back = await putStep(saver, second, { document });
      return request.forward();
    });
    expect(await pruning.prune({ threadIds: ["t"], keepLast: 1 })).toMatchObject({ segments: 0 });
    expect(await valuesAt(plainSaver(keyPrefix), back!.config)).toEqual({ document });
  });

  it("an object that is put again while it is being deleted goes to another place", async () => {
    useFakeDate();
    const place = newPlace();
    const at = (intercept?: Intercept): DynamoDBSaver =>
      saverAt(place, intercept, { compression: "none", fetch: fetchInRealTime }).saver;
    const document = noiseText(6_000, 1);
    const saver = at();
    const [, second] = (await putChain(saver, emptyThread("t"), [{ document }, { document: "short" }])) as [Step, Step];
    await at().prune({ threadIds: ["t"], keepLast: 1 });
    passSeconds(GRACE + 10);
    let back: Step | undefined;
    const pruning = at(async (request) => {
      if (request.operation === "DeleteObjects" && !back) back = await putStep(saver, second, { document });
      return request.forward();
    });
    expect(await pruning.prune({ threadIds: ["t"], keepLast: 1 })).toMatchObject({ objects: 1 });
    expect(await valuesAt(at(), back!.config)).toEqual({ document });
    expect(await garbageOf(place, "t")).toEqual([]);
    await at().deleteThread("t");
    expect(await itemsWithPrefix(place.keyPrefix)).toEqual([]);
  });

  it("the tip of a branch stays while it is new, for a run that may go on from it", async () => {
    useFakeDate();
    const keyPrefix = newPrefix();
    const saver = createSaver({ keyPrefix });
    const root = await putStep(saver, emptyThread("t"), { n: 0 });
    vi.setSystemTime(new Date("2026-01-01T00:01:00Z")); // a minute after the tests' checkpoints say they were made
    const branch = await putStep(saver, root, { n: 1 });
    const head = await putStep(saver, root, { n: 2 });
    await saver.prune({ threadIds: ["t"], keepLast: 1 });
    expect(await idsIn(saver, "t")).toEqual([head, branch].map(({ checkpoint }) => checkpoint.id));
    passSeconds(GRACE);
    await saver.prune({ threadIds: ["t"], keepLast: 1 });
    expect(await idsIn(saver, "t")).toEqual([head.checkpoint.id]);
  });

  it("writes that came without their checkpoint go after the grace period, unless it comes", async () => {
    useFakeDate();
    const keyPrefix = newPrefix();
    const saver = plainSaver(keyPrefix);
    const [step] = (await putDocuments(saver, 1)) as [Step];
    const at = (checkpoint_id: string): Step["config"] => ({
      configurable: { thread_id: "t", checkpoint_ns: "", checkpoint_id },
    });
    for (const id of ["2", "3"]) await saver.putWrites(at(id), [["document", noiseText(70_000, Number(id))]], "task");
    const prune = (): Promise<unknown> => plainSaver(keyPrefix).prune({ threadIds: ["t"], keepLast: 10 });
    await prune();
    const late = await putStep(saver, step, { n: 1 }, { id: "3" });
    passSeconds(GRACE + 10);
    expect(await prune()).toMatchObject({ checkpoints: 0, writes: 1 });
    passSeconds(GRACE + 10);
    await prune();
    passSeconds(GRACE + 10);
    await prune();
    expect((await plainSaver(keyPrefix).getTuple(late.config))!.pendingWrites).toEqual([
      ["task", "document", noiseText(70_000, 3)],
    ]);
    expect(await garbageOf({ keyPrefix }, "t")).toEqual([]);
  });
});

describe("wrong arguments", () => {
  it.each([
    [{ keepLast: 1 }, "threadIds"],
    [{ threadIds: ["t"], all: true, keepLast: 1 }, "threadIds"],
    [{ threadIds: [""], keepLast: 1 }, "threadIds"],
    [{ threadIds: ["t"] }, "keepLast"],
    [{ threadIds: ["t"], keepLast: 0 }, "keepLast"],
    [{ threadIds: ["t"], olderThanSeconds: -1 }, "olderThanSeconds"],
    [{ threadIds: ["t"], strategy: "keep_last" }, "strategy"],
    [{ threadIds: ["t"], strategy: "delete", keepLast: 1 }, "strategy"],
    [{ threadIds: ["t"], keepLast: 1, graceSeconds: -1 }, "graceSeconds"],
    [{ threadIds: ["t"], keepLast: 1, graceSeconds: 1_499 }, "graceSeconds must be 1500 or more"],
    [{ threadIds: ["t"], keepLast: 1, dryRun: "yes" }, "dryRun"],
  ])("prune(%j) is refused, and says what to write", async (options, name) => {
    const { saver, sent } = saverAt({ keyPrefix: newPrefix() });
    await expect(saver.prune(options as never)).rejects.toMatchObject({
      code: "INVALID_INPUT",
      message: expect.stringContaining(name),
    });
    expect(sent).toEqual([]);
  });
});

it(
  "a checkpoint that cannot be read stops the pruning before anything is deleted if it is to stay, and goes if " +
    "it is not",
  async () => {
    const keyPrefix = newPrefix();
    const steps = await putDocuments(createSaver({ keyPrefix, encryption: { key: new Uint8Array(32) } }), 2);
    const before = await itemsWithPrefix(keyPrefix);
    await expect(createSaver({ keyPrefix }).prune({ threadIds: ["t"], keepLast: 1, ...idle })).rejects.toMatchObject({
      code: "DECRYPTION_FAILED",
      checkpointId: steps[1]!.checkpoint.id,
    });
    expect(await itemsWithPrefix(keyPrefix)).toEqual(before);
    const plain = await putStep(createSaver({ keyPrefix }), { ...emptyThread(threadIdOf(steps[0]!)) }, { n: 1 });
    expect(await createSaver({ keyPrefix }).prune({ threadIds: ["t"], keepLast: 1, ...idle })).toMatchObject({
      checkpoints: 2,
    });
    expect(await valuesAt(createSaver({ keyPrefix }), latestOf(plain))).toEqual({ n: 1 });
  },
);

describe("a fork of what a pruning has left", () => {
  const State = Annotation.Root({
    log: () =>
      new DeltaChannel<string[], string[]>((a, b) => [...a, ...b.flat()], {
        snapshotFrequency: 1_000,
        initialValueFactory: () => [],
      }),
  });
  const graphOn = (checkpointer: DynamoDBSaver) =>
    new StateGraph(State)
      .addNode("a", () => ({ log: ["a"] }))
      .addNode("b", () => ({ log: ["b"] }))
      .addEdge(START, "a")
      .addEdge("a", "b")
      .addEdge("b", END)
      .compile({ checkpointer });
  const config = { configurable: { thread_id: "t" } };

  it.each([1, 2])(
    "has the whole value of a DeltaChannel, with %i checkpoints left, and keeps it when the thread is pruned again",
    async (keepLast) => {
      const keyPrefix = newPrefix();
      const fresh = () => graphOn(plainSaver(keyPrefix));
      await fresh().invoke({ log: ["one"] }, config);
      await fresh().invoke({ log: ["two"] }, config);
      await plainSaver(keyPrefix).prune({ threadIds: ["t"], keepLast, ...idle });
      const before = await fresh().getState(config);

      const fork = await fresh().updateState(before.config, null, "__copy__");

      expect(before.values.log).toEqual(["one", "a", "b", "two", "a", "b"]);
      expect((await fresh().getState(fork)).values).toEqual(before.values);
      expect((await fresh().getState(config)).config).toEqual((await fresh().getState(fork)).config);
      // LangGraph 1.4 does not say of a copy that it has DeltaChannels: then nothing tells that its ancestors are
      // needed.
      if ((await plainSaver(keyPrefix).getTuple(fork))?.metadata?.counters_since_delta_snapshot === undefined) return;
      await plainSaver(keyPrefix).prune({ threadIds: ["t"], keepLast: 1, ...idle });
      expect((await fresh().getState(config)).values).toEqual(before.values);
      await fresh().invoke({ log: ["three"] }, config);
      expect((await fresh().getState(config)).values.log).toEqual([...before.values.log, "three", "a", "b"]);
      expect(await garbageOf({ keyPrefix }, "t")).toEqual([]);
    },
  );
});

it("graceSeconds must be longer where a put may take longer, and then is so by default", async () => {
  const slow = saverAt({ keyPrefix: newPrefix() }, undefined, { maxAttempts: 10, requestTimeoutMs: 60_000 }).saver;
  const least = 5 * 60 + 10 * 10 * (60 + 20);
  await expect(
    Promise.resolve(slow.prune({ threadIds: ["t"], keepLast: 1, graceSeconds: least - 1 })),
  ).rejects.toMatchObject({ code: "INVALID_INPUT", message: expect.stringContaining(String(least)) });
  expect((await slow.prune({ threadIds: ["t"], keepLast: 1, graceSeconds: least })).checkpoints).toBe(0);
  expect((await slow.prune({ threadIds: ["t"], keepLast: 1 })).checkpoints).toBe(0);
});
