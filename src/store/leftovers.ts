import type { Key } from "../aws/dynamodb/items.js";
import { numberOf, stringOf } from "../format/attributes.js";
import { keyOf, parsePointer } from "../format/keys.js";
import type { Backend } from "../payload/backend.js";
import { TTL_ATTRIBUTE } from "../payload/lifetime.js";
import { deleteObjects } from "../payload/segment-deletions.js";
import { WRITTEN_AT } from "../payload/segment-times.js";
import { BORN, isLiveAt, WITHOUT_VALUE } from "./entries/attributes.js";
import { isSurelyOver, parseOrderPointer } from "./entries/pointers.js";

/** What is deleted in passing, of the first page that is read. */
const IN_PASSING = 25;

/**
 * Deletes what puts that died half way have left, and requests that arrived late. What expires goes by itself. 1
 * request a MB of what is there, and 1 for 25 of what is left.
 *
 * @param areKept whether entries may be there: what belongs to one of them stays. Else there should be none, and an
 *   entry is a reason to delete nothing; and no more than some of it is done, for somebody has only come by.
 * @returns false where something may still belong to an entry, or to a put that is under way, or lies in S3 without a
 *   way there
 */
export async function sweepLeftovers(
  backend: Backend,
  partition: string,
  { areKept }: { areKept: boolean },
): Promise<boolean> {
  const { db, offload } = backend;
  const nowMs = db.clock.now();
  const needed = new Set<string>();
  let isClean = true;
  // Entries come first, then order pointers, pointers to objects, segments and sketches. An entry that does not go by
  // itself has something left to be deleted, and is found by its order pointer.
  const query = { partition, between: ["I", "V~"] as [string, string], consistent: true };
  const only = [...WITHOUT_VALUE, WRITTEN_AT];
  let after: Key | undefined;
  do {
    const { items: page, next } = await db.query({ ...query, only, after });
    after = next;
    const items: Key[] = [];
    const objects: Key[] = [];
    for (const item of page) {
      const isEntry = item.SK.S.startsWith("I");
      if (isEntry && areKept && isLiveAt(nowMs, item)) needed.add(stringOf(item, BORN) ?? "");
      if (isEntry || TTL_ATTRIBUTE in item) {
        if (isEntry && !areKept && (isLiveAt(nowMs, item) || !(TTL_ATTRIBUTE in item))) return false;
        continue;
      }
      const writtenMs = parseOrderPointer(item)?.writtenMs ?? numberOf(item, WRITTEN_AT);
      if (needed.has(item.SK.S.split("#")[1]!)) continue;
      const isTooMuch = !areKept && items.length + objects.length >= IN_PASSING;
      if (isTooMuch || (writtenMs !== undefined && !isSurelyOver(writtenMs, db.clock.told()))) isClean = false;
      else if (!item.SK.S.startsWith("P#")) items.push(keyOf(item));
      else if (parsePointer(item.SK.S)) objects.push(keyOf(item));
    }
    if (offload) await deleteObjects(backend, partition, objects);
    else isClean &&= objects.length === 0;
    await db.batchDelete(items);
  } while (after && areKept);
  return isClean && !after;
}
