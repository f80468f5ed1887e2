import { compareCodePoints } from "../format/code-points.js";
import { valuesOf, type Frame } from "../format/frame.js";
import { segmentCopy } from "../format/keys.js";
import { lengthOf, lengthOfSegments, type Segment, type Value } from "../format/value.js";

/* What a checkpoint has changed, told from the lists of segments alone: no value is read. */

/** What became of a channel since the checkpoint's parent. */
export interface ChannelChange {
  channel: string;
  change: "added" | "changed" | "removed";
  /** Its serialized length now, in bytes; 0 when it was removed. */
  bytes: number;
  /** How many of these bytes the parent's value does not share. */
  newBytes: number;
}

type Parts = Pick<Frame, "checkpoint" | "metadata" | "channels" | "born">;

/**
 * The channels whose stored values differ from the parent's, by name.
 * @param parent undefined for a first checkpoint, whose channels are all new
 */
export function changesOf({ channels }: Parts, parent: Parts | undefined): ChannelChange[] {
  const changes: ChannelChange[] = [];
  for (const [channel, { value }] of channels) {
    const before = parent?.channels.get(channel)?.value;
    if (before && isSame(value, before)) continue;
    const known = new Set(before?.segments.map(({ name }) => name));
    const newBytes = value.tail.length + lengthOfSegments(value.segments.filter(({ name }) => !known.has(name)));
    changes.push({ channel, change: before ? "changed" : "added", bytes: lengthOf(value), newBytes });
  }
  for (const channel of parent?.channels.keys() ?? [])
    if (!channels.has(channel)) changes.push({ channel, change: "removed", bytes: 0, newBytes: 0 });
  return changes.sort((a, b) => compareCodePoints(a.channel, b.channel));
}

/** The segments that a checkpoint refers to and its parent does not, each once. */
export function newSegments(frame: Parts, parent: Parts | undefined): Segment[] {
  const known = new Set(
    parent && parent.born === frame.born ? distinctSegments(valuesOf(parent)).map(({ name }) => name) : [],
  );
  return distinctSegments(valuesOf(frame)).filter(({ name }) => !known.has(name));
}

export function distinctSegments(values: Iterable<Value>): Segment[] {
  const distinct = new Map<string, Segment>();
  for (const { segments } of values) for (const segment of segments) distinct.set(segmentCopy(segment), segment);
  return [...distinct.values()];
}

function isSame(a: Value, b: Value): boolean {
  if (a === b) return true;
  if (a.type !== b.type || a.segments.length !== b.segments.length || a.tail.length !== b.tail.length) return false;
  return (
    a.segments.every(({ name }, i) => name === b.segments[i]!.name) && a.tail.every((byte, i) => byte === b.tail[i])
  );
}
