import type { Condition, Item, Key } from "../aws/dynamodb.js";
import { FORMAT_VERSION } from "./frame.js";
import { expiry, REMOVED, TTL_ATTRIBUTE } from "./lifetime.js";

/*
 * What must not be stored any more has a tombstone in its place, or, where it stays for others, a mark. An attempt of a `put`
 * that timed out can arrive minutes after its checkpoint was stored by another attempt, and removed: every commit has the
 * condition that neither is there. A tombstone is needed for as long as a `put` and its signatures can last; then it expires.
 */

/** The attribute of a tombstone. */
export const VOID = "void";

/** Whether this stands in the place of a checkpoint that must not be stored any more. */
export const isVoid = (item: Item): boolean => VOID in item;

export const tombstone = (key: Key, until: number): Item => ({ ...key, v: { N: String(FORMAT_VERSION) }, [VOID]: { N: "1" }, ...expiry(until) });

/** The condition of a commit: its place is not taken by a tombstone, nor by a checkpoint that was removed for readers. */
export const unlessRemoved = (): Condition => ({
  condition: "(attribute_not_exists(#void) AND attribute_not_exists(#removed)) OR #ttl <= :now",
  names: { "#void": VOID, "#removed": REMOVED, "#ttl": TTL_ATTRIBUTE },
  values: { ":now": { N: String(Math.floor(Date.now() / 1_000)) } },
});

/** DynamoDB deletes what has expired within a few days ("Using time to live"). */
const SWEPT_SECONDS = 4 * 86_400;

/** Whether a tombstone is left to DynamoDB, which deletes it for nothing. One that is still there later never goes by itself. */
export function goesByItself(item: Item): boolean {
  const ttl = item[TTL_ATTRIBUTE];
  return isVoid(item) && ttl !== undefined && "N" in ttl && Number(ttl.N) + SWEPT_SECONDS > Date.now() / 1_000;
}
