import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { shortened } from "../../src/format/keys.js";
import { noise } from "../lanes/savers/checkpoints.js";
import { binary, buildContainer, plain, gzipped, utf8, type Entry } from "../lanes/stored/stored-bytes.js";
import { base64Url } from "../lanes/stored/stored-format.js";
import { ALLOWED_MEBIBYTES, buildReader, read, removeReader } from "./memory/read-in-a-process.js";
import {
  BORN,
  MEBIBYTE,
  WHOLE,
  sizeOf,
  keyOf,
  marker,
  checkpoint,
  json,
  inline,
  repeated,
  tasks,
  segmented,
  entryOf,
  ofStore,
} from "./memory/stored-items.js";
import type { StoredItem } from "./memory/table-of-items.js";

/*
 * Somebody who can write to the table stores some kilobytes that mean gigabytes. What a reader's process takes beside
 * its own memory, all that is alive added up, is less than the 128 MB that a Worker has for everything.
 */

beforeAll(buildReader);

afterAll(removeReader);

describe("a reading takes less than a Worker has:", () => {
  test.each<[what: string, reading: string, items: () => StoredItem[] | Promise<StoredItem[]>]>([
    [
      "one task's item with 45 writes of 8 MiB",
      "getTuple",
      () => [marker, checkpoint("c0000", inline(100)), ...tasks(1, 45, WHOLE)],
    ],
    ["three of them", "getTuple", () => [marker, checkpoint("c0000", inline(100)), ...tasks(3, 45, WHOLE)]],
    [
      "a search with a filter and limit 1 over 30 items of 8 MiB",
      "search",
      () => ofStore(30, { data: entryOf(json(WHOLE)) }),
    ],
    [
      "the first of a list of 60 checkpoints of 8 MiB",
      "first of list",
      () => [marker, ...repeated(60, inline(WHOLE - 1_000))],
    ],
    [
      "the first of a list over 11 segments of 40 MiB",
      "first of list",
      async () => [marker, ...(await segmented(11, 1, 40 * MEBIBYTE))],
    ],
    [
      "the first of a list over 3 values of 40 MiB in segments of 4",
      "first of list",
      async () => [marker, ...(await segmented(3, 10, 4 * MEBIBYTE))],
    ],
  ])("%s", { timeout: 60_000 }, async (_, reading, items) => {
    const stored = await items();
    expect(sizeOf(stored)).toBeLessThan(1.2 * MEBIBYTE);
    const { outcome, mebibytes } = await read(reading, stored);

    expect(outcome).toMatch(/^(done|VALUE_TOO_LARGE|DAMAGED_DATA)$/);
    expect(mebibytes).toBeLessThan(ALLOWED_MEBIBYTES);
  });
});

describe("what is many and short takes less than a Worker has:", () => {
  test("a thousand labels of a byte in the name of a namespace, hundreds of times", { timeout: 60_000 }, async () => {
    const rows = await Promise.all(
      Array.from({ length: 40 }, async (_, i) => {
        const whole = `a${i}${"/".repeat(390_000)}`;
        const { text } = await shortened(whole, 60);
        return { ...keyOf("NAMESPACES#0", `N#${text}`), created: { N: "1" }, whole: { S: whole } };
      }),
    );
    const { outcome, mebibytes } = await read("listNamespaces", rows);

    expect(outcome).toMatch(/^(done|VALUE_TOO_LARGE)$/);
    expect(mebibytes).toBeLessThan(ALLOWED_MEBIBYTES);
  });

  test("30,000 segments of a byte each, in 60 items that are read together", { timeout: 60_000 }, async () => {
    const segment = utf8(" ");
    const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", segment as Uint8Array<ArrayBuffer>));
    const hashes = Array.from({ length: 30_000 }, () => hash);
    const entries: Entry[] = [["json", 2, ...hashes.map(() => 1)]];
    const frame = buildContainer({ head: [BORN], entries, hashes, tails: [utf8("{}")] });
    const items = ofStore(60, { data: binary(gzipped(frame)) });
    const stored = { ...keyOf("N#n/", `S#${BORN}#${base64Url(hash)}`), data: binary(plain(segment)) };
    const { outcome, mebibytes } = await read("gets", [...items, stored]);

    expect(outcome).toMatch(/^(done|VALUE_TOO_LARGE|DAMAGED_DATA)$/);
    expect(mebibytes).toBeLessThan(ALLOWED_MEBIBYTES);
  });
});

describe("a search for one takes less than a Worker has", () => {
  const [item] = ofStore(1, { data: entryOf(json(200)) }) as [StoredItem];
  const one = { ...item, SK: { S: "I#k*" } };
  const pointer = keyOf("N#n/", "O#0000000000000001#k*");
  /** As long as the store puts into an item, and such that nothing packs it. */
  const text = utf8(JSON.stringify({ text: base64Url(noise(45_000)), wanted: true }));
  const long = {
    ...one,
    data: binary(plain(buildContainer({ head: [""], entries: [["json", text.length]], hashes: [], tails: [text] }))),
  };
  const junk = { junk: { S: "x".repeat(390_000) } };
  const namespace = { ...keyOf("NAMESPACES#0", "N#n*/"), created: { N: "1" }, emptied: { N: "1" } };

  test.each<[what: string, reading: string, item: StoredItem, times: number]>([
    ["among 1,100 items of 60 KB", "search without a filter", long, 1_100],
    ["with a filter that all of them pass", "search", long, 1_100],
    ["among items with attributes that nobody knows", "search without a filter", { ...one, ...junk }, 300],
    ["among namespaces whose entries have such attributes", "listNamespaces", { ...namespace, ...junk }, 300],
  ])("%s", { timeout: 60_000 }, async (_, reading, repeatedItem, times) => {
    const { outcome, mebibytes } = await read(reading, [repeatedItem, pointer], undefined, times);

    expect(outcome).toBe("done");
    expect(mebibytes).toBeLessThan(ALLOWED_MEBIBYTES);
  });
});
