import type { DynamoDBSaver } from "langgraph-checkpoint-dynamodb";
import { describe, expect, it, vi } from "vitest";
import {
  collect,
  emptyThread,
  latestOf,
  noise,
  noiseText,
  putChain,
  putStep,
  valuesAt,
  type Step,
} from "../../lanes/savers/checkpoints.js";
import { putDeltaThread } from "../../lanes/savers/delta-thread.js";
import { garbageOf } from "../../lanes/stored/garbage.js";
import { createSaver, type SaverOptions } from "../../lanes/savers/harness.js";
import { deleteRaw, itemsOf, itemsWithPrefix, type RawItem } from "../../lanes/stored/raw-table.js";
import { countedSaver, newPrefix } from "../../lanes/stored/requests.js";
import { fetchInRealTime, newPlace } from "../../lanes/savers/s3-saver.js";
import { withoutBorn } from "../../lanes/stored/sort-keys.js";
import { goneAt } from "../../lanes/stored/stored-format.js";

/** Branches, subgraphs, writes, large values, shortened ids, and ancestors of a DeltaChannel. */
async function putThread(saver: DynamoDBSaver, threadId: string): Promise<Step[]> {
  const chain = await putChain(saver, emptyThread(threadId), [
    { a: noiseText(6_000, 1), b: noiseText(2_000, 2) },
    { a: noiseText(7_000, 3) },
    { n: 1 },
  ]);
  const fork = await putStep(saver, chain[0]!, { b: noiseText(3_000, 4) }, { metadata: { source: "fork" } });
  const child = await putStep(
    saver,
    emptyThread(threadId, `child:1|${"grandchild ".repeat(80)}`),
    { c: noise(5_000) },
    { id: "long id ".repeat(40) },
  );
  const odd = await putStep(saver, emptyThread(threadId, "!"), { d: 1 });
  for (const { config } of [chain[2]!, fork, child])
    await saver.putWrites(
      config,
      [
        ["a", noiseText(70_000, 5)],
        ["b", 1],
      ],
      "task ".repeat(60),
    );
  return [...chain, fork, child, odd];
}

const sameKey = { encryption: { key: noise(32, 5) } };
const tuplesOf = async (options: Partial<SaverOptions>, threadId: string): Promise<unknown> => {
  const tuples = await collect(createSaver(options).list({ configurable: { thread_id: threadId } }));
  return JSON.parse(JSON.stringify(tuples).replaceAll(JSON.stringify(threadId), '"…"')) as unknown;
};
/**
 * What an item holds, where neither a time of its own nor the incarnation is in it: it lives as long as it had left.
 */
const contentOf = (items: RawItem[]): unknown =>
  items.map(({ PK: _, at: __, ttl: _ttl, born: ___, restoring: ____, begun: _____, SK, ...item }) => ({
    ...item,
    SK: { S: withoutBorn(SK!.S!) },
  }));

describe.each<[name: string, options: Partial<SaverOptions>]>([
  ["plain", {}],
  ["with s3", { s3: newPlace().s3 }],
  ["with encryption and s3", { ...sameKey, s3: newPlace().s3 }],
  ["with ttlSeconds", { ttlSeconds: 10_000 }],
])("%s", (_, options) => {
  it("a copy reads as the original, shares nothing with it, and goes on by itself", async () => {
    const place = { ...options, keyPrefix: newPrefix() };
    const saver = createSaver(place);
    const steps = await putThread(saver, "from");
    const before = await tuplesOf(place, "from");
    const { items } = await createSaver(place).copyThread("from", "to");
    expect(items).toBeGreaterThan(10);
    await saver.deleteThread("from");
    expect(await tuplesOf(place, "to")).toEqual(before);
    const copied = { ...steps[2]!, config: { configurable: { ...steps[2]!.config.configurable, thread_id: "to" } } };
    const next = await putStep(createSaver(place), copied, { a: "short" });
    expect(await valuesAt(createSaver(place), latestOf(next))).toEqual(next.checkpoint.channel_values);
    expect((await collect(createSaver(place).listThreads())).map(({ threadId }) => threadId)).toEqual(["to"]);
    await createSaver(place).deleteThread("to");
    expect(await itemsWithPrefix(place.keyPrefix)).toEqual([]);
  });

  it("an export is imported byte for byte, there and elsewhere", async () => {
    const place = { ...options, keyPrefix: newPrefix() };
    await putThread(createSaver(place), "t");
    const before = await itemsOf(place.keyPrefix, "t");
    const tuples = await tuplesOf(place, "t");
    const lines = await collect(createSaver(place).exportThread("t"));
    expect(lines.every((line) => !line.includes("\n"))).toBe(true);

    const elsewhere = { ...options, keyPrefix: newPrefix() };
    await createSaver(elsewhere).importThread(lines, { threadId: "other", fromKeyPrefix: place.keyPrefix });
    expect(await tuplesOf(elsewhere, "other")).toEqual(tuples);

    const [created] = await collect(createSaver(place).listThreads());
    await createSaver(place).deleteThread("t");
    await createSaver(place).importThread(lines);
    const restored = before.map((item) => (/#~[^#]*$/.test(item.SK!.S!) ? { ...item, restored: { N: "1" } } : item));
    expect(contentOf(await itemsOf(place.keyPrefix, "t"))).toEqual(contentOf(restored));
    expect(await tuplesOf(place, "t")).toEqual(tuples);
    expect(await collect(createSaver(place).listThreads())).toEqual([created]);
  });
});

it(
  "a copy of a thread with a DeltaChannel has the ancestors that it is rebuilt from, also those that were pruned " +
    "for readers",
  async () => {
    const place = { keyPrefix: newPrefix(), compression: "none" as const };
    const saver = createSaver(place);
    const [, second] = await putDeltaThread(saver, "from");
    await saver.prune({ threadIds: ["from"], keepLast: 1, graceSeconds: 0 });
    await saver.copyThread("from", "to");
    const history = (threadId: string): Promise<unknown> =>
      createSaver(place).getDeltaChannelHistory({
        config: { configurable: { ...second!.config.configurable, thread_id: threadId } },
        channels: ["log"],
      });
    expect(await history("to")).toEqual(await history("from"));
    expect(await garbageOf(place, "to")).toEqual([]);
  },
);

it(
  "a copy is not there before it is complete, and neither overwrites a thread nor takes one that is " + "not there",
  async () => {
    const keyPrefix = newPrefix();
    const saver = createSaver({ keyPrefix });
    await putThread(saver, "from");
    const other = await putStep(saver, emptyThread("other"), { n: 1 });
    await expect(saver.copyThread("from", "other")).rejects.toMatchObject({ code: "INVALID_INPUT" });
    await expect(saver.copyThread("none", "to")).rejects.toMatchObject({ code: "INVALID_INPUT" });
    await expect(saver.copyThread("from", "from")).rejects.toMatchObject({ code: "INVALID_INPUT" });
    expect(await valuesAt(saver, latestOf(other))).toEqual({ n: 1 });
  },
);

it("a million bytes of history are exported, imported and copied with few requests", async () => {
  const place = { keyPrefix: newPrefix(), compression: "none" as const };
  const chain = await putChain(
    createSaver(place),
    emptyThread("t"),
    Array.from({ length: 300 }, (_, i) => ({ document: noiseText(3_000, i + 1) })),
  );
  const { saver, log } = countedSaver(place);
  const exported = await log.during(() => collect(saver.exportThread("t")));
  expect(exported.result).toHaveLength(2 + 600);
  // The marker before and after, the entry, 3 ranges of checkpoints, and 300 segments by 100.
  expect(exported.operations).toHaveLength(3 + 3 + 3);
  const imported = await log.during(() => saver.importThread(exported.result, { threadId: "other" }));
  // 600 items by 25; the marker is taken, looked at and set, what an earlier attempt has left is looked for, and the
  // entry.
  expect(imported.operations.filter((operation) => operation === "BatchWriteItem")).toHaveLength(24);
  expect(imported.operations.length).toBeLessThanOrEqual(24 + 5);
  expect(await valuesAt(createSaver(place), { configurable: { thread_id: "other" } })).toEqual(
    chain.at(-1)!.checkpoint.channel_values,
  );
});

it("a backup that is older than its thread's ttl comes back, and lives as long as it had left", async () => {
  vi.useFakeTimers({ toFake: ["Date"], now: Math.ceil(Date.now() / 1_000) * 1_000 });
  try {
    const place = { ...newPlace(), ttlSeconds: 1_000, fetch: fetchInRealTime };
    const step = await putStep(createSaver(place), emptyThread("t"), {
      large: noise(6_000),
      medium: noise(3_000, 2),
      n: 1,
    });
    await createSaver(place).putWrites(step.config, [["n", 2]], "task");
    vi.setSystemTime(Date.now() + 400_000);
    const lines = await collect(createSaver(place).exportThread("t"));
    await createSaver(place).deleteThread("t");
    vi.setSystemTime(Date.now() + 30 * 86_400_000);
    await createSaver(place).importThread(lines);

    vi.setSystemTime(Date.now() + 599_000);
    const tuple = await createSaver(place).getTuple(step.config);
    expect(tuple?.checkpoint.channel_values).toEqual(step.checkpoint.channel_values);
    expect(tuple?.pendingWrites).toEqual([["task", "n", 2]]);
    expect(await collect(createSaver(place).listThreads())).toHaveLength(1);
    vi.setSystemTime(Date.now() + 1_000);
    expect(await createSaver(place).getTuple(step.config)).toBeUndefined();
  } finally {
    vi.useRealTimers();
  }
});

it("a thread of which only a DeltaChannel's past has outlived its ttl can be copied and exported", async () => {
  vi.useFakeTimers({ toFake: ["Date"], now: Math.ceil(Date.now() / 1_000) * 1_000 });
  try {
    const place = { keyPrefix: newPrefix(), ttlSeconds: 1_000 };
    const saver = createSaver(place);
    let step = emptyThread("t");
    for (let n = 0; n < 4; n++) {
      step = await putStep(
        saver,
        step,
        { doc: noise(5_000, n + 1), log: n },
        { metadata: { counters_since_delta_snapshot: { log: [n, n] } } },
      );
      delete step.checkpoint.channel_values.log;
      await saver.putWrites(step.config, [["log", `w${n}`]], `task ${n}`);
      vi.setSystemTime(Date.now() + 700_000);
      await saver.getTuple(latestOf(step));
    }
    // What DynamoDB does some time later.
    for (const item of await itemsOf(place.keyPrefix, "t"))
      if (goneAt(item) <= Date.now() / 1_000) await deleteRaw(item);

    await saver.copyThread("t", "copy");
    await saver.importThread(await collect(saver.exportThread("t")), { threadId: "imported" });
    for (const thread_id of ["t", "copy", "imported"]) {
      expect((await valuesAt(createSaver(place), { configurable: { thread_id } }))?.doc).toEqual(noise(5_000, 4));
    }
  } finally {
    vi.useRealTimers();
  }
});
