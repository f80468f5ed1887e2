import { expect, test } from "vitest";
import { emptyThread, noise, putStep } from "./lanes/savers/checkpoints.js";
import { errorOf } from "./lanes/faults/faulty-fetch.js";
import { createSaver } from "./lanes/savers/harness.js";
import type { HostileItem } from "./lanes/hostile/hostile-items.js";
import { itemsOf } from "./lanes/stored/raw-table.js";
import { Replay } from "./lanes/faults/replay.js";
import { newPrefix } from "./lanes/stored/requests.js";
import { BODY, binary, buildContainer, concat, gzipped, plain, utf8 } from "./lanes/stored/stored-bytes.js";
import { base64Url } from "./lanes/stored/stored-format.js";
import { bornOf, isCheckpoint } from "./lanes/stored/sort-keys.js";

/*
 * What reading a few hundred kilobytes can do to a process. Where it takes all of it, these tests do not fail slowly:
 * they take minutes, or end with the process.
 */

/** The most memory that the process has had so far, in bytes. */
const peak = (): number => process.resourceUsage().maxRSS * 1_024;
const MEGABYTE = 1_048_576;

/** Reads a checkpoint whose item holds these bytes. */
async function readHostile(stored: Uint8Array, segments: HostileItem[] = []): Promise<{ code: string }> {
  const keyPrefix = newPrefix();
  const { config } = await putStep(createSaver({ keyPrefix }), emptyThread("t"), { n: 1 });
  const items = await itemsOf(keyPrefix, "t");
  const item = items.find(isCheckpoint)!;
  const born = bornOf(item);
  const inThread = segments.map((segment) => ({
    ...segment,
    PK: item.PK!,
    SK: { S: `S#${born}#${(segment.SK!.S as string).slice(2)}` },
  }));
  const replay = new Replay(items);
  const withItem = replay.fetch([{ ...item, data: binary(stored) }]);
  const fetch: typeof withItem = async (url, init) => {
    if (new Headers(init.headers).get("x-amz-target")?.endsWith("BatchGetItem"))
      return Response.json({ Responses: { checkpoints: inThread } });
    return withItem(url, init);
  };
  return errorOf(createSaver({ keyPrefix, fetch, requestTimeoutMs: 60_000 }).getTuple(config));
}

/** A frame with one value of these segments. */
function frameOf(hashes: Uint8Array[], lengths: number[]): Uint8Array {
  const tails = [utf8(BODY), utf8("{}")];
  return buildContainer({
    head: [[["value", 1]]],
    entries: [
      ["json", BODY.length],
      ["json", 2],
      ["bytes", 0, ...lengths],
    ],
    hashes,
    tails,
  });
}

test("no item makes a reader take more than a few hundred megabytes", async () => {
  const zeros = gzipped(new Uint8Array(MEGABYTE));
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", new Uint8Array(MEGABYTE)));
  const segment: HostileItem = { SK: { S: `S#${base64Url(hash)}` }, data: binary(zeros) };
  const channels = 4_000;
  const shared = buildContainer({
    head: [Array.from({ length: channels }, (_, i) => [`c${i}`, 1])],
    entries: [["json", BODY.length], ["json", 2], ...Array.from({ length: channels }, () => ["bytes", 0, MEGABYTE])],
    hashes: Array.from({ length: channels }, () => hash),
    tails: [utf8(BODY), utf8("{}")],
  });
  const empty = { head: [], entries: [], hashes: [], tails: [] };
  const items: [bytes: Uint8Array, segments?: HostileItem[]][] = [
    [gzipped(shared), [segment]],
    [
      gzipped(
        buildContainer(empty, `[[[${'["",0],'.repeat(4_000_000)}["",0]]],[${'["",0],'.repeat(4_000_001)}["",0]]]`),
      ),
    ],
    [gzipped(buildContainer(empty, `[[[${'["",0],'.repeat(250_000)}["",0]]],[${'["",0],'.repeat(250_001)}["",0]]]`))],
    [
      gzipped(
        buildContainer({
          head: [[]],
          entries: [
            ["bytes", 60 * MEGABYTE],
            ["json", 2],
          ],
          hashes: [],
          tails: [new Uint8Array(60 * MEGABYTE), utf8("{}")],
        }),
      ),
    ],
    [
      gzipped(
        buildContainer({
          head: [[]],
          entries: [
            ["json", 60 * MEGABYTE],
            ["json", 2],
          ],
          hashes: [],
          tails: [utf8(`"${"x".repeat(60 * MEGABYTE - 2)}"`), utf8("{}")],
        }),
      ),
    ],
  ];
  const before = peak();

  for (const [bytes, segments] of items) {
    expect(bytes.length).toBeLessThan(390_000);
    expect((await readHostile(bytes, segments)).code).toMatch(/^(VALUE_TOO_LARGE|DAMAGED_DATA)$/);
  }

  expect((peak() - before) / MEGABYTE).toBeLessThan(600);
});

// Without a bound they take two minutes, in which no timer fires.
test("a hundred segments that unpack to far more than they say are given up at once", { timeout: 60_000 }, async () => {
  // As large as an item can be: each would take a second.
  const bytes = gzipped(new Uint8Array(380 * MEGABYTE), 1_000);
  expect(bytes.length).toBeLessThan(400_000);
  const hashes = Array.from({ length: 100 }, (_, i) => noise(32, i + 1));
  const data = binary(bytes);
  const segments = hashes.map((hash): HostileItem => ({ SK: { S: `S#${base64Url(hash)}` }, data }));

  expect(
    await readHostile(
      plain(
        frameOf(
          hashes,
          hashes.map(() => 1_000),
        ),
      ),
      segments,
    ),
  ).toMatchObject({ code: "DAMAGED_DATA" });
});

test("so is an item made of a hundred thousand empty archives", async () => {
  const empty = gzipped(new Uint8Array(0)).subarray(1);
  const members = Array<Uint8Array>((390_000 / empty.length) | 0).fill(empty);

  expect(await readHostile(concat(Uint8Array.of(1), ...members))).toMatchObject({ code: "DAMAGED_DATA" });
});
