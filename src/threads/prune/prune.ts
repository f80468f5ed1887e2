import { forEachAtOnce } from "../../aws/client/concurrency.js";
import type { Item } from "../../aws/dynamodb/items.js";
import type { DynamoDBSaverError } from "../../errors.js";
import { deleteIncarnation, deleteThread } from "../../checkpoint/delete-thread.js";
import { add, countDropped, countItem, countLater, countPart, isPart, nothing, type PruneResult } from "./result.js";
import { deleteAsRead, emptyMark, isEmptyMark, livingOf, restoringOf } from "../../checkpoint/incarnation.js";
import { bornOfKey, checkpointSortKey, copyOf, key, THREAD_MARKER } from "../../format/keys.js";
import { endNow } from "../../payload/lifetime.js";
import { checked, leastGraceSeconds, ruleOf, usualGraceSeconds, type PruneOptions } from "./options.js";
import { locate } from "../../format/format-error.js";
import { FIRST } from "../../format/attributes.js";
import { removeWrites } from "./remove-writes.js";
import { deleteMarked, deleteUnused } from "../../payload/segment-deletions.js";
import { storedParts } from "./stored-parts.js";
import { type Storage } from "../../checkpoint/storage.js";
import { threadOf, type Thread } from "../../checkpoint/refs.js";
import { survey, type Rule } from "./survey.js";
import { isOfOneThread, ThreadsFailedError, type ThreadFailure } from "../threads-failed.js";
import { tombstone } from "../../checkpoint/tombstone.js";
import {
  amendTrash,
  closeTrash,
  deleteTrash,
  readTrash,
  trashUntil,
  writeTrash,
  type TrashEntry,
  type TrashList,
} from "./trash.js";

/*
 * Checkpoints go at once: what a reader has not found yet, nobody sees again. What they referred to, and whatever else
 * nothing refers to, goes only after a grace period, because a run that goes on meanwhile may be about to refer to it:
 *
 * - A put may have stored its segments, and not its checkpoint yet. Segments say when they were written, last if
 *   several times, and only those written before the grace period are deleted, by a condition in the request itself.
 * - A put may take segments over from a parent that it has read or put. It trusts that for five minutes and then looks
 *   again (`FrameCache.getTrusted`), so with all the attempts of its own requests it commits well within the grace
 *   period after the parent was there for the last time. So what goes is noted in the thread before the checkpoints
 *   that referred to it go, and the grace period begins after them (`trash.ts`). A later call deletes what is noted for
 *   so long, and which nothing in all of the thread, read after that period, refers to. A note is given up when
 *   something refers to it again, also if that goes with the same call. Notes are read after the checkpoints: another
 *   pruning may be under way.
 * - The newest checkpoint of a branch may be what a run goes on from, so a new one stays, whatever the rules say. Where
 *   all of the run's are to go, the newest one goes for readers only, with what a DeltaChannel is rebuilt from, and the
 *   rest after the grace period. A thread that nothing is left of is noted as its segments are: by the sort key of its
 *   marker. It ends if the marker is as it was read, and a run that begins without a checkpoint to go on from changes
 *   that.
 * - An attempt of a put may be on its way although another one was acknowledged. So a checkpoint that goes leaves a
 *   tombstone (`tombstone.ts`), which DynamoDB deletes when no attempt can arrive any more.
 *
 * Whatever is cut short leaves what was not done yet: checkpoints go before their writes, newest first, notes before
 * what they name, and what is on no note is found by looking at everything that is stored.
 */

/** Checkpoints deleted between two reports. */
const DROPPED_AT_ONCE = 1_000;
const AT_ONCE = 10;

/** How far a pruning is. */
export interface PruneProgress {
  /** The thread that is being pruned. */
  threadId: string;
  /** Checkpoints of this thread read so far. */
  read: number;
  /** Of all threads, so far. */
  freed: PruneResult;
  /** Why this thread could not be pruned; the others are. */
  error?: DynamoDBSaverError | undefined;
}

export async function* prune(
  storage: Storage,
  options: PruneOptions,
): AsyncGenerator<PruneProgress, PruneResult, undefined> {
  const { threadIds, strategy, dryRun = false, graceSeconds = usualGraceSeconds(storage) } = checked(storage, options);
  if (strategy === "delete")
    return yield* eachThread(storage, threadIds, (thread) => deleteAll(storage, thread, dryRun));
  return yield* pruneThreads(storage, threadIds, { rule: ruleOf(options, graceSeconds), dryRun, graceSeconds });
}

/** How threads are pruned. */
export interface Pruning {
  rule: Rule;
  /** Runs whose writes to checkpoints that stay go too. */
  runs?: ReadonlySet<unknown> | undefined;
  dryRun: boolean;
  graceSeconds: number;
}

export const pruneThreads = (
  storage: Storage,
  threadIds: readonly string[] | undefined,
  pruning: Pruning,
): AsyncGenerator<PruneProgress, PruneResult, undefined> =>
  eachThread(storage, threadIds, (thread) => pruneThread(storage, thread, pruning));

/** What the work on one thread tells again and again: what it has freed so far. */
type ThreadWork = AsyncGenerator<{ read: number; freed: PruneResult }, void, undefined>;

/** One after the other. One whose data cannot be read must not keep all behind it. */
async function* eachThread(
  storage: Storage,
  threadIds: readonly string[] | undefined,
  workOn: (thread: Thread) => ThreadWork,
): AsyncGenerator<PruneProgress, PruneResult, undefined> {
  const total = nothing();
  const failed: ThreadFailure[] = [];
  let threads = 0;
  for await (const threadId of threadIds ?? listed(storage)) {
    threads++;
    let last: PruneProgress = { threadId, read: 0, freed: structuredClone(total) };
    try {
      const work = workOn(await threadOf(storage, threadId));
      let before = nothing();
      let step = await work.next();
      for (; !step.done; step = await work.next()) {
        const { read, freed } = step.value;
        add(total, freed, before);
        before = structuredClone(freed);
        last = { threadId, read, freed: structuredClone(total) };
        yield last;
      }
    } catch (caught) {
      const error = locate(caught, { threadId, checkpointNs: "", checkpointId: "" });
      if (!isOfOneThread(error)) throw error;
      failed.push({ threadId, error });
      yield { ...last, error };
    }
  }
  if (failed.length > 0) throw threads === 1 ? failed[0]!.error : new ThreadsFailedError(failed, total, threads);
  return total;
}

async function* listed({ threads }: Storage): AsyncGenerator<string> {
  for await (const { threadId } of threads.list({}, true)) yield threadId;
}

/** Takes from one thread the checkpoints that a rule does not keep. */
async function* pruneThread(
  storage: Storage,
  thread: Thread,
  { rule, runs, dryRun, graceSeconds }: Pruning,
): ThreadWork {
  const { db, frames } = storage;
  const freed = nothing();
  const startedAt = Date.now();
  const oldest = Math.floor(startedAt / 1_000) - graceSeconds;
  const marker = await db.getItem(key(thread.partition, THREAD_MARKER), true);
  const born = livingOf(marker);
  const restoring = restoringOf(marker);
  const surveying = survey(storage, thread, {
    born,
    restoring,
    rule,
    runs,
    oldest: graceSeconds > 0 ? oldest : Infinity,
  });
  let step = await surveying.next();
  let read = 0;
  for (; !step.done; step = await surveying.next()) yield { read: (read = step.value), freed };
  const found = step.value;
  const { used, usedByStray, released, stray, dropped } = found;
  if (graceSeconds > 0) for (const name of usedByStray) used.add(name);
  // Nothing refers yet to what is being restored.
  const { parts, expired } = await storedParts(storage, thread);
  const stored = parts.filter((sortKey) => restoring === undefined || bornOfKey(sortKey) !== restoring);
  // What could not be read may have referred to anything: then all begins anew.
  const lists = await readTrash(storage, thread);
  const noted = released ? lists : [];

  // What nothing refers to now, and what nothing will refer to when the checkpoints are gone.
  const mark = marker && born !== undefined && found.left === 0 ? emptyMark(marker) : undefined;
  const isUsed = (sortKey: string): boolean => {
    if (isEmptyMark(sortKey)) return sortKey !== mark || dropped.size > 0;
    return isPart(sortKey) && (used.has(copyOf(sortKey)) || released?.has(copyOf(sortKey)) === true);
  };
  const candidates = [...stray, ...(mark === undefined ? [] : [mark]), ...stored];
  const garbage = new Set(candidates.filter((sortKey) => !isUsed(sortKey)));
  const unused = candidates.filter((sortKey) => !isPart(sortKey) || !used.has(copyOf(sortKey)));
  const bytesOf = (sortKey: string): number => (isPart(sortKey) ? (released?.get(copyOf(sortKey)) ?? 0) : 0);

  const isDue = ({ since = Infinity }: TrashList): boolean => graceSeconds > 0 && since <= oldest;
  const [due, waiting] =
    graceSeconds === 0
      ? [unused.map((sortKey): TrashEntry => [sortKey, bytesOf(sortKey)]), new Set<string>()]
      : partition(noted, isDue, garbage);
  const going = new Set(due.map(([sortKey]) => sortKey));
  const later = unused.filter((sortKey) => !going.has(sortKey) && !waiting.has(sortKey));
  countLater(freed, [...later, ...waiting]);

  if (dryRun) {
    for (const one of dropped.values()) countDropped(freed, one);
    for (const entry of due) countPart(freed, entry);
    yield { read, freed };
    return;
  }

  for (const list of lists) await amendTrash(storage, list, released ? isUsed : () => true, trashUntil(graceSeconds));
  const listId =
    later.length > 0
      ? await writeTrash(
          storage,
          thread,
          later.map((sortKey): TrashEntry => [sortKey, bytesOf(sortKey)]),
          trashUntil(graceSeconds),
        )
      : undefined;
  const first = {
    update: "SET #first = :first",
    names: { "#first": FIRST },
    values: { ":first": { N: "1" } },
    condition: "attribute_exists(PK)",
  };
  await forEachAtOnce(AT_ONCE, found.first, async (key) => void (await db.updateItem({ ...first, key })));
  await forEachAtOnce(AT_ONCE, found.hidden, (key) => endNow(db, key));
  await forEachAtOnce(AT_ONCE, found.unwritten, (item) => removeWrites(storage, item, runs!));
  if (dropped.size + found.hidden.length > 0) frames.forget(thread.id);
  const keys = (sortKeys: string[]): ReturnType<typeof key>[] =>
    sortKeys.map((sortKey) => key(thread.partition, sortKey));
  for (const row of rowsOf(DROPPED_AT_ONCE, dropped)) {
    await db.batchPut(row.map(([, { item }]) => tombstone(key(item.PK.S, item.SK.S), tombstoneUntil(storage), item)));
    await db.batchDelete(keys(row.flatMap(([, { writes }]) => writes)));
    for (const [, one] of row) countDropped(freed, one);
    yield { read, freed };
  }
  if (listId !== undefined) await closeTrash(storage, thread, listId, trashUntil(graceSeconds));
  // A deletion that began meanwhile may have looked for the last time before the list or a tombstone was there.
  if (
    born !== undefined &&
    (listId !== undefined || dropped.size > 0) &&
    !(await storage.incarnations.isThere(thread))
  ) {
    for (const list of await readTrash(storage, thread)) await deleteTrash(storage, thread, list);
    await db.batchDelete(keys([...dropped.keys()].map((prefix) => checkpointSortKey(prefix, born))));
  }

  if (mark !== undefined && going.delete(mark) && !(await endEmpty(storage, thread, marker!))) return;
  for (const row of rowsOf(
    DROPPED_AT_ONCE,
    due.filter(([sortKey]) => going.has(sortKey)),
  )) {
    const strays = row.filter(([sortKey]) => !isPart(sortKey));
    const others = row.filter(([sortKey]) => isPart(sortKey));
    await db.batchDelete(keys(strays.map(([sortKey]) => sortKey)));
    // Also without a grace period by a condition: an attempt may arrive when a run has begun.
    const before = startedAt + 1 - graceSeconds * 1_000;
    const gone = new Set(
      await deleteUnused(
        storage,
        thread.partition,
        others.map(([sortKey]) => sortKey),
        before,
        tombstoneUntil(storage),
      ),
    );
    for (const entry of [...strays, ...others.filter(([sortKey]) => gone.has(sortKey))]) countPart(freed, entry);
    yield { read, freed };
  }
  await deleteMarked(db, keys(expired));
  for (const list of lists)
    if (graceSeconds === 0 || list.since === undefined || isDue(list)) await deleteTrash(storage, thread, list);
  if (born === undefined && restoring === undefined && later.length + waiting.size === 0) await unlist(storage, thread);
  yield { read, freed };
}

/** Takes a thread that is not there off the index, unless it begins meanwhile: then it has a marker first. */
async function unlist({ db, threads, incarnations }: Storage, thread: Thread): Promise<void> {
  const entry = await threads.entryOf(thread.id);
  if (entry && !(await incarnations.isThere(thread))) await deleteAsRead(db, entry);
}

/** Ends a thread that has been empty for so long. False if a run has begun in it since its marker was read. */
async function endEmpty(storage: Storage, thread: Thread, marker: Item): Promise<boolean> {
  const entry = await storage.threads.entryOf(thread.id);
  if (!(await deleteAsRead(storage.db, marker))) return false;
  storage.incarnations.forget(thread.id);
  await deleteIncarnation(storage, thread, livingOf(marker)!);
  if (entry) await deleteAsRead(storage.db, entry);
  return true;
}

/** What lists name and still is garbage: that which is due, and that which is not. */
function partition(
  lists: TrashList[],
  isDue: (list: TrashList) => boolean,
  garbage: ReadonlySet<string>,
): [due: TrashEntry[], waiting: Set<string>] {
  const closed = lists.filter(({ since }) => since !== undefined);
  const entries = (some: TrashList[]): TrashEntry[] =>
    some.flatMap(({ parts }) => parts.flatMap((part) => part.entries.filter(([sortKey]) => garbage.has(sortKey))));
  const due = new Map(entries(closed.filter(isDue)));
  const waiting = entries(closed.filter((list) => !isDue(list))).map(([sortKey]) => sortKey);
  return [[...due], new Set(waiting.filter((sortKey) => !due.has(sortKey)))];
}

const tombstoneUntil = (storage: Storage): number => Math.ceil(Date.now() / 1_000) + leastGraceSeconds(storage);

async function* deleteAll(storage: Storage, thread: Thread, dryRun: boolean): ThreadWork {
  const freed = nothing();
  for await (const items of storage.db.queryPages({ partition: thread.partition, consistent: true })) {
    for (const item of items) countItem(freed, item);
  }
  if (!dryRun) await deleteThread(storage, thread.id);
  yield { read: freed.checkpoints, freed };
}

/** Everything, some at a time: a long thread has a hundred thousand. */
function* rowsOf<T>(size: number, all: Iterable<T>): Generator<T[]> {
  let row: T[] = [];
  for (const one of all) {
    row.push(one);
    if (row.length < size) continue;
    yield row;
    row = [];
  }
  if (row.length > 0) yield row;
}
