import { toBase64 } from "../../aws/base64.js";
import type { AttributeValue, Item, Key } from "../../aws/dynamodb/items.js";
import { CheckpointDataError, invalidInput } from "../../errors.js";
import { DATA, RESTORED, stringOf } from "../../format/attributes.js";
import { compareCodePoints } from "../../format/code-points.js";
import { locate } from "../../format/format-error.js";
import { livingOf } from "../../checkpoint/incarnation.js";
import { key, parseSortKey, segmentCopy, segmentSortKey, THREAD_MARKER, withoutBorn } from "../../format/keys.js";
import { endedItem, goneAt, isEnded, isGone } from "../../payload/lifetime.js";
import { checkpointPages, NAMESPACE_ORDER } from "../../checkpoint/read/pages.js";
import { allValues, openCheckpoint } from "../../checkpoint/read/open.js";
import { neededOfParent } from "../../checkpoint/read/needed-of-parent.js";
import { storedObject } from "../../payload/segment-objects.js";
import { type Storage } from "../../checkpoint/storage.js";
import { threadOf, type Thread } from "../../checkpoint/refs.js";
import { entryOf } from "../../checkpoint/thread-entry.js";
import type { Segment } from "../../format/value.js";

/*
 * A thread as its items are, to be stored elsewhere. The root's namespace is read first, each newest first, and then
 * what subgraphs have, and the segments last: as if a process had died while its graph went on, from which LangGraph
 * resumes. At the end the marker is looked at again: a thread that was deleted meanwhile may have been read in part.
 * Its items do not say of which incarnation they were: `restore.ts` says why.
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

/** What a thread is at a moment. */
export interface Snapshot {
  head: SnapshotHead;
  items: AsyncIterable<SnapshotItem>;
}

/** Segments read at once: one BatchGetItem, and not too many bytes of state. */
const RAW_AT_ONCE = 100;
const RAW_BYTES_AT_ONCE = 4 * 1_024 * 1_024;
/** What a segment that is kept takes, roughly. */
const SEGMENT_BYTES = 250;

/**
 * Reads a thread. Its items are read as they are asked for, all but the first.
 *
 * @throws DynamoDBSaverError `INVALID_INPUT` where there is no such thread, or nothing of it that a reader sees: it
 *   has expired, or has just begun
 */
export async function snapshotOf(storage: Storage, threadId: string): Promise<Snapshot> {
  const thread = await threadOf(storage, threadId);
  const [marker, entry] = await Promise.all([
    storage.db.getItem(key(thread.partition, THREAD_MARKER), true),
    entryOf(storage, threadId),
  ]);
  const born = livingOf(marker);
  const items = born === undefined ? undefined : itemsOf(storage, thread, born);
  const first = await items?.next();
  if (!marker || !items || !first || first.done) throw invalidInput(`There is no thread ${JSON.stringify(threadId)}.`);
  const ttl = goneAt(marker);
  const head: SnapshotHead = {
    threadId,
    partition: thread.partition,
    createdAt: (entry && stringOf(entry, "created")) ?? new Date().toISOString(),
    ttl: ttl === Infinity ? undefined : ttl,
    readAt: Math.floor(Date.now() / 1_000),
  };
  return { head, items: following(first.value, items) };
}

async function* following<T>(first: T, rest: AsyncIterable<T>): AsyncGenerator<T, void, undefined> {
  yield first;
  yield* rest;
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
        if (stored.parentId !== undefined && (isHidden || (await neededOfParent(storage, stored)))) {
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

const withoutPartition = ({ PK: _, SK, [RESTORED]: _restored, ...item }: Item): SnapshotItem["item"] => ({
  SK: { S: withoutBorn(SK.S, parseSortKey(SK.S).isEarly ? "#" : "") },
  ...item,
});
