import type { Item, QueryInput } from "../aws/dynamodb/items.js";
import { changedTooOften } from "../errors.js";
import { AGENT, DELETING, directoryKey } from "./agent-keys.js";
import { bornOf, deleteAsRead, endIncarnation, LEASE, livingOf, restoringOf } from "./incarnation.js";
import { stringOf } from "../format/attributes.js";
import { leaseIn, splitLease } from "../format/lease-suffix.js";
import { keyOf, CHECKPOINTS, parsePointer, parseSortKey, THREAD_MARKER, TRASH } from "../format/keys.js";
import { deleteObjects } from "../payload/segment-deletions.js";
import { type Storage } from "./storage.js";
import { threadOf, type Thread } from "./refs.js";
import { entryOf } from "./thread-entry.js";

/** How often a thread is read again in which runs go on writing. */
const MAX_ROUNDS = 1_000;

/**
 * Deletes everything of a thread. Its marker goes first, and with it all of the thread is gone to readers. Checkpoints
 * go newest first, then their writes, then the segments: what a reader has found meanwhile can be read. The index entry
 * goes last, so a deletion cut short is still listed.
 */
export async function deleteThread(storage: Storage, threadId: string): Promise<void> {
  const thread = await threadOf(storage, threadId);
  const all: QueryInput = { partition: thread.partition, only: ["PK", "SK"], consistent: true };
  let isListed: boolean;
  let rounds = 0;
  do {
    const entry = await entryOf(storage, threadId);
    await endIncarnation(storage.incarnations, thread);
    await deletePages(storage, thread, { ...all, beginsWith: CHECKPOINTS, descending: true });
    // Again until nothing is found: a run that still goes on may have written meanwhile.
    do {
      if (rounds++ === MAX_ROUNDS) throw changedTooOften("A thread", MAX_ROUNDS);
    } while ((await deletePages(storage, thread, all)) > 0);
    // A run that starts writes the marker before the entry. One that came between goes too.
    isListed = entry ? !(await deleteAsRead(storage.db, entry)) : (await entryOf(storage, threadId)) !== undefined;
  } while (isListed || (await storage.incarnations.current(thread)) !== undefined);
  storage.frames.forget(threadId);
  storage.superseded?.forget(threadId);
}

/**
 * Deletes what one incarnation of a thread has left, and nothing of others: it has ended, or never came to be. With
 * `others`, it deletes what all but this one have left, except writes that may be of a run that starts.
 * @param goesOn is asked after each page; false ends it
 */
export async function deleteIncarnation(
  storage: Storage,
  thread: Thread,
  born: string,
  others = false,
  goesOn = async (): Promise<boolean> => true,
): Promise<void> {
  for await (const items of storage.db.queryPages({
    partition: thread.partition,
    only: ["PK", "SK"],
    consistent: true,
  })) {
    if (!(await goesOn())) return;
    const isList = ({ SK }: Item): boolean => SK.S.startsWith(TRASH);
    const isOurs = (item: Item): boolean => bornOf(item) === born;
    const isOther = (item: Item): boolean => !isOurs(item) && (bornOf(item) !== "" || isList(item));
    await deleteItems(storage, thread, items.filter(others ? isOther : isOurs));
  }
}

/**
 * Deletes what was stored under a lease in a thread that was deleted meanwhile, and nothing of one that has begun since
 * under the same id. Is called when nothing more is stored under the lease.
 * @param isAnother whether there is such another one. Otherwise what was begun under the lease itself ends too.
 */
export async function deleteEnded(
  storage: Storage,
  threadId: string,
  { name, token }: { name?: string; token: number },
  isAnother: boolean,
): Promise<void> {
  const thread = await threadOf(storage, threadId);
  const entry = await entryOf(storage, threadId);
  const marker = isAnother || name === undefined ? undefined : await storage.incarnations.marker(thread);
  if (marker && stringOf(marker, LEASE) === name) await deleteAsRead(storage.db, marker);
  const isLate = (item: Item): boolean =>
    token > 0 && bornOf(item) === "" && leaseIn(splitLease(item.SK.S)[1]).token === token;
  const all = { partition: thread.partition, only: ["PK", "SK"], consistent: true };
  for await (const items of storage.db.queryPages(all)) {
    // After the items: a run that starts writes the marker first. What has ended does not come back.
    const marker = await storage.incarnations.marker(thread);
    const living = livingOf(marker) ?? restoringOf(marker);
    const isOver = (item: Item): boolean => bornOf(item) !== "" && bornOf(item) !== living;
    await deleteItems(
      storage,
      thread,
      items.filter((item) => isOver(item) || isLate(item)),
    );
  }
  if (entry && !(await storage.incarnations.isThere(thread))) await deleteAsRead(storage.db, entry);
  storage.frames.forget(threadId);
  storage.superseded?.forget(threadId);
}

/** How many items were found and deleted. */
async function deletePages(storage: Storage, thread: Thread, query: QueryInput): Promise<number> {
  let deleted = 0;
  for await (const items of storage.db.queryPages(query)) {
    // A run that has started meanwhile is gone to readers before its parts are.
    if (items.some(({ SK }) => SK.S === THREAD_MARKER)) await endIncarnation(storage.incarnations, thread);
    await deleteItems(
      storage,
      thread,
      items.filter(({ SK }) => SK.S !== THREAD_MARKER),
    );
    deleted += items.length;
  }
  return deleted;
}

async function deleteItems(storage: Storage, thread: Thread, items: Item[]): Promise<void> {
  const isPointer = ({ SK }: Item): boolean => parsePointer(SK.S) !== undefined;
  const isWrites = ({ SK }: Item): boolean => parseSortKey(SK.S).task !== undefined;
  await deleteObjects(storage, thread.partition, items.filter(isPointer).map(keyOf));
  // A thread that the agent server has run stands in its directory as well. Where it deletes it, its mark goes last.
  if (items.some(({ SK }) => SK.S.startsWith(AGENT)))
    await storage.db.deleteItem(await directoryKey(storage.keyPrefix, thread.id), {
      condition: "attribute_not_exists(PK) OR #status <> :deleting",
      names: { "#status": "status" },
      values: { ":deleting": { S: DELETING } },
    });
  await storage.db.batchDelete(items.filter((item) => !isWrites(item) && !isPointer(item)).map(keyOf));
  await storage.db.batchDelete(items.filter(isWrites).map(keyOf));
}
