import { describe, expect, inject, test } from "vitest";
import { generateStore } from "./generate.js";
import { runStoreHistory } from "./run-store.js";

/** Some seconds. `npm run soak -- world --kind store` takes as many as one likes, of any seed. */
const HISTORIES = inject("effort") === "full" ? 100 : 50;
/** One test has so many, to show where it is. */
const AT_ONCE = 50;

describe("stores and caches in a simulated world", () => {
  test.each(Array.from({ length: HISTORIES / AT_ONCE }, (_, i) => i * AT_ONCE))(
    "no history of fifty from %i on loses anything, revives anything or leaves anything behind",
    async (from) => {
      const failures: string[] = [];
      for (let i = from; i < from + AT_ONCE; i++) {
        const { problem } = await runStoreHistory(generateStore(`test-${i}`));
        if (problem !== undefined) failures.push(`${problem}\n  npm run soak -- world --kind store --replay test-${i}`);
      }
      expect(failures.join("\n")).toBe("");
    },
  );

  test("a seed makes the same history every time, to the last request", async () => {
    const seeds = Array.from({ length: 20 }, (_, i) => `same-${i}`);
    const hashes = async (): Promise<string[]> => {
      const all: string[] = [];
      for (const seed of seeds) all.push((await runStoreHistory(generateStore(seed))).hash);
      return all;
    };
    const first = await hashes();
    expect(await hashes()).toEqual(first);
    expect(new Set(first).size).toBe(seeds.length);
  });

  test("the same calls go in another order with another schedule", async () => {
    const plan = generateStore("order-3");
    const [one, other] = [await runStoreHistory(plan), await runStoreHistory({ ...plan, schedule: 1 })];
    expect(one.hash).not.toBe(other.hash);
  });
});
