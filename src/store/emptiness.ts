import type { DynamoDB } from "../aws/dynamodb/dynamodb.js";
import type { Item } from "../aws/dynamodb/items.js";
import { endOf, goneAt, isGone, TTL_ATTRIBUTE } from "../payload/lifetime.js";
import { createdOf, isLive, WITHOUT_VALUE } from "./entries/attributes.js";
import { readItems } from "./entries/parts.js";
import { parseOrderPointer, POINTERS } from "./entries/pointers.js";

/** So many order pointers are sure not to be all of entries that are not there: some puts have died before their end. */
const SURE = 8;
const FIRST_PAGE = 25;

/**
 * Until when a namespace holds items, in seconds since 1970, as far as a look at the newest of them tells: 0 for an
 * empty one, Infinity where one stays. 1 request; 2 where there are few.
 */
export async function livingUntil(db: DynamoDB, partition: string): Promise<number> {
  const query = {
    partition,
    beginsWith: POINTERS,
    only: ["PK", "SK", TTL_ATTRIBUTE],
    consistent: true,
    descending: true,
  };
  const pointers: Item[] = [];
  let after;
  let limit: { limit?: number } = { limit: FIRST_PAGE };
  do {
    const page = await db.query({ ...query, ...limit, after });
    pointers.push(...page.items.filter((pointer) => !isGone(pointer) && parseOrderPointer(pointer)));
    after = page.next;
    limit = {};
  } while (after && pointers.length < SURE);
  if (pointers.length >= SURE) return Math.max(...pointers.map(goneAt));
  const byEntry = new Map(pointers.map((pointer) => [parseOrderPointer(pointer)!.entry.SK.S, pointer]));
  const keys = [...byEntry.values()].map((pointer) => parseOrderPointer(pointer)!.entry);
  let until = 0;
  for (const item of await readItems(db, keys, true, WITHOUT_VALUE)) {
    const counts = pointers.filter((pointer) => {
      const { entry, created } = parseOrderPointer(pointer)!;
      return entry.SK.S === item.SK.S && created === createdOf(item);
    });
    if (isLive(item)) for (const pointer of counts) until = Math.max(until, Math.min(goneAt(pointer), endOf(item)));
  }
  return until;
}
