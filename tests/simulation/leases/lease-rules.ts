import type { ThreadBusyError, ThreadLease } from "langgraph-checkpoint-dynamodb";
import { fail } from "../model/shown.js";
import { attempt, type Attempt, type LeaseWorld, type Process } from "./lease-world.js";
import type { RecordedRun } from "./records.js";

/* What holds of leases themselves, whatever is stored under them. */

/** A call has failed, so the run ends. */
export class RunEnded extends Error {}

/** What is documented: clocks are less than this apart. */
const ALLOWANCE_MS = 5_000;
/** A timer, and some milliseconds that each request takes. */
const SLACK_MS = 100;
/** Who waits asks so often at least, in seconds. */
const ASKS_EVERY = 1.25;

const others = ({ model }: LeaseWorld, run: RecordedRun): RecordedRun[] =>
  model.runs.filter((one) => one !== run && one.thread === run.thread && one.leaseSeconds > 0);

/**
 * Whether the thread has had a checkpoint for certain. Before that, a release leaves nothing, and the next token is the
 * time by the clock of who asks.
 */
const hasBegun = ({ model }: LeaseWorld, thread: string): boolean =>
  model.puts.some((one) => one.thread === thread && one.isAcknowledged && !one.isUnsure);

/** From what the table says now: nobody else may have the thread before. */
function noteUntil(world: LeaseWorld, run: RecordedRun): void {
  const now = world.leaseOf(run.thread);
  if (now?.token === run.token) run.sureUntilMs = Math.max(run.sureUntilMs, now.untilMs - run.skewMs);
}

/** A run has got the thread: nobody else has it, and its token is above all others. */
export function judgeGrant(world: LeaseWorld, run: RecordedRun, token: number): void {
  const now = world.moment();
  [run.token, run.granted] = [token, now];
  run.hasFirst = hasBegun(world, run.thread);
  if (run.isUnsure) return;
  const isYoungest = world.tokenOf(run.thread) === token;
  for (const one of others(world, run)) {
    if (one.token === 0 || one.isUnsure) continue;
    if (one.token === token && one.hasFirst) fail(`Runs ${one.n} and ${run.n} both have token ${token}`);
    if (one.granted!.step <= run.asked.step && one.token > token && one.hasFirst)
      fail(`Run ${run.n} has token ${token}, and run ${one.n} had ${one.token} before`);
    if (isYoungest && one.token < token && one.mayBeFree > now.step && one.sureUntilMs > now.ms)
      fail(`Run ${run.n} gets the thread ${one.sureUntilMs - now.ms} ms before the lease of run ${one.n} is over`);
  }
  noteUntil(world, run);
}

/** A renewal that is granted proves that nobody else has had the thread, and that the lease was not broken. */
export async function judgeRenewal(
  world: LeaseWorld,
  process: Process,
  run: RecordedRun,
  lease: ThreadLease,
): Promise<void> {
  const { code, span, metFaults } = await attempt(world, process, () => lease.renew(), ["LEASE_LOST"]);
  if (code === "LEASE_LOST") judgeLoss(world, run, metFaults);
  if (code !== undefined) throw new RunEnded();
  if (run.isUnsure) return;
  if (run.broken <= span.start.step) fail(`Run ${run.n} renews its lease, which was broken`);
  const younger = others(world, run).find(
    (one) => one.hasFirst && !one.isUnsure && one.token > run.token && one.granted!.step <= span.start.step,
  );
  if (younger) fail(`Run ${run.n} renews its lease, and run ${younger.n} has got the thread since`);
  noteUntil(world, run);
}

/** A lease that is lost was broken, or somebody else has asked for the thread, or something failed. */
export function judgeLoss(world: LeaseWorld, run: RecordedRun, metFaults: boolean): void {
  const hasReason = run.isUnsure || metFaults || run.mayBeFree < Infinity || others(world, run).length > 0;
  if (!hasReason) fail(`Run ${run.n} loses its lease, and nobody else wants it`);
}

/** Who was refused, was so for a holder that lives, or has died no longer ago than its lease lasts. */
export function judgeBusy(
  world: LeaseWorld,
  { client }: Process,
  run: RecordedRun,
  { error, span, metFaults }: Attempt<unknown>,
  waitSeconds: number,
): void {
  const { holder, token } = error as ThreadBusyError;
  // An attempt of its own that has arrived late: nobody holds that lease, and it ends by itself.
  if (holder === run.holder) return;
  const dead = others(world, run).find((one) => one.holder === holder);
  if (!dead) fail(`Run ${run.n} is refused for ${holder}, whom nobody knows`);
  if (dead.isUnsure || run.isUnsure || dead.silentMs === Infinity) return;
  const leaseMs = dead.leaseSeconds * 1_000;
  const longestMs = leaseMs + ALLOWANCE_MS + Math.max(0, dead.skewMs - run.skewMs) + SLACK_MS;
  const sinceMs = span.start.ms - dead.silentMs;
  if (sinceMs > longestMs)
    fail(`Run ${run.n} is refused for run ${dead.n} of ${token}, which has been silent for ${sinceMs} ms`);
  if (metFaults || world.stood.has(client) || waitSeconds === 0) return;
  const waitedMs = span.end.ms - Math.max(span.start.ms, dead.silentMs);
  if (waitedMs > leaseMs + 2 * ASKS_EVERY * 1_000 + SLACK_MS)
    fail(`Run ${run.n} has waited ${waitedMs} ms for run ${dead.n} of ${token}, which is dead`);
}
