import type { Item } from "../../aws/dynamodb/items.js";
import { bornOf } from "../incarnation.js";
import { checkpointPrefix, checkpointRange } from "../../format/keys.js";
import { isGone } from "../../payload/lifetime.js";
import type { Storage } from "../storage.js";
import type { CheckpointRef } from "../refs.js";
import { isVoid } from "../tombstone.js";

/**
 * A checkpoint that one is put under, or written to: 1 Query. What another incarnation has under its id is passed over,
 * unless there is nothing else: then what comes under it goes with it. It may have ended for readers, and stay.
 * @param only these attributes
 */
export async function checkpointItem(
  storage: Storage,
  { thread, nsPart, idPart }: CheckpointRef,
  consistent: boolean,
  only?: string[],
): Promise<Item | undefined> {
  const { db, incarnations } = storage;
  const between = checkpointRange(checkpointPrefix(nsPart, idPart));
  const { items } = await db.query({ partition: thread.partition, between, consistent, ...(only && { only }) });
  const found = items.filter((item) => !isGone(item) && !isVoid(item));
  const living = found.length > 1 ? await incarnations.current(thread) : undefined;
  const item = found.find((one) => bornOf(one) === living) ?? found[0];
  // What this instance knew may be of a thread that was deleted since.
  if (item && incarnations.known(thread.id)?.born !== bornOf(item)) incarnations.forget(thread.id);
  return item;
}
