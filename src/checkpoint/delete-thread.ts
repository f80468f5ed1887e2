import type { Item, QueryInput } from "../aws/dynamodb.js";
import { CHECKPOINTS, key, parsePointer, parseSortKey } from "./keys.js";
import { offloadOf } from "./offload.js";
import { threadOf, type Storage } from "./storage.js";

/**
 * Deletes everything of a thread. Its marker goes first, and with it all of the thread is gone to readers. Checkpoints
 * go newest first, then their writes, then the segments: what a reader has found meanwhile can be read. The index entry
 * goes last, so a deletion cut short is still listed.
 */
export async function deleteThread(storage: Storage, threadId: string): Promise<void> {
  const thread = await threadOf(storage, threadId);
  const all: QueryInput = { partition: thread.partition, only: ["PK", "SK"], consistent: true };
  do {
    await storage.incarnations.end(thread);
    await deletePages(storage, { ...all, beginsWith: CHECKPOINTS, descending: true });
    // Again until nothing is found: a run that still goes on may have written meanwhile.
    while ((await deletePages(storage, all)) > 0);
    await storage.threads.remove(threadId);
    // A run that starts writes the marker before the entry. One that came between may not be listed now, so it goes too.
  } while ((await storage.incarnations.current(thread)) !== undefined);
  storage.frames.forget(threadId);
}

/** How many items were found and deleted. */
async function deletePages({ db, offload }: Storage, query: QueryInput): Promise<number> {
  let deleted = 0;
  for await (const items of db.queryPages(query)) {
    const pointers = items.flatMap(({ SK }) => parsePointer(SK.S) ?? []);
    const objects = await Promise.all(pointers.map(({ name, location }) => offloadOf(offload).place(query.partition, name, location)));
    // Objects before their pointers, without which nobody would find them again.
    await offload?.delete(objects);
    const isWrites = ({ SK }: Item): boolean => parseSortKey(SK.S).task !== undefined;
    await db.batchDelete(items.filter((item) => !isWrites(item)).map(keyOf));
    await db.batchDelete(items.filter(isWrites).map(keyOf));
    // And after them: a put that came between has seen its pointer, and does not know that it is gone.
    await offload?.delete(objects);
    deleted += items.length;
  }
  return deleted;
}

const keyOf = ({ PK, SK }: Item): ReturnType<typeof key> => key(PK.S, SK.S);
