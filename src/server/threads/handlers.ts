import { deleteLeft, deleteThreadOf } from "../deletion.js";
import { addRow, findRow, isOwn, readRow } from "../directory.js";
import { patchMetadata } from "../row-changes.js";
import { graphOfThread, GraphCommand } from "../graphs.js";
import { HttpError, notFound, unfit } from "../http/http-error.js";
import { bodyOf, type Call } from "../call.js";
import { fieldsIn, isFields, oneIn, textIn, type Fields } from "../http/fields.js";
import { commandIn } from "../runs/parse.js";
import { isRunOf, readRun } from "../runs/record.js";
import { isLost, takeUpAll } from "../runs/take-up.js";
import { hasState } from "../scope.js";
import { json } from "../http/json.js";
import { interruptsOf } from "../shapes/state.js";
import { threadShape } from "../shapes/thread.js";
import { underLease } from "./under-lease.js";

/** What a client writes of metadata; those that are `undefined` in it are not there. */
const metadataIn = (body: Fields): Fields => fieldsIn(body, "metadata") ?? {};

export async function createThread(call: Call): Promise<Response> {
  const body = await bodyOf(call);
  const id = textIn(body, "thread_id");
  const ifExists = oneIn(body, "if_exists", ["raise", "do_nothing"]) ?? "raise";
  const supersteps = superstepsIn(body);
  const isChosen = id !== undefined && (supersteps.length === 0 || "new");
  const row = await addRow(call.scope, id ?? crypto.randomUUID(), metadataIn(body), isChosen);
  if (!row) {
    const there = ifExists === "do_nothing" ? await readRow(call.scope, id!) : undefined;
    if (there) return json(threadShape(there));
    throw new HttpError(409, "There is such a thread, or it is being deleted.");
  }
  if (supersteps.length === 0) return json(threadShape(row));
  const graph = graphOfThread(call.scope, row.metadata);
  try {
    const { status } = await underLease(call.scope, row, graph, (configurable) =>
      graph.bulkUpdateState({ configurable }, supersteps),
    );
    return json(threadShape({ ...row, status }));
  } catch (error) {
    // The steps before the one that has failed are stored.
    await deleteThreadOf(call.scope, row.threadId, row.created).catch(() => undefined);
    throw error;
  }
}

/** As LangGraph takes them. */
function superstepsIn(body: Fields): object[] {
  const supersteps = body.supersteps ?? [];
  const isStep = (step: unknown): step is { updates: Fields[] } =>
    isFields(step) && Array.isArray(step.updates) && step.updates.length > 0 && step.updates.every(isFields);
  if (!Array.isArray(supersteps) || !supersteps.every(isStep))
    throw unfit("supersteps must be an array of { updates: [{ values, command, as_node }] }.");
  return supersteps.map(({ updates }) => ({ updates: updates.map(updateIn) }));
}

/** A command stands for what the node has returned, as in LangGraph's own server. */
function updateIn(update: Fields): object {
  const asNode = textIn(update, "as_node");
  const command = commandIn(update);
  if (!command) return { values: update.values ?? null, asNode };
  if (asNode?.startsWith("__")) throw unfit(`A command is what a node returns, and ${asNode} is none.`);
  if (command.goto?.some((to) => typeof to !== "string"))
    throw unfit("In supersteps, command.goto must be names of nodes: none gets an input of its own.");
  return { values: new GraphCommand(command), asNode };
}

export async function getThread({ scope, thread, goesOn }: Call): Promise<Response> {
  const row = thread!;
  const { threadId } = row;
  const config = { configurable: { thread_id: threadId } };
  const [snapshot, run] = await Promise.all([
    graphOfThread(scope, row.metadata).getState(config),
    row.run === undefined ? undefined : readRun(scope, threadId, row.run),
  ]);
  // Who looks at a thread whose run has died takes it up, as who listens does.
  if (row.run !== undefined && (!run || !isRunOf(run, row) || (await isLost(scope, run))))
    goesOn(takeUpAll(scope, threadId, row.run));
  return json(threadShape(row, { values: snapshot.values, interrupts: interruptsOf(snapshot) }));
}

export async function patchThread(call: Call): Promise<Response> {
  const patched = await patchMetadata(call.scope, call.thread!, metadataIn(await bodyOf(call)));
  if (!patched) throw notFound("thread");
  if (call.request.headers.get("prefer") === "return=minimal") return new Response(null, { status: 204 });
  return json(threadShape(patched));
}

/** Also one whose deletion was cut short, and what has come after it. */
export async function deleteThread({ scope, path }: Call): Promise<Response> {
  const threadId = path.thread_id!;
  const row = await findRow(scope, threadId);
  const isDone = !row
    ? await deleteLeft(scope, threadId)
    : isOwn(scope, row) && (await deleteThreadOf(scope, threadId, row.created));
  if (!isDone) throw notFound("thread");
  return new Response(null, { status: 204 });
}

/** Another thread with the same checkpoints. Runs are not copied. */
export async function copyThread({ scope, thread }: Call): Promise<Response> {
  const { threadId, metadata, status } = thread!;
  const to = crypto.randomUUID();
  // One without a checkpoint has nothing to copy.
  if (await hasState(scope, threadId)) await scope.saver.copyThread(threadId, to);
  const row = await addRow(scope, to, metadata, false, status === "busy" ? "idle" : status);
  return json(threadShape(row!));
}
