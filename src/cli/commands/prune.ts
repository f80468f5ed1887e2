import type { Command } from "commander";
import type { PruneResult } from "../../threads/prune/result.js";
import type { PruneProgress } from "../../threads/prune/each-thread.js";
import type { PruneOptions } from "../../threads/prune/options.js";
import { ThreadsFailedError } from "../../threads/prune/threads-failed.js";
import { duration, threadIds, wholeNumber } from "../arguments.js";
import type { Context, Open } from "../context.js";
import { FoundWrong, UsageError } from "../errors.js";
import { withExample } from "../help.js";
import { adviseOnInterrupt } from "../interrupt.js";
import { bytes, count, counted } from "../numbers.js";
import { dim } from "../text.js";
import { unknownAmong } from "../unknown-threads.js";

interface Options {
  all?: boolean;
  keepLast?: number;
  olderThan?: number;
  namespace?: string;
  grace?: number;
  dryRun?: boolean;
  yes?: boolean;
}

export function addPrune(program: Command, open: Open): void {
  const command = program
    .command("prune")
    .description("remove old checkpoints, and what only they referred to")
    .argument("[thread...]", "ids of threads", threadIds)
    .option("--all", "every thread of the table")
    .option("--keep-last <number>", "how many of the newest checkpoints of each namespace stay", wholeNumber(1))
    .option("--older-than <duration>", 'only checkpoints that are so old, for example "30d" or "12h"', duration)
    .option("--namespace <namespace>", 'only of this namespace; "" is the root\'s')
    .option(
      "--grace <duration>",
      'how long stays what a run may be about to use (default: "1h"), 25m or more; "0" only where no run is under way',
      duration,
    )
    .option("--dry-run", "only say what would go")
    .option("-y, --yes", "without a question")
    .action(async (threads: string[], options: Options, command: Command) => {
      // Before anything is opened: wrong usage needs no table to be told.
      const rules = pruneOptions(threads, options);
      await prune(await open(command), rules, options);
    });
  withExample(command, "prune --all --keep-last 20 --older-than 30d --dry-run");
}

/** @throws UsageError */
function pruneOptions(
  threads: readonly string[],
  { all, keepLast, olderThan, namespace, grace, dryRun }: Options,
): PruneOptions {
  if (threads.length > 0 === (all === true))
    throw new UsageError(all ? "Name threads, or pass --all: not both." : "Which threads? Name them, or pass --all.");
  if (keepLast === undefined && olderThan === undefined)
    throw new UsageError("What shall stay? Pass --keep-last, --older-than, or both.");
  return {
    ...(all ? { all } : { threadIds: threads }),
    keepLast,
    olderThanSeconds: olderThan,
    checkpointNs: namespace,
    graceSeconds: grace,
    dryRun,
  };
}

async function prune(context: Context, rules: PruneOptions, { dryRun = false, yes }: Options): Promise<void> {
  const { saver, options, output } = context;
  const unknown = rules.threadIds ? await unknownAmong(context, rules.threadIds) : undefined;
  if (!dryRun && !(await output.confirm(question(rules, options.tableName), yes))) {
    output.note("Nothing was removed.");
    return;
  }
  if (!dryRun)
    adviseOnInterrupt(
      "What was removed is removed, and what stayed can be read. Run it again: it goes on with the rest.",
    );

  using progress = output.progress(
    dryRun ? "Looking" : "Pruning",
    rules.threadIds && rules.threadIds.length > 1 ? rules.threadIds.length : undefined,
  );
  const seen = { threads: 0, checkpoints: 0, last: "" };
  let checkpoints = 0;
  const onProgress = ({ threadId, read, freed, error }: PruneProgress): void => {
    if (threadId !== seen.last || seen.threads === 0) {
      Object.assign(seen, { threads: seen.threads + 1, last: threadId, checkpoints: seen.checkpoints + checkpoints });
      checkpoints = 0;
    }
    checkpoints = Math.max(checkpoints, read);
    if (error) output.warn(`${error.message} [${error.code}]`);
    progress.update(
      seen.threads - 1,
      `${counted(seen.checkpoints + checkpoints, "checkpoint")} read, ${count(freed.checkpoints)} ` +
        `${dryRun ? "would go" : "removed"}`,
    );
  };
  let failure: ThreadsFailedError | undefined;
  const freed = await saver.prune({ ...rules, onProgress }).catch((error: unknown) => {
    if (!(error instanceof ThreadsFailedError)) throw error;
    failure = error;
    return error.freed;
  });
  progress.stop();
  const failed = failure?.failed.map(({ threadId, error: { code, message } }) => ({ threadId, code, message })) ?? [];
  if (output.isJson)
    await output.json({
      dryRun,
      threads: seen.threads,
      checkpointsRead: seen.checkpoints + checkpoints,
      freed,
      failed,
    });
  else
    await show(
      context,
      freed,
      dryRun,
      `${counted(seen.threads, "thread")} with ${counted(seen.checkpoints + checkpoints, "checkpoint")}`,
    );
  // What was freed is said before.
  if (failure) throw failure;
  if (unknown && unknown.size > 0) throw new FoundWrong();
}

function question(
  { threadIds, keepLast = 1, olderThanSeconds, checkpointNs, graceSeconds }: PruneOptions,
  table: string,
): string {
  const which = threadIds
    ? `${counted(threadIds.length, "thread")} of ${table} (${threadIds.map((id) => JSON.stringify(id)).join(", ")})`
    : `all threads of ${table}`;
  const where = checkpointNs === undefined ? "each namespace" : `namespace ${JSON.stringify(checkpointNs)}`;
  const age = olderThanSeconds === undefined ? "" : `, and what is younger than ${count(olderThanSeconds)} seconds`;
  const now = graceSeconds === 0 ? " No run may be under way there." : "";
  return (
    `Remove checkpoints from ${which}, but for the newest ${keepLast === 1 ? "one" : keepLast} of ` +
    `${where}${age}?${now}`
  );
}

async function show(
  { output }: Context,
  { checkpoints, writes, segments, objects, bytes: size, later }: PruneResult,
  dryRun: boolean,
  read: string,
): Promise<void> {
  const rows = [
    ["checkpoints", count(checkpoints), ""],
    ["writes of tasks", count(writes), ""],
    ["parts of values in DynamoDB", count(segments), count(later.segments)],
    ["parts of values in S3", count(objects), count(later.objects)],
    ["bytes", bytes(size), ""],
  ];
  await output.table(
    [
      { title: dryRun ? "would be freed" : "freed" },
      { title: "now", align: "right" },
      { title: "later", align: "right" },
    ],
    rows,
  );
  await output.line(dim(`Of ${read}.`));
  if (later.segments + later.objects > 0)
    await output.line(
      dim("Later: by a call an hour or more (--grace) after this one, for the sake of runs under way."),
    );
}
