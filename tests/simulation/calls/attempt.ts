import type { RunnableConfig } from "@langchain/core/runnables";
import { fail } from "../model/shown.js";
import type { Instance } from "./instances.js";
import type { Choice } from "./plan.js";
import type { RecordedCheckpoint, Span } from "../model/records.js";
import type { World } from "../world/world.js";

/** Errors of calls whose requests met faults. */
export const OF_FAULTS = new Set(["NETWORK", "TIMEOUT", "THROTTLED", "SERVICE_ERROR"]);

export type Attempt<T> = { span: Span } & (
  { value: T; error?: undefined } | { error: Error & { code?: string }; value?: undefined }
);

/**
 * Makes a call. What it fails with is no fault of the saver where its requests met some, or where `mayFail` says
 * so.
 */
export async function attempt<T>(
  world: World,
  instance: Instance,
  call: () => Promise<T>,
  mayFail: (code: string, span: Span) => boolean = () => false,
): Promise<Attempt<T>> {
  const { client } = instance;
  const faults = client.faults;
  const start = world.moment();
  try {
    const value = await call();
    return { value, span: { start, end: world.moment() } };
  } catch (caught) {
    const error = caught as Error & { code?: string };
    const span = { start, end: world.moment() };
    world.trace?.(`${client.name} gets ${error.code}: ${error.message}`);
    const { code = "" } = error;
    if (!(client.faults > faults && OF_FAULTS.has(code)) && !mayFail(code, span))
      fail(`It fails with ${code || error.stack}: ${error.message}`);
    return { error, span };
  }
}

export const configOf = (
  thread_id: string,
  checkpoint_ns: string,
  checkpoint_id?: string,
  ttlSeconds?: number,
  run?: string,
): RunnableConfig => ({
  configurable: {
    thread_id,
    checkpoint_ns,
    ...(checkpoint_id !== undefined && { checkpoint_id }),
    ...(ttlSeconds !== undefined && { ttl_seconds: ttlSeconds }),
    ...(run !== undefined && { run_id: run }),
  },
});

/** One of the checkpoints that there are, or were: the latest that an agent would go on from, or any. */
export function choose(world: World, thread: string, ns: string, choice: Choice): RecordedCheckpoint | undefined {
  const { steps: step, globals } = world;
  const all = world.model.thread(thread).checkpoints.filter((one) => one.ns === ns && one.mustGo !== 0);
  if (choice !== "latest") return all[Math.floor(choice * all.length)];
  const now = { step, ms: globals.nowMs };
  return all
    .filter((one) => one.sure < Infinity && one.mustGo > step && one.endsMs > now.ms)
    .sort((a, b) => (a.id < b.id ? -1 : 1))
    .at(-1);
}

export async function collect<T>(all: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of all) items.push(item);
  return items;
}
