import type { Command } from "commander";
import { STATUSES, type Status } from "../../inspect/statuses.js";
import { duration, statusesIn, wholeNumber } from "../arguments.js";
import type { Context, Open } from "../context.js";
import { UsageError } from "../errors.js";
import { withExample } from "../help.js";
import type { Column, Row } from "../table.js";
import { dim } from "../text.js";
import { timeOf } from "../checkpoint-time.js";

interface Options {
  prefix?: string;
  limit?: number;
  after?: string;
  latest?: boolean;
  leases?: boolean;
  /** True where no list was given. */
  status?: ReadonlySet<Status> | true;
  since?: number;
}

/** A line of `threads --json`. */
interface ThreadLine {
  threadId: string;
  /** ISO 8601. */
  createdAt: string;
  /** With `--latest`: the latest checkpoint of the root namespace; `null` where there is none. */
  latest?: { checkpointId: string; step: number | null; time: string | null } | null;
  /** With `--leases`: who has the thread; `null` where nobody has it. */
  lease?: { holder: string; until: string; token: number } | null;
}

export function addThreads(program: Command, open: Open): void {
  const threads = program
    .command("threads")
    .description("list the threads, ordered by id")
    .option("--prefix <text>", "only threads whose ids begin so")
    .option("--limit <number>", "at most so many", wholeNumber(1))
    .option("--after <thread>", "only threads behind this one, for the next page")
    .option("--latest", "also the latest checkpoint of each: 1 request a thread")
    .option("--leases", "also who has it to itself, and until when: 1 request a thread")
    .option(
      "--status [list]",
      `what each is doing, and with a list only those: ${STATUSES.slice(0, 5).join(",")}; 1 request a thread`,
      statusesIn,
    )
    .option(
      "--since <duration>",
      'only those with a checkpoint of the last "12h", and those that run; what each is doing',
      duration,
    )
    .action(async (options: Options, command: Command) => {
      const { status, since, latest, leases, ...which } = options;
      if (status === undefined && since === undefined) return list(await open(command), options);
      if (latest || leases) throw new UsageError("--status and --since show checkpoints and leases by themselves.");
      const context = await open(command);
      const { showStatuses } = await import("../inspect/status-view.js");
      await showStatuses(context, { ...which, since, statuses: status instanceof Set ? status : undefined });
    });
  withExample(threads, "threads --prefix user-42 --latest\nthreads --status failed,waiting --since 12h");
}

async function list({ saver, output }: Context, options: Options): Promise<void> {
  if (output.isJson) {
    for await (const line of lines(saver, options)) await output.json(line);
    return;
  }
  let count = 0;
  async function* rows(): AsyncGenerator<Row> {
    for await (const { threadId, createdAt, latest, lease } of lines(saver, options)) {
      count++;
      const ofLatest = [latest?.step ?? undefined, dim(seconds(latest?.time ?? ""))];
      const ofLease = [lease?.holder ?? undefined, dim(seconds(lease?.until ?? ""))];
      yield [
        threadId,
        dim(seconds(createdAt)),
        ...(options.latest ? ofLatest : []),
        ...(options.leases ? ofLease : []),
      ];
    }
  }
  const always: Column[] = [{ title: "thread" }, { title: "created", whole: true }];
  const ofLatest: Column[] = [
    { title: "step", align: "right" },
    { title: "last checkpoint", whole: true },
  ];
  const ofLease: Column[] = [{ title: "holder" }, { title: "until", whole: true }];
  const columns = [...always, ...(options.latest ? ofLatest : []), ...(options.leases ? ofLease : [])];
  await output.table(columns, rows());
  if (count === 0)
    output.note(
      "No threads",
      options.prefix === undefined ? "in this table, with this key prefix." : "whose ids begin so.",
    );
}

async function* lines(saver: Context["saver"], { leases, ...options }: Options): AsyncGenerator<ThreadLine> {
  for await (const { threadId, createdAt, latest } of saver.listThreads(options)) {
    const line: ThreadLine = { threadId, createdAt };
    if (options.latest)
      line.latest = latest
        ? { checkpointId: latest.checkpointId, step: latest.step ?? null, time: timeOf(latest.checkpointId) ?? null }
        : null;
    const lease = leases ? await saver.getLease(threadId) : undefined;
    if (leases)
      line.lease = lease ? { holder: lease.holder, until: lease.until.toISOString(), token: lease.token } : null;
    yield line;
  }
}

/** Without what is less than a second: enough for people. */
const seconds = (time: string): string => time.replace(/\.\d+Z$/, "Z");
