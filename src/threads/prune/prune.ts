import type { Item } from "../../aws/dynamodb/items.js";
import { deleteThread } from "../../checkpoint/delete-thread.js";
import { dropCheckpoints } from "./drop.js";
import { eachThread, type PruneProgress, type ThreadWork } from "./each-thread.js";
import { endEmpty, unlist } from "./empty-thread.js";
import { countDropped, countItem, countLater, countPart, nothing, type PruneResult } from "./result.js";
import { grantsOf } from "../../checkpoint/grants.js";
import { isHeld, leaseOf } from "../../checkpoint/lease/marker.js";
import { emptyMark, livingOf, restoringOf } from "../../checkpoint/incarnation.js";
import { bornOfKey, checkpointSortKey, key, THREAD_MARKER } from "../../format/keys.js";
import { mark } from "./mark.js";
import { checked, usualGraceSeconds, type PruneOptions } from "./options.js";
import { ruleOf, type Rule } from "./rule.js";
import { deleteMarked } from "../../payload/segment-deletions.js";
import { storedParts } from "./stored-parts.js";
import { type Storage } from "../../checkpoint/storage.js";
import type { Thread } from "../../checkpoint/refs.js";
import { planSweep, sweep } from "./sweep.js";
import { amendTrash, closeTrash, deleteTrash, readTrash, trashUntil, writeTrash } from "./trash.js";

/*
 * A pruning marks (`mark.ts`), drops checkpoints (`drop.ts`) and sweeps what they referred to (`sweep.ts`).
 *
 * Checkpoints go at once: what a reader has not found yet, nobody sees again. What they referred to, and whatever else
 * nothing refers to, goes only after a grace period, because a run that goes on meanwhile may be about to refer to it:
 *
 * - A put may have stored its segments, and not its checkpoint yet. Segments say when they were written, last if
 *   several times, and only those written before the grace period are deleted, by a condition in the request itself.
 * - A put may take segments over from a parent that it has read or put. It trusts that for five minutes and then looks
 *   again (`FrameCache.getTrusted`), so with all the attempts of its own requests it commits well within the grace
 *   period after the parent was there for the last time. So what goes is put on a list in the thread before the
 *   checkpoints that referred to it go, and the grace period begins after them (`trash.ts`). A later call sweeps what a
 *   list has named for so long, and which nothing in all of the thread, read after that period, refers to. What
 *   something refers to again comes off its list, also if that goes with the same call. Lists are read after the
 *   checkpoints: another pruning may be under way.
 * - The newest checkpoint of a branch may be what a run goes on from, so a new one stays, whatever the rules say. Where
 *   all of the run's are to go, the newest one goes for readers only, with what a DeltaChannel is rebuilt from, and the
 *   rest after the grace period. A thread that nothing is left of is listed as its segments are: by the sort key of its
 *   marker. It ends if the marker is as it was read, and a run that begins without a checkpoint to go on from changes
 *   that.
 * - Somebody may have a lease on the thread, and have stored nothing yet: then the thread is left for a later call.
 * - An attempt of a put may be on its way although another one was acknowledged. So a checkpoint that goes leaves a
 *   tombstone (`tombstone.ts`), which DynamoDB deletes when no attempt can arrive any more.
 *
 * Whatever is cut short leaves what was not done yet: checkpoints go before their writes, newest first, lists before
 * what they name, and what is on no list is found by looking at everything that is stored.
 */

/**
 * Takes away old checkpoints, and what only they referred to.
 *
 * @returns what was freed
 * @throws DynamoDBSaverError `INVALID_INPUT`; ThreadsFailedError where some of several threads have failed
 */
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
  /** Of the lease under which this is done. */
  token?: number | undefined;
  dryRun: boolean;
  graceSeconds: number;
}

/** Prunes these threads, or all that are listed. */
export const pruneThreads = (
  storage: Storage,
  threadIds: readonly string[] | undefined,
  pruning: Pruning,
): AsyncGenerator<PruneProgress, PruneResult, undefined> =>
  eachThread(storage, threadIds, (thread) => pruneThread(storage, thread, pruning));

/** Takes from one thread the checkpoints that a rule does not keep. */
async function* pruneThread(
  storage: Storage,
  thread: Thread,
  { rule, runs, token, dryRun, graceSeconds }: Pruning,
): ThreadWork {
  const { db } = storage;
  const freed = nothing();
  const progress = { read: 0, freed };
  const startedAt = Date.now();
  const oldest = graceSeconds > 0 ? Math.floor(startedAt / 1_000) - graceSeconds : Infinity;
  const marker = await db.getItem(key(thread.partition, THREAD_MARKER), true);
  if (runs === undefined && isLookedAt(marker, token)) {
    yield progress;
    return;
  }
  const born = livingOf(marker);
  const restoring = restoringOf(marker);
  const marking = mark(storage, thread, { born, restoring, rule, runs, oldest });
  let step = await marking.next();
  for (; !step.done; step = await marking.next()) {
    progress.read = step.value;
    yield progress;
  }
  const marks = step.value;
  const { dropped } = marks;

  const { parts, expired } = await storedParts(storage, thread, marks.meter);
  const lists = await readTrash(storage, thread, marks.meter);
  const empty = marker && born !== undefined && marks.left === 0 ? emptyMark(marker) : undefined;
  const plan = planSweep(
    marks,
    // Nothing refers yet to what is being restored.
    parts.filter((sortKey) => restoring === undefined || bornOfKey(sortKey) !== restoring),
    lists,
    empty,
    oldest,
  );
  const { now, later, listed } = plan;
  countLater(freed, [...later.keys(), ...listed.keys()]);

  if (dryRun) {
    for (const one of dropped.values()) countDropped(freed, one);
    for (const entry of now) countPart(freed, entry);
    yield progress;
    return;
  }

  for (const list of lists) await amendTrash(storage, list, plan.isReferredTo, trashUntil(graceSeconds));
  const listId = later.size > 0 ? await writeTrash(storage, thread, later, trashUntil(graceSeconds)) : undefined;
  yield* dropCheckpoints(storage, thread, marks, runs, progress);
  if (listId !== undefined) await closeTrash(storage, thread, listId, trashUntil(graceSeconds));
  const keys = (sortKeys: string[]): ReturnType<typeof key>[] =>
    sortKeys.map((sortKey) => key(thread.partition, sortKey));
  // A deletion that began meanwhile may have looked for the last time before the list or a tombstone was there.
  if (
    born !== undefined &&
    (listId !== undefined || dropped.size > 0) &&
    !(await storage.incarnations.isThere(thread))
  ) {
    for (const list of await readTrash(storage, thread, storage.codec.meter()))
      await deleteTrash(storage, thread, list);
    await db.batchDelete(keys([...dropped.keys()].map((prefix) => checkpointSortKey(prefix, born))));
  }

  if (empty !== undefined && now.delete(empty) && !(await endEmpty(storage, thread, marker!))) return;
  // Also without a grace period by a condition: an attempt may arrive when a run has begun.
  const before = startedAt + 1 - graceSeconds * 1_000;
  yield* sweep(storage, thread, now, before, progress);
  await deleteMarked(db, keys(expired));
  for (const list of plan.done) await deleteTrash(storage, thread, list);
  if (born === undefined && restoring === undefined && later.size + listed.size === 0) await unlist(storage, thread);
  yield progress;
}

/**
 * Whether somebody else has a lease, and is not known to have stored anything. That one goes on from what it has read
 * as the latest, which older holders' late checkpoints may hide from this pruning.
 */
function isLookedAt(marker: Item | undefined, own: number | undefined): boolean {
  const lease = leaseOf(marker);
  if (!lease || lease.token === own || !isHeld(lease)) return false;
  return (grantsOf(marker!).stored ?? 0) < lease.token;
}

/** Takes a whole thread away. */
async function* deleteAll(storage: Storage, thread: Thread, dryRun: boolean): ThreadWork {
  const freed = nothing();
  for await (const items of storage.db.queryPages({ partition: thread.partition, consistent: true })) {
    for (const item of items) countItem(freed, item);
  }
  if (!dryRun) await deleteThread(storage, thread.id);
  yield { read: freed.checkpoints, freed };
}
