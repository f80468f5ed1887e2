import type { DynamoDB } from "../../aws/dynamodb/dynamodb.js";
import { updateOf } from "../../aws/dynamodb/dynamodb.js";
import type { Output } from "../../aws/dynamodb/protocol.js";
import type { AttributeValue, Item, UpdateInput } from "../../aws/dynamodb/items.js";
import { changedTooOften, isDynamoDBSaverError, type AwsRequestError } from "../../errors.js";
import { numberOf, stringOf } from "../../format/attributes.js";
import { key, THREAD_MARKER } from "../../format/keys.js";
import { isGone, TTL_ATTRIBUTE } from "../../payload/lifetime.js";
import { SINCE, STORED, STORED_FROM, TOKEN, type Grants } from "../fence.js";
import { LEASE, BORN, RESTORING } from "../incarnation.js";
import { grantsOf } from "../grants.js";
import type { Thread } from "../refs.js";
import type { LeaseInfo } from "./errors.js";
import { QUEUE, queueOf } from "./turns.js";

/*
 * The lease in the marker of a thread. Each request has a condition on the marker alone, so each is decided by the
 * table. `docs/storage.md` says what the attributes are.
 */

export const HOLDER = "holder";
export const UNTIL = "until";
export const SECONDS = "seconds";

const NAMES = {
  "#token": TOKEN,
  "#lease": LEASE,
  "#holder": HOLDER,
  "#until": UNTIL,
  "#seconds": SECONDS,
  "#since": SINCE,
  "#born": BORN,
  "#restoring": RESTORING,
  "#ttl": TTL_ATTRIBUTE,
};

/** Clocks of machines are less than this apart: for so long after its end, a lease that is not watched counts. */
export const ALLOWANCE_MS = 5_000;
/** The marker of a thread that has no checkpoint yet goes by itself. */
const UNBORN_SECONDS = 86_400;

/** How often a marker that others change meanwhile is tried again. */
const MAX_ROUNDS = 10;

/** A lease as somebody has seen it in a marker. */
export interface SeenLease {
  name: string;
  holder: string;
  /** In milliseconds since 1970, by its holder's clock. */
  until: number;
  seconds: number;
  token: number;
}

/** The lease that a marker has, whether it has expired or not. */
export function leaseOf(marker: Item | undefined): SeenLease | undefined {
  const until = marker && !isGone(marker) ? numberOf(marker, UNTIL) : undefined;
  if (!marker || until === undefined) return undefined;
  return {
    name: stringOf(marker, LEASE) ?? "",
    holder: stringOf(marker, HOLDER) ?? "",
    until,
    seconds: numberOf(marker, SECONDS) ?? 0,
    token: numberOf(marker, TOKEN) ?? 0,
  };
}

/** Whether its time is not over for others, who have other clocks. */
export const isHeld = ({ until }: SeenLease): boolean => until > Date.now() - ALLOWANCE_MS;

export const infoOf = (threadId: string, { holder, until, token }: SeenLease): LeaseInfo => ({
  threadId,
  holder,
  until: new Date(until),
  token,
});

export interface Wanted {
  name: string;
  holder: string;
  seconds: number;
  /** One that its holder has not renewed for as long as it lasts, as the caller has seen itself. */
  stale?: SeenLease | undefined;
  /** Whose turn it must be, where some wait in the marker's queue. */
  turn?: string | undefined;
}

/** What was granted, when by the clock of who has asked, and what the marker said before. */
export interface Granted {
  granted: number;
  began: number;
  before: Grants;
}

/** @returns who has the thread, where that is somebody else */
export async function grant(db: DynamoDB, thread: Thread, wanted: Wanted): Promise<Granted | SeenLease> {
  let isThere = true;
  for (let round = 0; round < MAX_ROUNDS; round++, isThere = !isThere) {
    const now = Date.now();
    // Of two machines in one millisecond, each knows its own.
    const began = now + Math.floor(Math.random() * 1_000) / 1_000;
    const { item, isDone } = await updateOrFind(db, granting(thread, wanted, isThere, now, began));
    const seen = leaseOf(item);
    // Also by an attempt whose answer got lost.
    if (isDone || seen?.name === wanted.name) {
      const { token, since, ...stored } = grantsOf(item!);
      // Of an attempt at another time, the one before it is not known to be over.
      const earlier = since === began ? undefined : since;
      const isFirst = token === now + 1 && earlier === undefined && stored.stored === undefined;
      return { granted: token, began, before: { ...stored, since: earlier, token: isFirst ? 0 : token - 1 } };
    }
    const first = queueOf(item)[0];
    const isFree = !seen || !isHeld(seen);
    if (wanted.turn !== undefined && first !== undefined && first !== wanted.turn && isFree)
      return { name: "", holder: first, until: Date.now(), seconds: 1, token: 0 };
    // It may be free to the other update.
    const isStale = seen && seen.name === wanted.stale?.name && seen.until === wanted.stale.until;
    if (seen && !isStale && isHeld(seen)) return seen;
  }
  throw changedTooOften("The marker of a thread", MAX_ROUNDS);
}

/** @param isThere whether the thread has a checkpoint, or is being restored: its life is left alone then */
function granting({ partition }: Thread, wanted: Wanted, isThere: boolean, now: number, began: number): UpdateInput {
  const { name, holder, seconds, stale, turn } = wanted;
  const values: Record<string, AttributeValue> = {
    ":name": { S: name },
    ":holder": { S: holder },
    ":until": { N: String(now + seconds * 1_000) },
    ":seconds": { N: String(seconds) },
    ":one": { N: "1" },
    ":first": { N: String(now) },
    ":began": { N: String(began) },
    ":now": { N: String(Math.floor(now / 1_000)) },
    ":over": { N: String(now - ALLOWANCE_MS) },
    ...(stale && { ":stale": { S: stale.name }, ":seen": { N: String(stale.until) } }),
    ...(turn !== undefined && { ":turn": { S: turn } }),
    ...(!isThere && { ":ttl": { N: String(Math.ceil(now / 1_000) + UNBORN_SECONDS) } }),
  };
  const isFree =
    "(attribute_not_exists(#until) OR #until <= :over" +
    `${stale ? " OR (#lease = :stale AND #until = :seen)" : ""}) AND ` +
    "(attribute_not_exists(#lease) OR #lease <> :name)" +
    (turn === undefined ? "" : " AND (attribute_not_exists(#queue) OR begins_with(#queue, :turn))");
  const set =
    "SET #token = if_not_exists(#token, :first) + :one, #lease = :name, #holder = :holder, #until = :until, " +
    "#seconds = :seconds, #since = ";
  const names = { ...NAMES, ...(turn !== undefined && { "#queue": QUEUE }) };
  return isThere
    ? {
        key: key(partition, THREAD_MARKER),
        update: `${set}if_not_exists(#since, :began)`,
        condition:
          "(attribute_exists(#born) OR attribute_exists(#restoring)) AND " +
          `(attribute_not_exists(#ttl) OR #ttl > :now) AND ${isFree}`,
        names,
        values,
      }
    : {
        key: key(partition, THREAD_MARKER),
        // Nothing is left of what was stored under earlier ones.
        update: `${set}:began, #ttl = :ttl REMOVE #born, #restoring, #stored, #from`,
        condition: `#ttl <= :now OR (attribute_not_exists(#born) AND attribute_not_exists(#restoring) AND ${isFree})`,
        names: { ...names, "#stored": STORED, "#from": STORED_FROM },
        values,
      };
}

/** Ends a lease that another one holds, whose renewals are refused from now on. */
export async function takeAway(db: DynamoDB, thread: Thread, { name }: SeenLease, instead: string): Promise<void> {
  await db.updateItem({
    key: key(thread.partition, THREAD_MARKER),
    update: "SET #lease = :instead REMOVE #until, #holder, #seconds",
    condition: "#lease = :name AND attribute_exists(#until)",
    names: { "#lease": LEASE, "#until": UNTIL, "#holder": HOLDER, "#seconds": SECONDS },
    values: { ":name": { S: name }, ":instead": { S: instead } },
  });
}

/** What an item is after an update; where its condition does not hold, what is there instead. */
export async function updateOrFind(
  db: DynamoDB,
  input: UpdateInput,
): Promise<{ item: Item | undefined; isDone: boolean }> {
  let there: Item | undefined;
  try {
    const update = { ...updateOf(input), ReturnValues: "ALL_NEW", ReturnValuesOnConditionCheckFailure: "ALL_OLD" };
    const { Attributes } = await db.call<Output & { Attributes: Item }>("UpdateItem", update, "Attributes", (item) => {
      there = item;
    });
    return { item: Attributes, isDone: true };
  } catch (error) {
    // In CommonJS the agent server has classes of its own.
    const isRefused =
      isDynamoDBSaverError(error) && (error as AwsRequestError).serviceCode === "ConditionalCheckFailedException";
    if (!isRefused) throw error;
    // DynamoDB says nothing where nothing is there, and embedded servers may never say it.
    return { item: there ?? (await db.getItem(input.key, true)), isDone: false };
  }
}
