import type { Lease } from "../../checkpoint/lease/lease.js";
import { deleteThreadOf } from "../deletion.js";
import type { ThreadStatus } from "../directory.js";
import { rowIdle } from "../row-changes.js";
import { graphOfThread } from "../graphs.js";
import type { ServerEvent } from "../http/sse.js";
import type { Scope } from "../scope.js";
import { statusOf } from "../shapes/state.js";
import { leaveDeleted } from "./deleted.js";
import { notDue } from "./due.js";
import { deleteRun, endRun, hasEnded, readRun, type Run, type RunStatus } from "./record.js";

/* How a run ends, and who is told. */

/** How a run has ended, for its own isolate. */
export interface Ending {
  /** `undefined`: somebody else goes on with it. */
  status: RunStatus | undefined;
  values?: unknown;
  failure?: Run["failure"];
}

/** The last event of a run. It has no id: who joins later gets it by the run's status. */
export const endOf = (failure: Run["failure"]): ServerEvent =>
  failure ? { event: "error", data: JSON.stringify(failure) } : { event: "end", data: "null" };

/** @returns false where something was stored under it and the thread is gone, or another's */
export async function release({ opened }: Scope, lease: Lease): Promise<boolean> {
  opened.leases.drop(lease);
  return lease.release();
}

/** What a thread is by its latest state, when no run has it any more. */
export async function statusNow(scope: Scope, threadId: string, graphName: unknown): Promise<ThreadStatus> {
  const graph = graphOfThread(scope, { graph_id: graphName });
  return statusOf(await graph.getState({ configurable: { thread_id: threadId } }));
}

/**
 * Writes down how a run has ended, under its lease still.
 * @param row what the thread is then; looked at where it is not known
 * @returns false where the thread was deleted meanwhile: nothing of the run is left
 */
export async function settle(
  scope: Scope,
  run: Run,
  lease: Lease,
  { status, failure, row }: Ending & { row?: ThreadStatus },
  asked?: string,
): Promise<boolean> {
  const { id, threadId, kwargs } = run;
  if (asked === "rollback") {
    // A node that looks at no signal goes on, and must not store behind what is deleted.
    await lease.close();
    await scope.saver.deleteForRuns([id], { threadIds: [threadId] });
    await deleteRun(scope, threadId, id);
  } else if (!(await endRun(scope, run, lease.token, status!, failure))) {
    // It has by an attempt whose answer got lost, or another holder has it.
    const now = await readRun(scope, threadId, id);
    if (now && !hasEnded(now)) return true;
  }
  const isIdle = await rowIdle(scope, threadId, id, row ?? (await statusNow(scope, threadId, kwargs.assistant.name)));
  const isThere = isIdle || !(await leaveDeleted(scope, run, lease));
  await notDue(scope, run.due);
  if (isThere && kwargs.isTemporary) {
    await lease.close();
    await deleteThreadOf(scope, threadId, kwargs.since!);
  }
  await tell(scope, run, !isThere ? "deleted" : asked === "rollback" ? "rolled back" : status!);
  return isThere;
}

/** A run that waits does not begin any more. @returns false where it has begun meanwhile */
export async function dropWaiting(scope: Scope, threadId: string, id: string, what: string): Promise<boolean> {
  const run = await readRun(scope, threadId, id);
  if (!run || hasEnded(run)) return true;
  if (!(await endRun(scope, run, run.token, "interrupted"))) return false;
  const isRollback = what === "rollback";
  if (run.attempt > 0) {
    // It had begun, and waited for somebody to go on with it.
    if (isRollback) await scope.saver.deleteForRuns([id], { threadIds: [threadId] });
    await rowIdle(scope, threadId, id, await statusNow(scope, threadId, run.kwargs.assistant.name));
  }
  if (isRollback) await deleteRun(scope, threadId, id);
  await notDue(scope, run.due);
  await tell(scope, run, isRollback ? "rolled back" : "interrupted");
  return true;
}

async function tell({ config, tenant }: Scope, run: Run, status: string): Promise<void> {
  const { assistant, metadata } = run.kwargs;
  try {
    await config.onRunEnd?.({
      thread_id: run.threadId,
      run_id: run.id,
      assistant_id: assistant.id,
      status,
      keyPrefix: tenant,
      metadata,
    });
  } catch {
    // It has ended all the same.
  }
}

/** What waits for a run gets: the last values, or why it has failed. */
export const valuesOf = ({ values, failure }: Ending): unknown => (failure ? { __error__: failure } : (values ?? {}));
