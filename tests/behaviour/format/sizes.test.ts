import { expect, it } from "vitest";
import {
  emptyThread,
  latestOf,
  noise,
  noiseText,
  putStep,
  sameBytes,
  sameJson,
  valuesAt,
} from "../../lanes/savers/checkpoints.js";
import { createSaver } from "../../lanes/savers/harness.js";
import { countedSaver, newPrefix } from "../../lanes/stored/requests.js";

const MB = 2 ** 20;
const paragraphs = (count: number): string[] =>
  Array.from({ length: count }, (_, i) => `${i}: ${"every paragraph is a kilobyte long. ".repeat(29)}`);

it("keeps a channel value of 5 MB, and a step that adds to it sends only what it added", async () => {
  const keyPrefix = newPrefix();
  const { saver, log } = countedSaver({ keyPrefix, compression: "none" });
  const book = paragraphs(5_120);
  const first = await log.during(() => putStep(saver, emptyThread(), { book }));
  expect(first.bytesSent).toBeGreaterThan(5 * MB);
  const longer = [...book, "The end."];
  const second = await log.during(() => putStep(saver, first.result, { book: longer }));
  expect(second.bytesSent).toBeLessThan(4_096);

  const cold = createSaver({ keyPrefix });
  expect(sameJson(await valuesAt(cold, latestOf(first.result)), { book: longer })).toBe(true);
  expect(sameJson(await valuesAt(cold, first.result.config), { book })).toBe(true);
});

it("keeps a value of 5 MB that shrinks, changes in its middle, and grows again", async () => {
  const keyPrefix = newPrefix();
  const saver = createSaver({ keyPrefix });
  const book = paragraphs(5_120);
  const versions = [
    book,
    book.slice(0, 3_000),
    book.with(1_500, "changed"),
    book.slice(1),
    [...book, ...book.slice(0, 500)],
  ];
  let step = emptyThread();
  const steps = [];
  for (const version of versions) steps.push((step = await putStep(saver, step, { book: version })));
  const cold = createSaver({ keyPrefix });
  for (const [i, { config }] of steps.entries())
    expect(sameJson(await valuesAt(cold, config), { book: versions[i] })).toBe(true);
});

it("keeps a pending write of 2 MB beside small ones", async () => {
  const keyPrefix = newPrefix();
  const saver = createSaver({ keyPrefix });
  const step = await putStep(saver, emptyThread(), { notes: [] });
  const report = paragraphs(2_048);
  await saver.putWrites(
    step.config,
    [
      ["notes", "small"],
      ["report", report],
      ["notes", "last"],
    ],
    "task",
  );
  const tuple = await createSaver({ keyPrefix }).getTuple(latestOf(step));
  expect(
    sameJson(tuple?.pendingWrites, [
      ["task", "notes", "small"],
      ["task", "report", report],
      ["task", "notes", "last"],
    ]),
  ).toBe(true);
});

it("keeps 300 channels of 2 KB, and goes on keeping them as they grow and are inherited", async () => {
  const keyPrefix = newPrefix();
  const saver = createSaver({ keyPrefix });
  const valueOf = (i: number, step: number): string => `${i}/${step} `.repeat(2_048 / 8 + step * 16);
  const all = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`channel-${i}`, valueOf(i, 0)]));
  let step = await putStep(saver, emptyThread(), all);
  for (let round = 1; round <= 4; round++) {
    const grown = Object.fromEntries(
      Array.from({ length: 300 }, (_, i) => [`channel-${i}`, valueOf(i, round)]).filter((_, i) => i % 3 === round % 3),
    );
    Object.assign(all, grown);
    // Some steps come from an instance that has to read the parent.
    step = await putStep(round % 2 ? createSaver({ keyPrefix }) : saver, step, grown);
    expect(await valuesAt(createSaver({ keyPrefix }), step.config)).toEqual(all);
  }
});

it("keeps many channels that each fit inline and together do not", async () => {
  const keyPrefix = newPrefix();
  const saver = createSaver({ keyPrefix, compression: "none" });
  const all = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`channel-${i}`, noiseText(900, i + 1)]));
  const step = await putStep(saver, emptyThread(), all);
  const next = await putStep(saver, step, { "channel-0": noiseText(900, 999) });
  const cold = createSaver({ keyPrefix });
  expect(await valuesAt(cold, step.config)).toEqual(all);
  expect(await valuesAt(cold, next.config)).toEqual({ ...all, "channel-0": noiseText(900, 999) });
});

it("keeps 200 KB of metadata and large versions_seen", async () => {
  const keyPrefix = newPrefix();
  const saver = createSaver({ keyPrefix });
  const versions_seen = Object.fromEntries(
    Array.from({ length: 3_000 }, (_, i) => [`node-${i}`, { [`branch:to:node-${i}`]: i, messages: i }]),
  );
  const trace = paragraphs(200);
  const first = await putStep(saver, emptyThread(), { notes: ["one"] }, { metadata: { trace } });
  const checkpoint = { ...first.checkpoint, id: `${first.checkpoint.id}a`, versions_seen };
  const config = await saver.put(
    first.config,
    checkpoint,
    { source: "loop", step: 1, parents: {}, trace } as never,
    {},
  );
  const tuple = await createSaver({ keyPrefix }).getTuple(config);
  expect(tuple?.checkpoint).toEqual(checkpoint);
  expect(tuple?.metadata).toEqual({ source: "loop", step: 1, parents: {}, trace });
});

it("keeps 3 MB that cannot be compressed, in a channel and in a pending write", async () => {
  const keyPrefix = newPrefix();
  const saver = createSaver({ keyPrefix });
  const image = noise(3 * MB);
  const step = await putStep(saver, emptyThread(), { image });
  await saver.putWrites(step.config, [["image", noise(3 * MB, 2)]], "task");
  const tuple = await createSaver({ keyPrefix }).getTuple(step.config);
  expect(sameBytes(tuple?.checkpoint.channel_values.image, image)).toBe(true);
  expect(sameBytes(tuple?.pendingWrites?.[0]?.[2], noise(3 * MB, 2))).toBe(true);
});

it.each([
  ["gzip", "none"],
  ["none", "gzip"],
] as const)("reads with compression %s what was written with %s, and goes on from it", async (written, read) => {
  const keyPrefix = newPrefix();
  const book = paragraphs(300);
  const step = await putStep(createSaver({ keyPrefix, compression: written }), emptyThread(), { book, title: "Small" });
  await createSaver({ keyPrefix, compression: written }).putWrites(step.config, [["book", book]], "task");
  const other = createSaver({ keyPrefix, compression: read });
  expect((await other.getTuple(step.config))?.pendingWrites).toEqual([["task", "book", book]]);
  const next = await putStep(other, step, { book: [...book, "The end."] });
  expect(await valuesAt(createSaver({ keyPrefix, compression: written }), next.config)).toEqual({
    book: [...book, "The end."],
    title: "Small",
  });
});

it("sends less with gzip than without", async () => {
  const sent = async (compression: "gzip" | "none"): Promise<number> => {
    const { saver, log } = countedSaver({ compression });
    return (await log.during(() => putStep(saver, emptyThread(), { book: paragraphs(300) }))).bytesSent;
  };
  expect(await sent("gzip")).toBeLessThan((await sent("none")) / 10);
});
