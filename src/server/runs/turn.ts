import { sleep } from "../../aws/client/sleep.js";
import { acquire } from "../../checkpoint/lease/acquire.js";
import { ThreadBusyError } from "../../checkpoint/lease/errors.js";
import type { Lease } from "../../checkpoint/lease/lease.js";
import { isHeld, leaseOf } from "../../checkpoint/lease/marker.js";
import { changeTurns, queueOf } from "../../checkpoint/lease/turns.js";
import { threadOf } from "../../checkpoint/refs.js";
import { changedTooOften } from "../../errors.js";
import { HttpError } from "../http/http-error.js";
import { isOfThread, localName, type Scope } from "../scope.js";
import { dropWaiting } from "./ending.js";
import { hasEnded, readRun, type Run, type Strategy } from "./record.js";

/* Whose turn it is in a thread. The marker decides, by one conditional update each time. */

const MAX_ROUNDS = 20;
const ASK_MS = 700;
/** A run with a question ends within this, unless other branches of its graph go on. */
const ASKING_MS = 10_000;
/** Who is first in the queue and does not come within this has died. */
export const MISSED_MS = 4_000;
const isRunId = (holder: string): boolean => /^[0-9a-f]{8}-[0-9a-f-]{27}$/.test(holder);

export interface Turns {
  /** The run that has the thread, or who else has; `undefined` where it is free. */
  holder: string | undefined;
  queue: string[];
}

export async function turnsOf({ storage }: Scope, threadId: string): Promise<Turns & { marker: Marker }> {
  const marker = await storage.incarnations.marker(await threadOf(storage, threadId));
  const lease = leaseOf(marker);
  return { marker, holder: lease && isHeld(lease) ? lease.holder : undefined, queue: queueOf(marker) };
}

type Marker = Awaited<ReturnType<Scope["storage"]["incarnations"]["marker"]>>;

/** The thread's lease for a run, if it is free and no other run waits for it. */
export async function tryLease(scope: Scope, threadId: string, run: string): Promise<Lease | undefined> {
  const { opened, storage, config } = scope;
  try {
    const options = { leaseSeconds: config.limits.leaseSeconds, holder: run };
    const lease = await acquire(storage, threadId, options, run);
    opened.leases.keep(lease);
    return lease;
  } catch (error) {
    if (error instanceof ThreadBusyError) return undefined;
    throw error;
  }
}

/**
 * The lease, or a place in the queue.
 * @param wait is called before the run is put into the queue: others may take it up from then on
 * @throws HttpError 422 where the thread is busy and the run does not wait, 429 where too many wait
 */
export async function takeTurn(
  scope: Scope,
  threadId: string,
  run: string,
  strategy: Strategy,
  wait: () => Promise<void>,
): Promise<Lease | undefined> {
  const thread = await threadOf(scope.storage, threadId);
  const gone = async (waited: string[]): Promise<undefined> => {
    for (const one of waited) await dropWaiting(scope, threadId, one, strategy);
  };
  let isWaiting = false;
  let replaced: string[] = [];
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const lease = await tryLease(scope, threadId, run);
    if (lease) return lease;
    const { marker, holder, queue } = await turnsOf(scope, threadId);
    if (queue.includes(run)) return gone(replaced);
    if (holder === undefined && queue.length === 0) continue;
    if (strategy === "reject")
      throw new HttpError(
        422,
        "The thread is busy with another run. Wait for it, or choose another multitask_strategy.",
      );
    const isPolite = strategy === "enqueue";
    if (isPolite && queue.length >= scope.config.limits.queue)
      throw new HttpError(429, "Too many runs wait for this thread already.");
    if (!isWaiting) await wait();
    isWaiting = true;
    const stop = !isPolite && holder !== undefined && isRunId(holder) ? { holder, what: strategy } : undefined;
    const changed = { queue: isPolite ? [...queue, run] : [run], ...(stop && { stop }) };
    if (!isPolite) replaced = queue;
    if (!marker || !(await changeTurns(scope.storage.db, thread, marker, changed))) continue;
    if (stop) askHere(scope, threadId, stop.holder, stop.what);
    return gone(replaced);
  }
  throw changedTooOften("The queue of a thread", MAX_ROUNDS);
}

/**
 * Who answers a question, or writes in another way, may have heard it before its run has ended in this instance: it
 * waits for that.
 */
export async function whenAsked({ local, tenant }: Scope, threadId: string): Promise<void> {
  for (const [name, { isAsking, over }] of local) {
    if (!isAsking || !isOfThread(name, tenant, threadId)) continue;
    const stop = new AbortController();
    await Promise.race([over, sleep(ASKING_MS, stop.signal).catch(() => undefined)]);
    stop.abort();
  }
}

/** What a run is asked that has to leave its isolate. */
export const DRAIN = "drain";

/** A run of this very instance need not wait for its next renewal. */
export function askHere(scope: Scope, threadId: string, run: string, what: string): void {
  const here = scope.local.get(localName(scope, threadId, run));
  if (here && (what !== DRAIN || here.asked === undefined)) here.asked = what;
}

/** Changes who waits. */
export async function changeQueue(
  scope: Scope,
  threadId: string,
  to: (queue: readonly string[]) => string[],
): Promise<void> {
  const thread = await threadOf(scope.storage, threadId);
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const { marker, queue } = await turnsOf(scope, threadId);
    const next = to(queue);
    if (!marker || next.join() === queue.join()) return;
    if (await changeTurns(scope.storage.db, thread, marker, { queue: next })) return;
  }
  throw changedTooOften("The queue of a thread", MAX_ROUNDS);
}

/** The run is in no queue any more. */
export const leaveQueue = (scope: Scope, threadId: string, run: string): Promise<void> =>
  changeQueue(scope, threadId, (queue) => queue.filter((one) => one !== run));

/**
 * Waits until it is a run's turn.
 * @param takeUp goes on with another run whose isolate has died
 * @returns undefined where the run has ended meanwhile, or somebody else goes on with it
 */
export async function waitTurn(
  scope: Scope,
  { threadId, id }: Run,
  takeUp: (other: string) => Promise<unknown>,
): Promise<Lease | undefined> {
  let missed: { first: string; since: number } | undefined;
  for (;;) {
    const { holder, queue } = await turnsOf(scope, threadId);
    const [first] = queue;
    if (!queue.includes(id)) {
      if (holder === id) return undefined;
      const now = await readRun(scope, threadId, id);
      if (!now || hasEnded(now)) return undefined;
    }
    if (holder === undefined && (first === undefined || first === id)) {
      const lease = await tryLease(scope, threadId, id);
      if (lease) return lease;
    } else if (holder === undefined) {
      if (!missed || missed.first !== first) missed = { first: first!, since: Date.now() };
      else if (Date.now() - missed.since > MISSED_MS) await takeUp(first);
    } else missed = undefined;
    await sleep(ASK_MS * (0.75 + Math.random() / 2), undefined);
  }
}
