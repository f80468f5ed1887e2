import type { DynamoDB } from "../../aws/dynamodb/dynamodb.js";
import type { Item, Key } from "../../aws/dynamodb/items.js";
import { numberOf } from "../../format/attributes.js";
import { key } from "../../format/keys.js";
import { expiry, unlessLonger } from "../../payload/lifetime.js";
import { WRITTEN_AT, writtenAt } from "../../payload/segment-times.js";
import { ITEMS } from "../namespaces.js";

/*
 * Order pointers: small items by which the entries of a namespace are met oldest first. A pointer is written before its
 * entry, so that no entry is without one. It counts if its entry is there and was created when the pointer says.
 */

export const POINTERS = "O#";
/** What is younger may belong to a put that is under way. */
export const SURELY_OVER_MS = 3_600_000;
/** A put that takes longer stores once more what others may have taken for left over. */
export const LONG_MS = 8 * 60_000;

/**
 * Whether no put that is under way has written something then, in milliseconds since 1970; nor in time to come.
 *
 * @param toldMs the time, as the service tells it
 */
export const isSurelyOver = (writtenMs: number, toldMs: number): boolean =>
  Math.abs(toldMs - writtenMs) > SURELY_OVER_MS;
/** Digits of a time in microseconds. */
const DIGITS = 16;

export const pointerKey = ({ PK, SK }: Key, created: number): Key =>
  key(PK.S, `${POINTERS}${String(created).padStart(DIGITS, "0")}#${SK.S.slice(ITEMS.length)}`);

/** What a pointer says. */
export interface OrderPointer {
  entry: Key;
  /** When the entry was created, in microseconds since 1970: by the clock of who has put it. */
  created: number;
  /** When the pointer was stored, in milliseconds since 1970. */
  writtenMs: number;
}

/** `undefined` for what only looks like a pointer. */
export function parseOrderPointer(item: Item): OrderPointer | undefined {
  const { PK, SK } = item;
  if (!SK.S.startsWith(POINTERS)) return undefined;
  const created = SK.S.slice(POINTERS.length, POINTERS.length + DIGITS);
  if (!/^\d{16}$/.test(created) || SK.S[POINTERS.length + DIGITS] !== "#") return undefined;
  return {
    entry: key(PK.S, ITEMS + SK.S.slice(POINTERS.length + DIGITS + 1)),
    created: Number(created),
    writtenMs: numberOf(item, WRITTEN_AT) ?? Number(created) / 1_000,
  };
}

/** Lets a pointer live until `until`. One that lives longer, or for good, goes on doing so. */
export async function putPointer(db: DynamoDB, entry: Key, created: number, until: number): Promise<void> {
  const pointer: Item = { ...pointerKey(entry, created), ...writtenAt(db.clock.now()), ...expiry(until) };
  await db.putItem(pointer, until === Infinity ? undefined : unlessLonger(until));
}
