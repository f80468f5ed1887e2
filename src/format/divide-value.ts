import type { Segment, Value } from "./value.js";

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
