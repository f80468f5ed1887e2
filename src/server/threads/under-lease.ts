import { rowWritten, type ThreadStatus } from "../directory.js";
import type { Graph, GraphConfig } from "../graphs.js";
import { whenAsked } from "../runs/turn.js";
import type { Scope } from "../scope.js";
import { statusOf } from "../shapes/state.js";

/**
 * Does what changes a thread's state without a run, while no run has it, and writes down what the thread is then.
 * @throws ThreadBusyError
 */
export async function underLease(
  scope: Scope,
  threadId: string,
  graph: Graph,
  work: (configurable: Record<string, unknown>) => Promise<GraphConfig>,
): Promise<{ config: GraphConfig; status: ThreadStatus }> {
  await whenAsked(scope, threadId);
  const lease = await scope.saver.acquireLease(threadId, { holder: "state" });
  try {
    const held = { thread_id: threadId, ...lease.configurable };
    const config = await work(held);
    const status = statusOf(await graph.getState({ configurable: held }));
    await rowWritten(scope, threadId, status);
    return { config, status };
  } finally {
    // Otherwise it ends by itself.
    await lease.release().catch(() => undefined);
  }
}
