import { DELETING, directoryKey } from "../checkpoint/agent-keys.js";
import { changedTooOften } from "../errors.js";
import { DATA, stringOf } from "../format/attributes.js";
import { keyOf } from "../format/keys.js";
import { TTL_ATTRIBUTE } from "../payload/lifetime.js";
import { lifeOf, ownedBy, readRow, type RowData, type ThreadRow, type ThreadStatus } from "./directory.js";
import type { Fields } from "./http/fields.js";
import { MOST_GIVEN_BYTES, number, sealed } from "./items.js";
import type { Scope } from "./scope.js";

/* What becomes of a row. Each update has the condition that it is the thread's still: late, it changes nothing. */

const MAX_ROUNDS = 10;

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
    condition: `#created = :created AND #status <> :deleting${bytes ? " AND #revision = :revision" : ""}`,
    names: {
      "#updated": "updated",
      "#created": "created",
      "#status": "status",
      ...(run !== undefined && { "#run": "run" }),
      ...(guard !== undefined && { "#guard": "guard" }),
      ...(bytes && { "#data": "data", "#revision": "revision" }),
      ...(life && { "#ttl": TTL_ATTRIBUTE }),
    },
    values: {
      ":updated": number(Date.now()),
      ":created": number(row.created),
      ":deleting": { S: DELETING },
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

/** The run has ended. False where another one makes the thread busy by now, or the thread is gone. */
export async function rowIdle(scope: Scope, threadId: string, run: string, status: ThreadStatus): Promise<boolean> {
  const { db, keyPrefix } = scope.storage;
  return db.updateItem({
    key: await directoryKey(keyPrefix, threadId),
    update: "SET #status = :status, #updated = :updated REMOVE #run",
    condition: "#run = :run",
    names: { "#status": "status", "#updated": "updated", "#run": "run" },
    values: { ":status": { S: status }, ":updated": number(Date.now()), ":run": { S: run } },
  });
}

/** What a thread's state was changed to without a run. False where a run makes the thread busy, or it is gone. */
export async function rowWritten(
  { storage }: Scope,
  { threadId, created }: Pick<ThreadRow, "threadId" | "created">,
  status: ThreadStatus,
): Promise<boolean> {
  return storage.db.updateItem({
    key: await directoryKey(storage.keyPrefix, threadId),
    update: "SET #status = :status, #updated = :updated",
    condition: "#created = :created AND attribute_not_exists(#run) AND #status <> :deleting",
    names: { "#status": "status", "#updated": "updated", "#run": "run", "#created": "created" },
    values: {
      ":status": { S: status },
      ":updated": number(Date.now()),
      ":created": number(created),
      ":deleting": { S: DELETING },
    },
  });
}

/**
 * A thread that is deleted becomes a mark first. No run begins in it any more, no other thread takes its place until
 * all of it is gone, and who has owned it can delete it again where that was cut short.
 * @returns its last guard; `undefined` where it is gone, or another one has its id by now
 */
export async function markRow(
  { storage }: Scope,
  threadId: string,
  created: number,
): Promise<{ guard?: string } | undefined> {
  const place = await directoryKey(storage.keyPrefix, threadId);
  const marked = await storage.db.updatedItem(() => ({
    key: place,
    update: "SET #status = :deleting REMOVE #run",
    condition: "#created = :created",
    names: { "#status": "status", "#run": "run", "#created": "created" },
    values: { ":deleting": { S: DELETING }, ":created": number(created) },
  }));
  const guard = marked && stringOf(marked, "guard");
  return marked && { ...(guard !== undefined && { guard }) };
}

/** The mark goes when nothing else is left. */
export async function dropMark({ storage }: Scope, threadId: string): Promise<void> {
  await storage.db.deleteItem(await directoryKey(storage.keyPrefix, threadId), {
    condition: "attribute_not_exists(PK) OR #status = :deleting",
    names: { "#status": "status" },
    values: { ":deleting": { S: DELETING } },
  });
}
