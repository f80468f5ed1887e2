import type { AttributeValue, Item } from "../aws/dynamodb/items.js";
import { threadOf } from "../checkpoint/refs.js";
import { directoryKey, directoryPartition, duePartition } from "../checkpoint/agent-keys.js";
import { DATA, numberOf, stringOf } from "../format/attributes.js";
import { certainId, key, keyPart, keyOf } from "../format/keys.js";
import { isGone, TTL_ATTRIBUTE } from "../payload/lifetime.js";
import { changedTooOften } from "../errors.js";
import { fitting } from "./http/checked.js";
import type { Fields } from "./http/fields.js";
import { unfit } from "./http/http-error.js";
import { endingIn, MOST_GIVEN_BYTES, number, sealed, unsealed } from "./items.js";
import type { Scope } from "./scope.js";

/*
 * The directory has a row for each thread, in one partition: a search is one Query, filtered in memory. Names of
 * statuses and times stand open in it; all that a caller has written is compressed, and encrypted where the saver does
 * that.
 */

export type ThreadStatus = "idle" | "busy" | "interrupted" | "error";

interface RowData {
  metadata: Fields;
  /** The beginning of the first message. */
  first?: { type: string; content: string };
}

/** A thread as the directory knows it. */
export interface ThreadRow extends RowData {
  threadId: string;
  status: ThreadStatus;
  /** The run that makes it busy. */
  run: string | undefined;
  /** The row of its last run in the list of what is due, where that was not deleted with the run's end. */
  guard: string | undefined;
  created: number;
  updated: number;
  /** Changes with the metadata. */
  revision: number;
}

/** The life of a row is that of a thread's index entry: somewhat longer than its last checkpoint. */
const MARGIN = 1.5;
const MAX_ROUNDS = 10;
const MAX_ID_CHARS = 1_024;

const lifeOf = ({ opened }: Scope): Record<string, AttributeValue> =>
  endingIn(opened.ttlSeconds === undefined ? undefined : MARGIN * opened.ttlSeconds);

async function rowOf(scope: Scope, item: Item): Promise<ThreadRow> {
  const data = (await unsealed(scope.storage, item)) as RowData;
  return {
    ...data,
    // One odd row must not break a search.
    metadata: fitting(data.metadata),
    threadId: await certainId(item.SK.S, stringOf(item, "thread")),
    status: (stringOf(item, "status") ?? "idle") as ThreadStatus,
    run: stringOf(item, "run"),
    guard: stringOf(item, "guard"),
    created: numberOf(item, "created") ?? 0,
    updated: numberOf(item, "updated") ?? 0,
    revision: numberOf(item, "revision") ?? 0,
  };
}

/** Whether a thread is the caller's. */
export const isOwn = ({ caller }: Scope, { metadata }: RowData): boolean =>
  caller.owner === undefined || metadata.owner === caller.owner;

/** The caller's thread; `undefined` where there is none, or it is another's. 1 request. */
export async function readRow(scope: Scope, threadId: string): Promise<ThreadRow | undefined> {
  const item = await scope.storage.db.getItem(await directoryKey(scope.storage.keyPrefix, threadId), true);
  if (!item || isGone(item)) return undefined;
  const row = await rowOf(scope, item);
  return isOwn(scope, row) ? row : undefined;
}

/** All threads of the caller, a page of 1 MB a request. */
export async function* rows(scope: Scope): AsyncGenerator<ThreadRow, void, undefined> {
  const { db, keyPrefix } = scope.storage;
  for await (const page of db.queryPages({ partition: directoryPartition(keyPrefix), consistent: true }))
    for (const item of page.filter((one) => !isGone(one))) {
      const row = await rowOf(scope, item);
      if (isOwn(scope, row)) yield row;
    }
}

const ownedBy = ({ caller }: Scope, metadata: Fields): Fields =>
  caller.owner === undefined ? metadata : { ...metadata, owner: caller.owner };

/**
 * Adds a thread. 1 request, and 1 more with an owner where the caller has chosen the id: a thread that was made past
 * this server is nobody's, and does not become the caller's.
 * @param isChosen by the caller; `"new"`: also without an owner, nothing of it may be there
 * @returns undefined where there is one already
 */
export async function addRow(
  scope: Scope,
  threadId: string,
  metadata: Fields,
  isChosen: boolean | "new",
  status: ThreadStatus = "idle",
): Promise<ThreadRow | undefined> {
  const { storage, caller } = scope;
  if (threadId.length > MAX_ID_CHARS) throw unfit(`thread_id has more than ${MAX_ID_CHARS} characters.`);
  if (isChosen === "new" || (isChosen && caller.owner !== undefined)) {
    const marker = await storage.incarnations.marker(await threadOf(storage, threadId));
    if (marker && !isGone(marker)) return undefined;
  }
  const place = await directoryKey(storage.keyPrefix, threadId);
  const { whole } = await keyPart("thread", threadId);
  const now = Date.now();
  const data: RowData = { metadata: ownedBy(scope, metadata) };
  const item: Item = {
    ...place,
    ...(whole !== undefined && { thread: { S: whole } }),
    status: { S: status },
    created: number(now),
    updated: number(now),
    revision: number(0),
    ...(await sealed(storage, place, data, DATA, MOST_GIVEN_BYTES)),
    ...lifeOf(scope),
  };
  const isAdded = await storage.db.putItem(item, {
    condition: "attribute_not_exists(PK) OR #ttl <= :now",
    names: { "#ttl": TTL_ATTRIBUTE },
    values: { ":now": number(Math.floor(now / 1_000)) },
  });
  if (!isAdded) return undefined;
  return {
    ...data,
    threadId,
    status,
    run: undefined,
    guard: undefined,
    created: now,
    updated: now,
    revision: 0,
  };
}

/** What changes of a row. */
interface Change {
  data?: RowData;
  mostBytes?: number;
  status?: ThreadStatus;
  run?: string;
  guard?: string | undefined;
}

/** @returns false where the thread is gone, or its metadata has changed since it was read */
async function change(scope: Scope, row: ThreadRow, { data, mostBytes, status, run, guard }: Change): Promise<boolean> {
  const { storage } = scope;
  const place = await directoryKey(storage.keyPrefix, row.threadId);
  const bytes = data && (await sealed(storage, place, data, DATA, mostBytes)).data;
  const life = lifeOf(scope)[TTL_ATTRIBUTE];
  const set = [
    "#updated = :updated",
    ...(status ? ["#status = :status"] : []),
    ...(run !== undefined ? ["#run = :run"] : []),
    ...(guard !== undefined ? ["#guard = :guard"] : []),
    ...(bytes ? ["#data = :data", "#revision = :next"] : []),
    ...(life ? ["#ttl = :ttl"] : []),
  ];
  return storage.db.updateItem({
    key: keyOf(place),
    update: `SET ${set.join(", ")}`,
    condition: `attribute_exists(PK)${bytes ? " AND #revision = :revision" : ""}`,
    names: {
      "#updated": "updated",
      ...(status && { "#status": "status" }),
      ...(run !== undefined && { "#run": "run" }),
      ...(guard !== undefined && { "#guard": "guard" }),
      ...(bytes && { "#data": "data", "#revision": "revision" }),
      ...(life && { "#ttl": TTL_ATTRIBUTE }),
    },
    values: {
      ":updated": number(Date.now()),
      ...(status && { ":status": { S: status } }),
      ...(run !== undefined && { ":run": { S: run } }),
      ...(guard !== undefined && { ":guard": { S: guard } }),
      ...(bytes && { ":data": bytes, ":next": number(row.revision + 1), ":revision": number(row.revision) }),
      ...(life && { ":ttl": life }),
    },
  });
}

/** @returns the row as it is then; `undefined` where the thread is gone */
export async function patchMetadata(scope: Scope, row: ThreadRow, patch: Fields): Promise<ThreadRow | undefined> {
  let seen: ThreadRow | undefined = row;
  for (let round = 0; seen && round < MAX_ROUNDS; round++) {
    const { metadata, first } = seen;
    const data: RowData = { metadata: ownedBy(scope, { ...metadata, ...patch }), ...(first && { first }) };
    if (await change(scope, seen, { data, mostBytes: MOST_GIVEN_BYTES }))
      return { ...seen, ...data, updated: Date.now(), revision: seen.revision + 1 };
    seen = await readRow(scope, row.threadId);
  }
  if (seen) throw changedTooOften("A thread's metadata", MAX_ROUNDS);
  return undefined;
}

/** The thread is busy with a run from now on. False where it is gone. */
export async function rowBusy(
  scope: Scope,
  row: ThreadRow,
  run: string,
  graph: { graph_id: string; assistant_id: string },
  first: RowData["first"],
  guard?: string,
): Promise<boolean> {
  const isNew = row.metadata.graph_id !== graph.graph_id || (row.first === undefined && first !== undefined);
  const busy: Change = { status: "busy", run, guard };
  const data: RowData = {
    metadata: { ...row.metadata, ...graph },
    ...((row.first ?? first) && { first: row.first ?? first! }),
  };
  // Where somebody has changed the metadata meanwhile, theirs stay.
  return (isNew && (await change(scope, row, { ...busy, data }))) || change(scope, row, busy);
}

/** The run has ended, unless another one makes the thread busy by now. */
export async function rowIdle(scope: Scope, threadId: string, run: string, status: ThreadStatus): Promise<void> {
  const { db, keyPrefix } = scope.storage;
  await db.updateItem({
    key: await directoryKey(keyPrefix, threadId),
    update: "SET #status = :status, #updated = :updated REMOVE #run",
    condition: "#run = :run",
    names: { "#status": "status", "#updated": "updated", "#run": "run" },
    values: { ":status": { S: status }, ":updated": number(Date.now()), ":run": { S: run } },
  });
}

/** What a thread's state was changed to without a run, unless a run makes the thread busy. */
export async function rowWritten({ storage }: Scope, threadId: string, status: ThreadStatus): Promise<void> {
  await storage.db.updateItem({
    key: await directoryKey(storage.keyPrefix, threadId),
    update: "SET #status = :status, #updated = :updated",
    condition: "attribute_exists(PK) AND attribute_not_exists(#run)",
    names: { "#status": "status", "#updated": "updated", "#run": "run" },
    values: { ":status": { S: status }, ":updated": number(Date.now()) },
  });
}

/** Deletes a thread with all that it has: its row comes first, so that no run begins any more. */
export async function deleteThreadOf({ storage, base, saver }: Scope, threadId: string, guard?: string): Promise<void> {
  const due = guard === undefined ? [] : [key(duePartition(base.keyPrefix), guard)];
  await storage.db.batchDelete([await directoryKey(storage.keyPrefix, threadId), ...due]);
  await saver.deleteThread(threadId);
}
