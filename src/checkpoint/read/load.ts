import type { Checkpoint, CheckpointMetadata, CheckpointPendingWrite } from "@langchain/langgraph-checkpoint";
import { damaged, locate } from "../../format/format-error.js";
import { deserialized } from "../../format/serde/serialized.js";
import { join, type Value } from "../../format/value.js";
import { mergeWrites } from "./merge-writes.js";
import type { StoredWrite } from "../../format/writes.js";
import type { LoadedSegments } from "../../payload/segment-store.js";
import type { Storage } from "../storage.js";
import { isBody, isMetadata } from "../parts.js";
import { at, locationOf, pendingTasks, writesOf, type StoredCheckpoint } from "./open.js";

/* What an opened checkpoint holds, once its segments are there. */

/** The checkpoint without its values. */
export async function loadBody(
  storage: Storage,
  stored: StoredCheckpoint,
  segments: LoadedSegments,
): Promise<Checkpoint> {
  return loadPart(storage, stored, "(checkpoint)", stored.frame.checkpoint, segments, isBody);
}

export async function loadMetadata(
  storage: Storage,
  stored: StoredCheckpoint,
  segments: LoadedSegments,
): Promise<CheckpointMetadata> {
  return loadPart(storage, stored, "(metadata)", stored.frame.metadata, segments, isMetadata);
}

async function loadPart<T>(
  storage: Storage,
  stored: StoredCheckpoint,
  part: string,
  value: Value,
  segments: LoadedSegments,
  isPart: (read: unknown) => read is T,
): Promise<T> {
  const read = await load(storage, stored, part, value, segments);
  if (isPart(read)) return read;
  throw locate(damaged("A part of a checkpoint has another shape"), { ...locationOf(stored), channel: part });
}

/** A checkpoint's writes by task path, task and index; only those to `channels`, when given. */
export async function loadWrites(
  storage: Storage,
  stored: StoredCheckpoint,
  segments: LoadedSegments,
  channels?: ReadonlySet<string>,
): Promise<CheckpointPendingWrite[]> {
  const loaded = pendingTasks(stored).map(async ({ taskId, attributes }) => {
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
