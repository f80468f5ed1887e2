import type { Key } from "../aws/dynamodb/items.js";
import { key, keyPart } from "../format/keys.js";

/*
 * The keys of what the agent server keeps. Runs and their events lie in the partition of their thread; the directory of
 * all threads has a partition of its own, and so has the list of what a sweep looks at.
 */

/** Sort keys of all that the agent server keeps of a thread start with this. */
export const AGENT = "A#";
/** Sort keys of runs start with this. A run's id begins with its time, so their order is that of the runs. */
export const RUNS = `${AGENT}R#`;
/** A number of event ids that sorts as they do: a token times 2^20 has 19 digits. */
const EVENT_DIGITS = 20;

export const runSortKey = (run: string): string => RUNS + run;

/** Sort keys of a run's events start with this. */
export const eventsOf = (run: string): string => `${AGENT}E#${run}#`;

/** A batch of events has the id of its last one. */
export const eventsSortKey = (run: string, last: bigint): string =>
  eventsOf(run) + String(last).padStart(EVENT_DIGITS, "0");

/** All batches with events behind one. */
export const eventsAfter = (run: string, id: bigint): [from: string, to: string] => [
  eventsSortKey(run, id + 1n),
  `${eventsOf(run)}~`,
];

/** As all partition keys: a word, a `#`, and a rest that has none. */
export const directoryPartition = (keyPrefix: string): string => `${keyPrefix}D#0`;

/** The row of a thread in the directory. */
export async function directoryKey(keyPrefix: string, threadId: string): Promise<Key> {
  return key(directoryPartition(keyPrefix), (await keyPart("thread", threadId)).text);
}

/** The status of a row that is a mark only: of a thread that is being deleted, or whose deletion was cut short. */
export const DELETING = "deleting";

const DUE_DIGITS = 15;

export const duePartition = (keyPrefix: string): string => `${keyPrefix}DUE#0`;

/** @param at when to look at a run, in milliseconds since 1970 */
export const dueSortKey = (at: number, run: string): string => `${String(at).padStart(DUE_DIGITS, "0")}#${run}`;

/** All that is due at a time. */
export const dueUntil = (at: number): [from: string, to: string] => ["0", dueSortKey(at, "~")];
