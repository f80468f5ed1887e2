import { compareCodePoints } from "../format/code-points.js";
import { idTime } from "./ids.js";

/*
 * What leases change for whoever reads: docs/storage.md says why. Nothing here knows of requests, so that the model in
 * `tests/simulation/lease` explores these very functions. Without leases every token is 0, and nothing changes.
 */

/** The attribute of a checkpoint, and of the marker, with the number of a lease. */
export const TOKEN = "token";
/**
 * The attribute of the marker with when the first lease was granted of which it is not known whether something was
 * stored under it, in milliseconds since 1970. Of those before `STORED`, it does not matter.
 */
export const SINCE = "since";
/** The attribute with the youngest lease that is known to have stored something in the root's namespace. */
export const STORED = "stored";
/** The attribute with the time that none of what is latest of that has an earlier one than. */
export const STORED_FROM = "storedFrom";
/** The token of a lease under which another instance than the one that has acquired it stores something. */
export const SHARED = "shared";
/** The attribute of a checkpoint with the writes of older tokens that its parent had. */
export const OVER = "over";
/** The attribute of a task's writes with those of older tokens that their holder had read first. */
export const SEEN = "seen";

/** What puts a checkpoint in its place among those of a namespace. */
export interface Ranked {
  id: string;
  /** Also where the parent was pruned: what comes beside it is above it. */
  parentId: string | undefined;
  /** Of the lease under which it was put, or of its parent's; 0 without one. */
  token: number;
  /** The highest token under which a task has written to it while it was the latest; 0 without one. */
  claimed: number;
}

/** The youngest lease that knows a checkpoint as the latest. */
export const epochOf = ({ token, claimed }: Pick<Ranked, "token" | "claimed">): number => Math.max(token, claimed);

/** Whether `a` comes after `b`. */
export function isAbove(a: Ranked, b: Ranked): boolean {
  return (epochOf(a) - epochOf(b) || a.token - b.token || compareCodePoints(a.id, b.id)) > 0;
}

/** What the marker of a thread says of its leases. Times are in milliseconds since 1970. */
export interface Grants {
  /** That of the youngest lease. */
  token: number;
  since?: number | undefined;
  stored?: number | undefined;
  storedFrom?: number | undefined;
  /** The youngest of leases under which more than one instance stores something. */
  shared?: number | undefined;
}

/** What a search for the latest goes by. */
export interface Bounds {
  /** The highest token that may have stored something. */
  youngest: number;
  /** What the highest ones have stored is hardly older than this, in milliseconds since 1970. */
  from: number;
}

/** What is certain of the root's namespace, by the marker. */
export function boundsOf({ token, since, stored, storedFrom }: Grants): Bounds {
  // Without `since`, all leases after `stored` have ended with nothing under them.
  return {
    youngest: since === undefined ? (stored ?? 0) : token,
    from: Math.min(since ?? Infinity, storedFrom ?? Infinity),
  };
}

/** Clocks are 5 seconds apart at most, so two of them make ids that are out of order by twice that. */
const APART_MS = 10_000;

/** Finds the latest of checkpoints that come in descending order of their ids. */
export class LatestSearch<T extends Ranked> {
  #best: T | undefined;
  #first: string | undefined;
  #last = "";
  /** What is reached when all has been seen of the best one's line that may be late. */
  #root: string | undefined;

  constructor(readonly bounds: Bounds) {}

  get best(): T | undefined {
    return this.#best;
  }

  add(one: T): void {
    this.#first ??= one.id;
    this.#last = one.id;
    if (!this.#best || isAbove(one, this.#best)) {
      this.#best = one;
      this.#root = one.parentId;
    } else if (one.id === this.#root && !((idTime(one.id) ?? 0) + APART_MS < this.bounds.from)) {
      // One that is late can have others after it: a run without a lease is never refused.
      this.#root = one.parentId;
    }
  }

  /** Whether nothing that comes can be above the best one. */
  isOver(): boolean {
    const { youngest, from } = this.bounds;
    const best = this.#best;
    if (!best) return false;
    if (best.token >= youngest) return true;
    const isFarBefore = (id: string): boolean => {
      const [time, last] = [idTime(id), idTime(this.#last)];
      return time === undefined || last === undefined || last + APART_MS < Math.min(time, from);
    };
    if (!isFarBefore(this.#first!)) return false;
    if (this.#root === undefined || epochOf(best) >= youngest) return true;
    // What is late has come beside something that a younger lease has claimed: its parent, or one above that. What that
    // lease has put has the time of another clock.
    return compareCodePoints(this.#last, this.#root) <= 0 && isFarBefore(this.#root);
  }
}

/** What a checkpoint names a task's writes by in the attribute `over`. */
export const overName = (task: string, token: number): string => `${token} ${task}`;

/** One write to a checkpoint: the attribute that holds it, of which task, under which lease. */
export interface OneWrite {
  token: number;
  task: string;
  name: string;
}

/** What a write is named by in the attribute `seen`. */
export const seenName = ({ token, task, name }: OneWrite): string => `${token} ${name} ${task}`;

/** Writes that claim their checkpoint, and say what their holder had read first. */
export interface Claim {
  token: number;
  seen: ReadonlySet<string>;
}

/** Those of the writes to a checkpoint that do. */
export const claimsIn = <T extends { token: number; seen: Claim["seen"] | undefined }>(
  writes: readonly T[],
): (T & Claim)[] => writes.filter((one): one is T & Claim => one.seen !== undefined);

/**
 * Whether a write has come late: after a younger holder, which claims the checkpoint, had read that first. The youngest
 * of them counts. What it has read was what those before it had let through.
 * @param upTo younger holders than this do not count
 */
export function isUnseen(claims: readonly Claim[], write: OneWrite, upTo = Infinity): boolean {
  const told = claims.filter(({ token }) => token <= upTo);
  const youngest = Math.max(...told.map(({ token }) => token));
  return write.token < youngest && !told.some(({ token, seen }) => token === youngest && seen.has(seenName(write)));
}

/**
 * Whether a write to its parent belongs to what a checkpoint is rebuilt from.
 * @param over of those with lower tokens, only these; where it is not known, those that had not come late by then
 */
export function countsFor(
  { token, over }: { token: number; over: ReadonlySet<string> | undefined },
  write: OneWrite,
  claims: readonly Claim[],
): boolean {
  if (write.token >= token) return write.token === token;
  return over ? over.has(overName(write.task, write.token)) : !isUnseen(claims, write, token);
}
