import { textsOf } from "../../checks.js";
import { invalidInput } from "../../errors.js";
import { type Storage } from "../../checkpoint/storage.js";
import { TRUSTED_MS } from "../../checkpoint/frame-cache.js";

const USUAL_GRACE_SECONDS = 3_600;
/** Requests that a put sends one after the other, when it has to renew what its parent shares. */
const REQUESTS_OF_A_PUT = 10;

/**
 * How long what nothing refers to must stay: a put trusts its parent for some minutes, and may then need all its
 * attempts.
 */
const leastGraceSeconds = ({ longestRequestMs }: Storage): number =>
  Math.ceil((TRUSTED_MS + REQUESTS_OF_A_PUT * longestRequestMs) / 1_000);

/** How long it stays where nobody says otherwise. */
export const usualGraceSeconds = (storage: Storage): number =>
  Math.max(USUAL_GRACE_SECONDS, leastGraceSeconds(storage));

/** Until when a tombstone that is made now stays, in seconds since 1970: no attempt arrives any more after that. */
export const tombstoneUntil = (storage: Storage): number => Math.ceil(Date.now() / 1_000) + leastGraceSeconds(storage);

/** Which checkpoints go. */
export interface PruneOptions {
  /** Of which threads. */
  threadIds?: readonly string[] | undefined;
  /** Of every thread that is listed. */
  all?: boolean | undefined;
  /** How many of the newest checkpoints of each namespace stay: at least 1, which is the default. */
  keepLast?: number | undefined;
  /** Checkpoints stay until they are so old, by their own `ts`. */
  olderThanSeconds?: number | undefined;
  /**
   * `"keep_latest"` is `keepLast: 1`; `"delete"` deletes the threads. The names are those of LangGraph for Python. It
   * goes without `keepLast`, `olderThanSeconds` and `checkpointNs`.
   */
  strategy?: "keep_latest" | "delete" | undefined;
  /** Only of this namespace; `""` is the root's. Default: of all. */
  checkpointNs?: string | undefined;
  /** Only says what would be freed. Nothing is written. */
  dryRun?: boolean | undefined;
  /**
   * How long what nothing refers to any more stays, for runs that are under way, in seconds: at least as long as a
   * `put` can take, which is 1,500 with the default `maxAttempts` and `requestTimeoutMs`. With 0, all of it goes at
   * once: only where no run is under way, nor begins with `consistentRead: false` before the replicas have caught up,
   * in a second or so. Default: 3,600, or that least where it is more.
   */
  graceSeconds?: number | undefined;
}

export const PRUNE_OPTIONS: readonly string[] = [
  "threadIds",
  "all",
  "keepLast",
  "olderThanSeconds",
  "strategy",
  "checkpointNs",
  "dryRun",
  "graceSeconds",
] satisfies (keyof PruneOptions)[];

/**
 * @returns the options with the thread ids that there are now
 * @throws DynamoDBSaverError `INVALID_INPUT`
 */
export function checked(storage: Storage, options: PruneOptions): PruneOptions {
  if (typeof options !== "object" || options === null)
    throw invalidInput('prune needs an object, for example { threadIds: ["1"], keepLast: 10 }.');
  const { threadIds, all, keepLast, olderThanSeconds, strategy, checkpointNs, dryRun, graceSeconds } = options;
  if ((threadIds === undefined) === (all !== true))
    throw invalidInput("prune needs either threadIds, an array of thread ids, or all: true.");
  const ids = threadIds === undefined ? undefined : textsOf("threadIds", threadIds);
  if (strategy !== undefined && strategy !== "keep_latest" && strategy !== "delete")
    throw invalidInput('strategy must be "keep_latest" or "delete".');
  if (strategy !== undefined && [keepLast, olderThanSeconds, checkpointNs].some((rule) => rule !== undefined))
    throw invalidInput("strategy goes without keepLast, olderThanSeconds and checkpointNs.");
  if (strategy === undefined && keepLast === undefined && olderThanSeconds === undefined)
    throw invalidInput("prune needs to know what stays: pass keepLast, olderThanSeconds or strategy.");
  if (keepLast !== undefined && !(Number.isInteger(keepLast) && keepLast >= 1))
    throw invalidInput('keepLast must be a whole number from 1 on. To delete whole threads, pass strategy: "delete".');
  if (olderThanSeconds !== undefined && !(typeof olderThanSeconds === "number" && olderThanSeconds >= 0))
    throw invalidInput("olderThanSeconds must be a number of seconds, for example 30 * 86_400 for a month.");
  if (graceSeconds !== undefined && !(typeof graceSeconds === "number" && graceSeconds >= 0 && graceSeconds < Infinity))
    throw invalidInput("graceSeconds must be a number of seconds from 0 on.");
  const least = leastGraceSeconds(storage);
  if (graceSeconds && graceSeconds < least)
    throw invalidInput(
      `graceSeconds must be ${least} or more: for so long, a put under way may refer to what it has read. Pass 0 ` +
        "where no run is under way.",
    );
  if (checkpointNs !== undefined && typeof checkpointNs !== "string")
    throw invalidInput('checkpointNs must be a string; "" is the root namespace.');
  for (const [name, flag] of Object.entries({ all, dryRun }))
    if (flag !== undefined && typeof flag !== "boolean") throw invalidInput(`${name} must be true or false.`);
  return { ...options, threadIds: ids };
}
