import { interruptsOf } from "./checkpoint.js";
import type { Checkpoint } from "./threads.js";
import type { LiveRun } from "./use-runs.js";

/**
 * What a thread is doing. `unread`: its history could not be read, and nobody knows. `stopped`: its last run broke off,
 * for example because the model could not be reached.
 */
export type Status = "loading" | "unread" | "empty" | "running" | "waiting" | "stopped" | "done";

export function statusOf(
  checkpoints: Checkpoint[] | undefined,
  run: LiveRun | undefined,
  isBusy: boolean,
  failed: boolean,
): Status {
  if (run || isBusy) return "running";
  if (!checkpoints) return failed ? "unread" : "loading";
  const [latest] = checkpoints;
  if (!latest) return "empty";
  if (interruptsOf(latest).length > 0) return "waiting";
  return latest.next.length > 0 ? "stopped" : "done";
}
