import type { Item } from "../../aws/dynamodb/items.js";
import { deleteIncarnation } from "../../checkpoint/delete-thread.js";
import { deleteAsRead, livingOf } from "../../checkpoint/incarnation.js";
import type { Storage } from "../../checkpoint/storage.js";
import type { Thread } from "../../checkpoint/refs.js";
import { entryOf } from "../../checkpoint/thread-entry.js";

/** Ends a thread that has been empty for so long. False if a run has begun in it since its marker was read. */
export async function endEmpty(storage: Storage, thread: Thread, marker: Item): Promise<boolean> {
  const entry = await entryOf(storage, thread.id);
  if (!(await deleteAsRead(storage.db, marker))) return false;
  storage.incarnations.forget(thread.id);
  await deleteIncarnation(storage, thread, livingOf(marker)!);
  if (entry) await deleteAsRead(storage.db, entry);
  return true;
}

/** Takes a thread that is not there off the index, unless it begins meanwhile: then it has a marker first. */
export async function unlist(storage: Storage, thread: Thread): Promise<void> {
  const entry = await entryOf(storage, thread.id);
  if (entry && !(await storage.incarnations.isThere(thread))) await deleteAsRead(storage.db, entry);
}
