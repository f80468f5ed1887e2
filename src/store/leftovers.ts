import type { Key } from "../aws/dynamodb/items.js";
import { numberOf, stringOf } from "../format/attributes.js";
import { keyOf, parsePointer } from "../format/keys.js";
import type { Backend } from "../payload/backend.js";
import { TTL_ATTRIBUTE } from "../payload/lifetime.js";
import { deleteObjects } from "../payload/segment-deletions.js";
import { WRITTEN_AT } from "../payload/segment-times.js";
import { BORN, isLive, WITHOUT_VALUE } from "./entries/attributes.js";
import { isSurelyOver, parseOrderPointer } from "./entries/pointers.js";

/**
 * Deletes what puts that died half way have left, and requests that arrived late. What expires goes by itself. 1
 * request a MB of what is there, and 1 for 25 of what is left.
 *
 * @param areKept whether entries may be there: what belongs to one of them stays. Else there should be none, and an
 *   entry is a reason to delete nothing.
 * @returns false where something may still belong to an entry, or to a put that is under way, or lies in S3 without a
 *   way there
 */
export async function sweepLeftovers(
  backend: Backend,
  partition: string,
  { areKept }: { areKept: boolean },
): Promise<boolean> {
  const { db, offload } = backend;
  const needed = new Set<string>();
  let isClean = true;
  // Entries come first, then order pointers, pointers to objects, segments and sketches. An entry that does not go by
  // itself has something left to be deleted, and is found by its order pointer.
  const query = { partition, between: ["I", "V~"] as [string, string], consistent: true };
  for await (const page of db.queryPages({ ...query, only: [...WITHOUT_VALUE, WRITTEN_AT] })) {
    const items: Key[] = [];
    const objects: Key[] = [];
    for (const item of page) {
      const isEntry = item.SK.S.startsWith("I");
      if (isEntry && areKept && isLive(item)) needed.add(stringOf(item, BORN) ?? "");
      if (isEntry || TTL_ATTRIBUTE in item) {
        if (isEntry && !areKept && !(TTL_ATTRIBUTE in item)) return false;
        continue;
      }
      const created = parseOrderPointer(item)?.created;
      const writtenAt = created === undefined ? numberOf(item, WRITTEN_AT) : created / 1_000;
      if (needed.has(item.SK.S.split("#")[1]!)) continue;
      if (writtenAt !== undefined && !isSurelyOver(writtenAt)) isClean = false;
      else if (!item.SK.S.startsWith("P#")) items.push(keyOf(item));
      else if (parsePointer(item.SK.S)) objects.push(keyOf(item));
    }
    if (offload) await deleteObjects(backend, partition, objects);
    else isClean &&= objects.length === 0;
    await db.batchDelete(items);
  }
  return isClean;
}
