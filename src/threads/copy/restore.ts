import { forEachAtOnce } from "../../aws/client/for-each-at-once.js";
import type { DynamoDB } from "../../aws/dynamodb/dynamodb.js";
import type { Item } from "../../aws/dynamodb/items.js";
import { AwsRequestError, invalidInput } from "../../errors.js";
import { binaryOf, DATA, RESTORED } from "../../format/attributes.js";
import type { Codec } from "../../format/codec.js";
import { isStorable } from "../../format/item-size.js";
import { deleteIncarnation } from "../../checkpoint/delete-thread.js";
import { tokenOf } from "../../checkpoint/grants.js";
import { deleteAsRead } from "../../checkpoint/incarnation.js";
import { idTime } from "../../checkpoint/ids.js";
import { claimOf } from "../../checkpoint/read/rank.js";
import { CHECKPOINTS, key, newIncarnation, parseSortKey, withBorn } from "../../format/keys.js";
import { endingLater, goneAt, livingUntil, unlessLonger, type Lifetime } from "../../payload/lifetime.js";
import { rebound } from "./rebind.js";
import { claim, isClaimed, settle, unclaim, type RestoredLeases } from "./reservation.js";
import { writeObject } from "../../payload/segment-objects.js";
import type { Snapshot } from "./snapshot.js";
import { type Storage } from "../../checkpoint/storage.js";
import { threadOf, type Thread } from "../../checkpoint/refs.js";
import { addEntry, entryOf } from "../../checkpoint/thread-entry.js";

/*
 * What is restored has an incarnation of its own, so that neither a run of the deleted thread nor a late request has to
 * do with it. The marker is reserved first, and what an attempt that was cut short has left is deleted. The marker says
 * that the thread is there after all of it is. A run that starts meanwhile takes the marker, and the thread.
 */

/** How far the copy or the import of a thread is. */
export interface RestoreProgress {
  /** The id under which it is stored. */
  threadId: string;
  /** Items stored so far: checkpoints, writes of tasks, and parts of values. */
  items: number;
}

/** Items stored at once. */
const AT_ONCE = 100;
const BYTES_AT_ONCE = 4 * 1_024 * 1_024;
/** Items that expire, of one put each. */
const PUTS_AT_ONCE = 25;
/** After this, what was not done counts as cut short. */
const LONGEST_SECONDS = 86_400;

/**
 * Stores a thread under another id, or under the same one elsewhere. What an attempt that was cut short has left is
 * deleted first.
 *
 * @returns how much was stored, as what it yields meanwhile says
 * @throws DynamoDBSaverError `INVALID_INPUT` if there is such a thread; ThreadBusyError if somebody has a lease on it
 */
export async function* restore(
  storage: Storage,
  threadId: string,
  { head, items }: Snapshot,
): AsyncGenerator<RestoreProgress, RestoreProgress, undefined> {
  const thread = await threadOf(storage, threadId);
  // It goes on living where it was: a backup may be older than any ttl.
  const later = Math.max(0, Math.floor(Date.now() / 1_000) - head.readAt);
  const life = head.ttl === undefined ? undefined : livingUntil(head.ttl + later);
  const born = newIncarnation();
  const leases: RestoredLeases = { token: 0, stored: 0, storedFrom: 0 };
  const moved = movedItems(storage.codec, thread, born, { head, items, later }, leases);
  // Before anything is written: one that may not be stored, or cannot be read, is mostly refused by its first item.
  const first = await moved.next();
  if (first.done) throw invalidInput("The export has no items.");
  const exists = (): Error =>
    invalidInput(`There is a thread ${JSON.stringify(threadId)} already. Delete it first, or pass another id.`);
  const until = life?.granted ?? Infinity;
  // What is cut short ends as an expired thread does.
  const reservedUntil = Math.min(until, Math.ceil(Date.now() / 1_000) + LONGEST_SECONDS);
  const reservation = await claim(storage, thread, born, reservedUntil);
  if (!reservation) throw exists();
  let isOver = false;
  try {
    await addEntry(storage, threadId, born, life, head.createdAt);
    // While the marker is reserved, nothing of another incarnation can be of a thread that is there, or will be.
    const isOurs = (): Promise<boolean> => isClaimed(storage, thread, born);
    await deleteIncarnation(storage, thread, born, true, isOurs);
    const stored = yield* storeItems(storage, thread, born, life, first, moved);
    if (await settle(storage, thread, reservation, until, leases)) {
      isOver = true;
      return stored;
    }
    throw invalidInput(`Thread ${JSON.stringify(threadId)} was begun, deleted or leased while it was being restored.`);
  } catch (error) {
    // Where requests fail, a next attempt or a pruning does this. One that is not valid says nothing of the others.
    isOver = error instanceof AwsRequestError && (error.code !== "SERVICE_ERROR" || error.retryable);
    throw error;
  } finally {
    // Also where the caller's onProgress has ended it.
    if (!isOver) await abandon(storage, thread, born);
  }
}

/** Deletes what was restored of a thread that is not to be. */
async function abandon(storage: Storage, thread: Thread, born: string): Promise<void> {
  await deleteIncarnation(storage, thread, born);
  const entry = await entryOf(storage, thread.id);
  if ((await unclaim(storage, thread, born)) && entry) await deleteAsRead(storage.db, entry);
}

interface Moved {
  item: Item;
  /** Whether it is a segment that goes to S3. */
  external: boolean;
}

/**
 * The items as they stand in their new place.
 *
 * @param later how many seconds after it was read
 * @param leases is told of those under which it was put
 */
async function* movedItems(
  codec: Codec,
  { id, partition }: Thread,
  born: string,
  { head, items, later }: Snapshot & { later: number },
  leases: RestoredLeases,
): AsyncGenerator<Moved, undefined, undefined> {
  let count = 0;
  for await (const { item, external = false } of items) {
    count++;
    const place = key(partition, withBorn(item.SK.S, born));
    if (item.SK.S.startsWith(CHECKPOINTS)) noteLease(leases, { ...item, ...place });
    const moved = await rebound(codec, head, id, place, endingLater(item, later));
    if (DATA in moved && moved.SK.S.startsWith(CHECKPOINTS)) moved[RESTORED] = { N: "1" };
    if (!external && !isStorable(moved))
      throw invalidInput(`Item ${count} is larger than any that DynamoDB takes. No saver has written it.`);
    yield { item: moved, external };
  }
}

/** What the marker says of the leases under which items were put. */
function noteLease(leases: RestoredLeases, item: Item): void {
  const { ns, checkpoint, task, token } = parseSortKey(item.SK.S);
  leases.token = Math.max(leases.token, tokenOf(item), token);
  if (ns !== "") return;
  const epoch = task === undefined ? tokenOf(item) : claimOf(item);
  const from = idTime(checkpoint) ?? Infinity;
  if (epoch > leases.stored) Object.assign(leases, { stored: epoch, storedFrom: from });
  else if (epoch === leases.stored) leases.storedFrom = Math.min(leases.storedFrom, from);
}

/** Stores the items of a thread that is restored, some at once. */
async function* storeItems(
  storage: Storage,
  { id: threadId, partition }: Thread,
  born: string,
  life: Lifetime | undefined,
  first: IteratorResult<Moved, undefined>,
  rest: AsyncGenerator<Moved, undefined, undefined>,
): AsyncGenerator<RestoreProgress, RestoreProgress, undefined> {
  let items = 0;
  const row: Item[] = [];
  // DynamoDB refuses a batch that has an item twice.
  const sortKeys = new Set<string>();
  let bytes = 0;
  const flush = async (): Promise<void> => {
    await putItems(storage.db, row.splice(0));
    sortKeys.clear();
    bytes = 0;
  };
  for (let next = first; !next.done; next = await rest.next()) {
    const { item, external } = next.value;
    if (external) {
      await writeObject(storage, partition, { born, name: segmentName(item.SK.S) }, binaryOf(item, DATA), life);
    } else {
      if (sortKeys.has(item.SK.S)) throw invalidInput(`Item ${items + 1} is there twice. No saver has written that.`);
      sortKeys.add(item.SK.S);
      row.push(item);
      bytes += JSON.stringify(item).length;
      if (row.length >= AT_ONCE || bytes >= BYTES_AT_ONCE) await flush();
    }
    if (++items % AT_ONCE === 0) yield { threadId, items };
  }
  await flush();
  return { threadId, items };
}

/**
 * Nobody else writes these items, but a run on the thread that is restored may give them a longer life, which an
 * attempt that arrives late must not take back. A batch has no conditions.
 */
async function putItems(db: DynamoDB, items: Item[]): Promise<void> {
  const lasting = items.filter((item) => goneAt(item) === Infinity);
  const ending = items.filter((item) => goneAt(item) < Infinity);
  await Promise.all([
    lasting.length > 0 && db.batchPut(lasting),
    forEachAtOnce(PUTS_AT_ONCE, ending, async (item) => void (await db.putItem(item, unlessLonger(goneAt(item))))),
  ]);
}

const segmentName = (sortKey: string): string => sortKey.slice(sortKey.lastIndexOf("#") + 1);
