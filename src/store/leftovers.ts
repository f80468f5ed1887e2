import type { Key } from "../aws/dynamodb/items.js";
import { numberOf } from "../format/attributes.js";
import { keyOf, parsePointer } from "../format/keys.js";
import type { Backend } from "../payload/backend.js";
import { TTL_ATTRIBUTE } from "../payload/lifetime.js";
import { deleteObjects } from "../payload/segment-deletions.js";
import { WRITTEN_AT } from "../payload/segment-times.js";
import { parseOrderPointer, SURELY_OVER_MS } from "./entries/pointers.js";
import { ITEMS } from "./namespaces.js";

/**
 * Deletes what is left in a namespace that holds no entries: of puts that died half way, and by requests that arrived
 * late. What expires goes by itself. 1 request, and 1 for 25 of them. False where something may still belong to a put
 * that is under way, or lies in S3 without a way there.
 */
export async function sweepLeftovers(backend: Backend, partition: string): Promise<boolean> {
  const { db, offload } = backend;
  const before = Date.now() - SURELY_OVER_MS;
  const items: Key[] = [];
  const objects: Key[] = [];
  // Entries, order pointers, pointers to objects, and segments. Entries have expired, or are marks of deletions. One
  // that does not go by itself has something left to be deleted, and is found by its order pointer.
  const query = { partition, between: [ITEMS, "S~"] as [string, string], consistent: true };
  for await (const page of db.queryPages({ ...query, only: ["PK", "SK", WRITTEN_AT, TTL_ATTRIBUTE] })) {
    for (const item of page.filter((one) => !(TTL_ATTRIBUTE in one))) {
      if (item.SK.S.startsWith(ITEMS)) return false;
      const created = parseOrderPointer(item)?.created;
      const writtenAt = created === undefined ? numberOf(item, WRITTEN_AT) : created / 1_000;
      if (writtenAt !== undefined && writtenAt > before) return false;
      if (!item.SK.S.startsWith("P#")) items.push(keyOf(item));
      else if (parsePointer(item.SK.S)) objects.push(keyOf(item));
    }
  }
  if (objects.length > 0 && !offload) return false;
  await deleteObjects(backend, partition, objects);
  await db.batchDelete(items);
  return true;
}
