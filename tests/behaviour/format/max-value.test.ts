import { gzipSync } from "fflate";
import type { RunnableConfig } from "@langchain/core/runnables";
import { isDynamoDBSaverError, type DynamoDBSaver } from "langgraph-checkpoint-dynamodb";
import { describe, expect, test } from "vitest";
import { operationsOf } from "../../lanes/stored/aws-requests.js";
import { emptyThread, noise, noiseText, putStep, sameBytes, valuesAt } from "../../lanes/savers/checkpoints.js";
import { errorOf } from "../../lanes/faults/faulty-fetch.js";
import { createSaver } from "../../lanes/savers/harness.js";
import { itemsOf, putRaw, type RawItem } from "../../lanes/stored/raw-table.js";
import { newPrefix } from "../../lanes/stored/requests.js";
import { keysAt, newPlace, overwriteObject, saverAt } from "../../lanes/savers/s3-saver.js";
import { isWrites } from "../../lanes/stored/sort-keys.js";

const MAX = 100_000;

/** 64 MB of zeros in 64 KB. */
const bomb = gzipSync(new Uint8Array(64 * 1_024 * 1_024 + 1), { level: 9 });
/** One that lies about its length. */
const disguised = bomb.slice();
new DataView(disguised.buffer).setUint32(disguised.length - 4, 1_000, true);

/** Bytes as an item holds them, behind the codec byte of gzip. */
const stored = (zipped: Uint8Array): { B: string } => ({
  B: btoa([1, ...zipped].map((byte) => String.fromCharCode(byte)).join("")),
});

describe("what is over maxValueBytes is refused before anything is written:", () => {
  const writing = (operations: string[]): string[] =>
    operations.filter((operation) => !/^(Get|Query|BatchGet)/.test(operation));

  test("by put, of a channel", async () => {
    const { saver, sent } = saverAt({}, undefined, { maxValueBytes: MAX });
    const error = await errorOf(putStep(saver, emptyThread("t"), { small: 1, large: noise(MAX + 1) }));

    expect(isDynamoDBSaverError(error)).toBe(true);
    expect(error.code).toBe("VALUE_TOO_LARGE");
    expect(error.message).toMatch(/100001 bytes.*maxValueBytes.*100000/);
    expect(writing(operationsOf(sent))).toEqual([]);
  });

  test("by put, of metadata", async () => {
    const { saver, sent } = saverAt({}, undefined, { maxValueBytes: MAX });
    const error = await errorOf(putStep(saver, emptyThread("t"), { small: 1 }, { metadata: { said: noiseText(MAX) } }));

    expect([isDynamoDBSaverError(error), error.code]).toEqual([true, "VALUE_TOO_LARGE"]);
    expect(writing(operationsOf(sent))).toEqual([]);
  });

  test("by putWrites", async () => {
    const { saver, sent } = saverAt({}, undefined, { maxValueBytes: MAX });
    const error = await errorOf(
      saver.putWrites(
        { configurable: { thread_id: "t", checkpoint_id: "c" } },
        [
          ["a", 1],
          ["b", noise(MAX + 1)],
        ],
        "task",
      ),
    );

    expect([isDynamoDBSaverError(error), error.code]).toEqual([true, "VALUE_TOO_LARGE"]);
    expect(sent).toEqual([]);
  });
});

test.each<[what: string, put: (saver: DynamoDBSaver) => Promise<RunnableConfig>]>([
  [
    "a hundred and fifty writes of one task",
    async (saver) => {
      const { config } = await putStep(saver, emptyThread("t"), { small: 1 });
      await saver.putWrites(
        config,
        Array.from({ length: 150 }, (_, i) => ["a", noise(MAX / 10, i)]),
        "task",
      );
      return config;
    },
  ],
  [
    "six channels",
    async (saver) =>
      (
        await putStep(
          saver,
          emptyThread("t"),
          Object.fromEntries([1, 2, 3, 4, 5, 6].map((i) => [`c${i}`, noise(MAX, i)])),
        )
      ).config,
  ],
])("%s that are far over it together are refused, or can be read", async (_, put) => {
  const keyPrefix = newPrefix();
  const outcome = await put(createSaver({ keyPrefix, maxValueBytes: MAX })).catch((error: { code: string }) => error);
  if (!("code" in outcome))
    expect(await createSaver({ keyPrefix, maxValueBytes: MAX }).getTuple(outcome)).toBeDefined();
  else expect(outcome.code).toBe("VALUE_TOO_LARGE");
});

test("a value of exactly maxValueBytes goes in and out", async () => {
  const keyPrefix = newPrefix();
  const saver = createSaver({ keyPrefix, maxValueBytes: MAX });
  const { config } = await putStep(saver, emptyThread("t"), { large: noise(MAX) });
  await saver.putWrites(config, [["large", noise(MAX, 2)]], "task");

  const tuple = await createSaver({ keyPrefix, maxValueBytes: MAX }).getTuple(config);
  expect(
    sameBytes(tuple!.checkpoint.channel_values.large, noise(MAX)) &&
      sameBytes(tuple!.pendingWrites![0]![2], noise(MAX, 2)),
  ).toBe(true);
});

test.each<[what: string, value: Uint8Array]>([
  ["a value that is not compressed", noise(MAX + 1)],
  ["a value that is", new Uint8Array(MAX + 1)],
])("reading with a lower limit than was written with refuses %s, and says which", async (_, value) => {
  const keyPrefix = newPrefix();
  const { config } = await putStep(createSaver({ keyPrefix }), emptyThread("t"), { small: 1, value });

  expect(await errorOf(createSaver({ keyPrefix, maxValueBytes: MAX }).getTuple(config))).toMatchObject({
    name: "CheckpointDataError",
    code: "VALUE_TOO_LARGE",
    threadId: "t",
    channel: "value",
  });
  expect(sameBytes((await valuesAt(createSaver({ keyPrefix }), config))!.value, value)).toBe(true);
});

test("the limit is 64 MiB by default", async () => {
  const error = await errorOf(
    putStep(createSaver(), emptyThread("t"), { large: new Uint8Array(64 * 1_024 * 1_024 + 1) }),
  );
  expect(error).toMatchObject({ code: "VALUE_TOO_LARGE", message: expect.stringContaining("67108864") });
});

describe.each<[what: string, zipped: Uint8Array, code: string]>([
  ["a gzip bomb", bomb, "VALUE_TOO_LARGE"],
  ["a gzip bomb that lies about its length", disguised, "DAMAGED_DATA"],
])("%s", (_, zipped, code) => {
  /** Puts it in the place of an item's bytes. */
  const plant = (item: RawItem, attribute: string): Promise<void> => putRaw({ ...item, [attribute]: stored(zipped) });

  test.each<[where: string, sortKeyPrefix: string, attribute: string, code: string]>([
    // A frame says how long its segments are.
    ["a segment", "S#", "data", "DAMAGED_DATA"],
    ["a checkpoint's frame", "C##", "data", code],
  ])("in %s is an error, and the checkpoint's neighbour is read", async (_where, sortKeyPrefix, attribute, code) => {
    const keyPrefix = newPrefix();
    const saver = createSaver({ keyPrefix });
    const one = await putStep(saver, emptyThread("t"), { value: noise(3_000) });
    const [item] = await itemsOf(keyPrefix, "t", sortKeyPrefix);
    const two = await putStep(saver, one, { value: 1 });
    await plant(item!, attribute);

    expect(await errorOf(createSaver({ keyPrefix }).getTuple(one.config))).toMatchObject({
      name: "CheckpointDataError",
      code,
      threadId: "t",
      checkpointId: one.checkpoint.id,
    });
    expect(await valuesAt(createSaver({ keyPrefix }), two.config)).toEqual({ value: 1 });
  });

  test("in a write is an error", async () => {
    const keyPrefix = newPrefix();
    const saver = createSaver({ keyPrefix });
    const { config } = await putStep(saver, emptyThread("t"), { n: 1 });
    await saver.putWrites(config, [["n", 2]], "task");
    const item = (await itemsOf(keyPrefix, "t", "C#")).find((item) => isWrites(item));
    await plant(item!, "w0");

    expect(await errorOf(createSaver({ keyPrefix }).getTuple(config))).toMatchObject({
      code,
      threadId: "t",
      channel: "(writes of task task)",
    });
  });

  test("in an object is an error", async () => {
    const place = newPlace();
    const { config } = await putStep(saverAt(place).saver, emptyThread("t"), { large: noise(6_000) });
    const [key] = await keysAt(place);
    await overwriteObject(key!, new Uint8Array([1, ...zipped]));

    expect(await errorOf(saverAt(place).saver.getTuple(config))).toMatchObject({
      code: "DAMAGED_DATA",
      channel: "large",
    });
  });
});

test("an object that has become far too large is not read", async () => {
  const place = newPlace();
  const { config } = await putStep(saverAt(place).saver, emptyThread("t"), { large: noise(6_000) });
  const [key] = await keysAt(place);
  await overwriteObject(key!, new Uint8Array(5_000_000));
  const { saver, events } = saverAt(place, undefined, { maxValueBytes: MAX });

  expect(await errorOf(saver.getTuple(config))).toMatchObject({ code: "VALUE_TOO_LARGE" });
  expect(events.reduce((sum, event) => sum + (event.type === "request" ? event.bytesReceived : 0), 0)).toBeLessThan(
    1_000_000,
  );
});

test.each([0, 1_023, 1.5, -1, Infinity, "1000000"])("maxValueBytes %j is refused", (maxValueBytes) => {
  const make = (): unknown => createSaver({ maxValueBytes: maxValueBytes as number });
  expect(make).toThrow(
    expect.toSatisfy(
      (error: { code: string; message: string }) =>
        error.code === "INVALID_CONFIG" && error.message.includes("maxValueBytes"),
    ),
  );
});
