import { damaged, FormatError } from "./format-error.js";

/*
 * A serialized value is a list of immutable segments, named by the hash of their bytes, and a short tail that
 * stands in the item that refers to it. A value that grew at its end keeps its segments, so a step of a
 * conversation stores what it added and not the conversation.
 */

/**
 * A tail longer than this becomes a segment. `npm run bench`: with 1 KB most checkpoints of an agent fit one write
 * unit.
 */
const MAX_TAIL_BYTES = 1_024;
/**
 * A segment leaves this much of the value's end in the tail: an array's closing bracket moves when the array
 * grows, and a segment that ended with it would never match again.
 */
export const TAIL_MARGIN_BYTES = 64;

/** One PUT within `requestTimeoutMs`, also from a slow place. No segment is longer, and none that says so is read. */
export const MAX_SEGMENT_BYTES = 4 * 1_024 * 1_024;

export interface Segment {
  /** The incarnation of the thread that it was stored under: what deletes one cannot reach what another has. */
  born: string;
  /** Hash of the bytes, base64url. */
  name: string;
  length: number;
  /**
   * Of one that was stored in S3, after how many days it expires there, 0 if it stays. `undefined`: it lies in the
   * table.
   */
  objectDays: number | undefined;
}

/** A serialized value as its checkpoint refers to it. */
export interface Value {
  /** The serde's type of the bytes, for example `"json"`. */
  type: string;
  segments: Segment[];
  tail: Uint8Array;
}

/** Names segments, and collects those that have to be stored before anything refers to them. */
export interface SegmentPlan {
  maxSegmentBytes: number;
  nameOf(bytes: Uint8Array): Promise<string>;
  add(bytes: Uint8Array): Promise<Segment>;
}

/**
 * Divides a value into segments and a tail.
 *
 * What the parent's leading segments still match is kept. A rest over `maxTail` becomes a segment, which
 * absorbs the one before it while that one is not longer than itself: sizes stay geometric, so n bytes make
 * O(log n) segments and are rewritten O(log n) times.
 */
export async function divide(
  type: string,
  bytes: Uint8Array,
  parent: Value | undefined,
  plan: SegmentPlan,
  { maxTail = MAX_TAIL_BYTES } = {},
): Promise<Value> {
  const segments: Segment[] = [];
  let start = 0;
  for (const segment of parent?.segments ?? []) {
    const end = start + segment.length;
    if (end > bytes.length || (await plan.nameOf(bytes.subarray(start, end))) !== segment.name) break;
    segments.push(segment);
    start = end;
  }
  if (bytes.length - start <= maxTail) return { type, segments, tail: bytes.slice(start) };

  const max = plan.maxSegmentBytes;
  const end = Math.max(start, bytes.length - TAIL_MARGIN_BYTES);
  for (let last = segments.at(-1); last && last.length < max && last.length <= end - start; last = segments.at(-1)) {
    segments.pop();
    start -= last.length;
  }
  for (let from = start; from < end; from += max) {
    segments.push(await plan.add(bytes.slice(from, Math.min(from + max, end))));
  }
  return { type, segments, tail: bytes.slice(end) };
}

/** Moves most of an unchanged value's tail into a segment of its own, to make room in the item. */
export async function shortenTail(value: Value, plan: SegmentPlan): Promise<Value> {
  const end = value.tail.length - TAIL_MARGIN_BYTES;
  if (end <= 0) return value;
  const segment = await plan.add(value.tail.slice(0, end));
  return { type: value.type, segments: [...value.segments, segment], tail: value.tail.slice(end) };
}

export const lengthOf = ({ segments, tail }: Value): number => segments.reduce((sum, s) => sum + s.length, tail.length);

/**
 * Puts a value's bytes together again, in a copy: the caller may hand them out, and tails and segments are cached.
 * @throws FormatError if a segment is missing or damaged
 */
export function join(value: Value, segments: ReadonlyMap<string, Uint8Array | FormatError>): Uint8Array {
  const bytes = new Uint8Array(lengthOf(value));
  let offset = 0;
  for (const { name, length } of value.segments) {
    const segment = segments.get(name);
    if (segment === undefined) throw new FormatError("MISSING_DATA", `Segment ${name} is missing`);
    if (segment instanceof FormatError) throw segment;
    if (segment.length !== length) throw damaged(`Segment ${name} has ${segment.length} bytes instead of ${length}`);
    bytes.set(segment, offset);
    offset += length;
  }
  bytes.set(value.tail, offset);
  return bytes;
}
