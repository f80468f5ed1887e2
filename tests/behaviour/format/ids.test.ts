import fc from "fast-check";
import { expect, it } from "vitest";
import { collect, emptyThread, latestOf, putStep } from "../../lanes/savers/checkpoints.js";
import { createSaver } from "../../lanes/savers/harness.js";
import { newPrefix } from "../../lanes/stored/requests.js";

/** Signs that keys, URLs or JSON use as syntax, text that looks like an escape, and what has no UTF-8 form. */
const SIGNS = [
  "#",
  "%",
  "/",
  "|",
  ":",
  " ",
  "\n",
  "\u0000",
  "~",
  "-",
  "?",
  ".",
  "a",
  "A",
  "é",
  "😀",
  "\ud83d",
  "\ude00",
  "\ufffd",
  "\uffff",
];
const WORDS = [
  "%23",
  "%25",
  "%-",
  "%D83D",
  "W#",
  "#W#",
  "#~",
  "C#",
  "S#",
  "T#",
  "N#",
  "__proto__",
  "constructor",
  "..",
  "%2e%2e",
  "\\u0023",
];

const short = fc
  .array(fc.constantFrom(...SIGNS, ...WORDS), { minLength: 1, maxLength: 4 })
  .map((parts) => parts.join(""));
/** Over every limit of a key, and different from one another only at their ends. */
const long = fc
  .tuple(fc.constantFrom("x", "#", "😀", "\ud83d", "é%"), short)
  .map(([filling, end]) => filling.repeat(3_000 / filling.length) + end);
const id = fc.oneof(
  { weight: 5, arbitrary: short },
  { weight: 1, arbitrary: long },
  { weight: 1, arbitrary: fc.string({ minLength: 1, unit: "binary" }) },
);

const place = fc.record({
  threadId: id,
  ns: fc.oneof(id, fc.constant("")),
  checkpointId: id,
  parentId: id,
  taskIds: fc.uniqueArray(id, { minLength: 1, maxLength: 3 }),
  channels: fc.uniqueArray(fc.oneof(id, fc.constant("")), { minLength: 1, maxLength: 3 }),
});

it("of any kind come back whole, and two different ones never meet", async () => {
  await fc.assert(
    fc.asyncProperty(
      // A few ids shared by several places, so that they differ in one part only.
      fc
        .tuple(id, id, fc.array(place, { minLength: 2, maxLength: 5 }))
        .map(([thread, checkpoint, places]) => [
          ...places,
          ...places.slice(1).map((p) => ({ ...p, threadId: thread })),
          ...places.slice(1).map((p) => ({ ...p, threadId: thread, checkpointId: checkpoint })),
        ]),
      async (places) => {
        const distinct = [
          ...new Map(places.map((p) => [JSON.stringify([p.threadId, p.ns, p.checkpointId]), p])).values(),
        ];
        const keyPrefix = newPrefix();
        const writer = createSaver({ keyPrefix });
        const writeAt = async (place: (typeof distinct)[number], number: number): Promise<void> => {
          const parent = emptyThread(place.threadId, place.ns);
          parent.config.configurable!.checkpoint_id = place.parentId;
          const { config } = await putStep(writer, parent, entriesOf(place.channels, number), {
            id: place.checkpointId,
          });
          for (const task of place.taskIds)
            await writer.putWrites(
              config,
              place.channels.map((channel) => [channel, [number, task]]),
              task,
              task,
            );
        };
        await Promise.all(distinct.map(writeAt));

        const reader = createSaver({ keyPrefix });
        for (const [number, { threadId, ns, checkpointId, parentId, taskIds, channels }] of distinct.entries()) {
          const config = { configurable: { thread_id: threadId, checkpoint_ns: ns, checkpoint_id: checkpointId } };
          const tuple = (await reader.getTuple(config))!;
          expect(tuple.config).toEqual(config);
          expect(tuple.parentConfig).toEqual({ configurable: { ...config.configurable, checkpoint_id: parentId } });
          expect(tuple.checkpoint.id).toBe(checkpointId);
          expect(new Map(Object.entries(tuple.checkpoint.channel_values))).toEqual(
            new Map(channels.map((channel) => [channel, number])),
          );
          const writes = new Set(tuple.pendingWrites!.map((write) => JSON.stringify(write)));
          expect(writes).toEqual(
            new Set(
              taskIds.flatMap((task) => channels.map((channel) => JSON.stringify([task, channel, [number, task]]))),
            ),
          );
          expect(tuple.pendingWrites).toHaveLength(writes.size);
        }
        for (const threadId of new Set(distinct.map((p) => p.threadId))) {
          const own = distinct.filter((p) => p.threadId === threadId);
          const listed = await collect(reader.list({ configurable: { thread_id: threadId } }));
          expect(listed.map(({ config }) => keyOf(config.configurable!)).sort()).toEqual(
            own.map((p) => keyOf(configurableOf(p))).sort(),
          );
          const inNamespace = await collect(
            reader.list({ configurable: { thread_id: threadId, checkpoint_ns: own[0]!.ns } }),
          );
          expect(inNamespace).toHaveLength(own.filter((p) => p.ns === own[0]!.ns).length);
        }
        const threads = (await collect(reader.listThreads())).map(({ threadId }) => threadId);
        expect(threads.sort()).toEqual([...new Set(distinct.map((p) => p.threadId))].sort());
        const everywhere = await collect(reader.list({}));
        expect(everywhere.map(({ config }) => keyOf(config.configurable!)).sort()).toEqual(
          distinct.map((p) => keyOf(configurableOf(p))).sort(),
        );

        const [{ threadId: doomed }] = distinct as [(typeof distinct)[number]];
        await reader.deleteThread(doomed);
        expect((await collect(reader.list({}))).map(({ config }) => keyOf(config.configurable!)).sort()).toEqual(
          distinct
            .filter((p) => p.threadId !== doomed)
            .map((p) => keyOf(configurableOf(p)))
            .sort(),
        );
      },
    ),
    { numRuns: 12 },
  );
});

it("that are shortened in keys keep 3,000 bytes that differ only at the end", async () => {
  const keyPrefix = newPrefix();
  const saver = createSaver({ keyPrefix });
  const ids = ["a", "b"].map((end) => "x".repeat(2_999) + end);
  for (const threadId of ids) {
    for (const ns of ids) {
      for (const checkpointId of ids) {
        const { config } = await putStep(
          saver,
          emptyThread(threadId, ns),
          { place: [threadId, ns, checkpointId] },
          { id: checkpointId },
        );
        for (const taskId of ids) await saver.putWrites(config, [["place", taskId]], taskId);
      }
    }
  }
  const tuples = await collect(createSaver({ keyPrefix }).list({}));
  expect(tuples).toHaveLength(8);
  for (const { config, checkpoint, pendingWrites } of tuples) {
    const { thread_id, checkpoint_ns, checkpoint_id } = config.configurable!;
    expect(checkpoint.channel_values.place).toEqual([thread_id, checkpoint_ns, checkpoint_id]);
    expect(pendingWrites).toEqual(ids.map((taskId) => [taskId, "place", taskId]));
  }
});

it.each([12, 40])("of namespaces %i subgraphs deep work, also where only the last one differs", async (depth) => {
  const keyPrefix = newPrefix();
  const saver = createSaver({ keyPrefix });
  const above = Array.from({ length: depth - 1 }, (_, i) => `subgraph_${i}:${crypto.randomUUID()}|`).join("");
  const namespaces = Array.from({ length: 3 }, () => `${above}leaf:${crypto.randomUUID()}`);
  const root = emptyThread();
  for (const ns of ["", ...namespaces])
    await putStep(
      saver,
      { ...root, config: { configurable: { ...root.config.configurable, checkpoint_ns: ns } } },
      { ns },
    );
  const cold = createSaver({ keyPrefix });
  for (const ns of ["", ...namespaces]) {
    const tuple = await cold.getTuple({ configurable: { ...latestOf(root).configurable, checkpoint_ns: ns } });
    expect([tuple?.config.configurable?.checkpoint_ns, tuple?.checkpoint.channel_values]).toEqual([ns, { ns }]);
  }
  expect(
    await collect(cold.list({ configurable: { thread_id: root.config.configurable!.thread_id as string } })),
  ).toHaveLength(4);
});

it("of namespaces that begin with any sign are in a copy, an export and a list of all", async () => {
  const saver = createSaver();
  const signs = ["\u0000", " ", "!", '"', "#", "$", "%", "~", "\ud83d", "\uffff", "\u{10ffff}"];
  const namespaces = signs.flatMap((sign) => [sign, `${sign}\u{10ffff}`, `${sign}\u{10ffff}\u{10ffff}x`]);
  const threadId = crypto.randomUUID();
  for (const ns of ["", ...namespaces]) await putStep(saver, emptyThread(threadId, ns), { ns });
  await saver.copyThread(threadId, "copy");
  await saver.importThread(await collect(saver.exportThread(threadId)), { threadId: "imported" });

  for (const thread_id of [threadId, "copy", "imported"]) {
    const tuples = await collect(saver.list({ configurable: { thread_id } }));
    expect(tuples.map(({ checkpoint }) => checkpoint.channel_values.ns).toSorted()).toEqual(
      ["", ...namespaces].toSorted(),
    );
  }
});

it("in the older form thread_ts name a checkpoint, and an empty one means the latest", async () => {
  const saver = createSaver();
  const first = await putStep(saver, emptyThread(), { n: 1 });
  const second = await putStep(saver, first, { n: 2 });
  const { thread_id } = first.config.configurable!;
  const at = async (configurable: Record<string, unknown>) =>
    (await saver.getTuple({ configurable: { thread_id, ...configurable } }))?.checkpoint.id;
  expect(await at({ thread_ts: first.checkpoint.id })).toBe(first.checkpoint.id);
  expect(await at({ checkpoint_id: "" })).toBe(second.checkpoint.id);
});

interface Place {
  threadId: string;
  ns: string;
  checkpointId: string;
}

const configurableOf = ({ threadId, ns, checkpointId }: Place) => ({
  thread_id: threadId,
  checkpoint_ns: ns,
  checkpoint_id: checkpointId,
});

const keyOf = ({ thread_id, checkpoint_ns, checkpoint_id }: Record<string, unknown>): string =>
  JSON.stringify([thread_id, checkpoint_ns, checkpoint_id]);

const entriesOf = (channels: string[], value: unknown): Record<string, unknown> =>
  Object.fromEntries(channels.map((channel) => [channel, value]));
