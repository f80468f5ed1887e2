import type { DynamoDBSaver } from "langgraph-checkpoint-dynamodb";
import { describe, expect, it, vi } from "vitest";
import {
  collect,
  emptyThread,
  idsOf,
  latestOf,
  noise,
  noiseText,
  putChain,
  putStep,
  valuesAt,
  type Step,
} from "../../lanes/savers/checkpoints.js";
import { putDeltaThread } from "../../lanes/savers/delta-thread.js";
import { errorOf } from "../../lanes/faults/faulty-fetch.js";
import { garbageOf } from "../../lanes/stored/garbage.js";
import { createSaver, type SaverOptions } from "../../lanes/savers/harness.js";
import { deleteTable } from "../../lanes/stored/raw-setup.js";
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
    expect(contentOf(await itemsOf(place.keyPrefix, "t"))).toEqual(contentOf(before));
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

describe("lines that are not a whole export", () => {
  it.each<[name: string, change: (lines: string[]) => string[], message: string]>([
    ["none", () => [], "not an export"],
    ["without its beginning", (lines) => lines.slice(1), "not an export"],
    ["without its end", (lines) => lines.slice(0, -1), "cut short"],
    ["without one in the middle", (lines) => lines.toSpliced(2, 1), "items instead of"],
    ["not JSON", (lines) => lines.with(1, "{"), "Line 2 is not JSON"],
    ["of a newer version", (lines) => lines.with(0, lines[0]!.replace('"version":1', '"version":2')), "upgrade"],
    [
      "with a key of another kind",
      (lines) => lines.with(1, lines[1]!.replace(/"SK":\{"S":"[^"]*"/, '"SK":{"S":"C#$"')),
      "another shape",
    ],
    [
      "with a partition of its own",
      (lines) => lines.with(1, lines[1]!.replace('"SK"', '"PK":{"S":"elsewhere"},"SK"')),
      "another shape",
    ],
  ])("%s", async (_, change, message) => {
    const keyPrefix = newPrefix();
    await putChain(createSaver({ keyPrefix }), emptyThread("t"), [{ n: 1 }, { n: 2 }]);
    const lines = change(await collect(createSaver({ keyPrefix }).exportThread("t")));
    const elsewhere = newPrefix();
    await expect(
      createSaver({ keyPrefix: elsewhere }).importThread(lines, { fromKeyPrefix: keyPrefix }),
    ).rejects.toMatchObject({ message: expect.stringContaining(message) });
    expect(await collect(createSaver({ keyPrefix: elsewhere }).list({}))).toEqual([]);
  });
});

it("an encrypted export needs its key where it is imported under another id", async () => {
  const keyPrefix = newPrefix();
  await putStep(createSaver({ keyPrefix, ...sameKey }), emptyThread("t"), { n: 1 });
  const lines = await collect(createSaver({ keyPrefix, ...sameKey }).exportThread("t"));
  await expect(createSaver({ keyPrefix }).importThread(lines, { threadId: "other" })).rejects.toMatchObject({
    code: "DECRYPTION_FAILED",
  });
  await expect(
    createSaver({ keyPrefix: newPrefix() }).importThread(lines, { fromKeyPrefix: keyPrefix }),
  ).rejects.toMatchObject({ code: "DECRYPTION_FAILED" });
});

it("an encrypted thread is not exported without its key: the export has to find the thread's segments", async () => {
  const keyPrefix = newPrefix();
  await putStep(createSaver({ keyPrefix, ...sameKey }), emptyThread("t"), { n: 1 });
  await expect(collect(createSaver({ keyPrefix }).exportThread("t"))).rejects.toMatchObject({
    code: "DECRYPTION_FAILED",
  });
});

it(
  "an encrypted export needs no key where it is imported into another table, under the same id and keyPrefix, and " +
    "is read with it there",
  async () => {
    const keyPrefix = newPrefix();
    const step = await putStep(createSaver({ keyPrefix, ...sameKey }), emptyThread("t"), { text: noiseText(9_000) });
    const lines = await collect(createSaver({ keyPrefix, ...sameKey }).exportThread("t"));
    const elsewhere = { tableName: `elsewhere-${crypto.randomUUID()}`, keyPrefix };
    const withoutKey = createSaver(elsewhere);
    await withoutKey.setup();
    try {
      await withoutKey.importThread(lines);

      expect(await valuesAt(createSaver({ ...elsewhere, ...sameKey }), latestOf(step))).toEqual(
        step.checkpoint.channel_values,
      );
      expect(await errorOf(withoutKey.getTuple(latestOf(step)))).toMatchObject({ code: "DECRYPTION_FAILED" });
    } finally {
      await deleteTable(elsewhere.tableName);
    }
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

describe("deleteForRuns", () => {
  it(
    "removes the checkpoints of the runs that are named, and a thread that has no others when no run can go on in " +
      "it any more",
    async () => {
      const place = { keyPrefix: newPrefix(), compression: "none" as const };
      const saver = createSaver(place);
      const put = (parent: Step, run_id: string, n: number): Promise<Step> =>
        putStep(saver, parent, { n, document: noiseText(2_000, n) }, { metadata: { run_id } });
      const first = await put(emptyThread("a"), "run 1", 1);
      const second = await put(first, "run 2", 2);
      const third = await put(second, "run 3", 3);
      await put(emptyThread("b"), "run 2", 4);
      expect(await saver.deleteForRuns(["run 2", "run 3"])).toMatchObject({ checkpoints: 3 });
      expect(idsOf(await collect(saver.list({})))).toEqual([first.checkpoint.id]);
      expect(await saver.getTuple(third.config)).toBeUndefined();
      expect(await saver.getTuple({ configurable: { thread_id: "b" } })).toBeUndefined();
      await saver.prune({ threadIds: ["b"], keepLast: 1, graceSeconds: 0 });
      expect((await collect(saver.listThreads())).map(({ threadId }) => threadId)).toEqual(["a"]);
      expect(await itemsOf(place.keyPrefix, "b")).toEqual([]);
      await expect(saver.deleteForRuns("run 1" as never)).rejects.toMatchObject({ code: "INVALID_INPUT" });
    },
  );
});

describe("listThreads", () => {
  it("takes a prefix, a place to start after, and says the latest checkpoint if it is asked for", async () => {
    const { saver, log } = countedSaver();
    const ids = ["a/1", "a/2", "a/3", "b/1", "a#", "a%"];
    const steps = new Map<string, Step>();
    for (const [i, id] of ids.entries())
      steps.set(id, await putStep(saver, emptyThread(id), { n: 1 }, { metadata: { step: i } }));
    const list = async (options: object): Promise<string[]> =>
      (await collect(saver.listThreads(options))).map(({ threadId }) => threadId);
    expect(await list({ prefix: "a/" })).toEqual(["a/1", "a/2", "a/3"]);
    expect(await list({ prefix: "a/", after: "a/1", limit: 1 })).toEqual(["a/2"]);
    expect(await list({ prefix: "a/", after: "Z" })).toEqual(["a/1", "a/2", "a/3"]);
    expect(await list({ prefix: "a/", after: "b" })).toEqual([]);
    expect(await list({ prefix: "a#" })).toEqual(["a#"]);
    expect(await list({ prefix: "c" })).toEqual([]);
    const listed = await log.during(() => collect(saver.listThreads({ prefix: "a/", latest: true })));
    expect(listed.result.map(({ threadId, latest }) => [threadId, latest])).toEqual(
      ["a/1", "a/2", "a/3"].map((id, step) => [id, { checkpointId: steps.get(id)!.checkpoint.id, step }]),
    );
    expect(listed.operations).toHaveLength(8 + 3);
  });
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
