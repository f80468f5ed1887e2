import { idTime } from "../../checkpoint/ids.js";
import type { Status } from "../../inspect/statuses.js";
import { threadStatus, type ThreadStatus } from "../../inspect/thread-status.js";
import type { Context } from "../context.js";
import { count, counted } from "../numbers.js";
import { timeOf } from "../checkpoint-time.js";
import type { Row } from "../table.js";
import { dim, green, red, yellow, type Text } from "../text.js";
import { failureText, questionText } from "./timeline-view.js";

/** Threads looked at side by side. */
const AT_ONCE = 10;

interface Options {
  prefix?: string | undefined;
  after?: string | undefined;
  /** At most so many that are shown. */
  limit?: number | undefined;
  /** Only these. */
  statuses?: ReadonlySet<Status> | undefined;
  /** Only those whose latest checkpoint is not older than so many seconds, and those that run. */
  since?: number | undefined;
}

/** A thread and what it is doing. */
interface Found extends ThreadStatus {
  threadId: string;
  createdAt: string;
}

/** Lists threads with what they are doing, and says what that has cost. */
export async function showStatuses(context: Context, options: Options): Promise<void> {
  const { output } = context;
  let looked = 0;
  let shown = 0;
  const progress = output.progress("Looking");
  const stopListening = context.onRequest(() => progress.update(looked, counted(looked, "thread")));
  async function* chosen(): AsyncGenerator<Found> {
    for await (const found of statuses(context, options)) {
      looked++;
      if (!isWanted(found, options)) continue;
      if (shown++ === 0) progress.stop();
      yield found;
      if (shown === options.limit) return;
    }
  }
  try {
    if (output.isJson) for await (const found of chosen()) await output.json(statusJson(found));
    else await output.table(COLUMNS, rows(chosen()));
  } finally {
    stopListening();
    progress.stop();
  }
  if (output.isJson) return;
  if (shown === 0) output.note("No such threads.");
  const { requests, readUnits } = context.spent();
  output.note(
    dim(
      `Looked at ${counted(looked, "thread")}: ${counted(requests, "request")}, ` +
        `${count(Math.ceil(readUnits))} read units.`,
    ),
  );
}

async function* statuses({ saver, storage }: Context, { prefix, after }: Options): AsyncGenerator<Found> {
  const read = async (row: { threadId: string; createdAt: string }[]): Promise<Found[]> =>
    Promise.all(row.map(async (one) => ({ ...one, ...(await threadStatus(storage, one.threadId)) })));
  let row: { threadId: string; createdAt: string }[] = [];
  for await (const { threadId, createdAt } of saver.listThreads({ prefix, after })) {
    row.push({ threadId, createdAt });
    if (row.length < AT_ONCE) continue;
    yield* await read(row);
    row = [];
  }
  yield* await read(row);
}

function isWanted({ status, checkpointId, time }: Found, { statuses, since }: Options): boolean {
  if (statuses && !statuses.has(status)) return false;
  if (since === undefined || status === "running") return true;
  const made = idTime(checkpointId ?? "") ?? Date.parse(time ?? "");
  return made >= Date.now() - since * 1_000;
}

const COLUMNS = [
  { title: "thread" },
  { title: "status", whole: true },
  { title: "step", align: "right" as const },
  { title: "last checkpoint", whole: true },
  { title: "what" },
];

async function* rows(found: AsyncIterable<Found>): AsyncGenerator<Row> {
  for await (const one of found) {
    const time = (one.time ?? timeOf(one.checkpointId ?? ""))?.replace(/\.\d+Z$/, "Z");
    yield [one.threadId, statusText(one.status), one.step, dim(time), whatText(one)];
  }
}

const SHOWN: Record<Status, (text: string) => Text> = {
  running: green,
  failed: red,
  waiting: yellow,
  unfinished: (text) => text,
  done: dim,
  unreadable: red,
  empty: dim,
};
export const statusText = (status: Status): Text => SHOWN[status](status);

/** Why it is what it is. */
export function whatText({ status, lease, errors, interrupts, next, problems }: ThreadStatus): string {
  switch (status) {
    case "running":
      return `${lease!.holder} has it until ${lease!.until.toISOString().replace(/\.\d+Z$/, "Z")}`;
    case "failed":
      return errors.map(failureText).join("; ");
    case "waiting":
      return interrupts.map(questionText).join("; ");
    case "unreadable":
      return problems.map(({ code }) => code).join(", ");
    case "unfinished":
      return `next: ${next.join(", ")}`;
    default:
      return "";
  }
}

/** What `--json` gives of it. */
export const statusJson = ({ checkpointId, step, time, lease, ...found }: Found): Record<string, unknown> => ({
  threadId: found.threadId,
  createdAt: found.createdAt,
  status: found.status,
  latest:
    checkpointId === undefined
      ? null
      : { checkpointId, step: step ?? null, time: time ?? timeOf(checkpointId) ?? null },
  next: found.next,
  errors: found.errors,
  interrupts: found.interrupts,
  lease: leaseJson(lease),
  problems: found.problems,
});

export const leaseJson = (lease: ThreadStatus["lease"]): Record<string, unknown> | null =>
  lease ? { holder: lease.holder, until: lease.until.toISOString(), token: lease.token } : null;
