import { livingOf } from "../../checkpoint/incarnation.js";
import { threadOf } from "../../checkpoint/refs.js";
import { deleteLeft, deleteThreadOf } from "../deletion.js";
import { addRow, findRow, isOwn, readRow, type ThreadRow, type ThreadStatus } from "../directory.js";
import { patchMetadata } from "../row-changes.js";
import { graphOfThread } from "../graphs.js";
import { HttpError, notFound, unfit } from "../http/http-error.js";
import { bodyOf, type Call } from "../call.js";
import { fieldsIn, isFields, oneIn, textIn, type Fields } from "../http/fields.js";
import { isRunOf, readRun } from "../runs/record.js";
import { isLost, takeUpAll } from "../runs/take-up.js";
import { json } from "../http/json.js";
import { interruptsOf } from "../shapes/state.js";
import { threadShape } from "../shapes/thread.js";
import { underLease } from "./under-lease.js";

const MAX_ID_CHARS = 1_024;

function idIn(body: Fields): string | undefined {
  const id = textIn(body, "thread_id");
  if (id !== undefined && id.length > MAX_ID_CHARS) throw unfit(`thread_id has more than ${MAX_ID_CHARS} characters.`);
  return id;
}

/** What a client writes of metadata; those that are `undefined` in it are not there. */
const metadataIn = (body: Fields): Fields => fieldsIn(body, "metadata") ?? {};

export async function createThread(call: Call): Promise<Response> {
  const body = await bodyOf(call);
  const id = idIn(body);
  const ifExists = oneIn(body, "if_exists", ["raise", "do_nothing"]) ?? "raise";
  const supersteps = superstepsIn(body);
  const row = await addRow(call.scope, id ?? crypto.randomUUID(), metadataIn(body), id !== undefined);
  if (!row) {
    const there = ifExists === "do_nothing" ? await readRow(call.scope, id!) : undefined;
    if (there) return json(threadShape(there));
    throw new HttpError(409, "There is such a thread, or it is being deleted.");
  }
  const status = supersteps.length > 0 ? await replay(call, row, supersteps) : row.status;
  return json(threadShape({ ...row, status }));
}

function superstepsIn(body: Fields): { updates: Fields[] }[] {
  const { supersteps = [] } = body;
  const isStep = (step: unknown): step is { updates: Fields[] } =>
    isFields(step) && Array.isArray(step.updates) && step.updates.length > 0 && step.updates.every(isFields);
  if (supersteps === null) return [];
  if (!Array.isArray(supersteps) || !supersteps.every(isStep))
    throw unfit("supersteps must be an array of { updates: [{ values, as_node }] }.");
  return supersteps;
}

async function replay({ scope }: Call, row: ThreadRow, supersteps: { updates: Fields[] }[]): Promise<ThreadStatus> {
  const graph = graphOfThread(scope, row.metadata);
  const { status } = await underLease(scope, row, graph, (configurable) =>
    graph.bulkUpdateState(
      { configurable },
      supersteps.map(({ updates }) => ({
        updates: updates.map(({ values, as_node }) => ({ values, asNode: as_node })),
      })),
    ),
  );
  return status;
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

/** Also one whose deletion was cut short, and what has come after it: who may delete all needs no row to prove it. */
export async function deleteThread({ scope, path }: Call): Promise<Response> {
  const threadId = path.thread_id!;
  const row = await findRow(scope, threadId);
  const isAllowed = row ? isOwn(scope, row) : scope.caller.owner === undefined;
  const isDone =
    isAllowed && (row ? await deleteThreadOf(scope, threadId, row.created) : await deleteLeft(scope, threadId));
  if (!isDone) throw notFound("thread");
  return new Response(null, { status: 204 });
}

/** Another thread with the same checkpoints. Runs are not copied. */
export async function copyThread({ scope, thread }: Call): Promise<Response> {
  const { threadId, metadata, status } = thread!;
  const to = crypto.randomUUID();
  const marker = await scope.storage.incarnations.marker(await threadOf(scope.storage, threadId));
  // One without a checkpoint has nothing to copy.
  if (livingOf(marker) !== undefined) await scope.saver.copyThread(threadId, to);
  const row = await addRow(scope, to, metadata, false, status === "busy" ? "idle" : status);
  return json(threadShape(row!));
}
