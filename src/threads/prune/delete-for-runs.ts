import { textsOf } from "../../checks.js";
import type { PruneResult } from "./result.js";
import type { PruneProgress } from "./each-thread.js";
import { pruneThreads } from "./prune.js";
import { usualGraceSeconds } from "./options.js";
import type { Storage } from "../../checkpoint/storage.js";

/** Where `deleteForRuns` looks. */
export interface DeleteForRunsOptions {
  /** Looks in these threads only. Default: in every thread that is listed. */
  threadIds?: readonly string[] | undefined;
}

export const DELETE_FOR_RUNS_OPTIONS: readonly string[] = ["threadIds"] satisfies (keyof DeleteForRunsOptions)[];

/**
 * Takes away the checkpoints that some runs have put, by the run id that was stored with them or is in their metadata,
 * and what their tasks have written to checkpoints of others, such as the answer to an interrupt. Nothing
 * says in which threads those are, so all of them are read. What others are rebuilt from stays for them. So does, out
 * of sight, what a run that is under way may stand on, and the thread where nothing else is left: a pruning after the
 * grace period frees both.
 */
export async function* deleteForRuns(
  storage: Storage,
  runIds: readonly string[],
  { threadIds }: DeleteForRunsOptions = {},
): AsyncGenerator<PruneProgress, PruneResult, undefined> {
  const runs = new Set<unknown>(textsOf("runIds", runIds));
  return yield* pruneThreads(storage, threadIds === undefined ? undefined : textsOf("threadIds", threadIds), {
    dryRun: false,
    graceSeconds: usualGraceSeconds(storage),
    runs,
    rule: async ({ runId, metadata }) =>
      !runs.has(runId) && !runs.has(((await metadata()) as { run_id?: unknown }).run_id),
  });
}
