import { ThreadBusyError } from "../../checkpoint/lease/errors.js";
import { entryAt } from "../../inspect/checkpoint-state.js";
import { findCheckpoint } from "../../inspect/find-checkpoint.js";
import { threadStatus } from "../../inspect/thread-status.js";
import type { TimelineEntry } from "../../inspect/timeline.js";
import { timeOf } from "../checkpoint-time.js";
import type { Context } from "../context.js";
import { FoundWrong, UsageError } from "../errors.js";
import { adviseOnInterrupt } from "../interrupt.js";
import { copyOf, metadataOf, putLatest, ttlOf, warningOf } from "./put-latest.js";

interface Options {
  dryRun?: boolean;
  breakLease?: boolean;
  yes?: boolean;
}

/**
 * Lets a thread go on from an earlier checkpoint of its root graph, as LangGraph's own `updateState` with `__copy__`
 * does: a copy of it, with its parent, becomes the latest. What came after it stays, on a branch of its own.
 *
 * @throws UsageError when it is the latest already
 * @throws FoundWrong when it cannot be read whole
 */
export async function rollback(
  context: Context,
  threadId: string,
  text: string,
  { dryRun = false, breakLease = false, yes }: Options,
): Promise<void> {
  const { storage, output } = context;
  const target = await findCheckpoint(storage, threadId, text, "");
  const [{ entry }, status] = await Promise.all([entryAt(storage, threadId, target), threadStatus(storage, threadId)]);
  const latest = status.checkpointId;
  if (latest === undefined || latest === entry.id)
    throw new UsageError(`Checkpoint ${entry.id} is the latest already: the thread goes on from it.`);
  if (entry.problems.length > 0) {
    for (const { message, code, part } of entry.problems) output.warn(`${part ?? "all of it"}: ${message} [${code}]`);
    output.note(`Checkpoint ${entry.id} cannot be read whole, so nothing can go on from it. Nothing was changed.`);
    throw new FoundWrong();
  }
  const plan = planOf(threadId, entry, latest);
  const report = { threadId, from: entry.id, previous: latest, next: entry.next ?? [] };
  if (status.lease && !breakLease) {
    if (dryRun) output.warn(`${JSON.stringify(status.lease.holder)} has the thread: it would be refused.`);
    else throw new ThreadBusyError(status.lease);
  }
  const warning = warningOf(status);
  if (warning !== undefined) output.warn(warning);
  if (dryRun) {
    if (output.isJson) await output.json({ dryRun, ...report, checkpointId: null });
    else await output.tree({ label: plan[0], children: plan.slice(1).map((label) => ({ label })) });
    return;
  }
  if (!(await output.confirm(`${plan.join(" ")} Go on?`, yes))) {
    output.note("Nothing was changed.");
    return;
  }
  adviseOnInterrupt("The copy is the latest, or nothing was changed: inspect tells. It can be run again.");
  const id = await putLatest(
    context,
    threadId,
    latest,
    breakLease,
    async (_, at) => {
      const tuple = await at(entry.id);
      const { step = -1 } = tuple.metadata ?? {};
      // As LangGraph does: without versions that are new, all values are stored.
      const checkpoint = copyOf(tuple.checkpoint, step);
      return { parent: tuple.parentConfig, checkpoint, metadata: metadataOf(tuple, "fork"), newVersions: {} };
    },
    ttlOf(entry),
  );
  if (output.isJson) await output.json({ dryRun, ...report, checkpointId: id });
  else await output.line(`${JSON.stringify(threadId)} goes on from ${id}, a copy of ${entry.id}.`);
}

function planOf(threadId: string, { id, step, time, next, tasks }: TimelineEntry, latest: string): string[] {
  const made = (time ?? timeOf(id) ?? "?").replace(/\.\d+Z$/, "Z");
  const nodes = next === undefined || next.length === 0 ? "nothing is to run there" : `next: ${next.join(", ")}`;
  const again = tasks.some(({ interrupts, writes, error }) => interrupts.length + writes > 0 || error !== undefined)
    ? ["Its nodes run anew: what they had asked for, written or failed with is not taken over."]
    : [];
  return [
    `Thread ${JSON.stringify(threadId)} would go on from a copy of checkpoint ${id}.`,
    `That is of step ${step ?? "?"}, ${made}; ${nodes}.`,
    ...again,
    `What came after it stays as history, with the latest until now, ${latest}.`,
  ];
}
