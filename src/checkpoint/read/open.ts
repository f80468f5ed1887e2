import type { Item, Key } from "../../aws/dynamodb/items.js";
import type { DataLocation } from "../../errors.js";
import { binaryOf, DATA, FIRST, stringOf } from "../../format/attributes.js";
import type { Codec } from "../../format/codec.js";
import { locate } from "../../format/format-error.js";
import { checkVersion, decodeFrame, framePlace, frameSize, lengthsOf, valuesOf } from "../../format/frame.js";
import type { Frame } from "../../format/frame.js";
import { idIn, PARENT } from "../../format/id-attribute.js";
import { certainId, parseSortKey } from "../../format/keys.js";
import { costOfText, costOfValue, type Meter } from "../../format/meter.js";
import { lengthOf, type Value } from "../../format/value.js";
import {
  inOrder,
  pathOfTask,
  taskOf,
  writeAttributes,
  type TaskOfItem,
  type WriteAttribute,
} from "../../format/writes.js";
import { endOf, goneAt } from "../../payload/lifetime.js";
import { claimsIn, isUnseen, type Claim } from "../fence.js";
import { tokenOf } from "../grants.js";
import { bornOf } from "../incarnation.js";
import type { Thread } from "../refs.js";
import type { Storage } from "../storage.js";
import type { CheckpointItems } from "./pages.js";
import { overOf, taskWrites } from "./rank.js";

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
  /** Which writes of older leases it is rebuilt from, where it says so. */
  over: ReadonlySet<string> | undefined;
  /** Those of the writes that say what their holder had seen. */
  claims: Claim[];
  tasks: StoredTask[];
  /** Of the checkpoint, and then of its writes. */
  keys: Key[];
  /** What is held of it, and of what else the same call reads. */
  meter: Meter;
}

interface StoredTask extends TaskOfItem {
  attributes: WriteAttribute[];
}

/** The tasks with what is pending of their writes. What came late is not, and what goes on from that needs it. */
export const pendingTasks = ({ tasks, claims }: StoredCheckpoint): StoredTask[] =>
  tasks.map((task) => ({ ...task, attributes: task.attributes.filter((one) => !isUnseen(claims, one)) }));

/** Every value that has to be read to build a tuple. */
export function allValues({ frame, tasks }: StoredCheckpoint): Value[] {
  return [...valuesOf(frame), ...tasks.flatMap((t) => t.attributes.map((a) => a.value))];
}

/** Roughly what it takes in memory, in bytes. */
export function storedSize({ frame, tasks }: StoredCheckpoint): number {
  let size = frameSize(frame);
  for (const { taskId, path, attributes } of tasks) {
    size += costOfText(taskId) + costOfText(path);
    for (const one of attributes)
      size += costOfValue(one.value) + costOfText(one.runId) + (one.kind === "single" ? costOfText(one.channel) : 0);
  }
  return size;
}

/** A checkpoint's frame, its format checked. @throws FormatError */
export async function frameOf(item: Item, codec: Codec, meter = codec.meter()): Promise<Frame> {
  checkVersion(item);
  const stored = binaryOf(item, DATA);
  const attributes = { goneAt: goneAt(item), born: bornOf(item), token: tokenOf(item) };
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
  storage: Storage,
  items: CheckpointItems,
  meter = storage.codec.meter(),
  readsValues = true,
): Promise<StoredCheckpoint> {
  const { codec } = storage;
  const { thread, ns, id, item, writes } = items;
  // Before any segment is read. One after the other: what is held is counted before more is unpacked.
  const frame = await at(items, undefined, async () => {
    const { ns, checkpoint } = parseSortKey(item.SK.S);
    await Promise.all([certainId(ns, stringOf(item, "ns")), certainId(checkpoint, stringOf(item, "id"))]);
    meter.add(items.writeBytes);
    return frameOf(item, codec, meter);
  });
  codec.checkLengths(readsValues ? lengthsOf(frame) : [], locationOf(items), meter);
  const opened: StoredTask[] = [];
  for (const write of writes) opened.push(await openWrites(storage, items, write, meter));
  const byTask = new Map<string, StoredTask[]>();
  for (const one of opened) if (!byTask.get(one.taskId)?.push(one)) byTask.set(one.taskId, [one]);
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
    over: overOf(item),
    claims: claimsIn(writes.map(taskWrites)),
    tasks: inOrder(tasks),
    keys: [item, ...writes].map(({ PK, SK }) => ({ PK, SK })),
    meter,
  };
}

/** What one item of a checkpoint's writes holds. @throws CheckpointDataError */
export async function openWrites(
  { codec }: Storage,
  items: CheckpointItems,
  write: Item,
  meter = codec.meter(),
): Promise<StoredTask> {
  const task = await at(items, `(writes in ${parseSortKey(write.SK.S).task})`, () => taskOf(write));
  return at(items, writesOf(task), async () => {
    checkVersion(write);
    const attributes = await writeAttributes(write, codec, meter);
    codec.checkLengths(
      attributes.map((a) => [a.kind === "single" ? a.channel : writesOf(task), lengthOf(a.value)]),
      locationOf(items),
      meter,
    );
    return { ...task, attributes };
  });
}

/** What errors call a task's writes where they do not know the channel. */
export const writesOf = ({ taskId }: Pick<TaskOfItem, "taskId">): string => `(writes of task ${taskId})`;

export const locationOf = ({ thread, ns, id }: Pick<StoredCheckpoint, "thread" | "ns" | "id">): DataLocation => ({
  threadId: thread.id,
  checkpointNs: ns,
  checkpointId: id,
});

/** Runs `read`, and says of a format error where it was. */
export async function at<T>(
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
