import type { Key } from "../aws/dynamodb/items.js";
import { deleteEnded } from "../checkpoint/delete-thread.js";
import { duePartition, eventsOf, RUNS, runSortKey } from "../checkpoint/agent-keys.js";
import { threadOf } from "../checkpoint/refs.js";
import { entryOf } from "../checkpoint/thread-entry.js";
import { stringOf } from "../format/attributes.js";
import { key, keyOf } from "../format/keys.js";
import { addRow } from "./directory.js";
import { dropMark, markRow } from "./row-changes.js";
import type { Scope } from "./scope.js";

/* How all of a thread goes: its row, its checkpoints, its runs with their events, and what is due of them. */

const dueKeys = ({ base }: Scope, due: (string | undefined)[]): Key[] => [
  ...new Map(
    due.filter((one) => one !== undefined).map((one) => [one, key(duePartition(base.keyPrefix), one)]),
  ).values(),
];

/**
 * Deletes a thread with all that it has.
 * @param created when it was made: another one of the same id stays
 * @returns false where it is gone already
 */
export async function deleteThreadOf(scope: Scope, threadId: string, created: number): Promise<boolean> {
  const marked = await markRow(scope, threadId, created);
  if (!marked) return false;
  await deleteAll(scope, threadId, marked.guard);
  await dropMark(scope, threadId);
  return true;
}

/**
 * Deletes what is left of a thread that stands in the directory no more, or never did. Its id is the caller's for as
 * long as that takes, so nothing of another thread goes with it.
 * @returns false where there is nothing, or where it may be somebody else's
 */
export async function deleteLeft(scope: Scope, threadId: string): Promise<boolean> {
  const { storage } = scope;
  const { partition } = await threadOf(storage, threadId);
  const { items } = await storage.db.query({ partition, limit: 1, only: ["PK", "SK"], consistent: true });
  if (items.length === 0 && !(await entryOf(storage, threadId))) return false;
  const row = await addRow(scope, threadId, {}, true);
  return row !== undefined && deleteThreadOf(scope, threadId, row.created);
}

async function deleteAll(scope: Scope, threadId: string, guard?: string): Promise<void> {
  const { storage, base, saver } = scope;
  const { partition } = await threadOf(storage, threadId);
  const due = [guard];
  const runs = { partition, beginsWith: RUNS, only: ["PK", "SK", "due", "guard"], consistent: true };
  for await (const items of storage.db.queryPages(runs))
    for (const item of items) due.push(stringOf(item, "due"), stringOf(item, "guard"));
  await base.db.batchDelete(dueKeys(scope, due));
  await saver.deleteThread(threadId);
}

/** What a run may have left in a thread that was deleted under it. */
export interface LeftRun {
  id: string;
  threadId: string;
  due: string | undefined;
  guard: string | undefined;
  /** Of its lease. */
  token: number;
  name?: string;
}

/**
 * Deletes what a run has left in a thread that was deleted under it. Is called when it stores nothing any more.
 * @param isAnother whether there is another thread of the id by now
 */
export async function deleteLeftOf(scope: Scope, run: LeftRun, isAnother: boolean): Promise<void> {
  const { id, threadId, due, guard } = run;
  const { storage, base } = scope;
  const { partition } = await threadOf(storage, threadId);
  await storage.db.batchDelete([key(partition, runSortKey(id))]);
  const events = { partition, beginsWith: eventsOf(id), only: ["PK", "SK"], consistent: true };
  for await (const items of storage.db.queryPages(events)) await storage.db.batchDelete(items.map(keyOf));
  await base.db.batchDelete(dueKeys(scope, [due, guard]));
  await deleteEnded(storage, threadId, run, isAnother);
}
