import { addRow, readRow, type ThreadRow } from "../directory.js";
import { checkNamed } from "../graphs.js";
import { HttpError, notFound, unfit } from "../http/http-error.js";
import { bodyOf, queryOf, runIdIn, type Call } from "../call.js";
import { isOn, numberIn, oneIn } from "../http/fields.js";
import { EventQueue, eventStream, waiting } from "../http/sse.js";
import { idIn } from "../log/reader.js";
import { json } from "../http/json.js";
import { hasState } from "../scope.js";
import { runShape } from "./shape.js";
import { begin, beginLater, type Begun } from "./begin.js";
import { cancel, untilEnded } from "./cancel.js";
import { follow, joined } from "./join.js";
import { valuesOf, type Ending } from "./ending.js";
import { delayIn, kwargsOf } from "./parse.js";
import { inputOf, isBound } from "./resume.js";
import {
  checkSize,
  deleteRun,
  hasEnded,
  isRunOf,
  readRun,
  runsOf,
  type Kwargs,
  type Run,
  type RunStatus,
} from "./record.js";
import { askHere, DRAIN } from "./turn.js";

/** A cancellation is waited for so long: a holder sees it when it renews its lease. */
const CANCEL_MS = 60_000;
const STATUSES: readonly RunStatus[] = ["pending", "running", "success", "error", "interrupted"];

const placeOf = ({ threadId, id }: Run): string => `/threads/${encodeURIComponent(threadId)}/runs/${id}`;

/** A client that has lost its connection asks at `Location` again, which helps where there is a log. */
const headersOf = (run: Run): Record<string, string> => ({
  "content-location": placeOf(run),
  ...(run.kwargs.resumable && { location: `${placeOf(run)}/stream` }),
});

/** The thread that a run is for: that of the path, or one that goes with the run. */
async function rowFor(call: Call, kwargs: Kwargs, isCreating: boolean): Promise<ThreadRow> {
  const { scope, path } = call;
  const threadId = path.thread_id;
  const metadata = { graph_id: kwargs.assistant.name, assistant_id: kwargs.assistant.id };
  const named = kwargs.checkpoint ?? {};
  const row = threadId === undefined ? undefined : await readRow(scope, threadId);
  if (row) {
    await checkNamed(scope, row.threadId, named);
    return row;
  }
  if (threadId !== undefined && !isCreating) throw notFound("thread");
  // A thread that is new has none.
  if (named.checkpoint_id !== undefined) throw notFound("checkpoint");
  // And asks nothing, unless it was made past this server.
  if (isBound(kwargs.command?.resume) && (threadId === undefined || !(await hasState(scope, threadId))))
    inputOf({ ...kwargs, isUnasked: true });
  if (threadId === undefined) return (await addRow(scope, crypto.randomUUID(), metadata, false))!;
  // Another request may have added it, or it is another's.
  const added = (await addRow(scope, threadId, metadata, true)) ?? (await readRow(scope, threadId));
  if (!added) throw notFound("thread");
  return added;
}

/** Whatever can be refused is, before the first of it is stored. */
async function started(call: Call, isBackground = false): Promise<{ kwargs: Kwargs; row: ThreadRow; delayMs: number }> {
  const body = await bodyOf(call);
  const isKept = oneIn(body, "on_completion", ["keep", "delete"]) === "keep";
  const isCreating = oneIn(body, "if_not_exists", ["create", "reject"]) === "create";
  const isTemporary = call.path.thread_id === undefined && !isKept;
  const kwargs = await kwargsOf(call.scope, body, isTemporary);
  // Nobody is connected.
  if (isBackground) kwargs.on_disconnect = "continue";
  const delayMs = delayIn(body);
  if (delayMs > 0 && !isBackground) throw unfit("after_seconds is for runs in the background: POST …/runs.");
  await checkSize(call.scope, kwargs);
  return { kwargs, delayMs, row: await rowFor(call, kwargs, isCreating) };
}

/** A run that nobody listens to. */
export async function createRun(call: Call): Promise<Response> {
  const { kwargs, row, delayMs } = await started(call, true);
  if (delayMs > 0) {
    const run = await beginLater(call.scope, row, kwargs, delayMs);
    return json(runShape(run), { headers: headersOf(run) });
  }
  const begun = await begin(call.scope, row, kwargs, { isBackground: true, goesOn: call.goesOn });
  const { run, ended } = begun;
  call.goesOn(ended);
  alone(call, begun);
  return json(runShape({ ...run, status: "pending" }), { headers: headersOf(run) });
}

/** From now on nobody listens to a run, so it has to leave before its isolate ends. */
function alone({ scope, patienceMs }: Call, { run, ended }: Begun): void {
  if (patienceMs === undefined) return;
  const timer = setTimeout(() => askHere(scope, run.threadId, run.id, DRAIN), patienceMs);
  const clear = (): void => clearTimeout(timer);
  void ended.then(clear, clear);
}

const stopped = (call: Call, begun: Begun): void => {
  const { run } = begun;
  if (run.kwargs.on_disconnect === "cancel") call.goesOn(cancel(call.scope, run, "interrupt"));
  else alone(call, begun);
};

export async function streamRun(call: Call): Promise<Response> {
  const { kwargs, row } = await started(call);
  const { scope, goesOn } = call;
  const queue = new EventQueue();
  const begun = await begin(scope, row, kwargs, { queue, goesOn });
  const end = async (ending: Ending | undefined): Promise<void> => {
    if (ending?.status) return queue.close();
    // Somebody else goes on with it. What has come from here has lower ids.
    await follow(scope, begun.run, queue.last, queue, goesOn);
  };
  const work = begun.ended.then(end).catch(() => queue.close(new Error("The run was lost.")));
  goesOn(work);
  return eventStream(queue, headersOf(begun.run), () => stopped(call, begun));
}

export async function waitRun(call: Call): Promise<Response> {
  const { kwargs, row } = await started(call);
  const { scope, goesOn } = call;
  const begun = await begin(scope, row, kwargs, { goesOn });
  const values = begun.ended.then((ending) => (ending?.status ? valuesOf(ending) : joined(scope, begun.run, goesOn)));
  goesOn(values);
  return waiting(values, headersOf(begun.run), () => stopped(call, begun));
}

async function runOf({ scope, path, thread }: Call, id: string): Promise<Run> {
  const run = await readRun(scope, path.thread_id!, id);
  if (!run || !isRunOf(run, thread!)) throw notFound("run");
  return run;
}

export async function listRuns(call: Call): Promise<Response> {
  const query = queryOf(call);
  const status = oneIn(query, "status", STATUSES);
  const limit = numberIn(query, "limit", 10, 1_000);
  let skip = numberIn(query, "offset", 0, Infinity);
  const found: unknown[] = [];
  if (limit > 0)
    for await (const run of runsOf(call.scope, call.path.thread_id!)) {
      if (!isRunOf(run, call.thread!) || (status !== undefined && run.status !== status)) continue;
      if (skip-- > 0) continue;
      found.push(runShape(run));
      if (found.length >= limit) break;
    }
  return json(found);
}

export async function getRun(call: Call): Promise<Response> {
  return json(runShape(await runOf(call, runIdIn(call))));
}

export async function removeRun(call: Call): Promise<Response> {
  const run = await runOf(call, runIdIn(call));
  if (!hasEnded(run)) throw new HttpError(409, "The run has not ended. Cancel it first.");
  await deleteRun(call.scope, run.threadId, run.id);
  return new Response(null, { status: 204 });
}

export async function cancelRun(call: Call): Promise<Response> {
  const query = queryOf(call);
  const action = oneIn(query, "action", ["interrupt", "rollback"]) ?? "interrupt";
  const run = await runOf(call, runIdIn(call));
  await cancel(call.scope, run, action);
  if (!isOn(query.wait)) return new Response(null, { status: 202 });
  await untilEnded(call.scope, run, CANCEL_MS);
  return new Response(null, { status: 204 });
}

export async function joinRun(call: Call): Promise<Response> {
  const run = await runOf(call, runIdIn(call));
  let isLeft = false;
  const values = joined(call.scope, run, call.goesOn, () => isLeft);
  return waiting(values, headersOf(run), () => {
    isLeft = true;
    if (isOn(queryOf(call).cancel_on_disconnect)) call.goesOn(cancel(call.scope, run, "interrupt"));
  });
}

export async function joinStream(call: Call): Promise<Response> {
  const run = await runOf(call, runIdIn(call));
  const queue = new EventQueue();
  const after = idIn(call.request.headers.get("last-event-id"));
  call.goesOn(follow(call.scope, run, after, queue, call.goesOn));
  return eventStream(queue, headersOf(run), () => {
    if (isOn(queryOf(call).cancel_on_disconnect)) call.goesOn(cancel(call.scope, run, "interrupt"));
  });
}
