import { DeltaSnapshot } from "@langchain/langgraph-checkpoint";
import type { PruneProgress } from "langgraph-checkpoint-dynamodb";
import { afterEach, describe, expect, it, vi } from "vitest";
import {
  collect,
  emptyThread,
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
import { newPlace, saverAt } from "../../lanes/savers/s3-saver.js";
import { isTombstone } from "../../lanes/stored/sort-keys.js";
import { idsIn, plainSaver, putDocuments } from "./pruned-threads.js";

/** Nothing runs, so all goes at once. */
const idle = { graceSeconds: 0 };
const GRACE = 3_600;
const passSeconds = (seconds: number): void => void vi.setSystemTime(Date.now() + seconds * 1_000);

afterEach(() => {
  vi.useRealTimers();
});
const useFakeDate = (): void => void vi.useFakeTimers({ toFake: ["Date"] });

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
