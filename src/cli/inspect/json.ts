import type { ChannelState, StateValue, TaskState } from "../../inspect/checkpoint-state.js";
import type { TimelineEntry } from "../../inspect/timeline.js";

/* What `--json` gives: documented, and the same from version to version. */

/** A checkpoint, as a line of `inspect --json`. */
export function entryJson(entry: TimelineEntry): Record<string, unknown> {
  const {
    ns,
    id,
    parent,
    step,
    source,
    runId,
    time,
    next,
    tasks,
    changes,
    deltas,
    itemBytes,
    newSegmentBytes,
    stateBytes,
    endsAt,
    problems,
  } = entry;
  return {
    namespace: ns,
    checkpointId: id,
    parentId: parent?.id ?? null,
    parentIsThere: parent?.isThere ?? false,
    step: step ?? null,
    source: source ?? null,
    runId: runId ?? null,
    time: time ?? null,
    next: next ?? null,
    tasks: tasks.map(({ id, ...task }) => ({ taskId: id, ...task })),
    changes: changes ?? null,
    deltaChannels: deltas,
    bytes: { items: itemBytes, newSegments: newSegmentBytes ?? null, state: stateBytes ?? null },
    expiresAt: endsAt === Infinity ? null : new Date(endsAt * 1_000).toISOString(),
    problems,
  };
}

/** A value of a state; bytes are base64. */
export function valueJson<T extends StateValue>({ value, ...known }: T): Record<string, unknown> {
  if (value instanceof Uint8Array) return { ...known, base64: Buffer.from(value).toString("base64") };
  return value === undefined ? known : { ...known, value };
}

export const channelsJson = (channels: ChannelState[]): Record<string, unknown>[] => channels.map(valueJson);

export const tasksJson = (tasks: TaskState[]): Record<string, unknown>[] =>
  tasks.map(({ id, writes, problem }) => ({ taskId: id, writes: writes.map(valueJson), ...(problem && { problem }) }));
