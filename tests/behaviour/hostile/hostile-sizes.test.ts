import { gzipSync } from "fflate";
import { inject, describe, expect, test } from "vitest";
import { intercepted } from "../../lanes/stored/aws-requests.js";
import { emptyThread, noise, putStep, valuesAt } from "../../lanes/savers/checkpoints.js";
import { errorOf } from "../../lanes/faults/faulty-fetch.js";
import { createSaver } from "../../lanes/savers/harness.js";
import { Limits } from "../../lanes/faults/limits.js";
import { putRaw, type RawItem } from "../../lanes/stored/raw-table.js";
import { BUCKET, callS3 } from "../../lanes/stored/s3-client.js";
import { keysAt, newPlace, saverAt } from "../../lanes/savers/s3-saver.js";
import { base64Url } from "../../lanes/stored/stored-format.js";
import { BODY, binary, buildContainer, buildFrame, gzipped, plain, utf8 } from "../../lanes/stored/stored-bytes.js";
import { bornOf } from "../../lanes/stored/sort-keys.js";
import { prepare } from "./neighbours.js";

/*
 * A few kilobytes in the table that mean gigabytes. `maxValueBytes` bounds what is made of them.
 */

const MAX = 1_048_576;
const METADATA = "{}";

/** Stores a segment as it is named by what it holds. */
async function putSegment(item: RawItem, bytes: Uint8Array): Promise<Uint8Array> {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>));
  await putRaw({ PK: item.PK!, SK: { S: `S#${bornOf(item)}#${base64Url(hash)}` }, data: binary(gzipped(bytes)) });
  return hash;
}

/** Reads in every way, and expects one and the same error; the neighbour is read all the while. */
async function expectRefused(
  { keyPrefix, one, two }: Awaited<ReturnType<typeof prepare>>,
  code: string,
): Promise<void> {
  const limits = new Limits(MAX + 65_536, 50_000);
  const saver = (): ReturnType<typeof createSaver> => createSaver({ keyPrefix, maxValueBytes: MAX });
  const refused = { name: "CheckpointDataError", code, threadId: "t", checkpointId: one.checkpoint.id };
  await limits.during(async () => {
    expect(await errorOf(saver().getTuple(one.config))).toMatchObject(refused);
    const list = async (): Promise<void> => {
      for await (const _ of saver().list(one.config));
    };
    expect(await errorOf(list())).toMatchObject(refused);
  });
  expect(await valuesAt(saver(), two.config)).toEqual({ n: 2 });
}

test("many values that share one segment are refused before it is copied for each", async () => {
  const world = await prepare();
  const hash = await putSegment(world.item, new Uint8Array(MAX));
  const count = 4_000;
  const container = {
    head: [Array.from({ length: count }, (_, i) => [`c${i}`, 1])],
    entries: [
      ["json", BODY.length],
      ["json", METADATA.length],
      ...Array.from({ length: count }, () => ["bytes", 0, MAX]),
    ],
    hashes: Array.from({ length: count }, () => hash),
    tails: [utf8(BODY), utf8(METADATA)],
  };
  const data = gzipped(buildContainer(container));
  expect(data.length).toBeLessThan(40_000);
  await putRaw({ ...world.item, data: binary(data) });

  await expectRefused(world, "VALUE_TOO_LARGE");
});

test("a value of many large segments is refused before any is read", async () => {
  const world = await prepare();
  const hashes = [1, 2, 3].map((seed) => noise(32, seed));
  const container = {
    head: [[["large", 1]]],
    entries: [
      ["json", BODY.length],
      ["json", METADATA.length],
      ["bytes", 0, ...hashes.map(() => MAX)],
    ],
    hashes,
    tails: [utf8(BODY), utf8(METADATA)],
  };
  await putRaw({ ...world.item, data: binary(plain(buildContainer(container))) });
  const operations: string[] = [];
  const saver = createSaver({
    keyPrefix: world.keyPrefix,
    maxValueBytes: MAX,
    onEvent: (event) => event.type === "request" && operations.push(event.operation),
  });

  expect(await errorOf(saver.getTuple(world.one.config))).toMatchObject({ code: "VALUE_TOO_LARGE", channel: "large" });
  expect(operations.toSorted()).toEqual(["GetItem", "Query"]); // the thread's marker, and side by side the checkpoint
  await expectRefused(world, "VALUE_TOO_LARGE");
});

test("a write in a run that refers to segments of its own is refused, however many they are", async () => {
  const world = await prepare();
  const hashes = Array<Uint8Array>(400).fill(new Uint8Array(32));
  const run = buildContainer({
    head: ["n"],
    entries: [["bytes", 0, ...hashes.map(() => 4 * MAX)]],
    hashes,
    tails: [],
  });
  const w0 = binary(plain(buildContainer({ head: 1, entries: [["run", run.length]], hashes: [], tails: [run] })));
  await putRaw({ ...world.item, SK: { S: world.item.SK!.S!.replace("#~", "#W#task#") }, w0 });

  await expectRefused(world, "DAMAGED_DATA");
});

test("putWrites of more than a hundred ends beside runs that say they have millions", async () => {
  const { keyPrefix, one, item } = await prepare();
  const run = binary(plain(buildContainer({ head: 999_999, entries: [["run", 0]], hashes: [], tails: [] })));
  const runs = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`w${i * 1_000_000}`, run]));
  const { PK, SK, v } = item;
  await putRaw({ PK: PK!, SK: { S: SK!.S!.replace("#~", "#W#task#") }, v: v!, n: { N: "1" }, ...runs });
  const saver = createSaver({ keyPrefix });
  const writes = Array.from({ length: 101 }, (_, i): [string, unknown] => ["n", i]);

  expect(await saver.putWrites(one.config, writes, "task")).toBeUndefined();
});

test("a segment that unpacks to more than its checkpoint says is refused before it is unpacked", async () => {
  const world = await prepare();
  const hash = await putSegment(world.item, new Uint8Array(MAX));
  const container = {
    head: [[["small", 1]]],
    entries: [
      ["json", BODY.length],
      ["json", METADATA.length],
      ["bytes", 0, 10],
    ],
    hashes: [hash],
    tails: [utf8(BODY), utf8(METADATA)],
  };
  await putRaw({ ...world.item, data: binary(plain(buildContainer(container))) });
  const limits = new Limits(65_536, 50_000);

  const error = await limits.during(() =>
    errorOf(createSaver({ keyPrefix: world.keyPrefix, maxValueBytes: MAX }).getTuple(world.one.config)),
  );

  expect(error).toMatchObject({ name: "CheckpointDataError", channel: "small" });
});

describe("a checkpoint that refers to thousands of segments which are not there costs some requests:", () => {
  const COUNT = 3_000;
  const counters = Array.from({ length: COUNT }, (_, i) => {
    const hash = new Uint8Array(32);
    new DataView(hash.buffer).setUint32(28, i);
    return hash;
  });
  const random = Array.from({ length: COUNT }, (_, i) => noise(32, i + 1));
  test.each<[what: string, place: unknown, hashes: Uint8Array[], code: string]>([
    ["of no length, in some kilobytes", 0, counters, "DAMAGED_DATA"],
    ["of a byte, in some kilobytes", 1, counters, "DAMAGED_DATA"],
    ["of a byte, in S3, in some kilobytes", [1, 0], counters, "DAMAGED_DATA"],
    ["of a byte", 1, random, "MISSING_DATA"],
    ["of a byte, in S3", [1, 0], random, "MISSING_DATA"],
  ])("%s", async (_, place, hashes, code) => {
    const { keyPrefix, one, item } = await prepare();
    const value = ["bytes", 0, ...hashes.map(() => place)];
    const frame = buildContainer({
      head: [[["x", 1]]],
      entries: [["json", BODY.length], ["json", METADATA.length], value],
      hashes,
      tails: [utf8(BODY), utf8(METADATA)],
    });
    await putRaw({ ...item, data: binary(gzipped(frame)) });
    const { s3 } = newPlace();
    const { fetch, sent } = intercepted(() => undefined);

    expect(await errorOf(createSaver({ keyPrefix, s3, fetch }).getTuple(one.config))).toMatchObject({ code });
    // 100 segments are one request, and another one where a replica may lag; then in the other place.
    expect(sent.length).toBeLessThan(100);
  });
});

describe("a checkpoint's item that unpacks to far more than an item can hold is refused:", () => {
  test.each<[what: string, frame: () => Uint8Array]>([
    [
      "a list of a million channels",
      () =>
        buildContainer(
          { head: [], entries: [], hashes: [], tails: [] },
          `[[[${'["",0],'.repeat(1_000_000)}["",0]]],[${'["",0],'.repeat(1_000_001)}["",0]]]`,
        ),
    ],
    [
      "a header that nests",
      () =>
        buildContainer({ head: [], entries: [], hashes: [], tails: [] }, "[".repeat(5_000_000) + "]".repeat(5_000_000)),
    ],
    ["a long tail", () => buildFrame({ channels: { large: new Uint8Array(12_000_000) } })],
    [
      "a body of bytes",
      () =>
        buildContainer({
          head: [[]],
          entries: [
            ["bytes", 12_000_000],
            ["json", 2],
          ],
          hashes: [],
          tails: [new Uint8Array(12_000_000), utf8("{}")],
        }),
    ],
  ])("%s", async (_, frame) => {
    const { keyPrefix, one, item } = await prepare();
    await putRaw({ ...item, data: binary(gzipped(frame())) });
    const limits = new Limits(8 * MAX, 50_000);

    const error = await limits.during(() => errorOf(createSaver({ keyPrefix }).getTuple(one.config)));

    expect(error).toMatchObject({
      name: "CheckpointDataError",
      code: expect.stringMatching(/^(VALUE_TOO_LARGE|DAMAGED_DATA)$/),
    });
  });
});

test("an object in S3 that the runtime would unpack by itself is not read beyond maxValueBytes", async () => {
  const place = newPlace();
  const { config } = await putStep(saverAt(place).saver, emptyThread("t"), { large: noise(6_000) });
  const [key] = await keysAt(place);
  const body = gzipSync(new Uint8Array(64 * MAX), { level: 9 });
  const { status } = await callS3(
    inject("s3"),
    "PUT",
    `${BUCKET}/${key!.split("/").map(encodeURIComponent).join("/")}`,
    { body, headers: { "content-encoding": "gzip" } },
  );
  expect(status).toBe(200);
  const { saver, events } = saverAt(place, undefined, { maxValueBytes: MAX });

  expect(await errorOf(saver.getTuple(config))).toMatchObject({ code: "VALUE_TOO_LARGE" });
  expect(events.reduce((sum, event) => sum + (event.type === "request" ? event.bytesReceived : 0), 0)).toBeLessThan(
    2 * MAX,
  );
});
