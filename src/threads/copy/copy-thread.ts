import { invalidInput } from "../../errors.js";
import { restore, type RestoreProgress } from "./restore.js";
import { snapshotOf } from "./snapshot.js";
import type { Storage } from "../../checkpoint/storage.js";

/** Stores a thread under another id as well. */
export async function* copyThread(
  storage: Storage,
  from: string,
  to: string,
): AsyncGenerator<RestoreProgress, RestoreProgress, undefined> {
  if (from === to) throw invalidInput("copyThread needs two ids that differ.");
  return yield* restore(storage, to, await snapshotOf(storage, from));
}
