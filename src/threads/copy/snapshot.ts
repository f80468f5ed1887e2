import { toBase64 } from "../../aws/base64.js";
import type { AttributeValue, Item, Key } from "../../aws/dynamodb/items.js";
import { AwsRequestError, CheckpointDataError, invalidInput } from "../../errors.js";
import { binaryOf, DATA, stringOf } from "../../format/attributes.js";
import { compareCodePoints } from "../../format/code-points.js";
import type { Codec } from "../../format/codec.js";
import { deleteIncarnation } from "../../checkpoint/delete-thread.js";
import { locate } from "../../format/format-error.js";
import { deltaChannels } from "../../checkpoint/delta-channels.js";
import { deleteAsRead, livingOf, newIncarnation } from "../../checkpoint/incarnation.js";
import {
  key,
  parseSortKey,
  segmentCopy,
  segmentSortKey,
  THREAD_MARKER,
  withBorn,
  withoutBorn,
} from "../../format/keys.js";
import { endedItem, endingLater, goneAt, isEnded, isGone, livingUntil, type Lifetime } from "../../payload/lifetime.js";
import { checkpointPages, NAMESPACE_ORDER } from "../../checkpoint/read/pages.js";
import { allValues, openCheckpoint, type StoredCheckpoint } from "../../checkpoint/read/open.js";
import { loadBody, loadMetadata } from "../../checkpoint/read/load.js";
import { rebound } from "./rebind.js";
import { storedObject, writeObject } from "../../payload/segment-objects.js";
import { type Storage } from "../../checkpoint/storage.js";
import { threadOf, type Thread } from "../../checkpoint/refs.js";
import type { Segment } from "../../format/value.js";

/*
 * A thread as its items are, to be stored elsewhere. The root's namespace is read first, each newest first, and then
 * what subgraphs have, and the segments last: as if a process had died while its graph went on, from which LangGraph
 * resumes. At the end the marker is looked at again: a thread that was deleted meanwhile may have been read in part.
 *
 * Its items do not say of which incarnation they were. What is restored has a new one, so that neither a run of the
 * deleted thread nor a late request has to do with it. The marker is reserved first, and what an attempt that was cut
 * short has left is deleted; it says that the thread is there after all of it is. A run that starts meanwhile takes the
 * marker, and the thread.
 */

/** What a thread begins with. */
export interface SnapshotHead {
  threadId: string;
  /** The partition it was read from: encrypted values are bound to it. */
  partition: string;
  createdAt: string;
  /** When it expires, in seconds since 1970. */
  ttl: number | undefined;
  /** When it was read, in seconds since 1970: stored again, it lives as long as it would have lived from then on. */
  readAt: number;
}

/** An item of a thread, without its partition key, and without the incarnation in its sort key. */
export interface SnapshotItem {
  item: Pick<Key, "SK"> & Record<string, AttributeValue>;
  /** Whether it is a segment that lies in S3. */
  external?: true;
}

export interface Snapshot {
  head: SnapshotHead;
  items: AsyncIterable<SnapshotItem>;
}

/** Segments read at once: one BatchGetItem, and not too many bytes of state. */
const RAW_AT_ONCE = 100;
const RAW_BYTES_AT_ONCE = 4 * 1_024 * 1_024;
/** What a segment that is kept takes, roughly. */
const SEGMENT_BYTES = 250;
/** Items stored at once. */
const AT_ONCE = 100;
const BYTES_AT_ONCE = 4 * 1_024 * 1_024;

/** @throws DynamoDBSaverError `INVALID_INPUT` where there is no such thread */
export async function snapshotOf(storage: Storage, threadId: string): Promise<Snapshot> {
  const thread = await threadOf(storage, threadId);
  const [marker, entry] = await Promise.all([
    storage.db.getItem(key(thread.partition, THREAD_MARKER), true),
    storage.threads.entryOf(threadId),
  ]);
  const born = livingOf(marker);
  if (!marker || born === undefined) throw invalidInput(`There is no thread ${JSON.stringify(threadId)}.`);
  const ttl = goneAt(marker);
  const head: SnapshotHead = {
    threadId,
    partition: thread.partition,
    createdAt: (entry && stringOf(entry, "created")) ?? new Date().toISOString(),
    ttl: ttl === Infinity ? undefined : ttl,
    readAt: Math.floor(Date.now() / 1_000),
  };
  return { head, items: itemsOf(storage, thread, born) };
}

async function* itemsOf(storage: Storage, thread: Thread, born: string): AsyncGenerator<SnapshotItem, void, undefined> {
  const used = new Map<string, Segment>();
  // Of what has ended for readers, only what a DeltaChannel needs is sure to be there.
  const needed = new Set<string>();
  const meter = storage.codec.meter();
  const located = { threadId: thread.id, checkpointNs: "", checkpointId: "" };
  /** Bytes of what is kept to the end. */
  const count = (bytes: number): void => {
    try {
      meter.add(bytes);
    } catch (error) {
      throw locate(error, located);
    }
  };
  for (const between of NAMESPACE_ORDER) {
    // Ids of parents that something is rebuilt from: they may have ended for readers.
    const parents = new Set<string>();
    for await (const page of checkpointPages(
      { ...storage, consistentRead: true },
      thread,
      { between },
      [],
      isGone,
      born,
    )) {
      for (const items of page) {
        const isHidden = isEnded(items.item);
        const name = JSON.stringify([items.ns, items.id]);
        if (isHidden && !parents.has(name)) continue;
        const stored = await openCheckpoint(storage, items);
        if (stored.parentId !== undefined && (isHidden || (await restsOnParent(storage, stored)))) {
          const parent = JSON.stringify([items.ns, stored.parentId]);
          count(parent.length);
          parents.add(parent);
        }
        for (const { segments } of allValues(stored)) {
          for (const segment of segments) {
            if (!used.has(segmentCopy(segment))) count(SEGMENT_BYTES);
            used.set(segmentCopy(segment), segment);
            if (!isHidden) needed.add(segmentCopy(segment));
          }
        }
        for (const one of [...items.writes, isHidden ? endedItem(items.item) : items.item])
          yield { item: withoutPartition(one) };
      }
    }
  }
  for await (const { item, segment } of rawSegments(storage, thread.partition, [...used.values()], needed)) {
    needed.delete(segmentCopy(segment));
    yield { item: withoutPartition(item), ...(segment.objectDays !== undefined && { external: true }) };
  }
  if ((await storage.incarnations.current(thread)) !== born)
    throw invalidInput(`Thread ${JSON.stringify(thread.id)} was deleted while it was read.`);
  const [missing] = [...needed].map((copy) => used.get(copy)!);
  if (missing) throw new CheckpointDataError("MISSING_DATA", `Segment ${missing.name} is missing`, located);
}

/**
 * Whether `DeltaChannel`s are rebuilt from the parent; checkpoints before format 4 take their sends from its writes.
 */
async function restsOnParent(storage: Storage, stored: StoredCheckpoint): Promise<boolean> {
  const segments = await storage.segments.load(stored.thread.partition, [
    stored.frame.checkpoint,
    stored.frame.metadata,
  ]);
  const [{ v }, metadata] = await Promise.all([
    loadBody(storage, stored, segments),
    loadMetadata(storage, stored, segments),
  ]);
  return v < 4 || deltaChannels(metadata, stored.frame).length > 0;
}

const parseSegment = (sortKey: string): string => sortKey.slice(sortKey.lastIndexOf("#") + 1);

/**
 * Segments as they are stored, each with its key; those that lie in S3 with their bytes and without a pointer. Ends
 * with the first of these that is needed and missing.
 */
async function* rawSegments(
  storage: Storage,
  partition: string,
  segments: Segment[],
  needed: ReadonlySet<string>,
): AsyncGenerator<{ item: Item; segment: Segment }, void, undefined> {
  const inline = segments
    .filter(({ objectDays }) => objectDays === undefined)
    .sort((a, b) => compareCodePoints(a.name, b.name));
  for (let from = 0; from < inline.length;) {
    let to = from;
    for (
      let bytes = 0;
      to < inline.length && to - from < RAW_AT_ONCE && (to === from || bytes + inline[to]!.length <= RAW_BYTES_AT_ONCE);
      to++
    )
      bytes += inline[to]!.length;
    const bySortKey = new Map(inline.slice(from, to).map((segment) => [segmentSortKey(segment), segment]));
    const items = await storage.db.batchGet(
      [...bySortKey.keys()].map((sortKey) => key(partition, sortKey)),
      true,
    );
    // The same order each time, so that a thread has one export.
    for (const item of items.sort((a, b) => compareCodePoints(a.SK.S, b.SK.S)))
      yield { item, segment: bySortKey.get(item.SK.S)! };
    from = to;
  }
  for (const segment of segments.filter(({ objectDays }) => objectDays !== undefined)) {
    const stored = await storedObject(storage, partition, segment);
    if (!stored && needed.has(segmentCopy(segment))) return;
    if (stored)
      yield { item: { ...key(partition, segmentSortKey(segment)), [DATA]: { B: toBase64(stored) } }, segment };
  }
}

const withoutPartition = ({ PK: _, SK, ...item }: Item): SnapshotItem["item"] => ({
  SK: { S: withoutBorn(SK.S) + (parseSortKey(SK.S).isEarly ? "#" : "") },
  ...item,
});

/**
 * Stores a thread under another id, or under the same one elsewhere. What an attempt that was cut short has left is
 * deleted first.
 * @throws DynamoDBSaverError `INVALID_INPUT` if there is such a thread
 */
export async function* restore(
  storage: Storage,
  threadId: string,
  { head, items }: Snapshot,
): AsyncGenerator<number, number, undefined> {
  const thread = await threadOf(storage, threadId);
  const { incarnations, threads } = storage;
  // It goes on living where it was: a backup may be older than any ttl.
  const later = Math.max(0, Math.floor(Date.now() / 1_000) - head.readAt);
  const life = head.ttl === undefined ? undefined : livingUntil(head.ttl + later);
  const born = newIncarnation();
  const moved = movedItems(storage.codec, thread, born, { head, items, later });
  // Before anything is written: one that may not be stored, or cannot be read, is mostly refused by its first item.
  const first = await moved.next();
  const exists = (): Error =>
    invalidInput(`There is a thread ${JSON.stringify(threadId)} already. Delete it first, or pass another id.`);
  const until = life?.granted ?? Infinity;
  // What is cut short ends as an expired thread does.
  if (!(await incarnations.claim(thread, born, Math.min(until, Math.ceil(Date.now() / 1_000) + LONGEST_SECONDS))))
    throw exists();
  let isOver = false;
  try {
    await threads.add(threadId, born, life, head.createdAt);
    // While the marker is reserved, nothing of another incarnation can be of a thread that is there, or will be.
    const isOurs = (): Promise<boolean> => incarnations.isClaimed(thread, born);
    await deleteIncarnation(storage, thread, born, true, isOurs);
    const stored = yield* store(storage, thread, born, life, first, moved);
    if (await incarnations.settle(thread, born, until)) {
      isOver = true;
      return stored;
    }
    throw invalidInput(`Thread ${JSON.stringify(threadId)} was begun or deleted while it was being restored.`);
  } catch (error) {
    // Where requests fail, a next attempt or a pruning does this.
    isOver = error instanceof AwsRequestError;
    throw error;
  } finally {
    // Also where the caller's onProgress has ended it.
    if (!isOver) await abandon(storage, thread, born);
  }
}

/** Deletes what was restored of a thread that is not to be. */
async function abandon(storage: Storage, thread: Thread, born: string): Promise<void> {
  await deleteIncarnation(storage, thread, born);
  const entry = await storage.threads.entryOf(thread.id);
  if ((await storage.incarnations.unclaim(thread, born)) && entry) await deleteAsRead(storage.db, entry);
}

/** After this, what was not done counts as cut short. */
const LONGEST_SECONDS = 86_400;

interface Moved {
  item: Item;
  /** Whether it is a segment that goes to S3. */
  external: boolean;
}

/** @param later how many seconds after it was read */
async function* movedItems(
  codec: Codec,
  { id, partition }: Thread,
  born: string,
  { head, items, later }: Snapshot & { later: number },
): AsyncGenerator<Moved, undefined, undefined> {
  for await (const { item, external = false } of items) {
    yield {
      item: await rebound(codec, head, id, key(partition, withBorn(item.SK.S, born)), endingLater(item, later)),
      external,
    };
  }
}

async function* store(
  storage: Storage,
  { partition }: Thread,
  born: string,
  life: Lifetime | undefined,
  first: IteratorResult<Moved, undefined>,
  rest: AsyncGenerator<Moved, undefined, undefined>,
): AsyncGenerator<number, number, undefined> {
  let stored = 0;
  const row: Item[] = [];
  let bytes = 0;
  const flush = async (): Promise<void> => {
    await storage.db.batchPut(row.splice(0));
    bytes = 0;
  };
  for (let next = first; !next.done; next = await rest.next()) {
    const { item, external } = next.value;
    if (external) {
      await writeObject(storage, partition, { born, name: parseSegment(item.SK.S) }, binaryOf(item, DATA), life);
    } else {
      row.push(item);
      bytes += JSON.stringify(item).length;
      if (row.length >= AT_ONCE || bytes >= BYTES_AT_ONCE) await flush();
    }
    if (++stored % AT_ONCE === 0) yield stored;
  }
  await flush();
  return stored;
}
