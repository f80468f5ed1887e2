import { unlessAborted } from "../../aws/client/abort.js";
import type { Lease } from "../../checkpoint/lease/lease.js";
import { threadOf } from "../../checkpoint/refs.js";
import type { ThreadStatus } from "../directory.js";
import { checkNamed, graphOf, type GraphConfig } from "../graphs.js";
import type { EventQueue } from "../http/sse.js";
import { LogWriter } from "../log/writer.js";
import { localName, type LocalRun, type Scope } from "../scope.js";
import { toPlain } from "../http/json.js";
import { statusOf } from "../shapes/state.js";
import { addDue, dueAt } from "./due.js";
import { leaveDeleted, THREAD_DELETED } from "./deleted.js";
import { Emitter } from "./emit.js";
import { endOf, release, settle, type Ending } from "./ending.js";
import { pauseRun, type Run } from "./record.js";
import { inputOf, planAgain, type Plan } from "./resume.js";
import { GraphStream } from "./stream.js";
import { changeQueue } from "./turn.js";
import { DrainControl, watch } from "./watch.js";

/* A run under its lease, from its first event to the release. */

const isDrained = (error: unknown): boolean => error instanceof Error && error.name === "GraphDrained";

/** The config that a run's graph gets. */
export function runConfig(run: Pick<Run, "id" | "threadId" | "kwargs">, lease: Lease): GraphConfig {
  const { config, metadata, assistant, user, context, durability, interrupt_before, interrupt_after } = run.kwargs;
  return {
    ...(config.tags && { tags: config.tags }),
    ...(config.recursion_limit !== undefined && { recursionLimit: config.recursion_limit }),
    ...(context !== undefined && { context }),
    ...(durability !== undefined && { durability }),
    ...(interrupt_before !== undefined && { interruptBefore: interrupt_before }),
    ...(interrupt_after !== undefined && { interruptAfter: interrupt_after }),
    runId: run.id,
    metadata: { ...metadata, run_id: run.id, graph_id: assistant.name, assistant_id: assistant.id },
    configurable: {
      ...config.configurable,
      ...(user !== undefined && { langgraph_auth_user: user }),
      thread_id: run.threadId,
      run_id: run.id,
      lease: lease.config,
    },
  };
}

/** @param isFirst whether nobody has tried before */
export async function own(scope: Scope, run: Run, lease: Lease, isFirst: boolean, queue?: EventQueue): Promise<Ending> {
  const name = localName(scope, run.threadId, run.id);
  let end!: () => void;
  const over = new Promise<void>((resolve) => (end = resolve));
  const here: LocalRun = { asked: undefined, isAsking: false, over, listeners: new Set(queue && [queue]) };
  scope.local.set(name, here);
  try {
    const ending = await ownHere(scope, run, lease, isFirst, here);
    if (ending.status) queue?.push(endOf(ending.failure));
    return ending;
  } finally {
    scope.local.delete(name);
    end();
  }
}

async function ownHere(scope: Scope, run: Run, lease: Lease, isFirst: boolean, here: LocalRun): Promise<Ending> {
  const thread = await threadOf(scope.storage, run.threadId);
  const log = run.kwargs.resumable ? new LogWriter(scope, thread, run.id) : undefined;
  const emitter = new Emitter(lease.token, here, log);
  const ended = new AbortController();
  const control = new DrainControl();
  const stop = watch(here, run, lease, emitter, ended, control);
  let ending: Ending & { row?: ThreadStatus };
  try {
    emitter.emit("metadata", { run_id: run.id, attempt: run.attempt });
    ending = await attempt(scope, run, lease, isFirst, emitter, ended.signal, control);
    // What was put last may have arrived when somebody else had the thread.
    if (lease.secondsLeft <= 0) await lease.renew();
  } catch (error) {
    if (isDrained(error) && !lease.hasEnded) {
      stop();
      return leave(scope, run, lease, log);
    }
    ending = { status: "error", row: "error", failure: failureOf(error) };
  }
  const told = stop();
  const asked = ended.signal.aborted ? told : undefined;
  if (lease.hasEnded) {
    await log?.close();
    await leaveDeleted(scope, run, lease).catch(() => undefined);
    return { status: undefined, failure: failureOf(lease.hasEnded) };
  }
  if (asked !== undefined) ending = { status: "interrupted" };
  let isThere = true;
  let isFree = true;
  try {
    await log?.flush().catch(() => log.flush());
    isThere = await settle(scope, run, lease, ending, asked);
  } finally {
    // Otherwise it ends by itself.
    isFree = await release(scope, lease).catch(() => true);
  }
  if (!isThere) return { status: undefined, failure: THREAD_DELETED };
  // It may have been deleted after its run has ended, and before that had left it.
  if (!isFree && !run.kwargs.isTemporary) await leaveDeleted(scope, run).catch(() => undefined);
  // What is written down nowhere has not ended: somebody takes it up.
  emitter.letGo(true);
  return ending;
}

/** The run goes on in another isolate, before all that wait. */
async function leave(scope: Scope, run: Run, lease: Lease, log: LogWriter | undefined): Promise<Ending> {
  const due = run.due ?? dueAt(Date.now(), run.id);
  let isThere = true;
  try {
    await log?.flush().catch(() => log.flush());
    await addDue(scope, { ...run, due });
    await changeQueue(scope, run.threadId, (queue) => [run.id, ...queue.filter((one) => one !== run.id)]);
    isThere = await pauseRun(scope, run, due);
  } finally {
    await release(scope, lease).catch(() => undefined);
  }
  if (!isThere) await leaveDeleted(scope, { ...run, due });
  return { status: undefined };
}

async function attempt(
  scope: Scope,
  run: Run,
  lease: Lease,
  isFirst: boolean,
  emitter: Emitter,
  signal: AbortSignal,
  control: DrainControl,
): Promise<Ending & { row: ThreadStatus }> {
  const { kwargs } = run;
  const graph = graphOf(scope, kwargs.assistant.name);
  const config = runConfig(run, lease);
  const plan: Plan = isFirst
    ? { kind: "run", input: inputOf(kwargs), from: kwargs.checkpoint }
    : await planAgain(scope, run, graph, config, lease);
  if (plan.kind === "never")
    return { status: "error", row: "error", failure: { error: "RunNotResumed", message: plan.why } };
  if (plan.kind === "done") {
    const { values } = plan.snapshot;
    if (kwargs.stream_mode.includes("values")) emitter.emit("values", values);
    return { status: "success", row: statusOf(plan.snapshot), values };
  }
  if (plan.from) await checkNamed(scope, run.threadId, plan.from);
  const stream = new GraphStream(kwargs, emitter);
  const whole = { ...config, configurable: { ...config.configurable, ...plan.from }, signal, control };
  // A node that looks at no signal is not waited for: what it stores later is refused.
  await unlessAborted(signal, stream.run(graph, plan.input, whole, run.id));
  return { status: "success", row: stream.isInterrupted ? "interrupted" : "idle", values: toPlain(stream.values) };
}

function failureOf(error: unknown): { error: string; message: string } {
  return error instanceof Error
    ? { error: error.name, message: error.message }
    : { error: "Error", message: typeof error === "string" ? error : "The run has failed." };
}
