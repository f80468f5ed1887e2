import { whenAsked } from "../runs/turn.js";
import type { Scope } from "../scope.js";

/**
 * Does what changes a thread without a run, while no run has it.
 * @throws ThreadBusyError
 */
export async function underLease<T>(
  scope: Scope,
  threadId: string,
  work: (configurable: Record<string, unknown>) => Promise<T>,
): Promise<T> {
  await whenAsked(scope, threadId);
  const lease = await scope.saver.acquireLease(threadId, { holder: "state" });
  try {
    return await work({ thread_id: threadId, ...lease.configurable });
  } finally {
    // Otherwise it ends by itself.
    await lease.release().catch(() => undefined);
  }
}
