import { Violation } from "../model/shown.js";
import type { Outcome } from "../run-history.js";
import { sideBySide } from "../world/side-by-side.js";
import { auditStore } from "./audit.js";
import { endStore } from "./ending.js";
import { performStore } from "./perform.js";
import type { StorePlan } from "./plan.js";
import { StoreWorld } from "./store-world.js";

/** Lives through a history of stores and caches, and judges it. */
export async function runStoreHistory(plan: StorePlan, trace?: (line: string) => void): Promise<Outcome> {
  const world = new StoreWorld(plan);
  if (trace) world.traceTo(trace);
  let problem: string | undefined;
  try {
    world.network.calm = true;
    // The table's time to live and the bucket's rules, which expiry needs.
    for (const instance of world.deployed()) await world.calmly(instance.setUp());
    world.network.calm = false;
    await sideBySide(
      world,
      plan,
      (call) => world.isAlone(call),
      (call) => performStore(world, call),
    );
    world.network.calm = true;
    await world.settle();
    world.trace?.("the audit begins");
    await endStore(world, await auditStore(world));
  } catch (error) {
    problem = error instanceof Violation ? error.message : `${(error as Error).stack ?? String(error)}`;
  } finally {
    world.globals.uninstall();
  }
  const { network, steps } = world;
  const hash = network.hash
    .update(problem ?? "")
    .digest("hex")
    .slice(0, 16);
  return { problem, hash, steps, requests: network.requests, faults: network.faults };
}
