import { WRITES_IDX_MAP, type PendingWrite } from "@langchain/langgraph-checkpoint";
import { canonical, text } from "./contents.js";
import type { Instance } from "./instances.js";
import { attempt, choose, configOf } from "./attempt.js";
import type { CallOf } from "./plan.js";
import { unborn, type RecordedCheckpoint, type RecordedWrites } from "../model/records.js";
import type { World } from "../world/world.js";

/** By path they come in another order than by id. */
export const TASKS = [
  ["task-z", "~__pregel_pull, a"],
  ["task-a", "~__pregel_pull, b"],
  ["task-m", ""],
] as const;

const SPECIAL = ["__interrupt__", "__resume__", "__error__"];

export async function putWrites(
  world: World,
  instance: Instance,
  { n, thread, ns, of, task, special, many, length, ttl, run }: CallOf<"writes">,
): Promise<void> {
  const target = choose(world, world.plan.threads[thread]!, world.plan.namespaces[ns]!, of);
  if (!target) return;
  const channels = special ? SPECIAL.slice(n % 2, (n % 2) + Math.min(many, 2)) : ["doc", "n", "other"].slice(0, many);
  const writes = channels.map((channel, i): PendingWrite => [
    channel,
    { by: `call ${n}`, i, text: text(`write ${n} ${i}`, length) },
  ]);
  await store(world, instance, target, writes, TASKS[task]!, run === undefined ? undefined : `run-${run}`, ttl);
}

/** True when it was acknowledged. */
export async function store(
  world: World,
  instance: Instance,
  target: RecordedCheckpoint,
  writes: PendingWrite[],
  [task, path]: readonly [string, string],
  run: string | undefined,
  ttl?: number,
): Promise<boolean> {
  const { model, steps } = world;
  const recorded: RecordedWrites = {
    ...unborn(steps),
    thread: target.thread,
    ns: target.ns,
    id: target.id,
    task,
    path,
    run,
    by: instance.saver,
    entries: writes.map(([channel, value], i) => {
      const index = WRITES_IDX_MAP[channel] ?? i;
      return { index, channel: channel, shown: canonical([task, channel, value]), special: index < 0 };
    }),
    start: steps,
    end: Infinity,
    isAcknowledged: false,
  };
  model.beginWrites(recorded);
  const given = structuredClone(writes);
  const result = await attempt(world, instance, () => {
    const call = instance.saver.putWrites(configOf(target.thread, target.ns, target.id, ttl, run), given, task, path);
    // What the caller changes afterwards changes nothing.
    for (const [, value] of given)
      if (typeof value === "object" && value !== null) (value as { later?: string }).later = "changed after the call";
    given.push(["doc", "added after the call"]);
    return call;
  });
  model.endWrites(recorded, result.span, !result.error, ttl ?? instance.plan.ttlSeconds);
  return !result.error;
}
