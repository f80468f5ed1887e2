import type { AttributeValue, UpdateInput } from "../../aws/dynamodb/items.js";
import { SHARED, SINCE, STORED, STORED_FROM, TOKEN } from "../../checkpoint/fence.js";
import { tokenOf } from "../../checkpoint/grants.js";
import { BORN, bornAttribute, LEASE, livingOf, RESTORING, restoringOf } from "../../checkpoint/incarnation.js";
import { ThreadBusyError } from "../../checkpoint/lease/errors.js";
import { ALLOWANCE_MS, HOLDER, infoOf, leaseOf, SECONDS, UNTIL, updateOrFind } from "../../checkpoint/lease/marker.js";
import type { Thread } from "../../checkpoint/refs.js";
import type { Storage } from "../../checkpoint/storage.js";
import { key, THREAD_MARKER } from "../../format/keys.js";
import { TTL_ATTRIBUTE } from "../../payload/lifetime.js";

/*
 * The marker of a thread that is being restored: it names the incarnation that is to be, and none that lives.
 */

/** Names the incarnation in one of the two attributes, until `until`, and sets something else. */
function naming(
  attribute: string,
  other: string,
  born: string,
  until: number,
  others: readonly string[] = [],
): Pick<UpdateInput, "update" | "names"> & { values: Record<string, AttributeValue> } {
  const ends = until < Infinity;
  const set = [`${attribute} = :born`, ...(ends ? ["#ttl = :ttl"] : []), ...others];
  return {
    update: `SET ${set.join(", ")} REMOVE ${other}${ends ? "" : ", #ttl"}`,
    names: { "#ttl": TTL_ATTRIBUTE },
    values: { ":born": bornAttribute(born)[BORN]!, ...(ends && { ":ttl": { N: String(until) } }) },
  };
}

/** The condition of what is reserved still: no run and no lease has taken the thread, and nobody has deleted it. */
const IS_RESERVED = `${RESTORING} = :born AND attribute_not_exists(${BORN}) AND attribute_not_exists(${LEASE})`;

/** What of a marker is of leases on what was there before; its token stays, so that the next ones are above it. */
const OF_LEASES = [LEASE, UNTIL, HOLDER, SECONDS, SINCE, STORED, STORED_FROM, SHARED];

/** What a thread is reserved by. */
export interface Reservation {
  born: string;
  /** Of the youngest lease that there was before; 0 for none. */
  token: number;
}

/**
 * Reserves the thread for what is restored as `born`. `undefined` when there is one.
 * @throws ThreadBusyError where somebody has a lease on it
 */
export async function claim(
  { db }: Storage,
  { id, partition }: Thread,
  born: string,
  until: number,
): Promise<Reservation | undefined> {
  const { update, names, values } = naming(RESTORING, BORN, born, until);
  const now = Date.now();
  const ofLeases = OF_LEASES.map((name) => [`#${name}`, name] as const);
  const { item, isDone } = await updateOrFind(db, {
    key: key(partition, THREAD_MARKER),
    update: `${update}, ${ofLeases.map(([name]) => name).join(", ")}`,
    names: { ...names, ...Object.fromEntries(ofLeases) },
    values: {
      ...values,
      ":now": { N: String(Math.floor(now / 1_000)) },
      ":over": { N: String(now - ALLOWANCE_MS) },
    },
    condition: `#ttl <= :now OR (attribute_not_exists(${BORN}) AND (attribute_not_exists(#until) OR #until <= :over))`,
  });
  const lease = leaseOf(item);
  if (!isDone && lease && livingOf(item) === undefined) throw new ThreadBusyError(infoOf(id, lease));
  return isDone ? { born, token: tokenOf(item) } : undefined;
}

/** Gives up what was reserved. False when it is not reserved for `born` any more. */
export async function unclaim({ db }: Storage, { partition }: Thread, born: string): Promise<boolean> {
  const marker = key(partition, THREAD_MARKER);
  const values = { ":born": bornAttribute(born)[BORN]! };
  if (await db.deleteItem(marker, { condition: IS_RESERVED, values })) return true;
  // The marker stays for whoever has taken a lease meanwhile.
  await db.updateItem({ key: marker, update: `REMOVE ${RESTORING}`, condition: `${RESTORING} = :born`, values });
  return false;
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

/**
 * From now on, what was restored is there. False when the thread was taken or deleted meanwhile.
 * @param leases those under which it was put: later ones go on from the highest
 */
export async function settle(
  { db, incarnations }: Storage,
  thread: Thread,
  { born, token }: Reservation,
  until: number,
  leases: RestoredLeases,
): Promise<boolean> {
  const { stored, storedFrom } = leases;
  const isTimed = storedFrom > 0 && storedFrom < Infinity;
  const told = Object.entries({
    [TOKEN]: Math.max(token, leases.token),
    [STORED]: stored,
    [STORED_FROM]: stored > 0 && isTimed ? storedFrom : 0,
  }).filter(([, value]) => value > 0);
  const set = told.map(([name]) => `#${name} = :${name}`);
  const { update, names, values } = naming(BORN, RESTORING, born, until, set);
  const settled = await db.updateItem({
    update,
    names: { ...names, [`#${TOKEN}`]: TOKEN, ...Object.fromEntries(told.map(([name]) => [`#${name}`, name])) },
    values: {
      ...values,
      ":seen": { N: String(token) },
      ...Object.fromEntries(told.map(([name, value]) => [`:${name}`, { N: String(value) }])),
    },
    key: key(thread.partition, THREAD_MARKER),
    // Also where a lease has come and gone, and a late attempt to reserve has taken its name away.
    condition: `${IS_RESERVED} AND (attribute_not_exists(#${TOKEN}) OR #${TOKEN} = :seen)`,
  });
  // Also by an attempt whose answer got lost.
  return settled || (await incarnations.current(thread)) === born;
}
