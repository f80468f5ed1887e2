import type { RunnableConfig } from "@langchain/core/runnables";
import { emit } from "../../aws/client/events.js";
import { WAIT_SECONDS } from "../../checkpoint/superseded.js";
import type { Storage } from "../../checkpoint/storage.js";
import { fnv1a } from "../../format/shards.js";
import { usualGraceSeconds } from "./options.js";
import { pruneThreads } from "./prune.js";
import type { Rule } from "./rule.js";

/** A pruning is some requests: so many puts share them. */
const PRUNE_EVERY = 64;

/**
 * Frees what superseded checkpoints referred to, after one put in so many. What fails is done the next time.
 * @param token of the lease under which that was put
 */
export async function pruneSometimes(storage: Storage, put: RunnableConfig, token?: number): Promise<void> {
  const { thread_id: threadId, checkpoint_id: checkpointId } = put.configurable as Record<string, string>;
  const hash = fnv1a(checkpointId!);
  if (((hash ^ (hash >>> 15)) >>> 0) % PRUNE_EVERY !== 0) return;
  const work = pruneThreads(storage, [threadId!], {
    rule: unlessSuperseded(),
    dryRun: false,
    token,
    graceSeconds: usualGraceSeconds(storage),
  });
  try {
    while (!(await work.next()).done);
  } catch {
    // The put itself has succeeded.
    emit(storage.onEvent, {
      type: "warning",
      code: "PRUNE_FAILED",
      message: 'What history: "latest" has superseded could not be freed; a later put tries again. prune() says why.',
    });
  }
}

/** Keeps the newest of each namespace, and what the wait is for. Candidates come newest first. */
function unlessSuperseded(): Rule {
  let ageOfNewer = 0;
  return async ({ rank, ageSeconds }) => {
    if (rank > 1 && ageOfNewer >= WAIT_SECONDS) return false;
    ageOfNewer = await ageSeconds();
    return true;
  };
}
