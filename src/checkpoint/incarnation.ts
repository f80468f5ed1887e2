import { fromBase64Url, toBase64 } from "../aws/base64.js";
import type { DynamoDB } from "../aws/dynamodb/dynamodb.js";
import type { AttributeValue, Item } from "../aws/dynamodb/items.js";
import { ByteLru } from "../payload/byte-lru.js";
import { compareCodePoints } from "../format/code-points.js";
import { bornOfKey, isBorn, key, newIncarnation, THREAD_MARKER } from "../format/keys.js";
import { isGone, livingUpdate, prolong, upsertLiving, type Lifetime } from "../payload/lifetime.js";
import { TRUSTED_MS } from "./frame-cache.js";
import type { Grants } from "./fence.js";
import { grantsOf } from "./grants.js";
import { type CheckpointRef, type Thread } from "./refs.js";

/*
 * A thread can be deleted under a running agent, which then puts checkpoints that refer to segments that are gone. So
 * each incarnation of a thread, from its first checkpoint to `deleteThread`, has a random name. It stands in the
 * thread's marker and in the sort key of all that belongs to it; a checkpoint takes it over from its parent.
 * `deleteThread` removes the marker first, and what has another name than the marker's is absent to readers: what
 * descends from a deleted thread is deleted. A thread that is restored is another incarnation than the one that was
 * saved.
 *
 * While a thread is being restored, its marker names the restoring incarnation, and none that lives: a run that starts
 * meanwhile takes the thread, and then the restoring fails.
 */

export const BORN = "born";
export const RESTORING = "restoring";
/** The random name of the lease that somebody has on the thread, or had last. */
export const LEASE = "lease";
/** Changes whenever a run starts without a checkpoint to go on from: what was found empty may not be so any more. */
const BEGUN = "begun";
const KNOWN_BYTES = 256 * 1_024;
/** How often a marker that runs change meanwhile is read again. */
const MAX_ROUNDS = 100;

/** What this instance has last seen of a thread. */
interface Known {
  born: string;
  /** Until when the thread is sure to be listed, in seconds since 1970. */
  listedUntil: number;
  /** What its marker has said of leases, where that was seen. */
  grants?: Grants | undefined;
}

const bornIn = (item: Item, name: string): string => {
  const attribute = item[name];
  const base64 = attribute && "B" in attribute ? attribute.B : "";
  const born = base64.replace(/[+/]/g, (sign) => (sign === "+" ? "-" : "_")).replace(/=+$/, "");
  return isBorn(born) ? born : "";
};

/** The incarnation that an item belongs to; `""` if it names none. */
export const bornOf = (item: Item): string => bornOfKey(item.SK.S);

/** The incarnation that lives, by the thread's marker. */
export const livingOf = (marker: Item | undefined): string | undefined =>
  marker && !isGone(marker) && BORN in marker ? bornIn(marker, BORN) : undefined;

/** The incarnation that a thread is being restored as, if that was not done or overtaken. */
export const restoringOf = (marker: Item | undefined): string | undefined =>
  marker && !isGone(marker) && !(BORN in marker) && RESTORING in marker ? bornIn(marker, RESTORING) : undefined;

/** What a list of `prune` calls an empty thread: another name once a run has begun in it. */
export const emptyMark = (marker: Item): string => `${THREAD_MARKER}#${bornIn(marker, BEGUN)}`;
export const isEmptyMark = (sortKey: string): boolean => /^C#\$#[\w-]*$/.test(sortKey);

export const bornAttribute = (born: string): Record<string, AttributeValue> => ({
  [BORN]: { B: toBase64(fromBase64Url(born)) },
});

/**
 * Deletes a thread's marker or index entry as it was read. False when it has been changed by now: a request that
 * arrives late, or was decided on before, must not take what a later run has written.
 */
export async function deleteAsRead(db: DynamoDB, item: Item): Promise<boolean> {
  // An entry's `born` can come late from a run before: when it was created does not.
  const names = [BORN, RESTORING, BEGUN, "created"];
  const values = Object.fromEntries(names.flatMap((name, i) => (item[name] ? [[`:v${i}`, item[name]]] : [])));
  const asRead = names
    .map((name, i) => (item[name] ? `#n${i} = :v${i}` : `attribute_not_exists(#n${i})`))
    .join(" AND ");
  return db.deleteItem(key(item.PK.S, item.SK.S), {
    condition: `attribute_not_exists(PK) OR (${asRead})`,
    names: Object.fromEntries(names.map((name, i) => [`#n${i}`, name])),
    ...(Object.keys(values).length > 0 && { values }),
  });
}

/** The markers of threads. */
export class Incarnations {
  readonly #known = new ByteLru<Known & { seenAt: number }>(KNOWN_BYTES);

  /** The ids of checkpoints whose puts are under way, by thread. */
  readonly #putting = new Map<string, string[]>();

  constructor(readonly db: DynamoDB) {}

  /**
   * While `put` is under way, writes to its checkpoint, or to one that is put after it, may come: they are not there
   * yet.
   */
  async putting(threadId: string, id: string, put: () => Promise<void>): Promise<void> {
    const others = this.#putting.get(threadId) ?? [];
    this.#putting.set(threadId, others);
    others.push(id);
    try {
      await put();
    } finally {
      others.splice(others.indexOf(id), 1);
      if (others.length === 0) this.#putting.delete(threadId);
    }
  }

  /** Whether a checkpoint is probably not there yet. Ids rise with time. */
  isPutting({ thread, id }: CheckpointRef): boolean {
    return this.#putting.get(thread.id)?.some((one) => compareCodePoints(one, id) <= 0) === true;
  }

  known(threadId: string): Known | undefined {
    return this.#known.get(threadId);
  }

  /** As `known`, only of a thread that was there lately. */
  trusted(threadId: string): Known | undefined {
    const known = this.#known.get(threadId);
    return known && Math.abs(Date.now() - known.seenAt) <= TRUSTED_MS ? known : undefined;
  }

  remember(threadId: string, known: Known): void {
    this.#known.set(threadId, { ...known, seenAt: Date.now() }, threadId.length + 100);
  }

  forget(threadId: string): void {
    this.#known.delete(threadId);
  }

  /** A reader has come by the marker, or by the place where it would be. */
  note(threadId: string, born: string | undefined): void {
    if (born === undefined) this.forget(threadId);
    else {
      const known = this.known(threadId);
      this.remember(threadId, known?.born === born ? known : { born, listedUntil: 0 });
    }
  }

  /** What the marker that was met says of leases. */
  noteGrants(threadId: string, { token, since, stored, storedFrom, shared }: Grants): void {
    const known = this.#known.get(threadId);
    const grants = { token, since, stored, storedFrom, shared };
    if (known) this.#known.set(threadId, { ...known, grants }, threadId.length + 150);
  }

  /** The thread's incarnation, `undefined` when there is no such thread: 1 request. */
  async current(thread: Thread): Promise<string | undefined> {
    const marker = await this.marker(thread);
    const born = livingOf(marker);
    this.note(thread.id, born);
    if (marker) this.noteGrants(thread.id, grantsOf(marker));
    return born;
  }

  /** Whether there is such a thread, or will be. */
  async isThere(thread: Thread): Promise<boolean> {
    return (await this.marker(thread)) !== undefined;
  }

  /** The item that says so. */
  async marker({ partition }: Thread): Promise<Item | undefined> {
    return this.db.getItem(key(partition, THREAD_MARKER), true);
  }
}

/**
 * Makes sure that the thread has a marker, which lives at least as long as `life` says.
 * @param lease under which this is done: it must be that of the marker
 * @returns its incarnation: `born`, unless the thread had one already; `undefined` where the lease has ended
 */
export async function beginIncarnation(
  { db }: Incarnations,
  { partition }: Thread,
  born: string,
  life: Lifetime | undefined,
  lease?: string,
): Promise<string | undefined> {
  const markerKey = key(partition, THREAD_MARKER);
  let offered: string | undefined;
  // A name of its own for each attempt: one that arrives late, after the thread was deleted, must not bring back that
  // under which checkpoints were put.
  const values = (): Record<string, AttributeValue> => {
    offered = offered === undefined ? born : newIncarnation();
    return { ":born": bornAttribute(offered)[BORN]!, ...(lease !== undefined && { ":lease": { S: lease } }) };
  };
  const conditions = lease === undefined ? [] : ["#lease = :lease"];
  const names: Record<string, string> = lease === undefined ? {} : { "#lease": LEASE };
  const set = [`${BORN} = if_not_exists(${BORN}, :born)`, `${BEGUN} = :born`];
  const until = life?.granted ?? Infinity;
  const update = { key: markerKey, set, names };
  // A marker that only a lease has made lives for as long as that takes, which may be longer than the thread.
  const isUnborn = { conditions: [...conditions, `attribute_not_exists(${BORN})`], isShortened: true };
  const begin = (until: number | undefined, others: object): Promise<Item | undefined> =>
    db.updatedItem(() => livingUpdate({ ...update, conditions, ...others, values: values() }, until));
  const marker =
    (lease !== undefined && (await begin(until, isUnborn))) || (await upsertLiving(until, (end) => begin(end, {})));
  return marker && bornIn(marker, BORN);
}

/** Prolongs the marker. False when the thread has no such incarnation any more. */
export async function renewIncarnation(
  incarnations: Incarnations,
  thread: Thread,
  born: string,
  life: Lifetime | undefined,
): Promise<boolean> {
  const until = life?.granted ?? Infinity;
  return (
    (await prolong(incarnations.db, key(thread.partition, THREAD_MARKER), until)) &&
    (await incarnations.current(thread)) === born
  );
}

/** From now on, the thread is gone to readers, unless runs have changed its marker each time: ask again. */
export async function endIncarnation(incarnations: Incarnations, thread: Thread): Promise<void> {
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const marker = await incarnations.marker(thread);
    // A run that starts at the same time goes too.
    if (!marker || (await deleteAsRead(incarnations.db, marker))) break;
  }
  incarnations.forget(thread.id);
}
