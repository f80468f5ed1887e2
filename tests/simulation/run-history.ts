import { endHistory } from "./ending.js";
import { audit } from "./model/audit.js";
import { hasTtl } from "./ending.js";
import { perform } from "./calls/perform.js";
import { Violation } from "./model/shown.js";
import type { Call, Plan } from "./calls/plan.js";
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
    await callAll(world, plan.calls);
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

async function callAll(world: World, calls: Call[]): Promise<void> {
  const over = new Set<Call>();
  const begun = new Set<Call>();
  let failure: Error | undefined;
  const begin = (): boolean => {
    const i = begun.size;
    const call = calls[i];
    if (!call || failure) return false;
    const isAlone = world.isAlone(call);
    const overlap = isAlone ? 0 : call.overlap;
    if (calls.some((other, j) => begun.has(other) && !over.has(other) && (j < i - overlap || world.isAlone(other))))
      return false;
    if (call.n >= world.plan.turn && calls.some((other) => other.n < world.plan.turn && !over.has(other))) return false;
    begun.add(call);
    world.trace?.(`${world.plan.instances[call.by]?.name} begins ${JSON.stringify(call)}`);
    perform(world, call).then(
      () => {
        over.add(call);
        world.trace?.(`call ${call.n} ends`);
      },
      (error: unknown) => {
        over.add(call);
        failure ??= error instanceof Error ? error : new Error(String(error));
        if (failure instanceof Violation) failure = new Violation(`Call ${call.n} (${call.kind}): ${failure.message}`);
      },
    );
    return true;
  };
  await world.drive(() => failure !== undefined || over.size === calls.length, begin);
  if (failure) throw failure;
}
