import { describe, expect, inject, test } from "vitest";
import { leases, savers, stores, type Histories } from "./histories.js";

/* Some seconds of each. `npm run soak -- world` takes as many histories as one likes, of any seed. */

/** One test has so many, to show where it is. */
const AT_ONCE = 50;

const starts = (many: number): number[] =>
  Array.from({ length: (inject("effort") === "full" ? 2 * many : many) / AT_ONCE }, (_, i) => i * AT_ONCE);

function describeWorld<P extends { calls: object[]; schedule?: number }>(
  name: string,
  option: string,
  histories: Histories<P>,
  many: number,
): void {
  describe(`${name} in a simulated world`, () => {
    test.each(starts(many))(
      "no history of fifty from %i on loses anything, revives anything or leaves anything behind",
      async (from) => {
        const failures: string[] = [];
        for (let i = from; i < from + AT_ONCE; i++) {
          const { problem } = await histories.run(histories.generate(`test-${i}`));
          if (problem !== undefined)
            failures.push(`${problem}\n  npm run soak -- world --kind ${option} --replay test-${i}`);
        }
        expect(failures.join("\n")).toBe("");
      },
    );

    test("a seed makes the same history every time, to the last request", async () => {
      const seeds = Array.from({ length: 20 }, (_, i) => `same-${i}`);
      const hashes = async (): Promise<string[]> => {
        const all: string[] = [];
        for (const seed of seeds) all.push((await histories.run(histories.generate(seed))).hash);
        return all;
      };
      const first = await hashes();
      expect(await hashes()).toEqual(first);
      expect(new Set(first).size).toBe(seeds.length);
    });

    test("the same calls go in another order with another schedule", async () => {
      const plan = histories.generate("order-3");
      const [one, other] = [await histories.run(plan), await histories.run({ ...plan, schedule: 1 })];
      expect(one.hash).not.toBe(other.hash);
    });
  });
}

describeWorld("savers", "saver", savers, 200);
describeWorld("stores and caches", "store", stores, 50);
describeWorld("runs under leases", "lease", leases, 50);
