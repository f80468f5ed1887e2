import type { Key } from "../aws/dynamodb/items.js";
import { numberOf } from "../format/attributes.js";
import { keyOf, parsePointer } from "../format/keys.js";
import type { Backend } from "../payload/backend.js";
import { deleteObjects } from "../payload/segment-deletions.js";
import { WRITTEN_AT } from "../payload/segment-times.js";
import { parseOrderPointer, SURELY_OVER_MS } from "./entries/pointers.js";

/**
 * Deletes what is left in a namespace that holds no entries: of puts that died half way, and by requests that arrived
 * late. 1 request, and 1 for 25 of them. False where something may still belong to a put that is under way, or lies in
 * S3 without a way there.
 */
export async function sweepLeftovers(backend: Backend, partition: string): Promise<boolean> {
  const { db, offload } = backend;
  const before = Date.now() - SURELY_OVER_MS;
  const items: Key[] = [];
  const objects: Key[] = [];
  for await (const page of db.queryPages({ partition, only: ["PK", "SK", WRITTEN_AT], consistent: true })) {
    for (const item of page) {
      const kind = item.SK.S.slice(0, 2);
      const created = kind === "O#" ? parseOrderPointer(item)?.created : undefined;
      const writtenAt = created === undefined ? numberOf(item, WRITTEN_AT) : created / 1_000;
      // Marks of deletions go by themselves.
      if (kind === "I#") continue;
      if (writtenAt !== undefined && writtenAt > before) return false;
      if (kind !== "P#") items.push(keyOf(item));
      else if (parsePointer(item.SK.S)) objects.push(keyOf(item));
    }
  }
  if (objects.length > 0 && !offload) return false;
  await deleteObjects(backend, partition, objects);
  await db.batchDelete(items);
  return true;
}
