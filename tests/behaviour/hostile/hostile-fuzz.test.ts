import { describe, expect, inject, test } from "vitest";
import { noise } from "../../lanes/savers/checkpoints.js";
import { createSaver } from "../../lanes/savers/harness.js";
import { mutateStored } from "../../lanes/hostile/hostile-bytes.js";
import { binariesOf, mutateBytes, mutateItem, type Mutant } from "../../lanes/hostile/hostile-items.js";
import { CALLS, judge, makeHostileWorld, THREAD, type HostileWorld } from "../../lanes/hostile/hostile-world.js";
import { Limits } from "../../lanes/faults/limits.js";
import { Random } from "../../lanes/hostile/random.js";
import { Replay } from "../../lanes/faults/replay.js";
import { BUCKET } from "../../lanes/stored/s3-client.js";
import { newPlace } from "../../lanes/savers/s3-saver.js";
import { utf8 } from "../../lanes/stored/stored-bytes.js";
import { base64Url } from "../../lanes/stored/stored-format.js";

/*
 * Stored data that nobody of ours has written: thousands of items with something changed, read in every way. Each call
 * ends, with a result or a data error that shows nothing of what is stored, and never asks for more memory at once than
 * one value, or one item, may take.
 *
 * The message of a failure begins with the seed of its case. To see that case alone, write its seed into `ONLY`.
 */
const ONLY: string | undefined = undefined;

const share = inject("effort") === "full" ? 0.2 : 0.1;
/** Calls of one case; which ones is the seed's choice. */
const CALLS_A_CASE = 3;

const maxValueBytes = 1_048_576;
/** An item may be unpacked to 8 MiB. */
const limits = new Limits(8 * 1_048_576 + 65_536, 20_000);
const encryption = { key: noise(32, 7) };
const prototype = Object.getOwnPropertyNames(Object.prototype);

/** Runs one case after the other; the test fails with what each of the first failures was. */
async function forEachSeed(
  what: string,
  cases: number,
  runCase: (random: Random) => Promise<string | undefined>,
): Promise<void> {
  const failures: string[] = [];
  const seeds =
    ONLY !== undefined
      ? [ONLY].filter((seed) => seed.startsWith(what))
      : Array.from({ length: cases * share }, (_, number) => `${what} ${number}`);
  for (const seed of seeds) {
    const failure = await runCase(new Random(seed));
    if (failure !== undefined) failures.push(`${seed}: ${failure}`);
    if (failures.length === 20) break;
  }
  expect(failures.join("\n\n")).toBe("");
  expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(prototype);
}

const ended = (call: string, mutants: Mutant[], error: unknown): string => {
  const { message, stack = "" } = error as Error;
  return (
    `${call}, with ${mutants.map(({ what }) => what).join(" and ")}: ` +
    `${message}\n${stack.split("\n").slice(1, 5).join("\n")}`
  );
};

async function withChangedItems(
  world: HostileWorld,
  replay: Replay,
  random: Random,
  changeObject?: (bytes: Uint8Array) => Uint8Array,
): Promise<string | undefined> {
  const mutants = Array.from({ length: random.chance(0.8) ? 1 : 3 }, () =>
    mutateItem(random.pick(world.items), world.items, random),
  );
  const fetch = replay.fetch(
    mutants.map(({ item }) => item),
    changeObject,
  );
  for (let count = 0; count < CALLS_A_CASE; count++) {
    const call = random.pick(Object.keys(CALLS));
    try {
      await limits.during(() => CALLS[call]!(createSaver({ ...world.options, fetch }), world).catch(judge));
    } catch (error) {
      return ended(call, mutants, error);
    }
  }
  return undefined;
}

test.each<[what: string, cases: number, options: Parameters<typeof makeHostileWorld>[0]]>([
  ["plain", 1_000, { compression: "none" }],
  ["compressed", 300, {}],
  ["encrypted", 300, { encryption, compression: "none" }],
  ["encrypted, where plain is allowed", 300, { encryption: { ...encryption, allowPlaintext: true } }],
])("changed items of a thread that is %s end in a result or in a data error", async (what, cases, options) => {
  const world = await makeHostileWorld({ maxValueBytes, ...options });
  const replay = new Replay(world.items);
  await forEachSeed(what, cases, (random) => withChangedItems(world, replay, random));
});

test("changed objects in S3 end in a result or in a data error", async () => {
  const { keyPrefix: _, ...place } = newPlace({ thresholdBytes: 1_500 });
  const world = await makeHostileWorld({ maxValueBytes, compression: "none", ...place });
  const replay = new Replay(world.items, base64Url(utf8(`${world.options.keyPrefix}T#${THREAD}`)));
  expect(world.items.filter(({ SK }) => SK!.S!.endsWith(`#${BUCKET}/${place.s3.prefix}`)).length).toBeGreaterThan(0);
  await forEachSeed("objects", 300, (random) => {
    const change = (bytes: Uint8Array): Uint8Array => mutateStored(bytes, world.items, random).bytes;
    return withChangedItems(world, replay, random, random.chance(0.7) ? change : undefined);
  });
});

describe("of an encrypted thread", () => {
  test("changed bytes are an error, and never another value", async () => {
    const world = await makeHostileWorld({ maxValueBytes, encryption });
    const replay = new Replay(world.items);
    const tupleAt = async (fetch: ReturnType<Replay["fetch"]>, number: number): Promise<string> =>
      JSON.stringify(await createSaver({ ...world.options, fetch }).getTuple(world.steps[number]!.config));
    const expected = await Promise.all(world.steps.map((_, number) => tupleAt(replay.fetch([]), number)));
    const items = world.items.filter((item) => binariesOf(item).length > 0);
    let refused = 0;

    await forEachSeed("bytes", 200, async (random) => {
      const mutant = mutateBytes(random.pick(items), items, random);
      const number = random.below(world.steps.length);
      try {
        const tuple = await limits.during(() => tupleAt(replay.fetch([mutant.item]), number));
        return tuple === expected[number] ? undefined : ended("getTuple", [mutant], new Error(`came back as ${tuple}`));
      } catch (error) {
        judge(error);
        refused++;
        return undefined;
      }
    });
    expect(refused).toBeGreaterThan(0);
  });
});
