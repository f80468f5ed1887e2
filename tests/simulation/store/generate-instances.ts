import type { Random } from "../../lanes/hostile/random.js";
import type { StoreInstancePlan } from "./plan.js";
import { LETTERS } from "./values.js";

/** Lives, in seconds. */
export const LIVES = [60, 600, 4_000, 86_400];
/**
 * How far clocks are apart: those that are set by a network, when something is wrong with it, those of nobody, and
 * those of another time zone.
 */
const SKEWS_MS = [5_000, 5_000, 120_000, 4 * 3_600_000];
/** Vectors of so many stand beside their items. */
export const MANY_DIMS = 400;

/** Instances whose options differ. */
export function generateStoreInstances(random: Random): StoreInstancePlan[] {
  const count = 1 + random.below(3);
  const s3 = random.weighted({ none: 5, all: 4, some: 2 });
  const encryption = random.weighted({ none: 8, all: 1, rotation: 1, later: count > 1 ? 1 : 0 });
  const ttl = random.weighted({ none: 5, some: 3, all: 3 });
  const ttls = [random.pick(LIVES), random.pick(LIVES)];
  const index = random.weighted({ none: 5, all: 3, some: 2 });
  const lags = random.chance(0.15);
  const dims = random.chance(0.7) ? LETTERS : MANY_DIMS;
  const areApart = random.chance(0.5);
  const mostSkewMs = random.pick(SKEWS_MS);
  const prefixes = random.chance(0.2) ? ["", "b#"] : [random.chance(0.8) ? "" : "b#"];
  return Array.from({ length: count }, (_, i): StoreInstancePlan => {
    const isLater = i > 0;
    const plan: StoreInstancePlan = { name: "ABCD"[i]!, compression: random.chance(0.4) ? "gzip" : "none" };
    if (s3 === "all" || (s3 === "some" && random.chance(0.5)))
      plan.s3 = {
        thresholdBytes: random.pick([900, 1_500, 5_000, 380_000]),
        prefix: random.chance(0.8) ? "" : "p/",
      };
    if (encryption === "all") plan.encryption = { key: 1, older: [], plain: false };
    if (encryption === "rotation")
      plan.encryption = isLater ? { key: 2, older: [1], plain: false } : { key: 1, older: [2], plain: false };
    if (encryption === "later") plan.only = isLater ? "after" : "before";
    if (encryption === "later" && isLater) plan.encryption = { key: 1, older: [], plain: true };
    if (ttl === "all" || (ttl === "some" && random.chance(0.5))) plan.ttlSeconds = random.pick(ttls);
    if (ttl !== "none" && random.chance(0.3)) plan.refreshOnRead = true;
    if (index === "all" || (index === "some" && random.chance(0.5))) plan.index = dims;
    if (lags && random.chance(0.6)) plan.lagSteps = 5 + random.below(40);
    const keyPrefix = random.pick(prefixes);
    if (keyPrefix !== "") plan.keyPrefix = keyPrefix;
    if (areApart && random.chance(0.6)) plan.skewMs = random.below(2 * mostSkewMs) - mostSkewMs;
    return plan;
  });
}
