import type { AttributeValue, Item } from "../aws/dynamodb.js";

/*
 * How long things live. A checkpoint lives for one ttl. What it needs (its segments, the thread's index entry, the
 * ancestors of a DeltaChannel) is shared with others, is granted one and a half, and is renewed when less than
 * one is left: so it outlives every checkpoint that needs it, and is renewed at most once every half ttl.
 */

/** DynamoDB's TTL attribute, in seconds since 1970. */
export const TTL_ATTRIBUTE = "ttl";
const MARGIN = 1.5;

/** The life of what is written now; `undefined` where nothing expires. */
export interface Lifetime {
  ttlSeconds: number;
  /** A checkpoint ends here, and what it needs must not end before. */
  needed: number;
  /** What checkpoints need is given until here. */
  granted: number;
}

export function lifetime(ttlSeconds: number | undefined): Lifetime | undefined {
  if (ttlSeconds === undefined) return undefined;
  const now = Date.now() / 1_000;
  return { ttlSeconds, needed: Math.ceil(now + ttlSeconds), granted: Math.ceil(now + MARGIN * ttlSeconds) };
}

/** The TTL attribute of an item that ends at `until`; none where it does not end. */
export function expiry(until: number | undefined): Record<string, AttributeValue> {
  return until === undefined ? {} : { [TTL_ATTRIBUTE]: { N: String(until) } };
}

/** When an item ends, in seconds since 1970; Infinity if it does not. */
export function endOf(item: Item): number {
  const ttl = item[TTL_ATTRIBUTE];
  return ttl && "N" in ttl ? Number(ttl.N) : Infinity;
}

/** DynamoDB sweeps expired items within days ("Using time to live"); until then they are still read. */
export const isExpired = (item: Item): boolean => endOf(item) <= Date.now() / 1_000;

/** Whole days that an S3 object with this ttl is kept. */
export const daysOf = (ttlSeconds: number): number => Math.ceil((MARGIN * ttlSeconds) / 86_400);
