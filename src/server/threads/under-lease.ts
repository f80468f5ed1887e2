import { deleteEnded } from "../../checkpoint/delete-thread.js";
import { acquire } from "../../checkpoint/lease/acquire.js";
import { isDynamoDBSaverError } from "../../errors.js";
import { whatBecameOf, type ThreadRow, type ThreadStatus } from "../directory.js";
import { rowWritten } from "../row-changes.js";
import type { Graph, GraphConfig } from "../graphs.js";
import { isFields, type Fields } from "../http/fields.js";
import { HttpError, notFound, unfit } from "../http/http-error.js";
import { release } from "../runs/ending.js";
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
 * @throws HttpError 404 where the thread was deleted meanwhile
 */
export async function underLease(
  scope: Scope,
  row: Pick<ThreadRow, "threadId" | "created">,
  graph: Graph,
  work: (configurable: Record<string, unknown>) => Promise<GraphConfig>,
): Promise<{ config: GraphConfig; status: ThreadStatus }> {
  const { threadId } = row;
  await whenAsked(scope, threadId);
  const lease = await acquire(scope.storage, threadId, { holder: "state" });
  scope.opened.leases.keep(lease);
  const write = async (): Promise<{ config: GraphConfig; status: ThreadStatus; isThere: boolean }> => {
    const held = { thread_id: threadId, lease: lease.config };
    const config = await work(held).catch(refused);
    const status = statusOf(await graph.getState({ configurable: held }));
    return { config, status, isThere: await rowWritten(scope, row, status) };
  };
  const [written] = await Promise.allSettled([write()]);
  const isDone = written.status === "fulfilled" && written.value.isThere;
  const isLeft = async (): Promise<boolean> => {
    const now = await whatBecameOf(scope, row);
    if (now === "there") return false;
    await deleteEnded(scope.storage, threadId, lease, now === "another");
    return true;
  };
  const isGone = !isDone && (await isLeft());
  // Otherwise it ends by itself.
  const isFree = await release(scope, lease).catch(() => true);
  if (isGone || (isDone && !isFree && (await isLeft()))) throw notFound("thread");
  if (written.status === "rejected") throw written.reason;
  return written.value;
}
