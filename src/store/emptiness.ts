import type { DynamoDB } from "../aws/dynamodb/dynamodb.js";
import type { Key } from "../aws/dynamodb/items.js";
import { endOf, goneAt, isGone, TTL_ATTRIBUTE } from "../payload/lifetime.js";
import { createdOf, isLive, WITHOUT_VALUE } from "./entries/attributes.js";
import { readItems } from "./entries/parts.js";
import { parseOrderPointer, POINTERS } from "./entries/pointers.js";

/** So many order pointers are not all without an entry: some are, of puts that died before their end. */
const SURE = 8;
const FIRST_PAGE = 25;

/**
 * Until when a namespace holds items, in seconds since 1970, as far as a look at the newest of them tells: 0 for an
 * empty one, Infinity where one stays. 1 request; 2 where there are few.
 */
export async function livingUntil(db: DynamoDB, partition: string): Promise<number> {
  const query = { partition, beginsWith: POINTERS, only: ["PK", "SK", TTL_ATTRIBUTE] };
  const living: { goneAt: number; entry: Key; created: number }[] = [];
  let after: Key | undefined;
  let limit: { limit?: number } = { limit: FIRST_PAGE };
  do {
    const page = await db.query({ ...query, consistent: true, descending: true, ...limit, after });
    for (const pointer of page.items) {
      const parsed = isGone(pointer) ? undefined : parseOrderPointer(pointer);
      if (parsed) living.push({ ...parsed, goneAt: goneAt(pointer) });
    }
    after = page.next;
    limit = {};
  } while (after && living.length < SURE);
  if (living.length >= SURE) return latest(living.map((one) => one.goneAt));
  const keys = new Map(living.map(({ entry }) => [entry.SK.S, entry]));
  const entries = (await readItems(db, [...keys.values()], true, WITHOUT_VALUE)).filter(isLive);
  const ends = entries.flatMap((item) =>
    living
      .filter(({ entry, created }) => entry.SK.S === item.SK.S && created === createdOf(item))
      .map((pointer) => Math.min(pointer.goneAt, endOf(item))),
  );
  return latest(ends);
}

const latest = (times: number[]): number => times.reduce((one, other) => Math.max(one, other), 0);
