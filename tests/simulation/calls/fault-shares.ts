import type { Random } from "../../lanes/hostile/random.js";
import type { FaultShares } from "../world/clients.js";
import { NO_FAULTS } from "./plan.js";

/** Some kinds of faults, which together meet about `rate` of all requests at most. */
export function generateShares(random: Random, rate: number): FaultShares {
  const shares = { ...NO_FAULTS };
  for (const fault of Object.keys(shares) as (keyof FaultShares)[])
    shares[fault] = random.chance(0.5) ? (rate * random.next()) / 2 : 0;
  return shares;
}
