import { forEachAtOnce } from "../aws/client/for-each-at-once.js";
import type { Item, Key } from "../aws/dynamodb/items.js";
import { sizeOf } from "../aws/s3/objects.js";
import { distinctSegments } from "./changes.js";
import { livingIncarnation } from "./living-incarnation.js";
import { bornOf } from "../checkpoint/incarnation.js";
import { itemSize } from "../format/item-size.js";
import { CHECKPOINTS, parsePointer, parseSortKey, segmentSortKey, THREAD_MARKER } from "../format/keys.js";
import { offloadOf } from "../payload/offload.js";
import { allValues } from "../checkpoint/read/open.js";
import { type Storage } from "../checkpoint/storage.js";
import { threadOf, type Thread } from "../checkpoint/refs.js";
import { entryOf } from "../checkpoint/thread-entry.js";
import { openReadable, problemOf, type Problem } from "./tolerant-read.js";
import { isVoid } from "../checkpoint/tombstone.js";

/*
 * What a thread takes, and what it took to write it: each item is written once, in write units of 1 KB that it alone is
 * rounded up to, and read in units of 4 KB ("Capacity unit consumption for read and write operations").
 */

const WRITE_UNIT = 1_024;
const READ_UNIT = 4_096;
const OBJECTS_AT_ONCE = 10;

/**
 * The kinds of items that a thread has. `other`: its marker, its index entry, heads, and lists of what is to be freed.
 */
export type Kind = "checkpoints" | "writes" | "segments" | "pointers" | "other";

export interface KindUsage {
  items: number;
  /** As DynamoDB counts them. */
  bytes: number;
  /** To write each of them once. */
  writeUnits: number;
}

export interface ThreadUsage {
  /** Checkpoints of all namespaces. */
  steps: number;
  kinds: Record<Kind, KindUsage>;
  /** In S3; `missing` are those that a pointer says are there. `bytes` is undefined where the bucket cannot be read. */
  objects: { count: number; bytes: number | undefined; missing: number };
  /** What it takes to read the latest checkpoint, with nothing cached and with all of its segments cached. */
  latest: { readUnits: number; cachedReadUnits: number; objects: number } | undefined;
  /** What it takes to read all checkpoints once. */
  history: { readUnits: number; objects: number };
  problems: Problem[];
}

/**
 * Counts a thread in one pass: 1 request a megabyte, and 1 an object.
 * @throws DynamoDBSaverError `INVALID_INPUT` where there is no such thread
 */
export async function threadUsage(storage: Storage, threadId: string): Promise<ThreadUsage> {
  const thread = await threadOf(storage, threadId);
  const born = await livingIncarnation(storage, thread);
  const newKind = (): KindUsage => ({ items: 0, bytes: 0, writeUnits: 0 });
  const kinds: ThreadUsage["kinds"] = {
    checkpoints: newKind(),
    writes: newKind(),
    segments: newKind(),
    pointers: newKind(),
    other: newKind(),
  };
  const usage: ThreadUsage = {
    steps: 0,
    kinds,
    objects: { count: 0, bytes: 0, missing: 0 },
    latest: undefined,
    history: { readUnits: 0, objects: 0 },
    problems: [],
  };
  const latest = await latestOf(storage, thread, born, usage.problems);

  let segmentUnits = 0;
  let latestUnits = 0;
  const count = (item: Item): void => {
    const size = itemSize(item);
    const kind = kinds[kindOf(item)];
    kind.items++;
    kind.bytes += size;
    kind.writeUnits += units(size, WRITE_UNIT);
    if (kind === kinds.checkpoints && !isVoid(item) && bornOf(item) === born) usage.steps++;
    if (kind !== kinds.segments) return;
    segmentUnits += units(size, READ_UNIT);
    if (latest?.segments.has(item.SK.S)) latestUnits += units(size, READ_UNIT);
  };
  for await (const items of storage.db.queryPages({ partition: thread.partition, consistent: true })) {
    const pointers: Key[] = [];
    for (const item of items) {
      count(item);
      if (kindOf(item) === "pointers") pointers.push(item);
    }
    await countObjects(storage, thread, pointers, usage);
  }
  const entry = await entryOf(storage, threadId);
  if (entry) count(entry);
  if (latest)
    usage.latest = {
      readUnits: latest.queryUnits + latestUnits,
      cachedReadUnits: latest.queryUnits,
      objects: latest.objects,
    };
  usage.history = {
    readUnits: units(kinds.checkpoints.bytes + kinds.writes.bytes, READ_UNIT) + segmentUnits,
    objects: usage.objects.count,
  };
  return usage;
}

function kindOf({ SK: { S: sortKey } }: Key): Kind {
  if (sortKey.startsWith("S#")) return "segments";
  if (parsePointer(sortKey)) return "pointers";
  if (!sortKey.startsWith(CHECKPOINTS) || sortKey === THREAD_MARKER) return "other";
  return parseSortKey(sortKey).task === undefined ? "checkpoints" : "writes";
}

const units = (bytes: number, unit: number): number => Math.ceil(bytes / unit);

/** The root's latest checkpoint as a saver reads it: by one Query of some items, and then its segments. */
async function latestOf(
  storage: Storage,
  thread: Thread,
  born: string,
  problems: Problem[],
): Promise<{ queryUnits: number; segments: Set<string>; objects: number } | undefined> {
  const { items } = await storage.db.query({
    partition: thread.partition,
    between: [`${CHECKPOINTS}#`, THREAD_MARKER],
    descending: true,
    consistent: true,
    limit: 10,
  });
  const item = items.find(
    (one) =>
      one.SK.S !== THREAD_MARKER && parseSortKey(one.SK.S).task === undefined && !isVoid(one) && bornOf(one) === born,
  );
  if (!item) return undefined;
  const { prefix, checkpoint } = parseSortKey(item.SK.S);
  const writes = items.filter(
    ({ SK: { S: sortKey } }) => parseSortKey(sortKey).task !== undefined && sortKey.startsWith(prefix),
  );
  const { stored, problems: found } = await openReadable(storage, {
    thread,
    ns: "",
    id: checkpoint,
    item,
    writes,
    writeBytes: 0,
  });
  problems.push(...found);
  if (!stored) return undefined;
  const segments = distinctSegments(allValues(stored));
  const queryUnits = units(
    items.reduce((sum, one) => sum + itemSize(one), 0),
    READ_UNIT,
  );
  return {
    queryUnits,
    segments: new Set(segments.filter(({ objectDays }) => objectDays === undefined).map(segmentSortKey)),
    objects: segments.filter(({ objectDays }) => objectDays !== undefined).length,
  };
}

async function countObjects(
  storage: Storage,
  { partition }: Thread,
  pointers: Key[],
  { objects, problems }: ThreadUsage,
): Promise<void> {
  objects.count += pointers.length;
  if (objects.bytes === undefined || pointers.length === 0) return;
  let bytes = 0;
  try {
    const offload = offloadOf(storage.offload);
    await forEachAtOnce(OBJECTS_AT_ONCE, pointers, async ({ SK }) => {
      const { id, location } = parsePointer(SK.S)!;
      const size = await sizeOf(offload.s3, await offload.place(partition, id, location));
      if (size === undefined) objects.missing++;
      else bytes += size;
    });
    objects.bytes += bytes;
  } catch (error) {
    problems.push(problemOf(error, "(objects)"));
    objects.bytes = undefined;
  }
}
