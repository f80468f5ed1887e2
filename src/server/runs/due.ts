import type { Item } from "../../aws/dynamodb/items.js";
import { duePartition, dueSortKey, dueUntil } from "../../checkpoint/agent-keys.js";
import { ALLOWANCE_MS } from "../../checkpoint/lease/marker.js";
import { stringOf } from "../../format/attributes.js";
import { key } from "../../format/keys.js";
import type { ThreadRow } from "../directory.js";
import { endingIn } from "../items.js";
import type { Scope } from "../scope.js";
import type { Run, RunName } from "./record.js";

/* What a sweep looks at: runs that nobody listens to, and those that are to begin later. */

/** Rows of runs that are gone go by themselves, so long after their time. */
const DUE_SECONDS = 30 * 86_400;

/** The place of a run in the list. */
export const dueAt = (at: number, id: string): string => dueSortKey(at, id);

/** When a run is due, in milliseconds since 1970. */
export const dueTime = (due: string): number => Number(due.split("#")[0]);

const rowOf = ({ base, tenant }: Scope, threadId: string, due: string): Item => ({
  ...key(duePartition(base.keyPrefix), due),
  thread: { S: threadId },
  ...(tenant !== "" && { tenant: { S: tenant } }),
  ...endingIn((dueTime(due) - Date.now()) / 1_000 + DUE_SECONDS),
});

export async function addDue(scope: Scope, { threadId, due }: Run): Promise<void> {
  if (due !== undefined) await scope.base.db.putItem(rowOf(scope, threadId, due));
}

/**
 * When a run that somebody listens to is looked at: its isolate may have died by then. That row stays until the next
 * run of the thread puts its own in its place, or a sweep comes by: deleting it would be one more request a turn.
 */
export const guardAt = ({ config }: Scope, id: string): string =>
  dueAt(Date.now() + config.limits.leaseSeconds * 1_000 + ALLOWANCE_MS, id);

export async function addGuard(scope: Scope, row: ThreadRow, guard: string): Promise<void> {
  const { base } = scope;
  const before = row.guard === undefined ? [] : [key(duePartition(base.keyPrefix), row.guard)];
  await base.db.batchPut([rowOf(scope, row.threadId, guard)], before);
}

export async function notDue({ base }: Scope, due: string | undefined): Promise<void> {
  if (due !== undefined) await base.db.batchDelete([key(duePartition(base.keyPrefix), due)]);
}

/** What is due now. */
export async function* dueRuns({
  base,
}: Pick<Scope, "base">): AsyncGenerator<RunName & { due: string }, void, undefined> {
  const query = { partition: duePartition(base.keyPrefix), between: dueUntil(Date.now()), consistent: true };
  for await (const items of base.db.queryPages(query))
    for (const item of items)
      yield {
        thread_id: stringOf(item, "thread") ?? "",
        run_id: item.SK.S.slice(item.SK.S.indexOf("#") + 1),
        keyPrefix: stringOf(item, "tenant") ?? "",
        due: item.SK.S,
      };
}
