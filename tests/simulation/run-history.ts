import { endHistory } from "./ending.js";
import { audit } from "./model/audit.js";
import { hasTtl } from "./ending.js";
import { perform } from "./calls/perform.js";
import { Violation } from "./model/shown.js";
import type { Plan } from "./calls/plan.js";
import { sideBySide } from "./world/side-by-side.js";
import { World } from "./world/world.js";

export interface Outcome {
  /** What was wrong; undefined when nothing was. */
  problem: string | undefined;
  /** The same for two histories that went the same way. */
  hash: string;
  steps: number;
  requests: number;
  faults: Record<string, number>;
}

/** Lives through a history, and judges it. */
export async function runHistory(plan: Plan, trace?: (line: string) => void): Promise<Outcome> {
  const world = new World(plan);
  if (trace) world.traceTo(trace);
  let problem: string | undefined;
  try {
    await setUp(world);
    await sideBySide(
      world,
      plan,
      (call) => world.isAlone(call),
      (call) => perform(world, call),
    );
    world.network.calm = true;
    await world.settle();
    await endHistory(world, await audit(world));
  } catch (error) {
    problem = error instanceof Violation ? error.message : `${(error as Error).stack ?? String(error)}`;
  } finally {
    world.globals.uninstall();
  }
  const { network, steps } = world;
  return {
    problem,
    hash: network.hash
      .update(problem ?? "")
      .digest("hex")
      .slice(0, 16),
    steps,
    requests: network.requests,
    faults: network.faults,
  };
}

async function setUp(world: World): Promise<void> {
  world.network.calm = true;
  if (hasTtl(world)) for (const instance of world.instances) await world.calmly(instance.setUp());
  world.network.calm = false;
}
