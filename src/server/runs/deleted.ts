import type { Lease } from "../../checkpoint/lease/lease.js";
import { deleteLeftOf } from "../deletion.js";
import { whatBecameOf } from "../directory.js";
import type { Scope } from "../scope.js";
import type { Run } from "./record.js";

/* A thread can be deleted while a run has it. The run's instance sees that at the end, and leaves nothing behind. */

/** What is told of a run whose thread was deleted. */
export const THREAD_DELETED = { error: "ThreadDeleted", message: "The thread was deleted." };

const becameOf = (scope: Scope, { threadId, kwargs }: Run): ReturnType<typeof whatBecameOf> =>
  whatBecameOf(scope, { threadId, created: kwargs.since });

/** Whether a run's thread was deleted. 1 request. */
export const isDeleted = async (scope: Scope, run: Run): Promise<boolean> => (await becameOf(scope, run)) !== "there";

/**
 * Deletes what a run has stored whose thread was deleted, if it was.
 * @param lease that the run may still store under
 */
export async function leaveDeleted(scope: Scope, run: Run, lease?: Lease): Promise<boolean> {
  const now = await becameOf(scope, run);
  if (now === "there") return false;
  await lease?.close();
  await deleteLeftOf(scope, { ...run, ...(lease && { name: lease.name, token: lease.token }) }, now === "another");
  return true;
}
