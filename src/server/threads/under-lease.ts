import { isDynamoDBSaverError } from "../../errors.js";
import { rowWritten, type ThreadStatus } from "../directory.js";
import type { Graph, GraphConfig } from "../graphs.js";
import { isFields, type Fields } from "../http/fields.js";
import { HttpError, unfit } from "../http/http-error.js";
import { whenAsked } from "../runs/turn.js";
import type { Scope } from "../scope.js";
import { statusOf } from "../shapes/state.js";

/** What a state is to be changed by, as LangGraph's server takes it. What else has to fit, the graph says. */
export function valuesIn({ values = null }: Fields): unknown {
  if (values === null || isFields(values) || (Array.isArray(values) && values.every(isFields))) return values;
  throw unfit("values must be an object, an array of objects, or null.");
}

/** A graph refuses what does not fit it with any error. Only LangGraph's own ones are written for who has sent it. */
function refused(error: unknown): never {
  if (isDynamoDBSaverError(error)) throw error.code === "VALUE_TOO_LARGE" ? new HttpError(413, error.message) : error;
  const { name, message } = error instanceof Error ? error : new Error();
  const isTold = name === "InvalidUpdateError" || /^Subgraph .* not found/.test(message);
  throw unfit(`The graph does not take ${isTold ? `this: ${message.split("\n")[0]}` : "these values as this node's."}`);
}

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
    const config = await work(held).catch(refused);
    const status = statusOf(await graph.getState({ configurable: held }));
    await rowWritten(scope, threadId, status);
    return { config, status };
  } finally {
    // Otherwise it ends by itself.
    await lease.release().catch(() => undefined);
  }
}
