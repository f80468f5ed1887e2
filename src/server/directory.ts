import type { AttributeValue, Item } from "../aws/dynamodb/items.js";
import { livingOf, restoringOf } from "../checkpoint/incarnation.js";
import { threadOf } from "../checkpoint/refs.js";
import { DELETING, directoryKey, directoryPartition } from "../checkpoint/agent-keys.js";
import { DATA, numberOf, stringOf } from "../format/attributes.js";
import { certainId, keyPart } from "../format/keys.js";
import { isGone, TTL_ATTRIBUTE } from "../payload/lifetime.js";
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

export interface RowData {
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
  /** Whether it is a mark only: of a thread that is being deleted, or whose deletion was cut short. */
  isDeleting: boolean;
}

/** The life of a row is that of a thread's index entry: somewhat longer than its last checkpoint. */
const MARGIN = 1.5;
const MAX_ID_CHARS = 1_024;

export const lifeOf = ({ opened }: Scope): Record<string, AttributeValue> =>
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
    isDeleting: stringOf(item, "status") === DELETING,
  };
}

/** Whether a thread is the caller's. */
export const isOwn = ({ caller }: Scope, { metadata }: RowData): boolean =>
  caller.owner === undefined || metadata.owner === caller.owner;

/** A thread, whosever it is, or its mark. 1 request. */
export async function findRow(scope: Scope, threadId: string): Promise<ThreadRow | undefined> {
  const item = await scope.storage.db.getItem(await directoryKey(scope.storage.keyPrefix, threadId), true);
  return item && !isGone(item) ? rowOf(scope, item) : undefined;
}

/** The caller's thread; `undefined` where there is none, or it is another's. 1 request. */
export async function readRow(scope: Scope, threadId: string): Promise<ThreadRow | undefined> {
  const row = await findRow(scope, threadId);
  return row && !row.isDeleting && isOwn(scope, row) ? row : undefined;
}

/** Whether a thread is there still, was deleted, or there is another one of its id by now. 1 request. */
export async function whatBecameOf(
  scope: Scope,
  { threadId, created }: { threadId: string; created: number | undefined },
): Promise<"there" | "deleted" | "another"> {
  const row = await findRow(scope, threadId);
  return !row || row.isDeleting ? "deleted" : row.created === created ? "there" : "another";
}

/** All threads of the caller, a page of 1 MB a request. */
export async function* rows(scope: Scope): AsyncGenerator<ThreadRow, void, undefined> {
  const { db, keyPrefix } = scope.storage;
  for await (const page of db.queryPages({ partition: directoryPartition(keyPrefix), consistent: true }))
    for (const item of page.filter((one) => !isGone(one))) {
      const row = await rowOf(scope, item);
      if (!row.isDeleting && isOwn(scope, row)) yield row;
    }
}

export const ownedBy = ({ caller }: Scope, metadata: Fields): Fields =>
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
    // Without a checkpoint, a marker only says who has or had a lease: of a thread that is gone, or never began.
    if (livingOf(marker) !== undefined || restoringOf(marker) !== undefined) return undefined;
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
    isDeleting: false,
  };
}
