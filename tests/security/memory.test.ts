import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { shardOf } from "../../src/format/shards.js";
import { noise } from "../lanes/savers/checkpoints.js";
import {
  BODY,
  binary,
  buildContainer,
  buildFrame,
  gzipped,
  plain,
  utf8,
  type Entry,
} from "../lanes/stored/stored-bytes.js";
import { base64Url } from "../lanes/stored/stored-format.js";
import type { StoredItem } from "./memory/table-of-items.js";

/*
 * Somebody who can write to the table stores some kilobytes that mean gigabytes. What a reader's process takes beside
 * its own memory, all that is alive added up, is less than the 128 MB that a Worker has for everything.
 */

const MEBIBYTE = 1_048_576;
const ALLOWED_MEBIBYTES = 128;
/** As long as the frame of one item can be, when it is unpacked. */
const WHOLE = 8 * MEBIBYTE - 1_000;
const PARTITION = "T#t";
const BORN = "AAAAAA";

const root = fileURLToPath(new URL("../../", import.meta.url));
let folder: string;

beforeAll(async () => {
  await mkdir(join(root, ".cache"), { recursive: true });
  // Here packages are found.
  folder = await mkdtemp(join(root, ".cache/memory-"));
  const source = (name: string): string => join(root, "src", name);
  await build({
    entryPoints: [join(root, "tests/security/memory/read.ts")],
    outfile: join(folder, "read.mjs"),
    bundle: true,
    format: "esm",
    platform: "node",
    alias: { "langgraph-checkpoint-dynamodb": source("index.ts") },
    external: ["@langchain/*", "aws4fetch", "fflate"],
    logLevel: "silent",
  });
});

afterAll(() => rm(folder, { recursive: true, force: true }));

interface Outcome {
  /** `done`, or the code of an error. */
  outcome: string;
  mebibytes: number;
}

/** @param times how often each item is there, with a number for the `*` in its sort key */
async function read(reading: string, items: StoredItem[], maxValueBytes = 64 * MEBIBYTE, times = 1): Promise<Outcome> {
  const file = join(folder, `${crypto.randomUUID()}.json`);
  await writeFile(file, JSON.stringify(items));
  // As much as V8 has in a Worker: so it collects what nobody holds, and does not wait for the rest of this machine's
  // memory.
  const limits = ["--max-old-space-size=64", "--max-semi-space-size=4"];
  const { stdout } = await promisify(execFile)(process.execPath, [
    ...limits,
    join(folder, "read.mjs"),
    reading,
    file,
    String(maxValueBytes),
    String(times),
  ]);
  return JSON.parse(stdout) as Outcome;
}

const sizeOf = (items: StoredItem[]): number =>
  items.reduce((sum, item) => sum + JSON.stringify(item).length * 0.75, 0);
const keyOf = (PK: string, SK: string): StoredItem => ({ PK: { S: PK }, SK: { S: SK }, v: { N: "1" } });
const marker: StoredItem = { ...keyOf(PARTITION, "C#$"), born: { B: "AAAAAA==" } };
const checkpoint = (id: string, data: { B: string }, more: StoredItem = {}): StoredItem => ({
  ...keyOf(PARTITION, `C##${id}#~${BORN}`),
  data,
  ...more,
});
const ids = (count: number): string[] => Array.from({ length: count }, (_, i) => `c${String(i).padStart(4, "0")}`);

const zeros = (length: number): Uint8Array => new Uint8Array(length);
const json = (length: number): Uint8Array => utf8(JSON.stringify({ text: "x".repeat(length - 100), wanted: false }));

/** A checkpoint whose value stands in its own item. */
const inline = (length: number): { B: string } => binary(gzipped(buildFrame({ channels: { value: zeros(length) } })));

const repeated = (count: number, data: { B: string }, prefix = ""): StoredItem[] =>
  ids(count).map((id) => checkpoint(prefix + id, data));

/** Each the parent of the next. */
const chained = (items: StoredItem[]): StoredItem[] =>
  items.map((item, i) => ({ ...item, ...(i > 0 && { parent: { S: items[i - 1]!.SK!.S!.split("#")[2]! } }) }));

/** Tasks that have written so many values each. */
function tasks(count: number, writes: number, length: number, head = "value"): StoredItem[] {
  const write = binary(
    gzipped(buildContainer({ head, entries: [["bytes", length]], hashes: [], tails: [zeros(length)] })),
  );
  return Array.from({ length: count }, (_, i) => ({
    ...keyOf(PARTITION, `C##c0000#W#task${i}#${BORN}`),
    ...Object.fromEntries(Array.from({ length: writes }, (_, index) => [`w${index}`, write])),
  }));
}

/** Checkpoints each of which has one value of its own segments. */
async function segmented(checkpoints: number, segments: number, length: number): Promise<StoredItem[]> {
  const items: StoredItem[] = [];
  for (const [n, id] of ids(checkpoints).entries()) {
    const hashes: Uint8Array[] = [];
    for (let i = 0; i < segments; i++) {
      const bytes = zeros(length);
      bytes.set(noise(8, 1 + n * segments + i));
      const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>));
      hashes.push(hash);
      items.push({ ...keyOf(PARTITION, `S#${BORN}#${base64Url(hash)}`), data: binary(gzipped(bytes)) });
    }
    const value: Entry = ["bytes", 0, ...hashes.map(() => length)];
    const frame = buildContainer({
      head: [[["value", 1]]],
      entries: [["json", BODY.length], ["json", 2], value],
      hashes,
      tails: [utf8(BODY), utf8("{}")],
    });
    items.push(checkpoint(id, binary(plain(frame))));
  }
  return items;
}

const entryOf = (value: Uint8Array, type = "json"): { B: string } =>
  binary(gzipped(buildContainer({ head: [""], entries: [[type, value.length]], hashes: [], tails: [value] })));

const ofStore = (count: number, entry: StoredItem): StoredItem[] =>
  Array.from({ length: count }, (_, i) => ({
    ...keyOf("N#n/", `I#k${i}`),
    created: { N: "1" },
    updated: { N: "1" },
    ...entry,
  }));

const ofCache = (count: number, entry: StoredItem): StoredItem[] =>
  Array.from({ length: count }, (_, i) => {
    const sortKey = `I#n/#k${i}`;
    return { ...keyOf(`X#${shardOf(sortKey)}`, sortKey), ...entry };
  });

describe("a reading takes less than a Worker has:", () => {
  test.each<[what: string, reading: string, items: () => StoredItem[] | Promise<StoredItem[]>]>([
    [
      "one task's item with 45 writes of 8 MiB",
      "getTuple",
      () => [marker, checkpoint("c0000", inline(100)), ...tasks(1, 45, WHOLE)],
    ],
    ["three of them", "getTuple", () => [marker, checkpoint("c0000", inline(100)), ...tasks(3, 45, WHOLE)]],
    [
      "a search with a filter and limit 1 over 105 items of 8 MiB",
      "search",
      () => ofStore(105, { data: entryOf(json(WHOLE)) }),
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

describe("a search for one takes less than a Worker has", () => {
  const [item] = ofStore(1, { data: entryOf(json(200)) }) as [StoredItem];
  const one = { ...item, SK: { S: "I#k*" } };
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
    const { outcome, mebibytes } = await read(reading, [repeatedItem], undefined, times);

    expect(outcome).toBe("done");
    expect(mebibytes).toBeLessThan(ALLOWED_MEBIBYTES);
  });
});

describe("with maxValueBytes of 8 MiB, so does every call that meets as much as it allows, and more:", () => {
  const MAX = 8 * MEBIBYTE;
  test.each<[what: string, reading: string, items: () => StoredItem[] | Promise<StoredItem[]>]>([
    [
      "tasks that together are as long as is allowed",
      "getTuple",
      () => [marker, checkpoint("c0000", inline(100)), ...tasks(3, 7, MEBIBYTE)],
    ],
    ["a hundred tasks", "getTuple", () => [marker, checkpoint("c0000", inline(100)), ...tasks(100, 7, MEBIBYTE)]],
    [
      "a long history of a channel",
      "getDeltaChannelHistory",
      () => [
        marker,
        ...chained(repeated(60, binary(gzipped(buildFrame({ channels: { other: zeros(WHOLE - 1_000) } }))))),
        ...tasks(1, 7, MEBIBYTE),
      ],
    ],
    ["prune", "prune", () => [marker, ...repeated(60, inline(WHOLE - 1_000))]],
    [
      "exportThread",
      "exportThread",
      async () => [marker, ...repeated(60, inline(WHOLE - 1_000), "a"), ...(await segmented(11, 2, 4 * MEBIBYTE))],
    ],
    [
      "copyThread",
      "copyThread",
      async () => [marker, ...repeated(60, inline(WHOLE - 1_000), "a"), ...(await segmented(11, 2, 4 * MEBIBYTE))],
    ],
    ["a search for all", "search for all", () => ofStore(105, { data: entryOf(json(WHOLE - 1_000)) })],
    [
      "a search by meaning",
      "search by meaning",
      () => ofStore(105, { data: entryOf(json(100)), vectors: entryOf(zeros(WHOLE - 1_000), "f32") }),
    ],
    ["cache.get", "cache.get", () => ofCache(100, { data: entryOf(json(WHOLE - 1_000)) })],
  ])("%s", { timeout: 60_000 }, async (_, reading, items) => {
    const { outcome, mebibytes } = await read(reading, await items(), MAX);

    expect(outcome).toMatch(/^(done|VALUE_TOO_LARGE)$/);
    expect(mebibytes).toBeLessThan(ALLOWED_MEBIBYTES);
  });
});

/** The same item of another checkpoint. */
const of = (id: string, item: StoredItem): StoredItem => ({
  ...item,
  ...keyOf(PARTITION, (item.SK as { S: string }).S.replace("c0000", id)),
});
/** As long as an attribute can be. */
const FILL = "390000";
const many = (count: number, item: (id: string, i: number) => StoredItem): StoredItem[] =>
  ids(count).map((id, i) => item(id, i));
const empty = binary(plain(buildFrame({})));
const containers = (head: unknown, entries: unknown[]): { B: string } =>
  binary(gzipped(buildContainer({ head, entries, hashes: [], tails: [] })));

describe("with maxValueBytes of 8 MiB, so does a call that meets what is long although its values are short:", () => {
  const MAX = 8 * MEBIBYTE;
  const emptyEntries = Array.from({ length: 590_000 }, () => ["", 0]);
  const channels = Array.from({ length: 90_000 }, (_, i) => [i.toString(36), 1]);
  const withWrites = (...writes: StoredItem[]): StoredItem[] => [marker, checkpoint("c0000", empty), ...writes];
  const writesOf = (task: string, attributes: StoredItem): StoredItem => ({
    ...keyOf(PARTITION, `C##c0000#W#${task}#${BORN}`),
    ...attributes,
  });
  const worlds: [what: string, readings: string[], items: () => StoredItem[], outcome: RegExp][] = [
    [
      "a write with a list of 590,000 empty values",
      ["getTuple", "first of list", "prune", "exportThread"],
      () => withWrites(writesOf("task", { w0: containers("x", emptyEntries) })),
      /^VALUE_TOO_LARGE$/,
    ],
    [
      "a run of 590,000 empty writes",
      ["getTuple"],
      () => {
        const run = buildContainer({ head: [], entries: emptyEntries, hashes: [], tails: [] });
        const entries: Entry[] = [["run", run.length]];
        const w0 = binary(gzipped(buildContainer({ head: 590_000, entries, hashes: [], tails: [run] })));
        return withWrites(writesOf("task", { w0 }));
      },
      /^VALUE_TOO_LARGE$/,
    ],
    [
      "a checkpoint of 90,000 channels",
      ["getTuple", "first of list", "exportThread"],
      () => {
        const entries = [["json", BODY.length], ["json", 2], ...channels.map(() => ["json", 1])];
        const tails = [utf8(BODY), utf8("{}"), utf8("1".repeat(channels.length))];
        return [
          marker,
          checkpoint("c0000", binary(gzipped(buildContainer({ head: [channels], entries, hashes: [], tails })))),
        ];
      },
      /^VALUE_TOO_LARGE$/,
    ],
    [
      "200 items of 390 KB with writes of one checkpoint",
      ["getTuple", "prune", "exportThread"],
      () => withWrites(...many(200, (id) => writesOf(id, { w0: { B: "", fill: FILL } }))),
      /^VALUE_TOO_LARGE$/,
    ],
    [
      "200 items of 390 KB that this version does not know, beside writes",
      ["getTuple", "prune", "exportThread"],
      () => withWrites(...many(200, (id) => writesOf(id, { unknown: { S: "", fill: FILL } }))),
      /^done$/,
    ],
    [
      "250 checkpoints with 390 KB of it, and of their parents' ids",
      ["prune", "exportThread", "getDeltaChannelHistory", "deleteForRuns"],
      () => [
        marker,
        ...many(250, (id, i) =>
          checkpoint(id, empty, { [i % 2 ? "unknown" : "parent"]: { S: "", fill: FILL } as Record<string, string> }),
        ),
      ],
      /^(done|VALUE_TOO_LARGE|DAMAGED_DATA|MISSING_DATA)$/,
    ],
    [
      "writes without a checkpoint that unpack to 8 MiB each",
      ["prune"],
      () => [marker, ...tasks(40, 1, WHOLE).map((item) => of("c0001", item))],
      /^done$/,
    ],
    [
      "a checkpoint of format 3 and its parent, each with 28 MiB of writes",
      ["getTuple"],
      () => {
        const body = JSON.stringify({ ...(JSON.parse(BODY) as object), v: 3 });
        const data = binary(plain(buildFrame({ body })));
        const sends = tasks(4, 7, MEBIBYTE, "__pregel_tasks");
        const ofChild = sends.map((item) => of("c0001", item));
        return [
          marker,
          checkpoint("c0000", data),
          ...sends,
          checkpoint("c0001", data, { parent: { S: "c0000" } }),
          ...ofChild,
        ];
      },
      /^VALUE_TOO_LARGE$/,
    ],
  ];
  test.each(
    worlds.flatMap(([what, readings, items, expected]) =>
      readings.map((reading) => [what, reading, items, expected] as const),
    ),
  )("%s, by %s", { timeout: 60_000 }, async (_, reading, items, expected) => {
    const { outcome, mebibytes } = await read(reading, items(), MAX);

    expect(outcome).toMatch(expected);
    expect(mebibytes).toBeLessThan(ALLOWED_MEBIBYTES);
  });
});
