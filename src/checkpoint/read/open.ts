import type {
  Checkpoint,
  CheckpointMetadata,
  CheckpointPendingWrite,
  CheckpointTuple,
} from "@langchain/langgraph-checkpoint";
import type { Item, Key } from "../../aws/dynamodb/items.js";
import { CheckpointDataError, type DataLocation } from "../../errors.js";
import { binaryOf, DATA, stringOf } from "../../format/attributes.js";
import type { Codec } from "../../format/codec.js";
import { damaged, locate } from "../../format/format-error.js";
import {
  checkVersion,
  decodeFrame,
  deltaChannels,
  framePlace,
  frameSize,
  lengthsOf,
  valuesOf,
  type Frame,
} from "../../format/frame.js";
import { idIn, PARENT } from "../../format/id-attribute.js";
import { bornOf } from "../incarnation.js";
import { certainId, parseSortKey, type KeyPart } from "../../format/keys.js";
import type { Meter } from "../../format/meter.js";
import { endOf, goneAt, isEnded, isGone } from "../../payload/lifetime.js";
import { checkpointPages, namespaceRange, oneCheckpoint, type CheckpointItems } from "./pages.js";
import { type LoadedSegments } from "../../payload/segment-store.js";
import { deserialized } from "../../format/serde/serialized.js";
import { type Storage } from "../storage.js";
import { checkpointRef, type CheckpointRef, type Thread } from "../refs.js";
import { join, lengthOf, type Value } from "../../format/value.js";
import {
  compareTasks,
  mergeWrites,
  pathOfTask,
  taskOf,
  writeAttributes,
  type StoredWrite,
  type TaskOfItem,
  type WriteAttribute,
} from "../../format/writes.js";

/** The attribute of a checkpoint whose parent was pruned. */
export const FIRST = "first";

/** How many items a read of the latest checkpoint asks for: itself, its tasks' writes, and a little more. */
const LATEST_LIMITS = [10, 100];

/** A checkpoint and its writes as read, before their segments are. */
export interface StoredCheckpoint {
  thread: Thread;
  ns: string;
  id: string;
  parentId: string | undefined;
  /** Whether its parent was pruned, and it is the first that is left. */
  isFirst: boolean;
  /** When it expires, in seconds since 1970; Infinity if it does not. */
  endsAt: number;
  frame: Frame;
  tasks: StoredTask[];
  /** Of the checkpoint, and then of its writes. */
  keys: Key[];
  /** What is held of it, and of what else the same call reads. */
  meter: Meter;
}

interface StoredTask extends TaskOfItem {
  attributes: WriteAttribute[];
}

/** The latest checkpoint of a namespace: 1 Query, unless dozens of tasks wrote to it. */
export async function readLatest(storage: Storage, thread: Thread, ns: KeyPart): Promise<StoredCheckpoint | undefined> {
  return firstOf(storage, checkpointPages(storage, thread, namespaceRange(ns), LATEST_LIMITS), true);
}

/**
 * What `read` makes of a checkpoint; `undefined` if a part is missing because the thread was deleted meanwhile, or
 * before the checkpoint was put.
 * @throws CheckpointDataError
 */
export async function unlessDeleted<T>(
  storage: Storage,
  { thread, frame }: StoredCheckpoint,
  read: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    const isMissing = error instanceof CheckpointDataError && error.code === "MISSING_DATA";
    if (!isMissing || (await storage.incarnations.current(thread)) === frame.born) throw error;
    return undefined;
  }
}

/** One checkpoint by its id: 1 Query. @param of its incarnation, where that is known */
export async function readCheckpoint(
  storage: Storage,
  ref: CheckpointRef,
  isPast = isEnded,
  of?: string,
): Promise<StoredCheckpoint | undefined> {
  return firstOf(storage, checkpointPages(storage, ref.thread, oneCheckpoint(ref), [], isPast, of));
}

/** Every value that has to be read to build a tuple. */
export function allValues({ frame, tasks }: StoredCheckpoint): Value[] {
  return [...valuesOf(frame), ...tasks.flatMap((t) => t.attributes.map((a) => a.value))];
}

export async function toTuple(
  storage: Storage,
  stored: StoredCheckpoint,
  segments: LoadedSegments,
): Promise<CheckpointTuple> {
  const { thread, ns, id, parentId, frame } = stored;
  const configOf = (checkpointId: string): CheckpointTuple["config"] => ({
    configurable: { thread_id: thread.id, checkpoint_ns: ns, checkpoint_id: checkpointId },
  });
  const [body, metadata, channels, pendingWrites] = await Promise.all([
    loadBody(storage, stored, segments),
    loadMetadata(storage, stored, segments),
    Promise.all(
      [...frame.channels].map(
        async ([name, { value }]) => [name, await load(storage, stored, name, value, segments)] as const,
      ),
    ),
    loadWrites(storage, stored, segments),
  ]);
  // LangGraph puts a copy under the parent, without which a DeltaChannel of it would be empty. A pruning has left it
  // for that.
  const needsParent = deltaChannels(metadata, frame).length > 0;
  // `fromEntries` defines properties, so a channel named __proto__ is only a name.
  const checkpoint = { ...body, id, channel_values: Object.fromEntries(channels) };
  if (checkpoint.v < 4 && parentId !== undefined) await migratePendingSends(storage, stored, checkpoint);
  return {
    config: configOf(id),
    checkpoint,
    metadata,
    pendingWrites,
    ...(parentId !== undefined && (!stored.isFirst || needsParent) && { parentConfig: configOf(parentId) }),
  };
}

/** The checkpoint without its values. */
export async function loadBody(
  storage: Storage,
  stored: StoredCheckpoint,
  segments: LoadedSegments,
): Promise<Checkpoint> {
  return (await loadObject(storage, stored, "(checkpoint)", stored.frame.checkpoint, segments)) as Checkpoint;
}

export async function loadMetadata(
  storage: Storage,
  stored: StoredCheckpoint,
  segments: LoadedSegments,
): Promise<CheckpointMetadata> {
  return (await loadObject(storage, stored, "(metadata)", stored.frame.metadata, segments)) as CheckpointMetadata;
}

async function loadObject(
  storage: Storage,
  stored: StoredCheckpoint,
  part: string,
  value: Value,
  segments: LoadedSegments,
): Promise<unknown> {
  const object = await load(storage, stored, part, value, segments);
  if (Object.prototype.toString.call(object) === "[object Object]") return object;
  throw locate(damaged("A part of a checkpoint has another shape"), { ...locationOf(stored), channel: part });
}

/** A checkpoint's writes by task path, task and index; only those to `channels`, when given. */
export async function loadWrites(
  storage: Storage,
  stored: StoredCheckpoint,
  segments: LoadedSegments,
  channels?: ReadonlySet<string>,
): Promise<CheckpointPendingWrite[]> {
  const loaded = stored.tasks.map(async ({ taskId, attributes }) => {
    const merge = (): StoredWrite[] => mergeWrites(attributes, stored.meter, (value) => join(value, segments));
    const writes = await at(stored, writesOf({ taskId }), merge);
    const wanted = channels ? writes.filter((w) => channels.has(w.channel)) : writes;
    return Promise.all(
      wanted.map(async ({ channel, value }): Promise<CheckpointPendingWrite> => [
        taskId,
        channel,
        await load(storage, stored, channel, value, segments),
      ]),
    );
  });
  return (await Promise.all(loaded)).flat();
}

/** One value, read by the serde. @throws CheckpointDataError */
export async function load(
  storage: Storage,
  stored: StoredCheckpoint,
  channel: string,
  value: Value,
  segments: LoadedSegments,
): Promise<unknown> {
  return at(stored, channel, () => deserialized(storage.serde, { type: value.type, bytes: join(value, segments) }));
}

/** A checkpoint's frame, its format checked. @throws FormatError */
export async function frameOf(item: Item, codec: Codec, meter = codec.meter()): Promise<Frame> {
  checkVersion(item);
  const stored = binaryOf(item, DATA);
  const attributes = { goneAt: goneAt(item), born: bornOf(item) };
  const frame = decodeFrame(await codec.decode(stored, framePlace(item)), attributes, meter, stored.length);
  // Who has made it end later has renewed what it needs before.
  return { ...frame, lease: Math.max(frame.lease, endOf(item)) };
}

/**
 * @param meter of the call, where it has read something already
 * @param readsValues whether the frame's values are read too, and not only the writes
 * @throws CheckpointDataError
 */
export async function openCheckpoint(
  { codec }: Storage,
  items: CheckpointItems,
  meter = codec.meter(),
  readsValues = true,
): Promise<StoredCheckpoint> {
  const { thread, ns, id, item, writes } = items;
  const location = locationOf(items);
  // Before any segment is read. One after the other: what is held is counted before more is unpacked.
  const frame = await at(items, undefined, async () => {
    const { ns, checkpoint } = parseSortKey(item.SK.S);
    await Promise.all([certainId(ns, stringOf(item, "ns")), certainId(checkpoint, stringOf(item, "id"))]);
    meter.add(items.writeBytes);
    return frameOf(item, codec, meter);
  });
  codec.checkLengths(readsValues ? lengthsOf(frame) : [], location, meter);
  const opened: StoredTask[] = [];
  for (const write of writes) {
    const task = await at(items, `(writes in ${parseSortKey(write.SK.S).task})`, () => taskOf(write));
    await at(items, writesOf(task), async () => {
      checkVersion(write);
      const attributes = await writeAttributes(write, codec, meter);
      codec.checkLengths(
        attributes.map((a) => [a.kind === "single" ? a.channel : writesOf(task), lengthOf(a.value)]),
        location,
        meter,
      );
      opened.push({ ...task, attributes });
    });
  }
  const byTask = new Map<string, StoredTask[]>();
  for (const one of opened) byTask.set(one.taskId, [...(byTask.get(one.taskId) ?? []), one]);
  const tasks = await Promise.all(
    [...byTask].map(async ([taskId, parts]): Promise<StoredTask> => {
      const path = await at(items, writesOf({ taskId }), () => pathOfTask(parts));
      return { taskId, path, attributes: parts.flatMap(({ attributes }) => attributes) };
    }),
  );
  return {
    thread,
    ns,
    id,
    parentId: idIn(item, PARENT),
    isFirst: FIRST in item,
    endsAt: endOf(item),
    frame,
    tasks: tasks.sort(compareTasks),
    keys: [item, ...writes].map(({ PK, SK }) => ({ PK, SK })),
    meter,
  };
}

/*
 * The channel of pending sends, and which version of a channel is newer, are LangGraph's own. Imported from there they
 * would bring all of LangChain into a page that only reads.
 */
const TASKS = "__pregel_tasks";

function newerVersion(a: number | string, b: number | string): number | string {
  const order = typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b));
  return order >= 0 ? a : b;
}

/** Checkpoints before format 4 kept the sends of their parent's tasks in the parent's writes. */
async function migratePendingSends(storage: Storage, stored: StoredCheckpoint, checkpoint: Checkpoint): Promise<void> {
  // Also one that was pruned but for this. Consistently: its sends would be lost without a word.
  const consistent = { ...storage, consistentRead: true };
  const ref = await checkpointRef(stored.thread, stored.ns, stored.parentId!);
  const writes: CheckpointPendingWrite[] = [];
  for await (const [items] of checkpointPages(
    consistent,
    ref.thread,
    oneCheckpoint(ref),
    [],
    isGone,
    stored.frame.born,
  )) {
    if (!items) continue;
    const parent = await openCheckpoint(storage, items, stored.meter, false);
    const values = parent.tasks.flatMap(({ attributes }) => attributes.map(({ value }) => value));
    const segments = await storage.segments.load(ref.thread.partition, values);
    writes.push(...(await loadWrites(storage, parent, segments, new Set([TASKS]))));
  }
  checkpoint.channel_values[TASKS] = writes.map(([, , send]) => send);
  const versions = Object.values(checkpoint.channel_versions ?? {}).filter((version) =>
    ["number", "string"].includes(typeof version),
  );
  const newest = versions.length > 0 ? versions.reduce(newerVersion) : 1;
  checkpoint.channel_versions = { ...checkpoint.channel_versions, [TASKS]: newest };
}

/** Opens the first checkpoint, and remembers its frame for the `put` that will probably follow. */
async function firstOf(
  storage: Storage,
  pages: AsyncGenerator<CheckpointItems[]>,
  isLatest = false,
): Promise<StoredCheckpoint | undefined> {
  for await (const [items, ...older] of pages) {
    if (!items) continue;
    const stored = await openCheckpoint(storage, items);
    if (isLatest && storage.superseded) {
      const segments = await storage.segments.load(stored.thread.partition, [
        stored.frame.checkpoint,
        stored.frame.metadata,
      ]);
      const [{ ts }, metadata] = await Promise.all([
        loadBody(storage, stored, segments),
        loadMetadata(storage, stored, segments),
      ]);
      storage.superseded.read(
        stored,
        older,
        metadata.counters_since_delta_snapshot !== undefined,
        Date.parse(ts) || Date.now(),
      );
    }
    const { thread, ns, id, frame } = stored;
    // Its writes may go before the rest, if a call with a shorter ttl has put them: then the lease ends with them.
    const lease = frame.needsAncestors ? Math.min(frame.lease, ...items.writes.map(goneAt)) : frame.lease;
    storage.frames.set(thread.id, ns, id, { ...frame, lease }, frameSize(frame));
    return stored;
  }
  return undefined;
}

/** What errors call a task's writes where they do not know the channel. */
const writesOf = ({ taskId }: Pick<TaskOfItem, "taskId">): string => `(writes of task ${taskId})`;

const locationOf = ({ thread, ns, id }: Pick<StoredCheckpoint, "thread" | "ns" | "id">): DataLocation => ({
  threadId: thread.id,
  checkpointNs: ns,
  checkpointId: id,
});

/** Runs `read`, and says of a format error where it was. */
async function at<T>(
  place: Pick<StoredCheckpoint, "thread" | "ns" | "id">,
  channel: string | undefined,
  read: () => T | Promise<T>,
): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw locate(error, { ...locationOf(place), channel });
  }
}
