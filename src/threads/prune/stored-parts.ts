import type { QueryInput } from "../../aws/dynamodb/items.js";
import { parsePointer } from "../../format/keys.js";
import { costOfKey, type Meter } from "../../format/meter.js";
import { TTL_ATTRIBUTE } from "../../payload/lifetime.js";
import type { Storage } from "../../checkpoint/storage.js";
import type { Thread } from "../../checkpoint/refs.js";
import { isSwept } from "../../checkpoint/tombstone.js";
import { MARK } from "../../payload/segment-times.js";

/**
 * Sort keys of all segments and pointers, without those of objects that were deleted; and of such pointers that do not
 * go by themselves.
 *
 * @param meter limits what is kept in memory
 */
export async function storedParts(
  { db }: Storage,
  { partition }: Thread,
  meter: Meter,
): Promise<{ parts: string[]; expired: string[] }> {
  const parts: string[] = [];
  const expired: string[] = [];
  const query: QueryInput = { partition, between: ["P#", "S#~"], only: ["SK", MARK, TTL_ATTRIBUTE], consistent: true };
  for await (const items of db.queryPages(query)) {
    for (const item of items) {
      const { S } = item.SK;
      // What is marked and stays was left in the middle.
      const isMarked = MARK in item && TTL_ATTRIBUTE in item;
      const isKept = isMarked ? !isSwept(item) : S.startsWith("S#") || parsePointer(S) !== undefined;
      if (!isKept) continue;
      meter.add(costOfKey(S));
      (isMarked ? expired : parts).push(S);
    }
  }
  return { parts, expired };
}
