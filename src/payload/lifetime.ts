import type { DynamoDB } from "../aws/dynamodb/dynamodb.js";
import type { AttributeValue, Condition, Item, Key, UpdateInput } from "../aws/dynamodb/items.js";
import { numberOf } from "../format/attributes.js";

/*
 * How long things live. A checkpoint lives for one ttl. What it needs (its segments, the thread's index entry, the
 * ancestors of a DeltaChannel) is shared with others, is granted one and a half, and is renewed when less than
 * one is left: so it outlives every checkpoint that needs it, and is renewed at most once every half ttl.
 * A life is only ever made longer: another checkpoint, with a longer ttl or with none, may need the same thing.
 */

/** DynamoDB's TTL attribute, in seconds since 1970. */
export const TTL_ATTRIBUTE = "ttl";
/**
 * When something ends for readers whose item stays longer: a checkpoint that others are rebuilt from, or an entry of
 * the store.
 */
export const ENDS = "ends";
const MARGIN = 1.5;

/** The life of what is written now; `undefined` where nothing expires. */
export interface Lifetime {
  ttlSeconds: number;
  /** A checkpoint ends here, and what it needs must not end before. */
  needed: number;
  /** What checkpoints need is given until here. */
  granted: number;
}

export function lifetime(ttlSeconds: number | undefined, nowMs = Date.now()): Lifetime | undefined {
  if (ttlSeconds === undefined) return undefined;
  const now = nowMs / 1_000;
  return { ttlSeconds, needed: Math.ceil(now + ttlSeconds), granted: Math.ceil(now + MARGIN * ttlSeconds) };
}

/** The life of something that is needed until `until`, which may be longer than what its own ttl grants. */
export function prolonged(life: Lifetime | undefined, until: number): Lifetime | undefined {
  if (!life || until === Infinity) return undefined;
  return until <= life.granted ? life : { ...livingUntil(until), needed: life.needed };
}

/** The life of what ends at `until`. */
export const livingUntil = (until: number): Lifetime => ({
  ttlSeconds: (until - Date.now() / 1_000) / MARGIN,
  needed: until,
  granted: until,
});

/** Whole days that an S3 object with this ttl is kept. */
export const daysOf = (ttlSeconds: number): number => Math.ceil((MARGIN * ttlSeconds) / 86_400);

const seconds = (until: number): AttributeValue => ({ N: String(until) });

/** The attributes of an item that lives until `until`, and as a checkpoint only until `ends`. */
export function expiry(until: number, ends?: number): Record<string, AttributeValue> {
  if (until === Infinity) return {};
  return { [TTL_ATTRIBUTE]: seconds(until), ...(ends !== undefined && { [ENDS]: seconds(ends) }) };
}

/** A checkpoint that has ended for readers, and stays ended wherever it is restored. */
export const endedItem = (item: Item): Item => ({ ...item, [ENDS]: seconds(0) });

/** An item's attributes, with all its ends so many seconds later; what has ended stays so. */
export function endingLater<T extends Record<string, AttributeValue>>(item: T, seconds: number): T {
  const later = { ...item };
  for (const name of [TTL_ATTRIBUTE, ENDS]) {
    const end = numberOf(item, name) ?? 0;
    if (end > 0) Object.assign(later, { [name]: { N: String(end + seconds) } });
  }
  return later;
}

/** When an item goes, in seconds since 1970; Infinity if it stays. */
export const goneAt = (item: Item): number => numberOf(item, TTL_ATTRIBUTE) ?? Infinity;

/** When something ends for readers. */
export const endOf = (item: Item): number => Math.min(goneAt(item), numberOf(item, ENDS) ?? Infinity);

/** DynamoDB sweeps expired items within days ("Using time to live"); until then they are still read. */
export const isGone = (item: Item, nowMs = Date.now()): boolean => goneAt(item) <= nowMs / 1_000;

export const isEnded = (item: Item, nowMs = Date.now()): boolean => endOf(item) <= nowMs / 1_000;

/** That an item is not there, or does not live longer than `until`. */
export const unlessLonger = (until: number): Condition => ({
  condition: "attribute_not_exists(PK) OR #ttl <= :ttl",
  names: { "#ttl": TTL_ATTRIBUTE },
  values: { ":ttl": seconds(until) },
});

/**
 * Stores what may be there already, and lets it live until `until`; where it lives longer, it goes on doing so.
 * @param store sends one request. With a time it gives the item that life, on condition that it does not live longer
 *   (`unlessLonger`,
 * `livingUpdate`); without, it leaves the life that is there as it is. Gives nothing where its condition did not hold.
 */
export async function upsertLiving<T>(until: number, store: (until: number | undefined) => Promise<T>): Promise<T> {
  // What was there with a longer life may be deleted in between.
  return (await store(until)) || (await store(undefined)) || store(until);
}

/** An update of something that may be there already. */
export interface LivingUpdate extends Omit<UpdateInput, "update" | "condition"> {
  set: string[];
  /** What stands behind the clause `SET`. */
  rest?: string;
  /** All of which must hold, whatever the life. */
  conditions?: string[];
  /** Whether it gets the given life also where it has a longer one. */
  isShortened?: boolean;
}

/** The update that `upsertLiving` sends for the same `until`. */
export function livingUpdate(
  { set, rest = "", conditions = [], isShortened = false, ...update }: LivingUpdate,
  until: number | undefined,
): UpdateInput {
  const stays = until === Infinity;
  const life: Condition = until === undefined ? {} : stays ? { names: { "#ttl": TTL_ATTRIBUTE } } : unlessLonger(until);
  // Without a life only where there is one: an attempt that arrives late must not begin something that never ends.
  const itsLife = until === undefined ? "attribute_exists(PK)" : isShortened ? undefined : life.condition;
  const all = [...conditions, ...(itsLife ? [itsLife] : [])];
  // DynamoDB refuses parentheses that are not needed.
  const condition = all.length > 1 ? all.map((one) => `(${one})`).join(" AND ") : all[0];
  return {
    ...update,
    ...(condition && { condition }),
    update: `SET ${[...set, ...(life.values ? ["#ttl = :ttl"] : [])].join(",")}${rest}${stays ? " REMOVE #ttl" : ""}`,
    names: { ...update.names, ...life.names },
    values: { ...update.values, ...life.values },
  };
}

/** Makes an item live until `until`, if it does not live longer already. False when it is not there. */
export async function prolong(db: DynamoDB, key: Key, until: number): Promise<boolean> {
  if (until === Infinity) {
    return db.updateItem({
      key,
      update: "REMOVE #ttl",
      names: { "#ttl": TTL_ATTRIBUTE },
      condition: "attribute_exists(PK)",
    });
  }
  const names = { "#ttl": TTL_ATTRIBUTE };
  const values = { ":ttl": seconds(until) };
  if (await db.updateItem({ key, update: "SET #ttl = :ttl", names, values, condition: "#ttl <= :ttl" })) return true;
  const item = await db.getItem(key, true, ["PK", "SK", TTL_ATTRIBUTE]);
  return item !== undefined && !isGone(item);
}

/** Lets something end at `until`, on a condition. */
export async function endLater(
  db: DynamoDB,
  key: Key,
  until: number,
  { condition, names, values }: Condition,
): Promise<void> {
  await db.updateItem({
    key,
    update: "SET #ttl = :ttl",
    ...(condition && { condition }),
    names: { ...names, "#ttl": TTL_ATTRIBUTE },
    values: { ...values, ":ttl": seconds(until) },
  });
}

/** As `prolong`, for a checkpoint that others are rebuilt from: for readers it ends when it would have ended. */
export async function prolongAncestor(db: DynamoDB, key: Key, until: number): Promise<boolean> {
  const names = { "#ttl": TTL_ATTRIBUTE, "#ends": ENDS };
  const ends = { key, update: "SET #ends = if_not_exists(#ends, #ttl)", names, condition: "attribute_exists(#ttl)" };
  await db.updateItem(ends);
  return prolong(db, key, until);
}

/** Lets a checkpoint that others are rebuilt from end for readers now. */
export async function endNow(db: DynamoDB, key: Key): Promise<void> {
  const values = { ":now": seconds(Math.floor(Date.now() / 1_000)) };
  await db.updateItem({
    key,
    update: "SET #ends = :now",
    names: { "#ends": ENDS },
    values,
    condition: "attribute_exists(PK)",
  });
}

/**
 * As `prolong`, for a checkpoint that a reader still needs: it also ends later.
 * @param endsAt when it ended as it was read: one that a pruning has let end meanwhile stays ended
 */
export async function prolongCheckpoint(db: DynamoDB, key: Key, until: number, endsAt: number): Promise<boolean> {
  if (!(await prolong(db, key, until))) return false;
  const values = { ":ends": seconds(until), ":read": seconds(endsAt) };
  await db.updateItem({
    key,
    update: "SET #ends = :ends",
    names: { "#ends": ENDS },
    values,
    condition: "#ends = :read",
  });
  return true;
}
