import { DynamoDBSaverError } from "../../errors.js";
import { add, nothing, type PruneResult } from "./result.js";
import { damaged, FormatError, locate } from "../../format/format-error.js";
import type { Storage } from "../../checkpoint/storage.js";
import { threadOf, type Thread } from "../../checkpoint/refs.js";
import { isOfOneThread, ThreadsFailedError, type ThreadFailure } from "./threads-failed.js";

/** How far a pruning is. */
export interface PruneProgress {
  /** The thread that is being pruned. */
  threadId: string;
  /** Checkpoints of this thread read so far. */
  read: number;
  /** Of all threads, so far. */
  freed: PruneResult;
  /** Why this thread could not be pruned; the others are. */
  error?: DynamoDBSaverError | undefined;
}

/** How far the work on one thread is. */
export interface ThreadProgress {
  /** Its checkpoints read so far. */
  read: number;
  /** Of this thread, so far. */
  freed: PruneResult;
}

/** What the work on one thread tells again and again. */
export type ThreadWork = AsyncGenerator<ThreadProgress, void, undefined>;

/**
 * Works on one thread after the other: on every one that is listed, where `threadIds` names none. One whose data
 * cannot be read must not keep all behind it.
 *
 * @returns what was freed of all of them
 * @throws what the only thread has failed with; ThreadsFailedError where there are others
 */
export async function* eachThread(
  storage: Storage,
  threadIds: readonly string[] | undefined,
  workOn: (thread: Thread) => ThreadWork,
): AsyncGenerator<PruneProgress, PruneResult, undefined> {
  const total = nothing();
  const failed: ThreadFailure[] = [];
  let threads = 0;
  for await (const threadId of threadIds ?? listed(storage)) {
    threads++;
    let last: PruneProgress = { threadId, read: 0, freed: structuredClone(total) };
    try {
      const work = workOn(await threadOf(storage, threadId));
      let before = nothing();
      let step = await work.next();
      for (; !step.done; step = await work.next()) {
        const { read, freed } = step.value;
        add(total, freed, before);
        before = structuredClone(freed);
        last = { threadId, read, freed: structuredClone(total) };
        yield last;
      }
    } catch (caught) {
      const error = ofThread(threadId, caught);
      if (!isOfOneThread(error)) throw error;
      failed.push({ threadId, error });
      yield { ...last, error };
    }
  }
  if (failed.length > 0) throw threads === 1 ? failed[0]!.error : new ThreadsFailedError(failed, total, threads);
  return total;
}

/** What stored data has caused that nobody thought of is told without its own words, which may quote it. */
function ofThread(threadId: string, caught: unknown): DynamoDBSaverError {
  if (caught instanceof DynamoDBSaverError) return caught;
  const known = caught instanceof FormatError ? caught : damaged("Something that is stored has another shape");
  return locate(known, { threadId, checkpointNs: "", checkpointId: "" }) as DynamoDBSaverError;
}

async function* listed({ threads }: Storage): AsyncGenerator<string> {
  for await (const { threadId } of threads.list({}, true)) yield threadId;
}
