import { describe, expect, inject, test } from "vitest";
import { generate } from "./calls/generate.js";
import { runHistory } from "./run-history.js";

/** Some seconds. `npm run soak -- world` takes as many as one likes, of any seed. */
const HISTORIES = inject("effort") === "full" ? 400 : 200;
/** One test has so many, to show where it is. */
const AT_ONCE = 100;

describe("in a simulated world", () => {
  test.each(Array.from({ length: HISTORIES / AT_ONCE }, (_, i) => i * AT_ONCE))(
    "no history of a hundred from %i on loses anything, revives anything or leaves anything behind",
    async (from) => {
      const failures: string[] = [];
      for (let i = from; i < from + AT_ONCE; i++) {
        const { problem } = await runHistory(generate(`test-${i}`));
        if (problem !== undefined) failures.push(`${problem}\n  npm run soak -- world --replay test-${i}`);
      }
      expect(failures.join("\n")).toBe("");
    },
  );

  test("a seed makes the same history every time, to the last request", async () => {
    const seeds = Array.from({ length: 20 }, (_, i) => `same-${i}`);
    const hashes = async (): Promise<string[]> => {
      const all: string[] = [];
      for (const seed of seeds) all.push((await runHistory(generate(seed))).hash);
      return all;
    };
    const first = await hashes();
    expect(await hashes()).toEqual(first);
    expect(new Set(first).size).toBe(seeds.length);
  });

  test("the same calls go in another order with another schedule", async () => {
    const plan = generate("order-3");
    const [one, other] = [await runHistory(plan), await runHistory({ ...plan, schedule: 1 })];
    expect(one.hash).not.toBe(other.hash);
  });
});
