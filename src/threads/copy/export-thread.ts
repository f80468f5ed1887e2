import type { Storage } from "../../checkpoint/storage.js";
import { snapshotOf } from "./snapshot.js";

/*
 * A thread as lines of JSON: one that says what it is, one for each item as it is stored, and one that says how many
 * there were. Values stay as they are, so encrypted ones stay encrypted, and are bound to their new place when they are
 * imported.
 */

export const FORMAT = "langgraph-checkpoint-dynamodb thread";
export const VERSION = 1;

/** The lines of a thread, without line breaks. */
export async function* exportThread(storage: Storage, threadId: string): AsyncGenerator<string, void, undefined> {
  const { head, items } = await snapshotOf(storage, threadId);
  yield JSON.stringify({ format: FORMAT, version: VERSION, ...head });
  let count = 0;
  for await (const item of items) {
    yield JSON.stringify(item);
    count++;
  }
  yield JSON.stringify({ items: count });
}
