import type { DynamoDB } from "../../aws/dynamodb/dynamodb.js";
import type { Item, Key } from "../../aws/dynamodb/items.js";
import { endOf, goneAt, isGone, TTL_ATTRIBUTE } from "../../payload/lifetime.js";
import { createdOf, isLiveAt, WITHOUT_VALUE } from "../entries/attributes.js";
import { readItems } from "../entries/parts.js";
import { parseOrderPointer, POINTERS, type OrderPointer } from "../entries/pointers.js";

/** So many order pointers are hardly all without an entry: some are, of puts that died before their end. */
const SURE = 8;
const FIRST_PAGE = 25;
/** So many are, if one who can write to the table has put them there. Then the next search looks. */
const MOST = 500;
/** "BatchGetItem": keys of one request. */
const AT_ONCE = 100;

type Living = OrderPointer & { goneAt: number };

/**
 * Until when a namespace holds items, in seconds since 1970, as far as a look at the newest of them tells: 0 for an
 * empty one, Infinity where one stays. 1 request; 2 where there are few.
 *
 * @param isCertain whether it looks for entries in any case: 2 requests, and more where many pointers have none
 */
export async function livingUntil(db: DynamoDB, partition: string, isCertain: boolean): Promise<number> {
  const query = { partition, beginsWith: POINTERS, only: ["PK", "SK", TTL_ATTRIBUTE], consistent: true };
  let living: Living[] = [];
  let looked = 0;
  let after: Key | undefined;
  let limit: { limit?: number } = { limit: FIRST_PAGE };
  do {
    const page = await db.query({ ...query, descending: true, ...limit, after });
    living.push(...page.items.flatMap((item) => livingPointer(item, db.clock.now())));
    after = page.next;
    limit = {};
    if (living.length < SURE && after) continue;
    if (living.length >= SURE && !isCertain) return latest(living);
    for (let count = SURE; living.length > 0; count = AT_ONCE) {
      if (looked >= MOST) return Infinity;
      const some = living.splice(0, count);
      looked += some.length;
      const until = await endOfThose(db, some);
      if (until > 0) return until;
    }
    living = [];
  } while (after);
  return 0;
}

function livingPointer(item: Item, nowMs: number): Living[] {
  const parsed = isGone(item, nowMs) ? undefined : parseOrderPointer(item);
  return parsed ? [{ ...parsed, goneAt: goneAt(item) }] : [];
}

const latest = (living: Living[]): number => living.reduce((end, one) => Math.max(end, one.goneAt), 0);

/** Until when the entries of pointers live; 0 where none does. */
async function endOfThose(db: DynamoDB, pointers: Living[]): Promise<number> {
  const keys = new Map(pointers.map(({ entry }) => [entry.SK.S, entry]));
  const entries = new Map(
    (await readItems(db, [...keys.values()], true, WITHOUT_VALUE)).map((item) => [item.SK.S, item]),
  );
  const ends = pointers.map(({ entry, created, goneAt: end }) => {
    const item = entries.get(entry.SK.S);
    return isLiveAt(db.clock.now(), item) && createdOf(item) === created ? Math.min(end, endOf(item)) : 0;
  });
  return Math.max(0, ...ends);
}
