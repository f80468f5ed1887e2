import type { Key, QueryInput } from "../aws/dynamodb.js";
import { CHECKPOINTS, key, parseSortKey } from "./keys.js";
import { threadOf, type Storage } from "./storage.js";

/**
 * Deletes everything of a thread. Checkpoints go newest first, then their writes, then the segments: what a
 * reader still sees meanwhile can be read. The index entry goes last, so a deletion cut short is still listed.
 */
export async function deleteThread(storage: Storage, threadId: string): Promise<void> {
  const { partition } = await threadOf(storage, threadId);
  const all: QueryInput = { partition, keysOnly: true, consistent: true };
  await deletePages(storage, { ...all, beginsWith: CHECKPOINTS, descending: true });
  // Again until nothing is found: a run that still goes on may have written meanwhile.
  while ((await deletePages(storage, all)) > 0);
  await storage.threads.remove(threadId);
  storage.frames.forget(threadId);
}

/** How many items were found and deleted. */
async function deletePages({ db }: Storage, query: QueryInput): Promise<number> {
  let deleted = 0;
  for await (const items of db.queryPages(query)) {
    const keys = items.map((item) => key(item.PK.S, item.SK.S));
    const isWrites = ({ SK }: Key): boolean => parseSortKey(SK.S).task !== undefined;
    await db.batchDelete(keys.filter((k) => !isWrites(k)));
    await db.batchDelete(keys.filter(isWrites));
    deleted += items.length;
  }
  return deleted;
}
