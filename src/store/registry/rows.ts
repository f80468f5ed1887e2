import type { AttributeValue, Condition, Item, Key } from "../../aws/dynamodb/items.js";
import type { DynamoDB } from "../../aws/dynamodb/dynamodb.js";
import { livingUpdate, upsertLiving, type LivingUpdate } from "../../payload/lifetime.js";

/* How rows of the registry are written. All of their times are the service's. */

/** When the namespace was created, in microseconds since 1970. */
export const CREATED = "created";
/** Until when an instance may think that the row is there, in milliseconds since 1970. */
export const UNTIL = "until";
/** From when on the namespace may be empty, in milliseconds since 1970; below 1: it was found so. */
export const EMPTIED = "emptied";

/** Who adds a row at the same time says the same time. */
const ROUND_MS = 60_000;

/** What a row is to say. */
export interface RowInput {
  whole: string | undefined;
  stamp: number;
  untilMs: number;
  /** In seconds since 1970; Infinity if it stays. One that stays, or stays longer, goes on doing so. */
  listedUntil: number;
}

/** Writes a row, also where it is there. @returns all that it has then */
export async function addRow(
  db: DynamoDB,
  row: Key,
  { whole, stamp, untilMs, listedUntil }: RowInput,
): Promise<Item | undefined> {
  const about = {
    key: row,
    set: ["#created = if_not_exists(#created, :stamp)", ...(whole === undefined ? [] : ["#whole = :whole"])],
    names: { "#created": CREATED, ...(whole !== undefined && { "#whole": "whole" }) },
    values: { ":stamp": { N: String(stamp) }, ...(whole !== undefined && { ":whole": { S: whole } }) },
  };
  const longer = {
    ...about,
    set: [...about.set, "#until = :until"],
    conditions: ["attribute_not_exists(#until) OR #until <= :until"],
    names: { ...about.names, "#until": UNTIL },
    values: { ...about.values, ":until": { N: String(Math.ceil(untilMs / ROUND_MS) * ROUND_MS) } },
  };
  const send = (update: LivingUpdate): Promise<Item | undefined> =>
    upsertLiving(listedUntil, (ends) => db.updatedItem(() => livingUpdate(update, ends)));
  // Others may have seen to it for longer, and an attempt may arrive late: that time is never set back.
  return (await send(longer)) ?? send(about);
}

/** No two marks are the same, so that a request that arrives late changes none but the one that it has read. */
export function markRow(
  db: DynamoDB,
  row: Key,
  untilSeconds: number,
  { condition, names, values }: Condition,
): Promise<Item | undefined> {
  const emptied = untilSeconds * 1_000 + Math.random();
  return db.updatedItem(() => ({
    key: row,
    update: "SET #emptied = :emptied",
    ...(condition && { condition }),
    names: { ...names, "#emptied": EMPTIED },
    values: { ...values, ":emptied": { N: emptied.toFixed(9) } },
  }));
}

/** Takes a mark away as it was read, or lets it begin where what is there expires. */
export function unmarkRow(db: DynamoDB, row: Key, untilSeconds: number, emptied: AttributeValue): Promise<unknown> {
  const asRead = asMarked(emptied);
  if (untilSeconds < Infinity) return markRow(db, row, untilSeconds, asRead);
  return db.updateItem({ key: row, update: "REMOVE #emptied", ...asRead });
}

/** That a row has exactly this mark, or none. */
export const asMarked = (emptied: AttributeValue | undefined): Condition =>
  emptied
    ? { condition: "#emptied = :read", names: { "#emptied": EMPTIED }, values: { ":read": emptied } }
    : { condition: "attribute_exists(PK) AND attribute_not_exists(#emptied)", names: { "#emptied": EMPTIED } };
