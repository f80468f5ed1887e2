import { invalidInput } from "../../errors.js";
import { restore, snapshotOf } from "./snapshot.js";
import type { Storage } from "../../checkpoint/storage.js";

/** How far the copy or the import of a thread is. */
export interface RestoreProgress {
  /** The id under which it is stored. */
  threadId: string;
  /** Items stored so far: checkpoints, writes of tasks, and parts of values. */
  items: number;
}

/** Stores a thread under another id as well. */
export async function* copyThread(
  storage: Storage,
  from: string,
  to: string,
): AsyncGenerator<RestoreProgress, RestoreProgress, undefined> {
  if (from === to) throw invalidInput("copyThread needs two ids that differ.");
  return yield* restoring(to, restore(storage, to, await snapshotOf(storage, from)));
}

export async function* restoring(
  threadId: string,
  work: AsyncGenerator<number, number, undefined>,
): AsyncGenerator<RestoreProgress, RestoreProgress, undefined> {
  try {
    for (;;) {
      const { done, value: items } = await work.next();
      if (done) return { threadId, items };
      yield { threadId, items };
    }
  } finally {
    // Where the caller ends it, it has something to clean up.
    await work.return(0);
  }
}
