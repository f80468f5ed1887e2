import type { Lease } from "../../checkpoint/lease/lease.js";
import type { ThreadRow } from "../directory.js";
import { HttpError, notFound } from "../http/http-error.js";
import type { EventQueue } from "../http/sse.js";
import type { Scope } from "../scope.js";
import { leaveDeleted } from "./deleted.js";
import { addDue, addGuard, dueAt, guardAt } from "./due.js";
import { dropWaiting, release, settle, type Ending } from "./ending.js";
import { own } from "./own.js";
import { addRun, hasEnded, newRunId, readRun, type Kwargs, type Run } from "./record.js";
import { inputOf } from "./resume.js";
import { bind, busy, runNow } from "./run-now.js";
import { changeQueue, takeTurn, waitTurn, whenAsked } from "./turn.js";
import { givesWay, takeUp, takeUpAll } from "./take-up.js";

/** A run that has begun, or waits. */
export interface Begun {
  run: Run;
  /** How it ends, where it does so in this isolate; `undefined` where somebody else goes on with it. */
  ended: Promise<Ending | undefined>;
}

export interface BeginOptions {
  /** Where its events go. */
  queue?: EventQueue | undefined;
  /** Whether nobody listens: then a sweep looks after it. */
  isBackground?: boolean;
  /** Takes what goes on when the request has been answered. */
  goesOn: (work: Promise<unknown>) => void;
}

/** The run is there before anybody can meet it in a queue. */
function newRun(
  { threadId, created }: ThreadRow,
  kwargs: Kwargs,
  status: Run["status"],
  due: boolean,
  delayMs = 0,
): Run {
  const now = Date.now();
  const id = newRunId(now);
  return {
    id,
    threadId,
    status,
    attempt: status === "running" ? 1 : 0,
    token: 0,
    created: now,
    updated: now,
    due: due ? dueAt(now + delayMs, id) : undefined,
    guard: undefined,
    kwargs: { ...kwargs, since: created },
    failure: undefined,
  };
}

/** A run that begins later: a sweep, or `work()`, begins it. */
export async function beginLater(scope: Scope, row: ThreadRow, kwargs: Kwargs, delayMs: number): Promise<Run> {
  const run = newRun(row, kwargs, "pending", true, delayMs);
  await Promise.all([addRun(scope, run), addDue(scope, run)]);
  return run;
}

/** @throws HttpError 422 where the thread is busy, 404 where it is gone */
export async function begin(scope: Scope, row: ThreadRow, kwargs: Kwargs, options: BeginOptions): Promise<Begun> {
  const { threadId } = row;
  const run = newRun(row, kwargs, "running", options.isBackground === true || kwargs.isTemporary);
  const strategy = kwargs.multitask_strategy;
  const waiting = { ...run, status: "pending" as const, attempt: 0, due: run.due ?? dueAt(run.created, run.id) };
  let hasWaited = false;
  const wait = async (): Promise<void> => {
    hasWaited = true;
    await Promise.all([addRun(scope, waiting), addDue(scope, waiting)]);
  };
  let lease: Lease | undefined;
  try {
    if (strategy === "reject") await whenAsked(scope, threadId);
    lease = await takeTurn(scope, threadId, run.id, strategy, wait);
    if (lease && row.run !== undefined) lease = await pastDead(scope, row, run, lease, strategy, wait, options);
  } catch (error) {
    // Who is told that it has not begun is not to find it begun later.
    if (hasWaited) await neverBegun(scope, waiting).catch(() => undefined);
    throw error;
  }
  if (!lease) return { run: waiting, ended: waitAndRun(scope, waiting, options) };
  if (hasWaited) return { run: waiting, ended: runNow(scope, waiting, lease, options.queue) };
  try {
    const guard = run.due === undefined ? guardAt(scope, run.id) : undefined;
    const bound = { ...run, guard, token: lease.token, kwargs: await bind(scope, run, lease) };
    inputOf(bound.kwargs); // throws where there is none
    const [, isThere] = await Promise.all([
      addRun(scope, bound),
      busy(scope, row, bound, guard),
      guard === undefined ? addDue(scope, bound) : addGuard(scope, row, guard),
    ]);
    if (!isThere) {
      await leaveDeleted(scope, bound, lease);
      throw notFound("thread");
    }
    return { run: bound, ended: own(scope, bound, lease, true, options.queue) };
  } catch (error) {
    await release(scope, lease).catch(() => undefined);
    throw error;
  }
}

async function neverBegun(scope: Scope, run: Run): Promise<void> {
  await dropWaiting(scope, run.threadId, run.id, "rollback");
  await leaveDeleted(scope, run);
}

/** The run that made the thread busy has died with its isolate: what holds for one that lives holds for it. */
async function pastDead(
  scope: Scope,
  row: ThreadRow,
  run: Run,
  lease: Lease,
  strategy: Kwargs["multitask_strategy"],
  wait: () => Promise<void>,
  { goesOn }: BeginOptions,
): Promise<Lease | undefined> {
  const { threadId } = row;
  const dead = await readRun(scope, threadId, row.run!);
  if (!dead || hasEnded(dead) || dead.id === run.id) return lease;
  if (strategy === "interrupt" || strategy === "rollback" || dead.kwargs.on_disconnect === "cancel") {
    const asked = strategy === "rollback" ? strategy : undefined;
    await settle(scope, dead, lease, { status: "interrupted" }, asked);
    return lease;
  }
  const isPolite = strategy === "enqueue";
  if (isPolite) await wait();
  await changeQueue(scope, threadId, (queue) => [
    dead.id,
    ...queue.filter((one) => one !== run.id && one !== dead.id),
    ...(isPolite ? [run.id] : []),
  ]);
  await release(scope, lease);
  if (isPolite) return undefined;
  goesOn(takeUpAll(scope, threadId, dead.id));
  throw new HttpError(422, "The thread is busy with another run, which is taken up again.");
}

async function waitAndRun(scope: Scope, waiting: Run, { queue }: BeginOptions): Promise<Ending | undefined> {
  const { threadId } = waiting;
  for (;;) {
    const lease = await waitTurn(scope, waiting, (other) => takeUp(scope, threadId, other));
    if (!lease) {
      if (!(await readRun(scope, threadId, waiting.id))) await leaveDeleted(scope, waiting);
      return undefined;
    }
    if (!(await givesWay(scope, waiting, lease))) return runNow(scope, waiting, lease, queue);
  }
}
