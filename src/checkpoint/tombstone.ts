import type { Condition, Item, Key } from "../aws/dynamodb/items.js";
import { FORMAT_VERSION } from "../format/frame.js";
import { expiry, goneAt, TTL_ATTRIBUTE } from "../payload/lifetime.js";
import { ORDER } from "../format/write-order.js";
import { TOKEN } from "./fence.js";

/*
 * An attempt of a `put` that timed out can arrive minutes after another attempt of it was acknowledged. Since then the
 * checkpoint may have been put again, renewed, hidden or removed. So each has the number of its call, a checkpoint that
 * is removed leaves a tombstone with that number, and a commit replaces only what has a lower one. A tombstone is
 * needed for as long as a `put` and its signatures can last; then it expires.
 *
 * A tombstone without a number is in the place of a checkpoint that was announced, and must not be stored any more
 * (`write/conflicts.ts`).
 */

const VOID = "void";

/** What of a checkpoint's item says whether it is one, and its incarnation and life. */
export const ABOUT = ["PK", "SK", TTL_ATTRIBUTE, VOID, TOKEN];

/** Whether this stands in the place of a checkpoint. */
export const isVoid = (item: Item): boolean => VOID in item;

/** @param removed the checkpoint whose place it takes */
export function tombstone(key: Key, until: number, removed: Item = {} as Item): Item {
  const order = removed[ORDER];
  return {
    ...key,
    v: { N: String(FORMAT_VERSION) },
    [VOID]: { N: "1" },
    ...(order && { [ORDER]: order }),
    ...expiry(until),
  };
}

/** The condition of a tombstone: there is no checkpoint. */
export const unlessStored: Condition = {
  condition: "attribute_not_exists(PK) OR attribute_exists(#void)",
  names: { "#void": VOID },
};

/** The condition of a commit: nothing stands in its place that is later. */
export const unlessLater = (order: string): Condition => ({
  condition: "attribute_not_exists(PK) OR #at < :at OR #ttl <= :now",
  names: { "#at": ORDER, "#ttl": TTL_ATTRIBUTE },
  values: { ":at": { N: order }, ":now": { N: String(Math.floor(Date.now() / 1_000)) } },
});

/** DynamoDB deletes what has expired within a few days ("Using time to live"). */
const SWEPT_SECONDS = 4 * 86_400;

/**
 * Whether a tombstone is left to DynamoDB, which deletes it for nothing. One that is still there later never goes by
 * itself.
 */
export const goesByItself = (item: Item): boolean => isVoid(item) && isSwept(item);

/** Whether an item expires, and not so long ago that the table does not delete it. */
export function isSwept(item: Item): boolean {
  const end = goneAt(item);
  return end < Infinity && end + SWEPT_SECONDS > Date.now() / 1_000;
}
