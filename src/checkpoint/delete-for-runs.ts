import { invalidInput } from "../errors.js";
import { deleteThread } from "./delete-thread.js";
import type { PruneResult } from "./freed.js";
import { pruneThreads, type PruneProgress } from "./prune.js";
import { usualGraceSeconds } from "./prune-options.js";
import type { Storage } from "./storage.js";

/** Where `deleteForRuns` looks. */
export interface DeleteForRunsOptions {
  /** Looks in these threads only. Default: in every thread that is listed. */
  threadIds?: readonly string[] | undefined;
}

/**
 * Takes away the checkpoints that some runs have put, by `run_id` in their metadata. Nothing says in which threads those are, so
 * all of them are read. What others are rebuilt from stays for them.
 */
export async function* deleteForRuns(storage: Storage, runIds: readonly string[], { threadIds }: DeleteForRunsOptions = {}): AsyncGenerator<PruneProgress, PruneResult, undefined> {
  if (!Array.isArray(runIds) || !runIds.every((id) => typeof id === "string" && id !== "")) throw invalidInput("deleteForRuns needs an array of run ids, each a string that is not empty.");
  const runs = new Set<unknown>(runIds);
  return yield* pruneThreads(storage, threadIds, {
    dryRun: false,
    graceSeconds: usualGraceSeconds(storage),
    rule: async ({ metadata }) => !runs.has(((await metadata()) as { run_id?: unknown }).run_id),
    // An empty thread is none.
    after: async (threadId, { kept, hidden, dropped }) => {
      if (kept === 0 && hidden.length === 0 && dropped.size > 0) await deleteThread(storage, threadId);
    },
  });
}
