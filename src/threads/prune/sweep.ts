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

/** What a sweep goes by. */
export interface SweepInput {
  marks: Marks;
  /** Sort keys of the segments and pointers that are stored. */
  parts: string[];
  lists: TrashList[];
  /** What a list names a thread by that nothing is left of, where it is one. */
  empty: string | undefined;
  graceSeconds: number;
  /** A list is swept that was closed at this time or before it, in seconds since 1970. */
  oldest: number;
}

/** What is swept now, and what is listed for later. */
export interface SweepPlan {
  /** Sort keys, and how many bytes of state there are. */
  now: Map<string, number>;
  /** What comes onto a new list. */
  later: TrashEntry[];
  /** What lists name that are not old enough. */
  listed: string[];
  /** Whether something refers to it, so that no list may name it. */
  isReferredTo: (sortKey: string) => boolean;
  /** Lists that have nothing more to say. */
  done: TrashList[];
}

/**
 * Divides what nothing refers to now, or will when the checkpoints are gone: what an old list names is swept now, if
 * nothing refers to it until those go. Without a grace period, all of it is.
 */
export function planSweep({ marks, parts, lists, empty, graceSeconds, oldest }: SweepInput): SweepPlan {
  const { marked, markedByStray, released, stray, dropped } = marks;
  if (graceSeconds > 0) for (const name of markedByStray) marked.add(name);
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
  const done = lists.filter((list) => graceSeconds === 0 || list.since === undefined || isOld(list));
  if (graceSeconds === 0) return { now: new Map(unmarked.map(entryOf)), later: [], listed: [], isReferredTo, done };

  const garbage = new Set(unmarked.filter((sortKey) => !isReferredTo(sortKey)));
  const entriesOf = (some: TrashList[]): TrashEntry[] =>
    some.flatMap((list) => list.parts.flatMap(({ entries }) => entries.filter(([sortKey]) => garbage.has(sortKey))));
  const now = new Map(entriesOf(lists.filter(isOld)));
  const listed = new Set(
    entriesOf(lists.filter((list) => list.since !== undefined && !isOld(list)))
      .map(([sortKey]) => sortKey)
      .filter((sortKey) => !now.has(sortKey)),
  );
  const later = unmarked.filter((sortKey) => !now.has(sortKey) && !listed.has(sortKey)).map(entryOf);
  return { now, later, listed: [...listed], isReferredTo, done };
}

/**
 * Frees what a plan says.
 *
 * @param now sort keys, and how many bytes of state there are
 * @param before in milliseconds since 1970: what was written later stays
 */
export async function* sweep(
  storage: Storage,
  { partition }: Thread,
  now: SweepPlan["now"],
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
