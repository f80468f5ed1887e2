import type { QueryInput } from "../aws/dynamodb/items.js";
import { changesOf, distinctSegments, newSegments, type ChannelChange } from "./changes.js";
import { compareCodePoints } from "../format/code-points.js";
import { idIn, PARENT } from "../format/id-attribute.js";
import { itemSize } from "../format/item-size.js";
import { keyPart } from "../format/keys.js";
import { endOf, isEnded } from "../payload/lifetime.js";
import { livingIncarnation } from "./living-incarnation.js";
import { MissingSegments } from "./missing-segments.js";
import { checkpointPages, namespaceRange, NAMESPACE_ORDER, oneCheckpoint } from "../checkpoint/read/pages.js";
import { allValues, type StoredCheckpoint } from "../checkpoint/read/open.js";
import { FIRST } from "../format/attributes.js";
import { type Storage } from "../checkpoint/storage.js";
import { checkpointRef, threadOf, type Thread } from "../checkpoint/refs.js";
import { incomplete, unreadable } from "./timeline-problems.js";
import { TimelineQueue } from "./timeline-queue.js";
import { readRows, type Facts, type Row } from "./timeline-rows.js";
import type { Problem } from "./tolerant-read.js";
import { lengthOf, lengthOfSegments } from "../format/value.js";

/*
 * A thread's checkpoints for people, in one pass of Query pages, newest first. The root's namespace comes first, so
 * that what is shown is one consistent thread, also while a graph runs: whatever a checkpoint refers to was there when
 * it was read, and a checkpoint that is put later is not in it at all. Values stay where they are: what a step has
 * changed stands in the lists of segments.
 */

/** One checkpoint of a thread, and what it changed. */
export interface TimelineEntry extends Omit<Facts, "versions"> {
  /** LangGraph's `checkpoint_ns`: `""` is the root graph. */
  ns: string;
  id: string;
  /**
   * What it goes on from. `isThere` is false when that has expired or was deleted; one that was pruned is no parent.
   */
  parent: { id: string; isThere: boolean } | undefined;
  /** Channels that differ from the parent's; undefined where the two cannot be compared. */
  changes: ChannelChange[] | undefined;
  /** Its item and those of its writes, as DynamoDB counts them. */
  itemBytes: number;
  /** Segments that its parent does not refer to, before compression; undefined where the two cannot be compared. */
  newSegmentBytes: number | undefined;
  /** All that it refers to, before compression. */
  stateBytes: number | undefined;
  /** When it expires, in seconds since 1970; Infinity if it does not. */
  endsAt: number;
  problems: Problem[];
}

/** What of a thread is shown, and how closely it is looked at. */
export interface TimelineOptions {
  /** Only this namespace. Default: all, the root first. */
  ns?: string | undefined;
  /** At most this many checkpoints. */
  limit?: number | undefined;
  /** Only this checkpoint. */
  id?: string | undefined;
  /**
   * Whether to read every value, to see whether it can be read. Otherwise it is only seen whether its parts are there.
   */
  verify?: boolean | undefined;
}

/** For more checkpoints than this a page of 1 MB is hardly too much. */
const MAX_EXACT_LIMIT = 250;

/** A checkpoint of a thread, and where its values are. */
export interface ReadEntry {
  entry: TimelineEntry;
  stored: StoredCheckpoint | undefined;
}

/**
 * A thread's checkpoints, each with what it changed and what is wrong with it.
 *
 * @throws DynamoDBSaverError `INVALID_INPUT` where there is no such thread
 */
export async function* timeline(
  given: Storage,
  threadId: string,
  options: TimelineOptions = {},
): AsyncGenerator<ReadEntry, void, undefined> {
  const { limit = Infinity, verify = false } = options;
  const storage: Storage = { ...given, consistentRead: true };
  const thread = await threadOf(storage, threadId);
  const rows = new TimelineQueue(storage, thread, pagesOf(storage, thread, options));
  let left = limit;
  while (left > 0) {
    const row = await rows.next();
    if (!row) return;
    const parent = await rows.parentOf(row);
    const entry = entryOf(row, parent);
    const found = verify ? await unreadable(storage, row) : incomplete(row);
    // Of the small parts it is known already.
    const known = new Set(row.problems.map(({ part }) => part));
    entry.problems = entry.problems.concat(found.filter(({ part }) => !known.has(part)));
    // It may have been deleted since, by a pruning or with all of its thread: then it is not missing anything.
    if (entry.problems.some(({ code }) => code === "MISSING_DATA") && !(await isStillThere(storage, row))) continue;
    yield { entry, stored: row.stored };
    left--;
  }
}

async function* pagesOf(
  storage: Storage,
  thread: Thread,
  { ns, limit = Infinity, id, verify }: TimelineOptions,
): AsyncGenerator<Row[], void, undefined> {
  const limits = limit <= MAX_EXACT_LIMIT ? [4 * limit + 3] : [];
  const whole: Pick<QueryInput, "between" | "beginsWith">[] =
    ns === undefined
      ? NAMESPACE_ORDER.map((between) => ({ between }))
      : [
          id === undefined
            ? namespaceRange(await keyPart("namespace", ns))
            : oneCheckpoint(await checkpointRef(thread, ns, id)),
        ];
  const born = await livingIncarnation(storage, thread);
  const missing = new MissingSegments(storage, thread);
  for (const range of whole) {
    for await (const page of checkpointPages(storage, thread, range, limits, isEnded, born)) {
      for await (const rows of readRows(storage, page)) {
        // Of all of them at once: most checkpoints have a segment of their own.
        const absent = verify
          ? undefined
          : await missing.among(rows.flatMap(({ stored }) => (stored ? distinctSegments(allValues(stored)) : [])));
        yield rows.map((row) => ({ ...row, absent }));
      }
    }
  }
}

function entryOf({ items, stored, facts, problems }: Row, parent: Row | undefined): TimelineEntry {
  const { ns, id, item, writes } = items;
  const parentId = idIn(item, PARENT);
  const { versions: _, ...shown } = facts;
  const isFirst = FIRST in item || parentId === undefined;
  const written = stored?.tasks.flatMap(({ attributes }) => attributes.map(({ value }) => value)) ?? [];
  const isComparable = stored && (parentId === undefined || parent?.stored);
  return {
    ns,
    id,
    parent: isFirst ? undefined : { id: parentId, isThere: parent !== undefined },
    ...shown,
    changes: isComparable
      ? withDeltas(changesOf(stored.frame, parent?.stored?.frame), facts, parent?.facts)
      : undefined,
    itemBytes: [item, ...writes].reduce((sum, one) => sum + itemSize(one), 0),
    newSegmentBytes: isComparable
      ? lengthOfSegments([...newSegments(stored.frame, parent?.stored?.frame), ...distinctSegments(written)])
      : undefined,
    stateBytes: stored && allValues(stored).reduce((sum, value) => sum + lengthOf(value), 0),
    endsAt: endOf(item),
    problems: [...problems],
  };
}

/**
 * A `DeltaChannel` is stored only now and then. Between, its version tells whether it has changed, and what tasks have
 * written.
 */
function withDeltas(changes: ChannelChange[], { deltas, versions }: Facts, parent: Facts | undefined): ChannelChange[] {
  const stored = changes
    .filter(({ channel }) => !Object.hasOwn(deltas, channel))
    .map((one) => (Object.hasOwn(parent?.deltas ?? {}, one.channel) ? { ...one, change: "changed" as const } : one));
  const isNewer = (name: string): boolean => versions[name] !== undefined && versions[name] !== parent?.versions[name];
  const written = new Set(parent?.tasks.flatMap(({ channels }) => channels));
  const changed = Object.keys(deltas).filter((name) => isNewer(name) || written.has(name));
  const rebuilt = changed.map((channel): ChannelChange => ({
    channel,
    change: parent?.versions[channel] === undefined ? "added" : "changed",
    bytes: 0,
    newBytes: 0,
  }));
  return [...stored, ...rebuilt].sort((a, b) => compareCodePoints(a.channel, b.channel));
}

async function isStillThere({ db }: Storage, { items: { item } }: Row): Promise<boolean> {
  const now = await db.getItem({ PK: item.PK, SK: item.SK }, true);
  return now !== undefined;
}
