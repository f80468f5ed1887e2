import type { AttributeValue, UpdateInput } from "../../aws/dynamodb/items.js";
import { BORN, bornAttribute, RESTORING, restoringOf } from "../../checkpoint/incarnation.js";
import { STORED, STORED_FROM, TOKEN } from "../../checkpoint/fence.js";
import type { Thread } from "../../checkpoint/refs.js";
import type { Storage } from "../../checkpoint/storage.js";
import { key, THREAD_MARKER } from "../../format/keys.js";
import { TTL_ATTRIBUTE } from "../../payload/lifetime.js";

/*
 * The marker of a thread that is being restored: it names the incarnation that is to be, and none that lives.
 */

/** Names the incarnation in one of the two attributes, until `until`. */
const naming = (
  attribute: string,
  other: string,
  born: string,
  until: number,
): Pick<UpdateInput, "update" | "names"> & { values: Record<string, AttributeValue> } => {
  const ends = until < Infinity;
  return {
    update: `SET ${attribute} = :born${ends ? ", #ttl = :ttl" : ""} REMOVE ${other}${ends ? "" : ", #ttl"}`,
    names: { "#ttl": TTL_ATTRIBUTE },
    values: { ":born": bornAttribute(born)[BORN]!, ...(ends && { ":ttl": { N: String(until) } }) },
  };
};

/** The condition of what is reserved still: no run has taken the thread, and nobody has deleted it. */
const IS_RESERVED = `${RESTORING} = :born AND attribute_not_exists(${BORN})`;

/** Reserves the thread for what is restored as `born`. False when there is one. */
export async function claim(
  { incarnations }: Storage,
  { partition }: Thread,
  born: string,
  until: number,
): Promise<boolean> {
  const update = naming(RESTORING, BORN, born, until);
  return incarnations.db.updateItem({
    ...update,
    key: key(partition, THREAD_MARKER),
    values: { ...update.values, ":now": { N: String(Math.floor(Date.now() / 1_000)) } },
    condition: `attribute_not_exists(${BORN}) OR #ttl <= :now`,
  });
}

/** Gives up what was reserved. False when it is not reserved for `born` any more. */
export async function unclaim({ incarnations }: Storage, { partition }: Thread, born: string): Promise<boolean> {
  return incarnations.db.deleteItem(key(partition, THREAD_MARKER), {
    condition: IS_RESERVED,
    values: { ":born": bornAttribute(born)[BORN]! },
  });
}

/** Whether it is reserved for `born` still. */
export async function isClaimed({ incarnations }: Storage, thread: Thread, born: string): Promise<boolean> {
  return restoringOf(await incarnations.marker(thread)) === born;
}

/** The highest lease of what is restored, and the highest of its root's namespace, with the time of that. */
export interface RestoredLeases {
  token: number;
  stored: number;
  storedFrom: number;
}

function attributesOf({ token, stored, storedFrom }: RestoredLeases): Record<string, number> {
  if (token === 0) return {};
  const isTimed = storedFrom > 0 && storedFrom < Infinity;
  return {
    [TOKEN]: token,
    ...(stored > 0 && { [STORED]: stored, ...(isTimed && { [STORED_FROM]: storedFrom }) }),
  };
}

/**
 * From now on, what was restored as `born` is there. False when the thread was taken or deleted meanwhile.
 * @param leases those under which it was put: later ones go on from the highest
 */
export async function settle(
  { incarnations }: Storage,
  thread: Thread,
  born: string,
  until: number,
  leases: RestoredLeases,
): Promise<boolean> {
  const { update, names, values } = naming(BORN, RESTORING, born, until);
  const told = Object.entries(attributesOf(leases));
  const settled = await incarnations.db.updateItem({
    update: told.reduce(
      (text, [name]) => text.replace("SET ", `SET #${name} = if_not_exists(#${name}, :${name}), `),
      update,
    ),
    names: { ...names, ...Object.fromEntries(told.map(([name]) => [`#${name}`, name])) },
    values: { ...values, ...Object.fromEntries(told.map(([name, value]) => [`:${name}`, { N: String(value) }])) },
    key: key(thread.partition, THREAD_MARKER),
    condition: IS_RESERVED,
  });
  // Also by an attempt whose answer got lost.
  return settled || (await incarnations.current(thread)) === born;
}
