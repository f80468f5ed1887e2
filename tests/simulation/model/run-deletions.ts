import { LOG } from "../calls/plan.js";
import { rebuiltFrom } from "./log-channel.js";
import type { Model } from "./model.js";
import { possible, type RecordedCheckpoint, type RecordedWrites, type Span } from "./records.js";

/** What `deleteForRuns` may and must remove. */
export function endRunDeletion(
  model: Model,
  runs: string[],
  thread: string | undefined,
  span: Span,
  isAcknowledged: boolean,
): void {
  const threads = thread === undefined ? [...model.threads.values()] : [model.thread(thread)];
  for (const { checkpoints, writes } of threads) {
    for (const one of writes) if (isOfTaskOf(model, one, runs)) removeWrites(model, one, runs, span, isAcknowledged);
    for (const one of checkpoints) {
      if (!runs.includes(one.run!) || !possible(one, span)) continue;
      one.mayGo = Math.min(one.mayGo, span.start.step);
      // What may be of a deleted thread, the instance that has put it shows by its id for some minutes.
      const isSure = isAcknowledged && one.sure <= span.start.step && one.dead === "no";
      if (isSure) one.mustGo = Math.min(one.mustGo, span.end.step);
    }
  }
}

/** Whether these are of a task to which one of some runs has written: of two writes of one place, one is left. */
export function isOfTaskOf(model: Model, { thread, ns, id, task }: RecordedWrites, runs: string[]): boolean {
  const all = model.thread(thread).writesOf(ns, id);
  return all.some((one) => one.task === task && runs.includes(one.run!));
}

/**
 * What a run has written to a checkpoint of another goes with it. A task stays that has written to a `DeltaChannel`
 * which a checkpoint that stays is rebuilt from.
 */
function removeWrites(model: Model, one: RecordedWrites, runs: string[], span: Span, isAcknowledged: boolean): void {
  const { checkpoints } = model.thread(one.thread);
  const targets = model.thread(one.thread).all(one.ns, one.id);
  const [target] = targets;
  const heirs = one.entries.some(({ channel }) => channel === LOG)
    ? checkpoints.filter(
        (other) =>
          !runs.includes(other.run!) &&
          possible(other, span) &&
          rebuiltFrom(other).some(({ from }) => targets.includes(from)),
      )
    : [];
  const isSureHeir = (other: RecordedCheckpoint): boolean =>
    model.mustSee(other, span) && rebuiltFrom(other).some(({ from, isSure }) => isSure && from === target);
  if (targets.length === 1 && heirs.some(isSureHeir)) return;
  one.mayGo = Math.min(one.mayGo, span.start.step);
  // Of a checkpoint that is not there for readers, nothing has to go. A late batch of a copy brings it back.
  const isThere =
    targets.length === 1 && target!.group === undefined && target!.dead === "no" && model.mustSee(target!, span);
  const isSure = isAcknowledged && one.sure <= span.start.step && runs.includes(one.run!);
  if (isSure && isThere && heirs.length === 0) one.mustGo = Math.min(one.mustGo, span.end.step);
}
