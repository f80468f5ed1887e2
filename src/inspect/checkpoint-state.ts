import { invalidInput } from "../errors.js";
import type { CheckpointName } from "./find-checkpoint.js";
import { pendingTasks, type StoredCheckpoint } from "../checkpoint/read/open.js";
import { type Storage } from "../checkpoint/storage.js";
import { threadOf } from "../checkpoint/refs.js";
import { timeline, type ReadEntry, type TimelineEntry } from "./timeline.js";
import { problemOf, ValueReader, type Problem } from "./tolerant-read.js";
import type { Meter } from "../format/meter.js";
import { lengthOf, type Value } from "../format/value.js";
import { mergeWrites } from "../checkpoint/read/merge-writes.js";
import type { StoredWrite } from "../format/writes.js";

/** A stored value: either it could be read, or `problem` says why not. */
export interface StateValue {
  channel: string;
  /** The serde's type of its bytes. JSON is read; of others, `value` is the bytes. */
  type: string;
  bytes: number;
  value?: unknown;
  problem?: Problem;
}

export interface ChannelState extends StateValue {
  /** LangGraph's version of the channel. */
  version: number | string | null;
  segments: number;
}

export interface TaskState {
  id: string;
  /** In the order of their indices; LangGraph's special ones are negative. */
  writes: (StateValue & { index: number })[];
  problem?: Problem;
}

/** Everything that one checkpoint holds, as far as it can be read. */
export interface CheckpointState {
  entry: TimelineEntry;
  metadata: unknown;
  channels: ChannelState[];
  tasks: TaskState[];
}

/** @throws DynamoDBSaverError `INVALID_INPUT` where there is no such checkpoint */
export async function entryAt(storage: Storage, threadId: string, { ns, id }: CheckpointName): Promise<ReadEntry> {
  for await (const found of timeline(storage, threadId, { ns, id })) return found;
  throw invalidInput(
    `There is no checkpoint ${JSON.stringify(id)} in thread ${JSON.stringify(threadId)} any more. \`inspect\` ` +
      "lists those that there are.",
  );
}

/** @throws DynamoDBSaverError `INVALID_INPUT` where there is no such checkpoint */
export async function checkpointState(
  storage: Storage,
  threadId: string,
  name: CheckpointName,
): Promise<CheckpointState> {
  const { entry, stored } = await entryAt(storage, threadId, name);
  if (!stored) return { entry, metadata: undefined, channels: [], tasks: [] };
  const channels = await channelStates(storage, stored, [...stored.frame.channels.keys()]);
  const reader = new ValueReader(storage, await threadOf(storage, threadId));
  await reader.load([
    stored.frame.metadata,
    ...stored.tasks.flatMap(({ attributes }) => attributes.map(({ value }) => value)),
  ]);
  const metadata = (await stateValue(reader, "(metadata)", stored.frame.metadata)).value;
  return {
    entry,
    metadata,
    channels,
    tasks: await Promise.all(pendingTasks(stored).map((task) => taskState(reader, task, stored.meter))),
  };
}

/** Some channels of a checkpoint; those that it does not have are left out. */
export async function channelStates(
  storage: Storage,
  { thread, frame }: StoredCheckpoint,
  names: string[],
): Promise<ChannelState[]> {
  const reader = new ValueReader(storage, thread);
  const wanted = names.flatMap((name) => {
    const channel = frame.channels.get(name);
    return channel ? [{ name, ...channel }] : [];
  });
  await reader.load(wanted.map(({ value }) => value));
  return Promise.all(
    wanted.map(async ({ name, version, value }) => ({
      ...(await stateValue(reader, name, value)),
      version,
      segments: value.segments.length,
    })),
  );
}

async function taskState(
  reader: ValueReader,
  { taskId, attributes }: StoredCheckpoint["tasks"][number],
  meter: Meter,
): Promise<TaskState> {
  let writes: StoredWrite[];
  let problem: Problem | undefined;
  try {
    writes = mergeWrites(attributes, meter, (value) => reader.bytes(value));
  } catch (error) {
    // Those that stand by themselves can be read all the same.
    problem = problemOf(error, `(writes of task ${taskId})`);
    writes = mergeWrites(
      attributes.filter(({ kind }) => kind === "single"),
      meter,
      (value) => reader.bytes(value),
    );
  }
  const read = writes.map(async ({ index, channel, value }) => ({
    index,
    ...(await stateValue(reader, channel, value)),
  }));
  return { id: taskId, writes: await Promise.all(read), ...(problem && { problem }) };
}

async function stateValue(reader: ValueReader, channel: string, value: Value): Promise<StateValue> {
  const known = { channel, type: value.type, bytes: lengthOf(value) };
  try {
    return { ...known, value: await reader.read(value) };
  } catch (error) {
    return { ...known, problem: problemOf(error, channel) };
  }
}
