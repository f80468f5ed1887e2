import type { Key } from "../../aws/dynamodb/items.js";
import { divide, TAIL_MARGIN_BYTES } from "../../format/divide-value.js";
import type { Value } from "../../format/value.js";
import type { SerializedWrite } from "../../format/writes.js";
import type { Lifetime } from "../../payload/lifetime.js";
import { NewSegments } from "../../payload/segment-writes.js";
import type { Storage } from "../storage.js";

/**
 * Divides what does not fit inline into segments, as `put` will divide the same value when it is a channel's: then
 * both refer to the same segments.
 */
export async function place(
  storage: Storage,
  itemKey: Key,
  writes: SerializedWrite[],
  maxInline: number,
  born: string,
  life: Lifetime | undefined,
): Promise<{ values: Value[]; plan: NewSegments }> {
  const plan = new NewSegments(storage, itemKey.PK.S, born, life);
  const values = writes.map(({ type, bytes }): Value => ({ type, segments: [], tail: bytes }));
  let inline = writes.reduce((sum, w) => sum + w.bytes.length, 0);
  const longestFirst = writes.map((w, i) => ({ ...w, i })).sort((a, b) => b.bytes.length - a.bytes.length);
  for (const { i, type, bytes } of longestFirst) {
    if (inline <= maxInline || bytes.length <= TAIL_MARGIN_BYTES) break;
    values[i] = await divide(type, bytes, undefined, plan, { maxTail: TAIL_MARGIN_BYTES });
    inline -= bytes.length - TAIL_MARGIN_BYTES;
  }
  return { values, plan };
}

/** Groups writes, given in the order of their indices, into rows without a gap. */
export function consecutive(writes: SerializedWrite[]): SerializedWrite[][] {
  const rows: SerializedWrite[][] = [];
  for (const write of writes) {
    const row = rows.at(-1);
    if (row && row.at(-1)!.index + 1 === write.index) row.push(write);
    else rows.push([write]);
  }
  return rows;
}
