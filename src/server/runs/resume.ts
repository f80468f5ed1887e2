import type { Lease } from "../../checkpoint/lease/lease.js";
import { runCheckpoints } from "../../checkpoint/read/run-checkpoints.js";
import { GraphCommand, type Graph, type GraphConfig, type Snapshot } from "../graphs.js";
import { isFields, type Fields } from "../http/fields.js";
import { unfit } from "../http/http-error.js";
import { asks, isOver } from "../shapes/state.js";
import type { Scope } from "../scope.js";
import type { Kwargs, Run } from "./record.js";

/*
 * How a run goes on whose isolate has died. Its input is given again only while nothing of it is stored: otherwise the
 * graph goes on from what is there. The danger are answers to interrupts: a plain one that is given twice answers the
 * next question of the same node as well. So an answer is bound to its question when the run begins.
 */

const RESUME = "__resume__";
/** What LangGraph takes for the id of an interrupt. */
export const isBound = (resume: unknown): boolean =>
  isFields(resume) && Object.keys(resume).length > 0 && Object.keys(resume).every((id) => /^[0-9a-f]{32}$/.test(id));

/**
 * What LangGraph writes of a command stands under the interrupt's id, or under this one. What a task has taken of it
 * stands under the task's own.
 */
const NO_TASK = "00000000-0000-0000-0000-000000000000";
const isTask = (id: string): boolean => id !== NO_TASK && id.includes("-");

/** How many answers the tasks of a checkpoint have taken. */
async function answersAt({ saver }: Scope, config: GraphConfig): Promise<Record<string, number>> {
  const tuple = await saver.getTuple(config);
  const counts: Record<string, number> = {};
  for (const [task, channel, value] of tuple?.pendingWrites ?? [])
    if (channel === RESUME && isTask(task))
      counts[task] = (counts[task] ?? 0) + (Array.isArray(value) ? value.length : 1);
  return counts;
}

/** What is left of bound answers, of which some tasks have taken theirs: `null` where that is nothing, or not sure. */
function answersLeft({ command }: Kwargs, { tasks }: Snapshot, taken: readonly string[]): GraphCommand | null {
  if (!isBound(command?.resume)) return null;
  const waits = (asked: string): boolean =>
    tasks.some((task) => !taken.includes(task.id) && task.interrupts.some(({ id }) => id === asked));
  const left = Object.entries(command!.resume as Fields).filter(([id]) => waits(id));
  return left.length > 0 ? new GraphCommand({ resume: Object.fromEntries(left) }) : null;
}

const openQuestions = ({ tasks }: Snapshot): string[] => [
  ...new Set(
    tasks.filter(asks).flatMap(({ interrupts }) => interrupts.flatMap(({ id }) => (id === undefined ? [] : [id]))),
  ),
];

/** Binds an answer to the question that waits, if one does. Is called under the lease, before the run begins. */
export async function boundAnswer(
  scope: Scope,
  graph: Graph,
  config: GraphConfig,
  { command, ...kwargs }: Kwargs,
): Promise<Kwargs> {
  const resume = command?.resume;
  if (resume === undefined) return { command, ...kwargs };
  const [answers, snapshot] = [await answersAt(scope, config), await graph.getState(config)];
  if (isBound(resume) && snapshot.createdAt === undefined) return { command, ...kwargs, isUnasked: true };
  const asked = openQuestions(snapshot);
  if (isBound(resume) || asked.length === 0) return { command, ...kwargs, answers };
  // Behind a jump, LangGraph gives a plain answer to whatever asks there.
  if (asked.length > 1 || command?.goto !== undefined) return { command, ...kwargs, answers, isAmbiguous: true };
  return { ...kwargs, command: { ...command, resume: { [asked[0]!]: resume } }, answers };
}

/** @throws HttpError 422 where it would answer a question of a thread that has no state */
export function inputOf({ command, input, isUnasked }: Kwargs): unknown {
  if (isUnasked) throw unfit("The thread has no state, and so no interrupt to resume. Start a run with an input.");
  return command ? new GraphCommand(command) : input;
}

/** What an attempt begins with. */
export type Plan =
  /** The graph gets this, at a checkpoint where one was named; `null`: it goes on. */
  | { kind: "run"; input: unknown; from?: Fields | undefined }
  /** It has done all that it had to do. */
  | { kind: "done"; snapshot: Snapshot }
  | { kind: "never"; why: string };

/** @param config of the latest checkpoint, under the lease */
export async function planAgain(
  scope: Scope,
  run: Run,
  graph: Graph,
  config: GraphConfig,
  lease: Lease,
): Promise<Plan> {
  const { kwargs } = run;
  const snapshot = await graph.getState(config);
  const { checkpoint_id: latest } = snapshot.config.configurable;
  const own = await ownCheckpoints(scope, run, lease);
  if (own.some((id) => id === latest)) {
    return isOver(snapshot) ? { kind: "done", snapshot } : { kind: "run", input: null };
  }
  if (own.length > 0) return { kind: "never", why: "Another run has gone on in its thread." };
  if (kwargs.isAmbiguous)
    return {
      kind: "never",
      why: "It was a plain answer with a jump, or where several questions waited. Answer by interrupt id.",
    };
  const at = { configurable: { ...config.configurable, ...kwargs.checkpoint } };
  const before = kwargs.answers;
  const taken = before ? Object.entries(await answersAt(scope, at)).filter(([id, n]) => n > (before[id] ?? 0)) : [];
  if (taken.length > 0) {
    const left = answersLeft(
      kwargs,
      snapshot,
      taken.map(([id]) => id),
    );
    return { kind: "run", input: left, from: kwargs.checkpoint };
  }
  return { kind: "run", input: inputOf(kwargs), from: kwargs.checkpoint };
}

/** What a run has stored. Its metadata do not say whose a checkpoint is, but its item does. */
async function ownCheckpoints({ storage }: Scope, { id, threadId, created }: Run, lease: Lease): Promise<string[]> {
  const own: string[] = [];
  for await (const one of runCheckpoints({ ...storage, lease }, threadId, created))
    if (one.runId === id) own.push(one.id);
  return own;
}
