import { DeltaSnapshot, type DeltaChannelHistory } from "@langchain/langgraph-checkpoint";
import type { DynamoDBSaver } from "langgraph-checkpoint-dynamodb";
import { describe, expect, test } from "vitest";
import { operationsOf, type Intercept } from "../../lanes/stored/aws-requests.js";
import {
  collect,
  emptyThread,
  idsOf,
  latestOf,
  noise,
  noiseText,
  putStep,
  valuesAt,
  type Step,
} from "../../lanes/savers/checkpoints.js";
import { awsError, errorOf } from "../../lanes/faults/faulty-fetch.js";
import { createSaver } from "../../lanes/savers/harness.js";
import { deleteRaw, itemsOf, itemsWithPrefix, MARKER } from "../../lanes/stored/raw-table.js";
import { onCeph } from "../../lanes/servers/real-servers.js";
import { newPrefix } from "../../lanes/stored/requests.js";
import { headObject, keysAt, newPlace, saverAt } from "../../lanes/savers/s3-saver.js";
import { goneAt } from "../../lanes/stored/stored-format.js";
import { useStillDate } from "../../lanes/faults/still-date.js";

const TTL = 1_000;
const date = useStillDate();
const { passTo } = date;

/** Seconds from the start to the end of each item of a thread, by what it is. */
async function endsOf(keyPrefix: string, threadId = "t"): Promise<Record<string, number[]>> {
  const kinds: Record<string, number[]> = {};
  for (const item of await itemsOf(keyPrefix, threadId)) {
    const sortKey = item.SK!.S!;
    const kind =
      sortKey === MARKER
        ? "marker"
        : sortKey.startsWith("S#")
          ? "segments"
          : sortKey.includes("#W#")
            ? "writes"
            : "checkpoints";
    (kinds[kind] ??= []).push(goneAt(item) - date.start);
  }
  return kinds;
}
const indexEnd = async (keyPrefix: string): Promise<number> =>
  goneAt((await itemsWithPrefix(`${keyPrefix}THREADS`))[0]!) - date.start;

async function putWithWrites(saver: DynamoDBSaver, threadId = "t"): Promise<Step> {
  const step = await putStep(saver, emptyThread(threadId), { value: noise(3_000) });
  await saver.putWrites(step.config, [["value", noiseText(70_000)]], "task");
  return step;
}

describe("what is stored ends:", () => {
  test("a checkpoint after one ttl, and what it shares with others after one and a half", async () => {
    const keyPrefix = newPrefix();
    await putWithWrites(createSaver({ keyPrefix, ttlSeconds: TTL }));

    expect(await endsOf(keyPrefix)).toEqual({
      checkpoints: [TTL],
      marker: [1.5 * TTL],
      writes: [1.5 * TTL],
      segments: [1.5 * TTL, 1.5 * TTL],
    });
    expect(await indexEnd(keyPrefix)).toBe(1.5 * TTL);
  });

  test("never, without ttlSeconds", async () => {
    const keyPrefix = newPrefix();
    await putWithWrites(createSaver({ keyPrefix }));

    const items = await itemsWithPrefix(keyPrefix);
    expect(items.length).toBe(6);
    for (const item of items) expect(Object.keys(item)).not.toContain("ttl");
  });

  test("after configurable.ttl_seconds, where a call has it", async () => {
    const keyPrefix = newPrefix();
    const saver = createSaver({ keyPrefix, ttlSeconds: TTL });
    const { config, checkpoint } = emptyThread("t");
    const stored = await saver.put(
      { configurable: { ...config.configurable, ttl_seconds: 60 } },
      checkpoint,
      { source: "input", step: -1, parents: {} },
      {},
    );
    await saver.putWrites({ configurable: { ...stored.configurable, ttl_seconds: 80 } }, [["a", 1]], "task");
    const permanent = createSaver({ keyPrefix });
    await permanent.putWrites(
      { configurable: { ...stored.configurable, ttl_seconds: 90.5 } },
      [["a", 1]],
      "other task",
    );

    expect(await endsOf(keyPrefix)).toEqual({ checkpoints: [60], marker: [90], writes: [136, 120] });
  });

  test.each([0, -1, NaN, Infinity, "60", null, 1e12, {}])(
    "configurable.ttl_seconds %j is refused before anything is sent",
    async (ttl_seconds) => {
      const { saver, sent } = saverAt({}, undefined, { refreshOnRead: true });
      const configurable = { thread_id: "t", checkpoint_id: "c", ttl_seconds };
      const calls = [
        () => saver.put({ configurable }, emptyThread().checkpoint, { source: "input", step: -1, parents: {} }, {}),
        () => saver.putWrites({ configurable }, [["a", 1]], "task"),
      ];
      for (const call of calls)
        expect(await errorOf(call())).toMatchObject({
          code: "INVALID_INPUT",
          message: expect.stringContaining("configurable.ttl_seconds must be a positive number of seconds"),
        });
      expect(sent).toEqual([]);
    },
  );

  test.each([0, -1, NaN, "60", 1e12])("ttlSeconds %j is refused", (ttlSeconds) => {
    const make = (): unknown => createSaver({ ttlSeconds: ttlSeconds as number });
    expect(make).toThrow(
      expect.toSatisfy(
        (error: { code: string; message: string }) =>
          error.code === "INVALID_CONFIG" && error.message.includes("ttlSeconds must be"),
      ),
    );
  });
});

describe("what has expired and is not swept yet is absent", () => {
  /** A thread whose first checkpoint ends before its second, which is a child of it. */
  async function prepare(): Promise<{ keyPrefix: string; old: Step; young: Step }> {
    const keyPrefix = newPrefix();
    const saver = createSaver({ keyPrefix, ttlSeconds: TTL });
    const old = await putWithWrites(saver);
    passTo(TTL / 4);
    return { keyPrefix, old, young: await putStep(saver, old, { n: 1 }) };
  }

  test("to getTuple, list and listThreads", async () => {
    const { keyPrefix, old, young } = await prepare();
    const reader = createSaver({ keyPrefix });
    passTo(TTL - 1);
    expect(idsOf(await collect(reader.list(latestOf(old))))).toEqual([young.checkpoint.id, old.checkpoint.id]);
    expect(await valuesAt(reader, old.config)).toEqual(old.checkpoint.channel_values);
    passTo(TTL);
    expect(await reader.getTuple(old.config)).toBeUndefined();
    expect(idsOf(await collect(reader.list(latestOf(old))))).toEqual([young.checkpoint.id]);
    expect(await valuesAt(createSaver({ keyPrefix }), latestOf(old))).toEqual(young.checkpoint.channel_values);
    passTo(1.25 * TTL);
    expect(await reader.getTuple(latestOf(old))).toBeUndefined();
    expect(await collect(reader.list({}))).toEqual([]);
    passTo(2 * TTL);
    expect(await collect(reader.listThreads())).toEqual([]);
    expect((await itemsOf(keyPrefix, "t")).length).toBe(6);
  });

  test.each(["warm", "cold"])(
    "to put, when it was the parent of a %s instance: everything is stored anew",
    async (which) => {
      const keyPrefix = newPrefix();
      const saver = createSaver({ keyPrefix, ttlSeconds: TTL });
      const old = await putStep(saver, emptyThread("t"), { value: noise(3_000) });
      passTo(3 * TTL);
      const child = await putStep(which === "warm" ? saver : createSaver({ keyPrefix, ttlSeconds: TTL }), old, {
        n: 1,
      });

      expect(await endsOf(keyPrefix)).toEqual({
        checkpoints: [TTL, 4 * TTL],
        marker: [4.5 * TTL],
        segments: [4.5 * TTL],
      });
      passTo(4 * TTL - 1);
      expect(await valuesAt(createSaver({ keyPrefix }), child.config)).toEqual(child.checkpoint.channel_values);
      expect(await collect(createSaver({ keyPrefix }).listThreads())).toHaveLength(1);
    },
  );

  test("to a DeltaChannel's history, which says that it is missing", async () => {
    const keyPrefix = newPrefix();
    const saver = createSaver({ keyPrefix, ttlSeconds: TTL });
    const counted = { metadata: { counters_since_delta_snapshot: { log: [1, 1] } } };
    const one = await putStep(saver, emptyThread("t"), { log: new DeltaSnapshot(["a"]) });
    await saver.putWrites(one.config, [["log", "b"]], "task");
    const rest = { config: one.config, checkpoint: { ...one.checkpoint, channel_values: {} } };
    const two = await putStep(saver, rest, {}, { ...counted, newVersions: { log: 2 } });
    two.checkpoint.channel_versions.log = 2;
    const history = (reader: DynamoDBSaver): Promise<Record<string, DeltaChannelHistory>> =>
      reader.getDeltaChannelHistory({ config: two.config, channels: ["log"] });
    passTo(TTL - 1);
    expect((await history(createSaver({ keyPrefix }))).log!.writes).toEqual([["task", "log", "b"]]);
    passTo(2 * TTL);
    expect(await saver.getTuple(two.config)).toBeUndefined();
    // One whose target is there, and whose ancestor is not.
    const three = await putStep(createSaver({ keyPrefix, ttlSeconds: TTL }), two, {}, counted);
    const error = await errorOf(
      createSaver({ keyPrefix }).getDeltaChannelHistory({ config: three.config, channels: ["log"] }),
    );
    expect(error).toMatchObject({ code: "MISSING_DATA", channel: "log", checkpointId: three.checkpoint.id });
  });

  test("to a reader of pending writes", async () => {
    const keyPrefix = newPrefix();
    const config = { configurable: { thread_id: "t", checkpoint_ns: "", checkpoint_id: "1" } };
    // They came before their checkpoint, which lives for good.
    await createSaver({ keyPrefix, ttlSeconds: TTL }).putWrites(config, [["n", 2]], "task");
    await putStep(createSaver({ keyPrefix }), emptyThread("t"), { n: 1 }, { id: "1" });
    const reader = createSaver({ keyPrefix });
    expect((await reader.getTuple(config))?.pendingWrites).toHaveLength(1);
    passTo(1.5 * TTL);
    expect((await reader.getTuple(config))?.pendingWrites).toEqual([]);
  });
});

describe("refreshOnRead", () => {
  const refreshing = { ttlSeconds: TTL, refreshOnRead: true };

  test(
    "renews a checkpoint, its writes, its segments, the thread's marker and its entry, at most once every " +
      "half ttl",
    async () => {
      const keyPrefix = newPrefix();
      const { config } = await putWithWrites(createSaver({ keyPrefix, ...refreshing }));
      const { saver, sent } = saverAt({ keyPrefix }, undefined, refreshing);
      const readAt = async (seconds: number): Promise<number> => {
        passTo(seconds);
        sent.length = 0;
        expect(await saver.getTuple(config)).toBeDefined();
        return operationsOf(sent).filter((operation) => operation === "UpdateItem" || operation === "PutItem").length;
      };

      expect(await readAt(600)).toBeGreaterThan(0);
      const end = 600 + 1.5 * TTL;
      expect(await endsOf(keyPrefix)).toEqual({
        checkpoints: [end],
        marker: [end],
        writes: [end],
        segments: [end, end],
      });
      expect(await indexEnd(keyPrefix)).toBe(end);
      expect(await readAt(1_099)).toBe(0);
      expect(await readAt(1_101)).toBeGreaterThan(0);
      expect((await endsOf(keyPrefix)).checkpoints).toEqual([1_101 + 1.5 * TTL]);
      expect(await readAt(2_600)).toBeGreaterThan(0);
    },
  );

  test("does nothing on a saver without ttlSeconds, and follows configurable.ttl_seconds", async () => {
    const keyPrefix = newPrefix();
    const { config } = await putWithWrites(createSaver({ keyPrefix, ttlSeconds: TTL }));
    const reader = createSaver({ keyPrefix, refreshOnRead: true });
    passTo(900);
    await reader.getTuple(config);
    expect((await endsOf(keyPrefix)).checkpoints).toEqual([TTL]);
    await reader.getTuple({ configurable: { ...config.configurable, ttl_seconds: 4_000 } });
    expect((await endsOf(keyPrefix)).checkpoints).toEqual([900 + 6_000]);
  });

  test("renews the ancestors that a DeltaChannel needs", async () => {
    const keyPrefix = newPrefix();
    const saver = createSaver({ keyPrefix, ...refreshing });
    const one = await putStep(saver, emptyThread("t"), { log: new DeltaSnapshot(["a"]) });
    await saver.putWrites(one.config, [["log", "b"]], "task");
    const without = {
      config: one.config,
      checkpoint: { ...one.checkpoint, channel_values: {}, channel_versions: { log: 2 } },
    };
    const two = await putStep(
      saver,
      without,
      {},
      { metadata: { counters_since_delta_snapshot: { log: [1, 1] } }, newVersions: { log: 2 } },
    );
    for (let at = 700; at <= 4_200; at += 700) {
      passTo(at);
      expect(await createSaver({ keyPrefix, ...refreshing }).getTuple(two.config)).toBeDefined();
    }
    const { log } = await createSaver({ keyPrefix }).getDeltaChannelHistory({ config: two.config, channels: ["log"] });
    expect(log).toEqual({ seed: new DeltaSnapshot(["a"]), writes: [["task", "log", "b"]] });
  });

  onCeph("writes objects again, with their tag and a new date", async () => {
    const place = newPlace();
    const { config } = await putStep(saverAt(place, undefined, refreshing).saver, emptyThread("t"), {
      large: noise(6_000),
    });
    passTo(600);
    const { saver, sent } = saverAt(place, undefined, refreshing);
    await saver.getTuple(config);

    const put = sent.find(({ operation }) => operation === "PutObject");
    expect(put?.headers.get("x-amz-tagging")).toBe("ttl-days=1");
    expect(put?.headers.has("if-none-match")).toBe(false);
    const [key] = await keysAt(place);
    expect((await headObject(key!)).get("x-amz-tagging-count")).toBe("1");
    expect(await valuesAt(saverAt(place).saver, config)).toEqual({ large: noise(6_000) });
  });

  test.each<[what: string, fault: Intercept]>([
    ["a denial", ({ operation }) => (operation === "UpdateItem" ? awsError("AccessDeniedException") : undefined)],
    [
      "a network that fails",
      ({ operation }) => (operation === "UpdateItem" ? Promise.reject(new TypeError("told by the test")) : undefined),
    ],
  ])("that ends in %s is a warning, and the read succeeds", async (_, fault) => {
    const keyPrefix = newPrefix();
    const { config } = await putStep(createSaver({ keyPrefix, ttlSeconds: TTL }), emptyThread("t"), { n: 1 });
    passTo(900);
    const { saver, events } = saverAt({ keyPrefix }, fault, { ...refreshing, maxAttempts: 1 });

    expect((await saver.getTuple(config))?.checkpoint.channel_values).toEqual({ n: 1 });
    expect(events.filter(({ type }) => type === "warning")).toEqual([
      expect.objectContaining({ code: "REFRESH_FAILED" }),
    ]);
  });
});

describe("when ttlSeconds is switched", () => {
  test("off, a child that stays keeps all it took over, and the thread stays listed", async () => {
    const keyPrefix = newPrefix();
    const one = await putStep(createSaver({ keyPrefix, ttlSeconds: TTL }), emptyThread("t"), { value: noise(3_000) });
    const two = await putStep(createSaver({ keyPrefix }), one, { n: 1 });
    passTo(10 * TTL);
    const reader = createSaver({ keyPrefix });

    expect(await valuesAt(reader, two.config)).toEqual(two.checkpoint.channel_values);
    expect(await reader.getTuple(one.config)).toBeUndefined();
    expect(await collect(reader.listThreads())).toHaveLength(1);
    expect((await endsOf(keyPrefix)).segments).toEqual([Infinity]);
  });

  test("on, what was stored for good stays for good, with all it shares", async () => {
    const keyPrefix = newPrefix();
    const permanent = await putStep(createSaver({ keyPrefix }), emptyThread("t"), { value: noise(3_000) });
    await createSaver({ keyPrefix }).putWrites(permanent.config, [["value", "interrupt"]], "task");
    const expiring = createSaver({ keyPrefix, ttlSeconds: TTL, refreshOnRead: true });
    await expiring.getTuple(permanent.config);
    let step = await putStep(expiring, permanent, { n: 1 });
    for (let at = TTL - 1; at < 5 * TTL; at += TTL - 1) {
      passTo(at);
      step = await putStep(expiring, step, { n: at });
    }
    // The same content again, but not taken over.
    await putStep(expiring, emptyThread("t"), { value: noise(3_000) });
    await expiring.putWrites(permanent.config, [["value", "resumed"]], "task");
    passTo(20 * TTL);

    const reader = createSaver({ keyPrefix });
    expect(await valuesAt(reader, permanent.config)).toEqual(permanent.checkpoint.channel_values);
    expect((await reader.getTuple(permanent.config))?.pendingWrites).toEqual([["task", "value", "interrupt"]]);
    expect(await reader.getTuple(step.config)).toBeUndefined();
    expect((await collect(reader.listThreads())).map(({ threadId }) => threadId)).toEqual(["t"]);
  });

  test("shorter, what has the longer one keeps it", async () => {
    const keyPrefix = newPrefix();
    const long = await putWithWrites(createSaver({ keyPrefix, ttlSeconds: 10 * TTL }));
    const short = createSaver({ keyPrefix, ttlSeconds: TTL, refreshOnRead: true });
    let step = await putStep(short, long, { n: 1 });
    for (let at = TTL - 1; at < 5 * TTL; at += TTL - 1) {
      passTo(at);
      step = await putStep(short, step, { n: at });
      await short.putWrites(long.config, [["value", "again"]], "task");
    }
    passTo(10 * TTL - 1);
    expect(await valuesAt(createSaver({ keyPrefix }), long.config)).toEqual(long.checkpoint.channel_values);
    expect((await createSaver({ keyPrefix }).getTuple(long.config))?.pendingWrites).toEqual([
      ["task", "value", noiseText(70_000)],
    ]);
  });
});

test("a subgraph's checkpoints that outlive its parent's keep the thread listed", async () => {
  const keyPrefix = newPrefix();
  const saver = createSaver({ keyPrefix, ttlSeconds: TTL });
  await putStep(saver, emptyThread("t"), { n: 1 });
  passTo(400);
  const child = await putStep(saver, emptyThread("t", "child:1"), { n: 2 });
  passTo(800);
  const next = await putStep(saver, child, { n: 3 });
  passTo(1_799);

  expect(await valuesAt(createSaver({ keyPrefix }), next.config)).toEqual({ n: 3 });
  expect(await collect(createSaver({ keyPrefix }).listThreads())).toHaveLength(1);
});

test(
  "a DeltaChannel that a graph gained later is empty, though the thread's first checkpoints " + "have expired",
  async () => {
    const keyPrefix = newPrefix();
    const saver = createSaver({ keyPrefix, ttlSeconds: TTL });
    let step = await putStep(saver, emptyThread("t"), { n: 0 });
    for (let at = 600; at <= 3_000; at += 600) {
      passTo(at);
      step = await putStep(saver, step, { n: at });
    }
    expect(
      await createSaver({ keyPrefix }).getDeltaChannelHistory({ config: step.config, channels: ["gained"] }),
    ).toEqual({ gained: { writes: [] } });
  },
);

describe("what a DeltaChannel is rebuilt from lives as long as a checkpoint that was put", () => {
  const counted = (n: number): { metadata: Record<string, unknown> } => ({
    metadata: { counters_since_delta_snapshot: { log: [n, n] } },
  });
  const without = (step: Step, version: number): Step => ({
    config: step.config,
    checkpoint: {
      ...step.checkpoint,
      channel_values: {},
      channel_versions: { ...step.checkpoint.channel_versions, log: version },
    },
  });
  const history = async (keyPrefix: string, { config }: Step): Promise<unknown[]> =>
    (await createSaver({ keyPrefix }).getDeltaChannelHistory({ config, channels: ["log"] })).log!.writes.map(
      ([, , value]) => value,
    );

  test("under a parent that has ended for readers meanwhile", async () => {
    const keyPrefix = newPrefix();
    const run = createSaver({ keyPrefix, ttlSeconds: TTL });
    const one = await putStep(run, without(emptyThread("t"), 1), { s: 1 }, counted(0));
    await run.putWrites(one.config, [["log", "w0"]], "task 0");
    passTo(990);
    await run.getTuple(latestOf(one));
    await run.putWrites(one.config, [["log", "w1"]], "task 1");
    passTo(1_390);
    const two = await putStep(run, without(one, 2), { s: 2 }, counted(1));
    passTo(1_390 + TTL - 1);
    expect(await history(keyPrefix, two)).toEqual(["w0", "w1"]);
  });

  test.each([0, 3_000])("as a fork of one whose parent has ended, which had a segment of %i bytes", async (length) => {
    const keyPrefix = newPrefix();
    const run = createSaver({ keyPrefix, ttlSeconds: TTL });
    const one = await putStep(run, without(emptyThread("t"), 1), { s: noise(length) }, counted(0));
    await run.putWrites(one.config, [["log", "w0"]], "task 0");
    passTo(400);
    const two = await putStep(run, without(one, 2), { s: 2 }, counted(1));
    passTo(1_100);
    const saver = createSaver({ keyPrefix, ttlSeconds: TTL });
    const { checkpoint, metadata, parentConfig } = (await saver.getTuple(two.config))!;
    // It is still there for the DeltaChannel, but not what else it had.
    for (const item of await itemsOf(keyPrefix, "t", "S#")) await deleteRaw(item);
    const fork = await saver.put(
      parentConfig!,
      { ...checkpoint, id: emptyThread().checkpoint.id },
      { ...metadata!, source: "fork" },
      {},
    );
    passTo(1_100 + TTL - 1);
    expect(await history(keyPrefix, { config: fork, checkpoint })).toEqual(["w0"]);
  });
});
