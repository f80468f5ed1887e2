import { afterAll, beforeAll, expect, inject, test, vi } from "vitest";
import { World, type WorldOptions } from "../../lanes/history/world.js";
import { newPrefix } from "../../lanes/stored/requests.js";
import { newPlace } from "../../lanes/savers/s3-saver.js";
import { Soaking, soakTimeoutMs } from "../../lanes/run/soak.js";

/*
 * Many workers write, read and delete the same threads, through several instances, while a share of all requests
 * fails in every way there is. Whatever was acknowledged must be found, exactly as it was put, until it is deleted.
 *
 * A failure names its seed. `SOAK_SEED=… npm test -- history` repeats it: the same plans of the same workers, and
 * the same faults. How they meet differs a little from run to run, so a rare failure may take several.
 */

const { seed, share } = inject("soak");
/** Calls of the saver, for each variant. */
const CALLS = inject("effort") === "full" ? 400 : 300;

// Retries are real, but waiting for them would be all that happens.
beforeAll(() => void vi.spyOn(Math, "random").mockReturnValue(0));
afterAll(() => void vi.restoreAllMocks());

const variants: [name: string, saver: () => WorldOptions["saver"]][] = [
  ["everything in the table", () => ({ keyPrefix: newPrefix() })],
  ["large segments in S3", () => newPlace({ thresholdBytes: 4_000 })],
  [
    "encrypted, with a ttl",
    () => ({ keyPrefix: newPrefix(), ttlSeconds: 7 * 86_400, encryption: { key: new Uint8Array(32).fill(7) } }),
  ],
  ["conflicts rejected", () => ({ keyPrefix: newPrefix(), conflict: "reject" })],
];

test.each(variants)(
  "nothing that was acknowledged is lost, and nothing is half there: %s",
  async (name, saver) => {
    const soaking = new Soaking(`history: ${name}`, variants.length);
    const world: World = new World({
      saver: saver(),
      seed: `${seed} ${name}`,
      share,
      workers: 12,
      checkpointsPerThread: 30,
      goesOn: (figures) => {
        soaking.report(figures);
        return figures.calls < CALLS || soaking.goesOn();
      },
    });

    const figures = await world.live();

    soaking.report(figures);
    expect(figures.calls).toBeGreaterThanOrEqual(CALLS);
    expect(Object.keys(figures.faults).length).toBeGreaterThan(10);
    // Retries survive nearly all of it, and instances are killed now and then.
    expect(figures.failed).toBeLessThan(figures.calls / 5);
  },
  soakTimeoutMs(240_000),
);
