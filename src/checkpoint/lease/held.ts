import { sleep } from "../../aws/client/sleep.js";
import { invalidInput } from "../../errors.js";
import { threadOf } from "../refs.js";
import type { LeaseConfig, Storage } from "../storage.js";
import { acquire, newName, type LeaseOptions } from "./acquire.js";
import { LeaseLostError, type LeaseInfo } from "./errors.js";
import { LOST, NOT_IN_TIME, type Lease } from "./lease.js";
import type { Leases } from "./leases.js";
import { infoOf, isHeld, leaseOf, takeAway } from "./marker.js";

/** What a run gets that has a thread to itself. */
export interface ThreadLease {
  /**
   * A number that rises with every lease of the thread, for what the run does outside. Until the thread has its first
   * checkpoint, leases within some seconds of each other can have the same one.
   */
  readonly token: number;
  /** Goes into the `configurable` of every call that the run makes on this thread. */
  readonly configurable: { lease: LeaseConfig };
  /**
   * Fires with a {@link LeaseLostError} when the lease has ended, by its release too. Goes into the config's `signal`.
   */
  readonly signal: AbortSignal;
  /**
   * Prolongs the lease by its `leaseSeconds` from now on: 1 request. Puts do that beside themselves, after a third of
   * its time; a run that puts nothing for longer calls it.
   *
   * @throws LeaseLostError
   */
  renew(): Promise<void>;
}

/** What has a thread to itself. */
export type RunUnderLease<T> = (held: ThreadLease) => Promise<T> | T;

/** A lease that its holder releases. */
export interface AcquiredLease extends ThreadLease {
  /** Frees the thread: 1 request. Does nothing where another holder has it by now. */
  release(): Promise<void>;
}

/** After a request that failed, the next one comes soon. */
const AGAIN_MS = 1_000;

/** @throws ThreadBusyError */
export async function acquireLease(
  storage: Storage,
  leases: Leases,
  threadId: string,
  options?: LeaseOptions,
): Promise<AcquiredLease> {
  const lease = await acquire(storage, threadId, options);
  leases.keep(lease);
  return {
    ...givenOut(lease),
    async release() {
      leases.drop(lease);
      await lease.release();
    },
  };
}

const givenOut = (lease: Lease): ThreadLease => ({
  token: lease.token,
  configurable: { lease: lease.config },
  signal: lease.signal,
  renew: () => lease.renew(),
});

/**
 * @throws ThreadBusyError
 * @throws LeaseLostError also where `run` has ended well: what it has put last may be absent to the next holder
 */
export async function withLease<T>(
  storage: Storage,
  leases: Leases,
  threadId: string,
  run: RunUnderLease<T>,
  options?: LeaseOptions,
): Promise<T> {
  if (typeof run !== "function")
    throw invalidInput("withLease needs a function as its second argument, which gets { configurable, signal }.");
  const lease = await acquire(storage, threadId, options);
  leases.keep(lease);
  const isOver = new AbortController();
  const renewing = keepRenewing(lease, isOver.signal);
  const end = async (): Promise<boolean> => {
    isOver.abort();
    await renewing;
    leases.drop(lease);
    // Others can have the thread already, and where no renewal was answered, this would not be either.
    if (lease.hasEnded) return true;
    // One that cannot be released ends by itself; what the run has given or thrown counts.
    return lease.release().catch(() => true);
  };
  let result: T;
  try {
    result = await run(givenOut(lease));
    isOver.abort();
    await renewing;
    // What was put last may have arrived when somebody else had the thread: the marker tells.
    if (!lease.hasEnded && lease.secondsLeft <= 0)
      await lease.renew().catch((error: unknown) => lease.lost(NOT_IN_TIME, error));
    if (lease.hasEnded) throw lease.hasEnded;
  } catch (error) {
    const ended = lease.hasEnded;
    await end();
    throw ended ?? error;
  }
  if (!(await end())) throw new LeaseLostError(threadId, LOST);
  return result;
}

/** Renews after each third of the lease's time. Where a process was busy for longer, the next renewal tells. */
async function keepRenewing(lease: Lease, isOver: AbortSignal): Promise<void> {
  const third = (lease.seconds * 1_000) / 3;
  let pause = third;
  while (!isOver.aborted && !lease.hasEnded) {
    try {
      await sleep(pause, isOver);
    } catch {
      return;
    }
    // Puts have renewed it meanwhile.
    const spare = lease.secondsLeft * 1_000 - 2 * third;
    if (spare > 0) {
      pause = spare;
      continue;
    }
    try {
      await lease.renew();
      pause = third;
    } catch (error) {
      if (error instanceof LeaseLostError) return;
      if (lease.secondsLeft <= 0) lease.lost(NOT_IN_TIME, error);
      pause = Math.min(AGAIN_MS, third);
    }
  }
}

/**
 * Who has a thread; `undefined` where nobody has it: 1 request. One that has not renewed in time has it for 5 seconds
 * more, since clocks differ.
 */
export async function getLease(storage: Storage, threadId: string): Promise<LeaseInfo | undefined> {
  const seen = leaseOf(await storage.incarnations.marker(await threadOf(storage, threadId)));
  return seen && isHeld(seen) ? infoOf(threadId, seen) : undefined;
}

/** @returns whose lease was broken; `undefined` where there was none */
export async function breakLease(storage: Storage, threadId: string): Promise<LeaseInfo | undefined> {
  const thread = await threadOf(storage, threadId);
  const seen = leaseOf(await storage.incarnations.marker(thread));
  // Where it has ended meanwhile, somebody else may have the thread, and keeps it.
  if (seen) await takeAway(storage.db, thread, seen, newName());
  return seen && infoOf(threadId, seen);
}
