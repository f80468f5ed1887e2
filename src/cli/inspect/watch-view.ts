import { sleep } from "../../aws/client/sleep.js";
import type { Status } from "../../inspect/statuses.js";
import { threadStatus, type ThreadStatus } from "../../inspect/thread-status.js";
import { timeline, type TimelineEntry } from "../../inspect/timeline.js";
import { timeOf } from "../checkpoint-time.js";
import type { Context } from "../context.js";
import { FoundWrong } from "../errors.js";
import { adviseOnInterrupt } from "../interrupt.js";
import { cyan, dim } from "../text.js";
import { unknownAmong } from "../unknown-threads.js";
import { entryJson } from "./json.js";
import { leaseJson, statusText, whatText } from "./status-view.js";
import { shortId, whatChanged } from "./timeline-view.js";

/** Of what has come since the last look, at most so many are shown. */
const MOST = 100;

/**
 * Shows a thread's checkpoints as they come, and what it is doing whenever that changes: 1 request each time, and some
 * more where something has come.
 *
 * @param until ends when it is one of these
 * @throws FoundWrong where there is no such thread
 */
export async function watchThread(
  context: Context,
  threadId: string,
  intervalMs: number,
  until: ReadonlySet<Status> | undefined,
): Promise<void> {
  const { storage, output, signal } = context;
  adviseOnInterrupt("Nothing was changed.");
  let last: string | undefined;
  let said = "";
  for (let isFirst = true; ; isFirst = false) {
    const found = await threadStatus(storage, threadId);
    if (isFirst && found.status === "empty" && (await unknownAmong(context, [threadId])).size > 0)
      throw new FoundWrong();
    if (found.checkpointId !== undefined && found.checkpointId !== last) {
      for (const entry of await since(context, threadId, last)) await showEntry(context, entry);
      last = found.checkpointId;
    }
    const text = JSON.stringify([found.status, whatText(found)]);
    if (text !== said) await showStatus(output, found);
    said = text;
    if (until?.has(found.status)) return;
    await sleep(intervalMs, signal);
  }
}

/** What has come behind a checkpoint, oldest first; the latest alone where there is none. */
async function since({ storage }: Context, threadId: string, last: string | undefined): Promise<TimelineEntry[]> {
  const found: TimelineEntry[] = [];
  for await (const { entry } of timeline(storage, threadId, { ns: "", limit: last === undefined ? 1 : MOST })) {
    if (entry.id === last) break;
    found.unshift(entry);
  }
  return found;
}

async function showEntry({ output }: Context, entry: TimelineEntry): Promise<void> {
  if (output.isJson) return output.json({ checkpoint: entryJson(entry) });
  const time = (entry.time ?? timeOf(entry.id))?.slice(11, 19);
  const source = entry.source === undefined || entry.source === "loop" ? "" : ` ${entry.source}`;
  await output.line(dim(time), `step ${entry.step ?? "?"}${source}`, cyan(shortId(entry.id)), whatChanged(entry));
}

async function showStatus(output: Context["output"], found: ThreadStatus): Promise<void> {
  if (!output.isJson) return output.line(statusText(found.status), whatText(found));
  const { status, checkpointId = null, next, errors, interrupts, lease } = found;
  await output.json({ status, checkpointId, next, errors, interrupts, lease: leaseJson(lease) });
}
