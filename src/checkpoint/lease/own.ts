import type { DynamoDB } from "../../aws/dynamodb/dynamodb.js";
import type { AttributeValue, Item, UpdateInput } from "../../aws/dynamodb/items.js";
import { stringOf } from "../../format/attributes.js";
import { key, THREAD_MARKER } from "../../format/keys.js";
import { SHARED, SINCE, STORED, STORED_FROM, TOKEN } from "../fence.js";
import { tokenOf } from "../grants.js";
import { BORN, LEASE, RESTORING } from "../incarnation.js";
import { isGone } from "../../payload/lifetime.js";
import type { Thread } from "../refs.js";
import { HOLDER, leaseOf, SECONDS, UNTIL, updateOrFind } from "./marker.js";
import { QUEUE, STOP } from "./turns.js";

/* What the holder of a lease does to it. Each request has the condition that it is the lease of the marker still. */

/** The name of the lease that was released last. */
const RELEASED = "released";

/** A lease of one's own. The token as well: a request to acquire can come twice, and be granted a second time. */
export interface OwnLease {
  name: string;
  token: number;
}

/** What the marker is told of what was stored under a lease. */
interface Told {
  /** Of the root's namespace, once that is acknowledged. */
  storedFrom?: number;
  /** Whether the instance that releases the lease may not know. */
  isShared?: boolean;
}

const OWN = "#lease = :name AND #token = :token";
const namesOf = ({ name, token }: OwnLease): Record<string, AttributeValue> => ({
  ":name": { S: name },
  ":token": { N: String(token) },
});

/** @returns until when it lasts now, perhaps longer; `undefined` when it has ended, or another has come after it */
export async function prolongLease(
  db: DynamoDB,
  thread: Thread,
  own: OwnLease,
  until: number,
  told: Told = {},
  onSeen?: (marker: Item) => void,
): Promise<number | undefined> {
  const telling = tellingOf(told);
  const { item, isDone } = await updateOrFind(db, {
    key: key(thread.partition, THREAD_MARKER),
    update: clauses(
      ["#until = :until", ...(told.isShared ? ["#shared = :token"] : []), ...telling.set],
      telling.remove,
    ),
    // Never back: an attempt may arrive late.
    condition: `${OWN} AND #until <= :until`,
    names: {
      ...{ "#lease": LEASE, "#token": TOKEN, "#until": UNTIL },
      ...(told.isShared && { "#shared": SHARED }),
      ...telling.names,
    },
    values: { ...namesOf(own), ":until": { N: String(until) }, ...telling.values },
  });
  if (isDone && item) onSeen?.(item);
  const seen = leaseOf(item);
  if (isDone) return until;
  return seen?.name === own.name && seen.token === own.token ? seen.until : undefined;
}

/**
 * The thread is free from now on, if it is this lease that it has. `isEmpty`: nothing was stored under
 * it, and what was under those before it is known. That is not said where another instance may have stored something:
 * 1 request more.
 */
export async function endLease(
  db: DynamoDB,
  thread: Thread,
  own: OwnLease,
  { isEmpty = false, ...told }: Told & { isEmpty?: boolean } = {},
): Promise<"released" | "lost" | "no marker"> {
  const telling = tellingOf(told);
  const { item, isDone } = await updateOrFind(db, {
    key: key(thread.partition, THREAD_MARKER),
    update: clauses(
      ["#released = :name", ...telling.set],
      ["#until", "#holder", "#seconds", "#stop", ...(isEmpty ? ["#since"] : telling.remove)],
    ),
    condition: isEmpty ? `${OWN} AND (attribute_not_exists(#shared) OR #shared <> :token)` : OWN,
    names: {
      ...{ "#lease": LEASE, "#token": TOKEN, "#until": UNTIL, "#holder": HOLDER, "#seconds": SECONDS, "#stop": STOP },
      "#released": RELEASED,
      ...(isEmpty && { "#since": SINCE, "#shared": SHARED }),
      ...telling.names,
    },
    values: { ...namesOf(own), ...telling.values },
  });
  // Also by an attempt whose answer got lost, where somebody else has the thread by now.
  if (isDone || (item && stringOf(item, RELEASED) === own.name)) return "released";
  if (!item || isGone(item)) return "no marker";
  return isEmpty && isOwn(item, own) ? endLease(db, thread, own) : "lost";
}

const isOwn = (marker: Item, { name, token }: OwnLease): boolean =>
  stringOf(marker, LEASE) === name && tokenOf(marker) === token;

const clauses = (set: string[], remove: string[]): string =>
  [set.length > 0 && `SET ${set.join(", ")}`, remove.length > 0 && `REMOVE ${remove.join(", ")}`]
    .filter(Boolean)
    .join(" ");

/** What was stored under earlier ones is below that from now on. */
function tellingOf({ storedFrom }: Told): Pick<UpdateInput, "names" | "values"> & { set: string[]; remove: string[] } {
  if (storedFrom === undefined) return { set: [], remove: [] };
  return {
    set: ["#stored = :token", "#from = :from"],
    remove: ["#since"],
    names: { "#stored": STORED, "#from": STORED_FROM, "#since": SINCE },
    values: { ":from": { N: String(storedFrom) } },
  };
}

/** As `endLease`, of a thread that probably has no checkpoint: then nothing of it is left. */
export async function endUnborn(db: DynamoDB, thread: Thread, own: OwnLease): Promise<boolean> {
  return db.deleteItem(key(thread.partition, THREAD_MARKER), {
    condition:
      `${OWN} AND attribute_not_exists(#born) AND attribute_not_exists(#restoring) ` +
      "AND attribute_not_exists(#queue)",
    names: { "#lease": LEASE, "#token": TOKEN, "#born": BORN, "#restoring": RESTORING, "#queue": QUEUE },
    values: namesOf(own),
  });
}
