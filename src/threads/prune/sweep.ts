import { isEmptyMark } from "../../checkpoint/incarnation.js";
import type { ThreadProgress, ThreadWork } from "./each-thread.js";
import { copyOf, key } from "../../format/keys.js";
import type { Marks } from "./marks.js";
import { tombstoneUntil } from "./options.js";
import { deleteUnused } from "../../payload/segment-deletions.js";
import { countPart, isPart } from "./result.js";
import { rowsOf } from "./rows.js";
import type { Storage } from "../../checkpoint/storage.js";
import type { Thread } from "../../checkpoint/refs.js";
import type { TrashEntry, TrashList } from "./trash.js";

/** Sort keys, and how many bytes of state there are. */
type Garbage = Map<string, number>;

/** What is swept now, and what by a later call. */
export interface SweepPlan {
  now: Garbage;
  /** What comes onto a new list. */
  later: Garbage;
  /** What lists name that are not old enough. */
  listed: Garbage;
  /** Whether something refers to it, so that no list may name it. */
  isReferredTo: (sortKey: string) => boolean;
  /** Lists that have nothing more to say. */
  done: TrashList[];
}

/**
 * Divides what nothing refers to now, or will when the checkpoints are gone: what an old list names is swept now, if
 * nothing refers to it until those go. Without a grace period, all of it is.
 *
 * @param parts sort keys of the segments and pointers that are stored
 * @param empty what a list names a thread by that nothing is left of, where it is one
 * @param oldest a list is swept that was closed at this time or before it, in seconds since 1970; Infinity where there
 *   is no grace period
 */
export function planSweep(
  { marked, markedByStray, released, stray, dropped }: Marks,
  parts: string[],
  lists: TrashList[],
  empty: string | undefined,
  oldest: number,
): SweepPlan {
  if (oldest < Infinity) for (const name of markedByStray) marked.add(name);
  const isMarked = (sortKey: string): boolean => isPart(sortKey) && marked.has(copyOf(sortKey));
  const isReferredTo = (sortKey: string): boolean => {
    // What could not be read may have referred to anything: then all begins anew.
    if (!released) return true;
    if (isEmptyMark(sortKey)) return sortKey !== empty || dropped.size > 0;
    return isMarked(sortKey) || (isPart(sortKey) && released.has(copyOf(sortKey)));
  };
  const unmarked = [...stray, ...(empty === undefined ? [] : [empty]), ...parts].filter((one) => !isMarked(one));
  const entryOf = (sortKey: string): TrashEntry => [
    sortKey,
    isPart(sortKey) ? (released?.get(copyOf(sortKey)) ?? 0) : 0,
  ];
  const isOld = ({ since = Infinity }: TrashList): boolean => since <= oldest;
  const done = lists.filter((list) => list.since === undefined || isOld(list));
  const garbage = new Set(unmarked.filter((sortKey) => !isReferredTo(sortKey)));
  const entriesOf = (some: TrashList[]): TrashEntry[] =>
    some.flatMap((list) => list.parts.flatMap(({ entries }) => entries.filter(([sortKey]) => garbage.has(sortKey))));
  const now = new Map(oldest === Infinity ? unmarked.map(entryOf) : entriesOf(lists.filter(isOld)));
  const isLeft = ([sortKey]: TrashEntry): boolean => !now.has(sortKey);
  const listed = new Map(entriesOf(lists.filter((list) => !done.includes(list))).filter(isLeft));
  const later = new Map(
    unmarked
      .filter((sortKey) => !listed.has(sortKey))
      .map(entryOf)
      .filter(isLeft),
  );
  return { now, later, listed, isReferredTo, done };
}

/**
 * Frees what a plan says is swept now.
 *
 * @param before in milliseconds since 1970: what was written later stays
 */
export async function* sweep(
  storage: Storage,
  { partition }: Thread,
  now: Garbage,
  before: number,
  progress: ThreadProgress,
): ThreadWork {
  for (const row of rowsOf(now)) {
    const strays = row.filter(([sortKey]) => !isPart(sortKey));
    const parts = row.filter(([sortKey]) => isPart(sortKey));
    await storage.db.batchDelete(strays.map(([sortKey]) => key(partition, sortKey)));
    const gone = new Set(
      await deleteUnused(
        storage,
        partition,
        parts.map(([sortKey]) => sortKey),
        before,
        tombstoneUntil(storage),
      ),
    );
    for (const entry of [...strays, ...parts.filter(([sortKey]) => gone.has(sortKey))])
      countPart(progress.freed, entry);
    yield progress;
  }
}
