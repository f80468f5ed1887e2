import type { Item } from "../../aws/dynamodb/items.js";
import { tokenOf } from "../grants.js";
import { bornOf } from "../incarnation.js";
import { checkpointPrefix, checkpointRange, parseSortKey, wholeCheckpointRange } from "../../format/keys.js";
import { isGone } from "../../payload/lifetime.js";
import type { Storage } from "../storage.js";
import type { CheckpointRef } from "../refs.js";
import { isVoid } from "../tombstone.js";
import { claimOf } from "./rank.js";

/**
 * A checkpoint that one is put under, or written to, and its epoch: 1 Query. What another incarnation has under its id
 * is passed over, unless there is nothing else: then what comes under it goes with it. It may have ended for readers,
 * and stay.
 * @param only these attributes
 */
export async function checkpointItem(
  storage: Storage,
  { thread, nsPart, idPart }: CheckpointRef,
  consistent: boolean,
  only?: string[],
): Promise<{ item: Item; epoch: number } | undefined> {
  const { db, incarnations, lease } = storage;
  const prefix = checkpointPrefix(nsPart, idPart);
  // A holder has its own token. Who has no lease goes on in the epoch that a task's writes have claimed.
  const between = lease ? checkpointRange(prefix) : wholeCheckpointRange(prefix);
  const found: Item[] = [];
  const claims = new Map<string, number>();
  const query = { partition: thread.partition, between, descending: true, consistent, ...(only && { only }) };
  for await (const items of db.queryPages(query)) {
    for (const item of items.filter((one) => !isGone(one))) {
      const { task, born } = parseSortKey(item.SK.S);
      if (task !== undefined) claims.set(born, Math.max(claims.get(born) ?? 0, claimOf(item)));
      else if (!isVoid(item)) found.push(item);
    }
  }
  const living = found.length > 1 ? await incarnations.current(thread) : undefined;
  const item = found.find((one) => bornOf(one) === living) ?? found.at(-1);
  if (!item) return undefined;
  const born = bornOf(item);
  // What this instance knew may be of a thread that was deleted since.
  if (incarnations.known(thread.id)?.born !== born) incarnations.forget(thread.id);
  return { item, epoch: Math.max(tokenOf(item), claims.get(born) ?? 0) };
}
