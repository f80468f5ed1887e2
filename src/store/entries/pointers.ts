import type { DynamoDB } from "../../aws/dynamodb/dynamodb.js";
import type { Item, Key } from "../../aws/dynamodb/items.js";
import { key } from "../../format/keys.js";
import { expiry, unlessLonger } from "../../payload/lifetime.js";
import { ITEMS } from "../namespaces.js";

/*
 * Order pointers: small items by which the entries of a namespace are met oldest first. A pointer is written before its
 * entry, so that no entry is without one. It counts if its entry is there and was created when the pointer says.
 */

export const POINTERS = "O#";
/** A pointer that is younger may belong to a put that is under way. */
export const SURELY_OVER_MS = 3_600_000;
/** Whether no put that is under way has written something then, in milliseconds since 1970; nor in time to come. */
export const isSurelyOver = (writtenAt: number): boolean => Math.abs(Date.now() - writtenAt) > SURELY_OVER_MS;
/** Digits of a time in microseconds. */
const DIGITS = 16;

export const pointerKey = ({ PK, SK }: Key, created: number): Key =>
  key(PK.S, `${POINTERS}${String(created).padStart(DIGITS, "0")}#${SK.S.slice(ITEMS.length)}`);

/** What a pointer says; `undefined` for what only looks like one. */
export function parseOrderPointer({ PK, SK }: Key): { entry: Key; created: number } | undefined {
  if (!SK.S.startsWith(POINTERS)) return undefined;
  const created = SK.S.slice(POINTERS.length, POINTERS.length + DIGITS);
  if (!/^\d{16}$/.test(created) || SK.S[POINTERS.length + DIGITS] !== "#") return undefined;
  return { entry: key(PK.S, ITEMS + SK.S.slice(POINTERS.length + DIGITS + 1)), created: Number(created) };
}

/** Lets a pointer live until `until`. One that lives longer, or for good, goes on doing so. */
export async function putPointer(db: DynamoDB, entry: Key, created: number, until: number): Promise<void> {
  const pointer: Item = { ...pointerKey(entry, created), ...expiry(until) };
  await db.putItem(pointer, until === Infinity ? undefined : unlessLonger(until));
}
