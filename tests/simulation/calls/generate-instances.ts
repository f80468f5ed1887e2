import type { Random } from "../../lanes/hostile/random.js";
import type { InstancePlan } from "./plan.js";

/** Lives, in seconds. */
export const TTLS = [300, 1_000, 4_000, 86_400, 30 * 86_400];

/** Instances whose options differ. */
export function generateInstances(random: Random): InstancePlan[] {
  const count = 2 + random.below(3);
  const reject = random.chance(0.1);
  const latest = !reject && random.chance(0.15);
  const s3 = random.weighted({ none: 4, all: 4, later: 3 });
  const encryption = random.weighted({ none: 8, all: 1, rotation: 1, later: 1 });
  const ttl = random.weighted({ none: 6, some: 4, all: 3 });
  const ttls = [random.pick(TTLS), random.pick(TTLS)];
  const lags = random.chance(0.15);
  const instances: InstancePlan[] = [];
  for (let i = 0; i < count; i++) {
    const plan: InstancePlan = { name: "ABCD"[i]!, compression: random.chance(0.4) ? "gzip" : "none" };
    const isLater = i > 0;
    if (s3 === "all" || (s3 === "later" && isLater))
      plan.s3 = {
        thresholdBytes: random.pick([900, 1_500, 4_000, 380_000]),
        prefix: random.chance(0.7) ? "" : random.pick(["p/", "q/"]),
      };
    if (encryption === "all") plan.encryption = { key: 1, older: [], plain: false };
    if (encryption === "rotation")
      plan.encryption = isLater ? { key: 2, older: [1], plain: false } : { key: 1, older: [2], plain: false };
    if (encryption === "later" && isLater) plan.encryption = { key: 1, older: [], plain: true };
    // The first one lacks what is turned on later.
    if (s3 === "later" || encryption === "later") plan.only = isLater ? "after" : "before";
    if (ttl === "all" || (ttl === "some" && random.chance(0.5))) {
      plan.ttlSeconds = random.pick(ttls);
      if (random.chance(0.25)) plan.refreshOnRead = true;
    }
    if (latest && random.chance(0.6)) plan.history = "latest";
    if (reject) plan.conflict = "reject";
    if (lags && random.chance(0.6)) plan.lagSteps = 5 + random.below(40);
    instances.push(plan);
  }
  return instances;
}
