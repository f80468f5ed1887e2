import { describe, expect, test } from "vitest";
import type { AwsRequest, Intercept } from "../../lanes/stored/aws-requests.js";
import { collect, emptyThread, noise, putStep, valuesAt, type Step } from "../../lanes/savers/checkpoints.js";
import type { SaverOptions } from "../../lanes/savers/harness.js";
import { deleteRaw, itemsOf } from "../../lanes/stored/raw-table.js";
import { isTombstone } from "../../lanes/stored/sort-keys.js";
import { deleteObject, keysAt, newPlace, saverAt, type Place } from "../../lanes/savers/s3-saver.js";

/* The same bytes can lie in the table and in S3, where two savers of one thread have other options. */

const doc = noise(6_000);
const small = noise(3_000, 2);

const ways: [what: string, first: (place: Place) => Partial<Place>, second: (place: Place) => Partial<Place>][] = [
  ["S3 was turned on", ({ keyPrefix }) => ({ keyPrefix }), (place) => place],
  [
    "the threshold was raised",
    (place) => place,
    ({ keyPrefix, s3 }) => ({ keyPrefix, s3: { ...s3, thresholdBytes: 100_000 } }),
  ],
];

describe.each(ways)("when %s", (what, first, second) => {
  const savers = (
    options: Partial<SaverOptions> = {},
  ): { place: Place; before: ReturnType<typeof saverAt>; after: ReturnType<typeof saverAt> } => {
    const place = newPlace();
    return {
      place,
      before: saverAt(first(place), undefined, options),
      after: saverAt(second(place), undefined, options),
    };
  };

  test.each(["in another channel", "in a longer value"])(
    "a value that the parent has can come again %s, and takes nothing to store",
    async (where) => {
      const { place, before, after } = savers();
      const one = await putStep(before.saver, emptyThread("t"), { a: doc });
      const again = where === "in another channel" ? { b: doc } : { b: new Uint8Array([...doc, ...small]) };
      const two = await putStep(after.saver, one, again);

      expect(await valuesAt(saverAt(place).saver, two.config)).toEqual({ a: doc, ...again });
      if (where === "in another channel")
        expect(
          after.sent.filter(({ operation }) => operation === "PutObject" || operation === "BatchWriteItem"),
        ).toEqual([]);
    },
  );

  test("what a child took over lives as long as the child", async () => {
    const { place, before, after } = savers();
    const one = await putStep(before.saver, emptyThread("t"), { a: doc });
    const expiring = saverAt(first(place), undefined, { ttlSeconds: 1_000 });
    const other = await putStep(expiring.saver, emptyThread("u"), { a: doc });
    for (const parent of [one, other]) {
      const child = await putStep(after.saver, parent, { b: doc });
      const items = await itemsOf(place.keyPrefix, child.config.configurable!.thread_id as string, "S#");
      for (const item of items) expect(item.ttl).toBeUndefined();
      expect(await valuesAt(saverAt(place).saver, child.config)).toEqual({ a: doc, b: doc });
    }
  });

  /** A thread with both copies, and a checkpoint between those that refer to them. */
  async function bothCopies({ before, after }: ReturnType<typeof savers>): Promise<Step[]> {
    const one = await putStep(before.saver, emptyThread("t"), { a: doc });
    const two = await putStep(before.saver, one, { a: "small" });
    return [one, two, await putStep(after.saver, two, { a: doc })];
  }

  test("copies and exports have both", async () => {
    const world = savers();
    const steps = await bothCopies(world);
    const { saver } = saverAt(world.place);
    await saver.copyThread("t", "copy");
    await saver.importThread(await collect(saver.exportThread("t")), { threadId: "imported" });

    for (const threadId of ["t", "copy", "imported"]) {
      for (const { config, checkpoint } of steps) {
        expect(
          await valuesAt(saverAt(world.place).saver, { configurable: { ...config.configurable, thread_id: threadId } }),
        ).toEqual(checkpoint.channel_values);
      }
    }
  });

  test("prune frees the one that nothing refers to, and leaves the other", async () => {
    const world = savers();
    const steps = await bothCopies(world);
    await saverAt(world.place).saver.prune({ threadIds: ["t"], keepLast: 1, graceSeconds: 0 });

    const isObject = what === "S3 was turned on";
    const sortKeys = (await itemsOf(world.place.keyPrefix, "t"))
      .filter((item) => !isTombstone(item))
      .map(({ SK }) => SK!.S!)
      .filter((sortKey) => /^[PS]#/.test(sortKey));
    expect(sortKeys).toEqual([expect.stringMatching(isObject ? /^P#/ : /^S#/)]);
    expect(await keysAt(world.place)).toHaveLength(Number(isObject));
    expect(await valuesAt(saverAt(world.place).saver, steps[2]!.config)).toEqual({ a: doc });
  });

  test("a reader takes the other copy where one is lost", async () => {
    const world = savers();
    const steps = await bothCopies(world);
    for (const key of await keysAt(world.place)) await deleteObject(key);
    expect(await valuesAt(saverAt(world.place).saver, steps[0]!.config)).toEqual({ a: doc });
    expect(await valuesAt(saverAt(world.place).saver, steps[2]!.config)).toEqual({ a: doc });
  });

  test("and the object where the item is lost", async () => {
    const world = savers();
    const steps = await bothCopies(world);
    for (const item of await itemsOf(world.place.keyPrefix, "t", "S#")) await deleteRaw(item);
    expect(await valuesAt(saverAt(world.place).saver, steps[0]!.config)).toEqual({ a: doc });
    expect(await valuesAt(saverAt(world.place).saver, steps[2]!.config)).toEqual({ a: doc });
  });
});

test("an object is never written over by one that lives for another time, however late that arrives", async () => {
  const place = newPlace();
  const DAY = 86_400;
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  let reached = (): void => undefined;
  const arrived = new Promise<void>((resolve) => (reached = resolve));
  const hold: Intercept = ({ operation, forward }) => {
    if (operation !== "PutObject") return undefined;
    reached();
    return held.then(forward);
  };
  const [short, long] = [
    saverAt(place, hold, { ttlSeconds: DAY }),
    saverAt(place, undefined, { ttlSeconds: 365 * DAY }),
  ];
  const start = await putStep(long.saver, emptyThread("t"), { n: 1 });
  const late = putStep(short.saver, start, { doc });
  await arrived;
  const acknowledged = await putStep(long.saver, start, { doc });
  release();
  await late;

  const written = ({ sent }: { sent: AwsRequest[] }): string[] =>
    sent.filter(({ operation }) => operation === "PutObject").map(({ url }) => url.pathname);
  expect(written(short)).toHaveLength(1);
  expect(written(long)).toHaveLength(1);
  // What the bucket's rule does to objects of a day.
  const [shortLived] = (await keysAt(place)).filter((key) => decodeURIComponent(written(short)[0]!).endsWith(key));
  await deleteObject(shortLived!);
  expect(await valuesAt(saverAt(place).saver, acknowledged.config)).toEqual({ n: 1, doc });
});
