import type { Lease } from "../../checkpoint/lease/lease.js";
import { deleteThreadOf, rowIdle, type ThreadStatus } from "../directory.js";
import type { ServerEvent } from "../http/sse.js";
import type { Scope } from "../scope.js";
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

export async function release({ opened }: Scope, lease: Lease): Promise<void> {
  opened.leases.drop(lease);
  await lease.release();
}

/** Writes down how a run has ended, under its lease still. */
export async function settle(
  scope: Scope,
  run: Run,
  lease: Lease,
  { status, failure, row }: Ending & { row: ThreadStatus },
  asked?: string,
): Promise<void> {
  const { id, threadId, kwargs } = run;
  if (asked === "rollback") {
    // A node that looks at no signal goes on, and must not store behind what is deleted.
    await lease.close();
    await scope.saver.deleteForRuns([id], { threadIds: [threadId] });
    await deleteRun(scope, threadId, id);
  } else if (!(await endRun(scope, run, lease.token, status!, failure))) {
    // It has by an attempt whose answer got lost, or another holder has it.
    const now = await readRun(scope, threadId, id);
    if (now && !hasEnded(now)) return;
  }
  await rowIdle(scope, threadId, id, row);
  await notDue(scope, run.due);
  if (kwargs.isTemporary) await deleteThreadOf(scope, threadId);
  await tell(scope, run, asked === "rollback" ? "rolled back" : status!);
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
    await rowIdle(scope, threadId, id, "idle");
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
