import { sleep } from "../../aws/client/sleep.js";
import type { Lease } from "../../checkpoint/lease/lease.js";
import { deleteLeftOf } from "../deletion.js";
import { findRow, readRow } from "../directory.js";
import { rowIdle } from "../row-changes.js";
import type { EventQueue } from "../http/sse.js";
import type { Scope } from "../scope.js";
import { dueRuns, dueTime, notDue } from "./due.js";
import { settle, statusNow, release, type Ending } from "./ending.js";
import { hasEnded, readRun, type Run } from "./record.js";
import { runNow } from "./run-now.js";
import { changeQueue, leaveQueue, MISSED_MS, tryLease, turnsOf } from "./turn.js";

/* A run whose isolate has died is taken up by whoever listens next, by a sweep, or by `work()`. */

const MAX_ATTEMPTS = 3;

/** @returns undefined where the run has ended, or somebody has it */
export async function takeUp(
  scope: Scope,
  threadId: string,
  id: string,
  queue?: EventQueue,
): Promise<Ending | undefined> {
  const run = await readRun(scope, threadId, id);
  if (!run || hasEnded(run)) {
    await forget(scope, threadId, id, run);
    return undefined;
  }
  let lease = await tryLease(scope, threadId, id);
  if (!lease && run.status === "running" && (await isLost(scope, run))) {
    await changeQueue(scope, threadId, (queue) => [id, ...queue.filter((one) => one !== id)]);
    lease = await tryLease(scope, threadId, id);
  }
  if (!lease) return undefined;
  // It may have ended before the lease was granted.
  const now = await readRun(scope, threadId, id);
  if (now && (await givesWay(scope, now, lease))) return takeUp(scope, threadId, id, queue);
  // Its client has gone with its isolate.
  const isCancelled = now?.kwargs.on_disconnect === "cancel";
  if (now && !hasEnded(now) && !isCancelled && now.attempt < MAX_ATTEMPTS) return runNow(scope, now, lease, queue);
  try {
    await leaveQueue(scope, threadId, id);
    if (!now || hasEnded(now)) await forget(scope, threadId, id, now);
    else if (isCancelled) await settle(scope, now, lease, { status: "interrupted" });
    else {
      const failure = { error: "RunNotResumed", message: `Its isolate has died ${MAX_ATTEMPTS} times.` };
      await settle(scope, now, lease, { status: "error", row: "error", failure });
    }
  } finally {
    await release(scope, lease).catch(() => undefined);
  }
  return undefined;
}

/**
 * A run that made the thread busy and has died comes before those that have waited: it is taken up.
 * @returns whether the lease was given back for that
 */
export async function givesWay(scope: Scope, { id, threadId }: Run, lease: Lease): Promise<boolean> {
  const row = await readRow(scope, threadId);
  if (row?.run === undefined || row.run === id) return false;
  const dead = await readRun(scope, threadId, row.run);
  if (!dead || hasEnded(dead)) return false;
  try {
    await changeQueue(scope, threadId, (queue) => [dead.id, ...queue.filter((one) => one !== dead.id)]);
  } finally {
    await release(scope, lease).catch(() => undefined);
  }
  await takeUp(scope, threadId, dead.id);
  return true;
}

/** The same, and then all that wait in its thread and nobody goes on with. */
export async function takeUpAll(scope: Scope, threadId: string, id: string): Promise<Ending | undefined> {
  const ending = await takeUp(scope, threadId, id);
  await takeUpWaiting(scope, threadId);
  return ending;
}

/** Takes up those whose turn it is, as long as nobody comes for them. */
async function takeUpWaiting(scope: Scope, threadId: string): Promise<void> {
  for (;;) {
    const { holder, queue } = await turnsOf(scope, threadId);
    const [first] = queue;
    if (holder !== undefined || first === undefined) return;
    const next = await readRun(scope, threadId, first);
    if (next && !(await isMissed(scope, next))) return;
    await takeUp(scope, threadId, first);
  }
}

/** What a run that somebody listens to waits for: itself, or those before it. */
export async function takeUpFor(scope: Scope, run: Run): Promise<void> {
  if (await isLost(scope, run)) await takeUpAll(scope, run.threadId, run.id);
  else if (run.status === "pending") await takeUpWaiting(scope, run.threadId);
}

/** Who has ended makes no thread busy, and is not due. */
async function forget(scope: Scope, threadId: string, id: string, run: Run | undefined): Promise<void> {
  const row = await readRow(scope, threadId);
  if (row?.run === id) {
    const status = run?.status === "error" ? "error" : await statusNow(scope, threadId, row.metadata.graph_id);
    await rowIdle(scope, threadId, id, status);
  }
  await leaveQueue(scope, threadId, id);
  await notDue(scope, run?.due);
}

/** Whether nobody goes on with a run that has not ended. One that is to begin later is not lost. */
export async function isLost(scope: Scope, { id, threadId, due, status }: Run): Promise<boolean> {
  if (status === "pending" && due !== undefined && dueTime(due) > Date.now()) return false;
  const { holder, queue } = await turnsOf(scope, threadId);
  // One that is running has the lease as long as it has an isolate.
  return holder === undefined && (status === "running" || queue.length === 0 || queue[0] === id);
}

/** Whether it is a run's turn, and who has put it into the queue does not come: that one would feed its client. */
async function isMissed(scope: Scope, run: Run): Promise<boolean> {
  if (!(await isLost(scope, run))) return false;
  const { queue } = await turnsOf(scope, run.threadId);
  if (run.attempt > 0 || !queue.includes(run.id)) return true;
  await sleep(MISSED_MS, undefined);
  return isLost(scope, run);
}

/** Who is gone may have died when its thread was deleted, and what it stored last may have come after that. */
async function forgetGone(scope: Scope, threadId: string, id: string, due: string): Promise<void> {
  const isThere = (await findRow(scope, threadId)) !== undefined;
  if (isThere) await notDue(scope, due);
  else await deleteLeftOf(scope, { id, threadId, due, guard: undefined, token: 0 }, false);
}

/** Takes up all that is due. @returns how many runs it has gone on with */
export async function sweep(scope: Scope, of: (keyPrefix: string) => Scope): Promise<number> {
  let taken = 0;
  for await (const { thread_id, run_id, keyPrefix, due } of dueRuns(scope)) {
    const own = of(keyPrefix ?? "");
    try {
      const run = await readRun(own, thread_id, run_id);
      if (!run) await forgetGone(own, thread_id, run_id, due);
      else if (hasEnded(run)) await notDue(own, due);
      else if (!(await isMissed(own, run))) continue;
      if (await takeUp(own, thread_id, run_id)) taken++;
    } catch {
      // The next sweep comes by it again; others are not to wait for it.
    }
  }
  return taken;
}
