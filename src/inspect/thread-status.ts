import { keyPart } from "../format/keys.js";
import { idTime } from "../checkpoint/ids.js";
import { infoOf, isHeld, leaseOf } from "../checkpoint/lease/marker.js";
import type { LeaseInfo } from "../checkpoint/lease/errors.js";
import type { AboutLeases } from "../checkpoint/read/pages.js";
import { latestItems } from "../checkpoint/read/query.js";
import type { Storage } from "../checkpoint/storage.js";
import { threadOf } from "../checkpoint/refs.js";
import type { Status } from "./statuses.js";
import { readRows, type Facts, type TimelineTask } from "./timeline-rows.js";
import type { Problem } from "./tolerant-read.js";

export interface ThreadStatus {
  status: Status;
  /** The latest checkpoint of the root graph. */
  checkpointId: string | undefined;
  step: number | undefined;
  /** ISO 8601. */
  time: string | undefined;
  next: string[];
  /** What tasks have failed with. */
  errors: unknown[];
  /** What tasks have asked for, and has not been answered. */
  interrupts: unknown[];
  lease: LeaseInfo | undefined;
  problems: Problem[];
}

/** What tasks have asked for, and has not been answered. */
export const openInterrupts = ({ tasks }: { tasks: readonly TimelineTask[] }): unknown[] =>
  tasks.flatMap(({ interrupts, writes }) => (writes === 0 ? interrupts : []));

/** 1 request; more where dozens of tasks have written, or the parts that are looked at are large. */
export async function threadStatus(given: Storage, threadId: string): Promise<ThreadStatus> {
  const storage: Storage = { ...given, consistentRead: true };
  const thread = await threadOf(storage, threadId);
  const about: AboutLeases = {};
  const { items } = await latestItems(storage, thread, await keyPart("namespace", ""), undefined, true, about);
  const seen = leaseOf(about.marker);
  const lease = seen && isHeld(seen) ? infoOf(threadId, seen) : undefined;
  const found = { checkpointId: items?.id, lease };
  for await (const [row] of items ? readRows(storage, [items]) : []) {
    const { facts, problems } = row!;
    const errors = facts.tasks.flatMap(({ error, writes }) => (error !== undefined && writes === 0 ? [error] : []));
    const interrupts = openInterrupts(facts);
    const { step, time, next = [] } = facts;
    const status = lease ? "running" : statusOf(facts, errors, interrupts);
    return { ...found, status, step, time, next, errors, interrupts, problems };
  }
  const nothing = { step: undefined, time: undefined, next: [], errors: [], interrupts: [], problems: [] };
  return { ...found, status: lease ? "running" : "empty", ...nothing };
}

function statusOf({ next }: Facts, errors: unknown[], interrupts: unknown[]): Status {
  if (errors.length > 0) return "failed";
  if (interrupts.length > 0) return "waiting";
  if (next === undefined) return "unreadable";
  return next.length > 0 ? "unfinished" : "done";
}

/** A step that takes longer is rare. */
const RECENT_MS = 10 * 60_000;

/** Whether a run may be under way that has no lease. */
export const isRunUnderWay = ({ checkpointId, time }: ThreadStatus): boolean =>
  Date.now() - (idTime(checkpointId ?? "") ?? Date.parse(time ?? "")) < RECENT_MS;
