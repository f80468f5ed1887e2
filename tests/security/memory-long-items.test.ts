import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
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
import { ALLOWED_MEBIBYTES, buildReader, read, removeReader } from "./memory/read-in-a-process.js";
import {
  MEBIBYTE,
  WHOLE,
  PARTITION,
  BORN,
  keyOf,
  marker,
  checkpoint,
  ids,
  zeros,
  repeated,
  tasks,
} from "./memory/stored-items.js";
import type { StoredItem } from "./memory/table-of-items.js";

/*
 * What is long although its values are short: names, lists and texts beside values.
 */

beforeAll(buildReader);

afterAll(removeReader);

/** The same item of another checkpoint. */
const of = (id: string, item: StoredItem): StoredItem => ({
  ...item,
  ...keyOf(PARTITION, (item.SK as { S: string }).S.replace("c0000", id)),
});
/** As long as an attribute can be. */
const FILL = "390000";
/** Almost as long as a header can be, and packed some kilobytes. */
const LONG = "x".repeat(4_000_000);
const many = (count: number, item: (id: string, i: number) => StoredItem): StoredItem[] =>
  ids(count).map((id, i) => item(id, i));
const empty = binary(plain(buildFrame({})));
const containers = (head: unknown, entries: unknown[]): { B: string } =>
  binary(gzipped(buildContainer({ head, entries, hashes: [], tails: [] })));

describe("with maxValueBytes of 8 MiB, a Worker also has room for what is long although its values are short:", () => {
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
      ["exportThread", "getTuple", "first of list", "prune"],
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
      ["first of list", "getTuple", "exportThread"],
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
      "40 writes with a text of 4 MB each beside their values",
      ["inspect", "getTuple", "exportThread"],
      () => withWrites(...many(40, (id) => writesOf(id, { w0: containers(LONG + id, [["json", 0]]) }))),
      /^(done|VALUE_TOO_LARGE)$/,
    ],
    [
      "40 checkpoints that have a channel with a name of 4 MB each",
      ["list", "getTuple of each", "first of list", "exportThread", "inspect"],
      () => [
        marker,
        ...many(40, (id) => checkpoint(id, binary(gzipped(buildFrame({ channels: { [LONG + id]: "1" } }))))),
      ],
      /^done$/,
    ],
    [
      "60 checkpoints that refer to one segment 100,000 times each",
      ["first of list"],
      () => {
        const hashes = Array<Uint8Array>(100_000).fill(zeros(32));
        const entries = [
          ["json", BODY.length],
          ["json", 2],
          ["bytes", 0, ...hashes.map(() => 1)],
        ];
        const tails = [utf8(BODY), utf8("{}")];
        const data = binary(gzipped(buildContainer({ head: [[["value", 1]]], entries, hashes, tails })));
        return [marker, ...repeated(60, data)];
      },
      /^(done|MISSING_DATA)$/,
    ],
    [
      "200 items of 390 KB with writes of one checkpoint",
      ["prune", "getTuple", "exportThread"],
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
      ["deleteForRuns", "prune", "exportThread", "getDeltaChannelHistory"],
      () => [
        marker,
        ...many(250, (id, i) => checkpoint(id, empty, { [i % 2 ? "unknown" : "parent"]: { S: "", fill: FILL } })),
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
      "40 lists of 55,000 keys that are garbage",
      ["prune"],
      () => {
        const keys = { S: `[${Array<string>(55_000).fill('["",0]').join()}]` };
        return withWrites(...many(40, (id) => ({ ...keyOf(PARTITION, `G#${id}#0`), keys })));
      },
      /^VALUE_TOO_LARGE$/,
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
  // A run of everything takes every other one, in the first way to read it; who asks for this file gets all.
  const isFull = inject("effort") === "full";
  test.each(
    worlds.flatMap(([what, readings, items, expected], i) =>
      (isFull ? readings : readings.slice(0, i % 2 === 0 ? 1 : 0)).map(
        (reading) => [what, reading, items, expected] as const,
      ),
    ),
  )("%s, by %s", { timeout: 60_000 }, async (_, reading, items, expected) => {
    const { outcome, mebibytes } = await read(reading, items(), MAX);

    expect(outcome).toMatch(expected);
    expect(mebibytes).toBeLessThan(ALLOWED_MEBIBYTES);
  });
});
