import type { Item, UpdateInput } from "../../aws/dynamodb/items.js";
import { threadOf } from "../../checkpoint/refs.js";
import { RUNS, runSortKey } from "../../checkpoint/agent-keys.js";
import { DATA, numberOf, stringOf } from "../../format/attributes.js";
import { key } from "../../format/keys.js";
import { isGone, TTL_ATTRIBUTE } from "../../payload/lifetime.js";
import type { ThreadRow } from "../directory.js";
import type { Assistant, CommandFields } from "../graphs.js";
import type { Fields } from "../http/fields.js";
import { endingIn, MOST_GIVEN_BYTES, number, sealed, unsealed } from "../items.js";
import type { Scope } from "../scope.js";

/* A run as an item of its thread. Every change of it has a condition: what arrives late, or twice, changes nothing. */

export type RunStatus = "pending" | "running" | "success" | "error" | "interrupted";
export type Strategy = "reject" | "enqueue" | "interrupt" | "rollback";

/** A run, as `work()` is given it. */
export interface RunName {
  thread_id: string;
  run_id: string;
  /** Of the tenant, where `authenticate` gives one. */
  keyPrefix?: string | undefined;
}

/** What a run was started with. */
export interface Kwargs {
  assistant: Assistant;
  input: unknown;
  command: CommandFields | undefined;
  config: { configurable: Fields; tags?: string[]; recursion_limit?: number };
  context: unknown;
  metadata: Fields;
  user: unknown;
  stream_mode: string[];
  stream_subgraphs: boolean;
  resumable: boolean;
  interrupt_before: string[] | "*" | undefined;
  interrupt_after: string[] | "*" | undefined;
  checkpoint: Fields | undefined;
  durability: string | undefined;
  on_disconnect: "cancel" | "continue";
  multitask_strategy: Strategy;
  /** The thread goes when the run has ended. */
  isTemporary: boolean;
  /** When its thread was made: another one of the same id is not its own. */
  since?: number;
  /** How many answers each task had when the run began, where it is a resume. */
  answers?: Record<string, number>;
  /** Whether a plain answer was given where several questions wait: nobody but its own isolate may go on with it. */
  isAmbiguous?: boolean;
  /** Whether it answers by id where nothing can have asked. */
  isUnasked?: boolean;
}

export interface Run {
  id: string;
  threadId: string;
  status: RunStatus;
  attempt: number;
  /** Of the lease of its last attempt. */
  token: number;
  created: number;
  updated: number;
  /** The sort key of its row in the list of what is due. */
  due: string | undefined;
  /** The same, of a run that somebody has listened to when it began. */
  guard: string | undefined;
  kwargs: Kwargs;
  /** Why it has failed. */
  failure: { error: string; message: string } | undefined;
}

export const hasEnded = ({ status }: Run): boolean => status !== "pending" && status !== "running";

/** Whether a run is of a thread as it is now. */
export const isRunOf = ({ kwargs }: Run, { created }: Pick<ThreadRow, "created">): boolean => kwargs.since === created;

/** A deleted run is kept so long as a mark: what arrives late does not bring it back. */
const MARK_SECONDS = 3_600;

/** A UUID that begins with the time, as those of version 7 do: runs are listed by it. */
export function newRunId(now = Date.now()): string {
  const random = [...crypto.getRandomValues(new Uint8Array(10))].map((byte) => byte.toString(16).padStart(2, "0"));
  const hex = now.toString(16).padStart(12, "0") + random.join("");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-7${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`;
}

async function placeOf(scope: Scope, threadId: string, id: string): Promise<ReturnType<typeof key>> {
  return key((await threadOf(scope.storage, threadId)).partition, runSortKey(id));
}

/** @throws HttpError 413 where an item does not hold what a run is started with */
export async function checkSize({ storage }: Scope, kwargs: Kwargs): Promise<void> {
  // Compressed, nothing is longer than it was, and a character has 3 bytes at most.
  if (3 * JSON.stringify(kwargs).length > MOST_GIVEN_BYTES)
    await sealed(storage, key("", ""), kwargs, DATA, MOST_GIVEN_BYTES);
}

/** Stores a new run. */
export async function addRun(scope: Scope, run: Run): Promise<void> {
  const place = await placeOf(scope, run.threadId, run.id);
  const item: Item = {
    ...place,
    status: { S: run.status },
    attempt: number(run.attempt),
    token: number(run.token),
    created: number(run.created),
    updated: number(run.updated),
    ...(run.due !== undefined && { due: { S: run.due } }),
    ...(run.guard !== undefined && { guard: { S: run.guard } }),
    ...(await sealed(scope.storage, place, run.kwargs)),
    ...endingIn(scope.opened.ttlSeconds ?? scope.config.limits.runSeconds),
  };
  // An attempt whose answer got lost has stored it.
  await scope.storage.db.putItem(item, { condition: "attribute_not_exists(PK)" });
}

async function runOf(scope: Scope, threadId: string, item: Item): Promise<Run | undefined> {
  if (isGone(item) || "gone" in item) return undefined;
  return {
    id: item.SK.S.slice(RUNS.length),
    threadId,
    status: (stringOf(item, "status") ?? "error") as RunStatus,
    attempt: numberOf(item, "attempt") ?? 0,
    token: numberOf(item, "token") ?? 0,
    created: numberOf(item, "created") ?? 0,
    updated: numberOf(item, "updated") ?? 0,
    due: stringOf(item, "due"),
    guard: stringOf(item, "guard"),
    kwargs: (await unsealed(scope.storage, item)) as Kwargs,
    failure: "failure" in item ? ((await unsealed(scope.storage, item, "failure")) as Run["failure"]) : undefined,
  };
}

export async function readRun(scope: Scope, threadId: string, id: string): Promise<Run | undefined> {
  const item = await scope.storage.db.getItem(await placeOf(scope, threadId, id), true);
  return item && runOf(scope, threadId, item);
}

/** The runs of a thread, the newest first. */
export async function* runsOf(scope: Scope, threadId: string): AsyncGenerator<Run, void, undefined> {
  const { partition } = await threadOf(scope.storage, threadId);
  const query = { partition, beginsWith: RUNS, descending: true, consistent: true };
  for await (const items of scope.storage.db.queryPages(query))
    for (const item of items) {
      const run = await runOf(scope, threadId, item);
      if (run) yield run;
    }
}

const OPEN = "#status IN (:pending, :running) AND attribute_not_exists(#gone)";

type Update = Required<Pick<UpdateInput, "update" | "names" | "values" | "condition">>;

/** Changes a run that has not ended. @returns false where it has, or the condition does not hold */
async function change(scope: Scope, run: Run, { update, names, values, condition }: Update): Promise<boolean> {
  return scope.storage.db.updateItem({
    key: await placeOf(scope, run.threadId, run.id),
    update: `${update}, #updated = :updated`,
    condition: `${OPEN} AND ${condition}`,
    names: { "#status": "status", "#gone": "gone", "#updated": "updated", "#token": "token", ...names },
    values: { ":pending": { S: "pending" }, ":running": { S: "running" }, ":updated": number(Date.now()), ...values },
  });
}

/** An attempt begins, under a younger lease than the one before. False where the run has ended, or is another's. */
export async function claimRun(scope: Scope, run: Run, token: number, kwargs: Kwargs): Promise<boolean> {
  const place = await placeOf(scope, run.threadId, run.id);
  return change(scope, run, {
    update: "SET #status = :running, #token = :token, #attempt = :attempt, #data = :data",
    // The same token: an attempt whose answer got lost has claimed it.
    condition: "(#token < :token OR (#token = :token AND #attempt = :attempt))",
    names: { "#attempt": "attempt", "#data": "data" },
    values: {
      ":token": number(token),
      ":attempt": number(run.attempt + 1),
      ":data": (await sealed(scope.storage, place, kwargs)).data!,
    },
  });
}

/** A run has ended, or waits again, as the holder of its token says. */
export async function endRun(
  scope: Scope,
  run: Run,
  token: number,
  status: RunStatus,
  failure?: Run["failure"],
): Promise<boolean> {
  const place = await placeOf(scope, run.threadId, run.id);
  return change(scope, run, {
    update: `SET #status = :status${failure ? ", #failure = :failure" : ""}`,
    condition: "#token <= :token",
    names: failure ? { "#failure": "failure" } : {},
    values: {
      ":status": { S: status },
      ":token": number(token),
      ...(failure && { ":failure": (await sealed(scope.storage, place, failure, "failure")).failure! }),
    },
  });
}

/** A run has left its isolate in order, and waits for another one. That counts for no attempt. */
export async function pauseRun(scope: Scope, run: Run, due: string): Promise<boolean> {
  return change(scope, run, {
    update: "SET #status = :pending, #due = :due, #attempt = :attempt",
    condition: "#token <= :token",
    names: { "#due": "due", "#attempt": "attempt" },
    values: { ":due": { S: due }, ":attempt": number(1), ":token": number(run.token) },
  });
}

/** Deletes a run, and leaves a mark of it for a while. */
export async function deleteRun(scope: Scope, threadId: string, id: string): Promise<void> {
  await scope.storage.db.updateItem({
    key: await placeOf(scope, threadId, id),
    update: "SET #gone = :gone, #ttl = :ttl REMOVE #data, #failure",
    condition: "attribute_exists(PK)",
    names: { "#gone": "gone", "#ttl": TTL_ATTRIBUTE, "#data": "data", "#failure": "failure" },
    values: { ":gone": { S: "deleted" }, ":ttl": endingIn(MARK_SECONDS)[TTL_ATTRIBUTE]! },
  });
}
