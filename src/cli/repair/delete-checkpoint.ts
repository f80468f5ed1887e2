import { ThreadBusyError } from "../../checkpoint/lease/errors.js";
import { findCheckpoint } from "../../inspect/find-checkpoint.js";
import { entryAt } from "../../inspect/checkpoint-state.js";
import { threadStatus } from "../../inspect/thread-status.js";
import { usualGraceSeconds } from "../../threads/prune/options.js";
import { pruneThreads } from "../../threads/prune/prune.js";
import type { Context } from "../context.js";
import { UsageError } from "../errors.js";
import { PROGRAM } from "../help.js";
import { adviseOnInterrupt } from "../interrupt.js";
import { bytes, counted } from "../numbers.js";
import { timeOf } from "../checkpoint-time.js";

/**
 * Removes one checkpoint with what tasks have written to it, as a pruning does that keeps all others. What others are
 * rebuilt from stays for them, out of sight.
 *
 * @throws UsageError when it is the latest of its namespace
 */
export async function deleteCheckpoint(
  context: Context,
  threadId: string,
  text: string,
  ns: string | undefined,
  yes: boolean | undefined,
): Promise<void> {
  const { storage, output, options } = context;
  const target = await findCheckpoint(storage, threadId, text, ns);
  const [{ entry }, latest, { lease }] = await Promise.all([
    entryAt(storage, threadId, target),
    findCheckpoint(storage, threadId, "latest", target.ns),
    threadStatus(storage, threadId),
  ]);
  if (latest.id === target.id)
    throw new UsageError(
      `Checkpoint ${target.id} is the latest: the thread goes on from it. To let it go on from an earlier one: ` +
        `${PROGRAM} rollback ${JSON.stringify(threadId)} latest~1. Then this one can be removed.`,
    );
  // Who has just got the thread goes on from what it has read, which a pruning must not judge.
  if (lease) throw new ThreadBusyError(lease);
  const made = (entry.time ?? timeOf(target.id) ?? "?").replace(/\.\d+Z$/, "Z");
  const question =
    `Remove checkpoint ${target.id} (step ${entry.step ?? "?"}, ${made}) of thread ${JSON.stringify(threadId)} of ` +
    `${options.tableName}, with what tasks have written to it? Nothing brings it back.`;
  if (!(await output.confirm(question, yes))) {
    output.note("Nothing was deleted.");
    return;
  }
  adviseOnInterrupt("It is removed, or as it was: inspect tells. Run it again.");
  using progress = output.progress("Reading");
  const work = pruneThreads(storage, [threadId], {
    rule: (one) => one.id !== target.id || one.ns !== target.ns,
    dryRun: false,
    graceSeconds: usualGraceSeconds(storage),
  });
  let step = await work.next();
  for (; !step.done; step = await work.next()) progress.update(0, counted(step.value.read, "checkpoint"));
  progress.stop();
  const freed = step.value;
  if (output.isJson) await output.json({ threadId, namespace: target.ns, checkpointId: target.id, freed });
  else await output.line(`Removed checkpoint ${target.id} (${bytes(freed.bytes)}).`);
}
