import fc from "fast-check";
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, test, vi } from "vitest";
import { collect } from "../../lanes/savers/checkpoints.js";
import { createSaver } from "../../lanes/savers/harness.js";
import { memoryServers } from "../../lanes/servers/memory-servers.js";
import { newPrefix } from "../../lanes/stored/requests.js";
import { useServers } from "../../lanes/servers/servers.js";
import { Soaking, soakTimeoutMs } from "../../lanes/run/soak.js";
import type { Step } from "../../lanes/savers/ttl-puts.js";
import { TtlWorld } from "../../lanes/savers/ttl-world.js";

/*
 * Random histories of several threads under one simulated clock. After every step the stored items themselves must
 * say that whatever a living checkpoint needs lives as long as it does, and that nothing lives for long after its
 * last use. In the end every living checkpoint is read at its last second.
 *
 * A failure names its seed. `SOAK_SEED=… npm test -- ttl-invariant` repeats it, and `npm run soak -- ttl` goes on with
 * the seeds after it.
 */

const { seed } = inject("soak");

const TTL = 1_200;
const effort = inject("effort");
/** Side by side, so that they meet in the thread index. */
const THREADS = effort === "full" ? 4 : 2;

// So many requests take a minute on a real server. There, other runtimes live through some.
beforeAll(() => {
  if (effort !== "little") useServers(memoryServers());
});
afterAll(() => useServers());

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"] });
});
afterEach(() => {
  vi.useRealTimers();
});

const stepOf = (ttls: number[]): fc.Arbitrary<Step> =>
  fc.record({
    kind: fc.constantFrom("put", "put", "put", "read"),
    // Mostly the latest, sometimes an older one.
    checkpoint: fc.oneof({ weight: 2, arbitrary: fc.constant(-1) }, { weight: 1, arbitrary: fc.nat(20) }),
    saver: fc.constantFrom("warm", "warm", "other", "cold"),
    refresh: fc.boolean(),
    document: fc.constantFrom("keep", "keep", "replace", "same as another's"),
    list: fc.constantFrom("keep", "append"),
    writes: fc.array(fc.record({ channel: fc.constantFrom("fast", "slow"), large: fc.nat(9).map((n) => n === 0) }), {
      maxLength: 3,
    }),
    ttl: fc.constantFrom(...ttls),
  });

interface Moment {
  /** Seconds since the moment before. */
  gap: number;
  sweep: boolean;
  /** What each thread does. */
  steps: Step[];
}

const historyOf = (ttls: number[]): fc.Arbitrary<Moment[]> =>
  fc.array(
    fc.record({
      gap: fc.oneof(
        { weight: 3, arbitrary: fc.integer({ min: 0, max: TTL / 3 }) },
        { weight: 1, arbitrary: fc.constantFrom(TTL / 2, TTL - 1, TTL, 1.5 * TTL, 3 * TTL) },
      ),
      sweep: fc.nat(3).map((n) => n === 0),
      steps: fc.array(stepOf(ttls), { minLength: THREADS, maxLength: THREADS }),
    }),
    { minLength: 30, maxLength: 40, size: "max" },
  );

async function live(
  moments: Moment[],
  snapshots: ConstructorParameters<typeof TtlWorld>[3],
  longestTtl: number,
): Promise<void> {
  const keyPrefix = newPrefix();
  const worlds = Array.from({ length: THREADS }, () => new TtlWorld(keyPrefix, TTL, longestTtl, snapshots));
  for (const { gap, sweep, steps } of moments) {
    vi.setSystemTime(Date.now() + gap * 1_000);
    await Promise.all(
      worlds.map(async (world, i) => {
        if (sweep) await world.sweep();
        await world.step(steps[i]!);
      }),
    );
  }

  const ends = worlds
    .flatMap((world) => world.ends().map((entry) => ({ ...entry, world })))
    .sort((a, b) => a.end - b.end);
  for (let i = 0; i < ends.length;) {
    const { end } = ends[i]!;
    const together = ends.slice(i).filter((entry) => entry.end === end);
    if (end < Infinity) vi.setSystemTime((end - 1) * 1_000);
    await Promise.all(together.map(({ world, put }) => world.readCold(put)));
    i += together.length;
  }
  if (ends.length === 0) return;
  const last = ends.at(-1)!;
  const listed = await collect(createSaver({ keyPrefix }).listThreads());
  expect(
    listed.map(({ threadId }) => threadId),
    "the threads that are listed in the last second of the last of them",
  ).toContain(last.world.threadId);
  // DynamoDB Local keeps everything in memory, and this may run for hours.
  await Promise.all(worlds.map(({ threadId }) => createSaver({ keyPrefix }).deleteThread(threadId)));
}

const VARIANTS = 7;

test.each<[name: string, snapshots: ConstructorParameters<typeof TtlWorld>[3], ttls: number[], longestTtl: number]>([
  ["plain channels", {}, [TTL], TTL],
  ["a DeltaChannel", { fast: 3 }, [TTL], TTL],
  ["two DeltaChannels that are stored in full at different steps", { fast: 3, slow: 5 }, [TTL], TTL],
  ["plain channels and a ttl of its own for each call", {}, [TTL, TTL / 10, 4 * TTL], 4 * TTL],
  ["a DeltaChannel and a ttl of its own for each call", { fast: 3 }, [TTL, TTL / 10, 4 * TTL], 4 * TTL],
  ["plain channels, where some calls store for good", {}, [TTL, TTL, 0], TTL],
  ["a DeltaChannel, where some calls store for good", { fast: 3 }, [TTL, TTL, 0], TTL],
])(
  "whatever a living checkpoint needs is alive, and nothing lives longer than 2 ttl after its last use: %s",
  async (name, snapshots, ttls, longestTtl) => {
    const property = fc.asyncProperty(historyOf(ttls), (moments) => live(moments, snapshots, longestTtl));
    const soaking = new Soaking(`ttl: ${name}`, VARIANTS);
    let rounds = 0;
    do {
      await fc.assert(property, { seed: seed + rounds++, numRuns: 1, endOnFailure: true });
      soaking.report({ histories: rounds * THREADS });
    } while (soaking.goesOn());
  },
  soakTimeoutMs(120_000),
);
