import { sleep } from "../../aws/client/sleep.js";
import { checkObject, kindOf, optional } from "../../checks.js";
import { invalidInput } from "../../errors.js";
import { FirstReads } from "../first-reads.js";
import { threadOf } from "../refs.js";
import type { Storage } from "../storage.js";
import { ThreadBusyError } from "./errors.js";
import { inTime } from "./in-time.js";
import { Lease, now, secondsSince, surelySince } from "./lease.js";
import { grant, infoOf, type SeenLease } from "./marker.js";

/** How one gets a lease, and for how long. */
export interface LeaseOptions {
  /**
   * For how long the thread stays taken when the holder dies, in seconds. A holder that lives renews after a third of
   * it. From 1 to 3,600; default: 15.
   */
  leaseSeconds?: number | undefined;
  /**
   * How long to wait for another holder, in seconds. A request that is under way then has a second more, and is given
   * up; without it, a request has all its attempts. Default: 0, which fails at once. See `signal` for what is given up.
   */
  waitSeconds?: number | undefined;
  /** What others are told about who has the thread: a host and a request, for example. Default: a random name. */
  holder?: string | undefined;
  /**
   * Ends the waiting, and the request that is under way, with the error `ABORTED`. A request that was given up can be
   * granted late: nobody holds that lease, and it ends by itself after `leaseSeconds`.
   */
  signal?: AbortSignal | undefined;
}

const KNOWN: readonly string[] = ["leaseSeconds", "waitSeconds", "holder", "signal"] satisfies (keyof LeaseOptions)[];
const MAX_HOLDER = 200;
/** A request has so long at least, also where waiting is over. */
const ASKING_SECONDS = 1;
/** Who waits asks so often, or more often where leases are short. */
const ASK_MS = 1_000;

export const newName = (): string => crypto.randomUUID().slice(0, 13);

/**
 * @param turn who it is, where the marker has a queue: only the first of it is granted the lease
 * @throws ThreadBusyError
 * @throws DynamoDBSaverError `ABORTED`; `TIMEOUT` where no answer came within `waitSeconds`
 */
export async function acquire(
  storage: Storage,
  threadId: string,
  options: LeaseOptions = {},
  turn?: string,
): Promise<Lease> {
  checkObject("", options, KNOWN, "{ leaseSeconds: 15 }", invalidInput);
  const { leaseSeconds = 15, waitSeconds = 0, signal } = options;
  number("leaseSeconds", leaseSeconds, 1, 3_600);
  number("waitSeconds", waitSeconds, 0, 86_400);
  const holder = optional("holder", options.holder, "string", invalidInput) ?? newName();
  if (holder === "" || holder.length > MAX_HOLDER || /\p{Cs}/u.test(holder))
    throw invalidInput(`holder must have from 1 to ${MAX_HOLDER} characters, and not half of a surrogate pair.`);
  if (signal !== undefined && typeof signal?.addEventListener !== "function")
    throw invalidInput("signal must be an AbortSignal, for example AbortSignal.timeout(5_000).");
  const thread = await threadOf(storage, threadId);
  const start = now();
  let watched: { lease: SeenLease; since: ReturnType<typeof now> } | undefined;
  for (;;) {
    const asked = now();
    // No clocks are compared: it has stood still for as long as it lasts.
    const isStale = watched !== undefined && surelySince(watched.since) >= watched.lease.seconds;
    // Another name each time: what an earlier request is granted late has another end.
    const name = newName();
    const wanted = { name, holder, seconds: leaseSeconds, turn, ...(isStale && { stale: watched!.lease }) };
    const busy = watched && new ThreadBusyError(infoOf(threadId, watched.lease));
    const limits = {
      seconds: waitSeconds > 0 ? Math.max(waitSeconds - secondsSince(start), ASKING_SECONDS) : undefined,
      signal,
      ...(busy && { late: () => busy }),
    };
    const granted = await inTime(storage.db, limits, (db) => grant(db, thread, wanted));
    if ("granted" in granted) {
      const reads = new FirstReads(granted.granted, granted.before);
      return new Lease(storage, threadId, reads, name, leaseSeconds, { asked, began: granted.began });
    }
    // The answer says what was there after it was asked.
    if (granted.name !== watched?.lease.name || granted.until !== watched.lease.until)
      watched = { lease: granted, since: now() };
    const left = waitSeconds - secondsSince(start);
    if (left <= 0) throw new ThreadBusyError(infoOf(threadId, granted));
    const pause = Math.min(ASK_MS, (granted.seconds * 1_000) / 3);
    await sleep(Math.min(left * 1_000, pause * (0.75 + Math.random() / 2)), signal);
  }
}

function number(name: string, value: unknown, min: number, max: number): void {
  if (typeof value !== "number" || !(value >= min && value <= max))
    throw invalidInput(`${name} must be a number of seconds from ${min} to ${max}, not ${textOf(value)}.`);
}

const textOf = (value: unknown): string => (typeof value === "number" ? String(value) : String(kindOf(value)));
