import { fromBase64Url, toBase64, toBase64Url } from "../aws/base64.js";
import type { AttributeValue, DynamoDB, Item } from "../aws/dynamodb.js";
import { ByteLru } from "./byte-lru.js";
import { isBorn, key, THREAD_MARKER } from "./keys.js";
import { isGone, livingUpdate, prolong, upsertLiving, type Lifetime } from "./lifetime.js";
import type { Thread } from "./storage.js";

/*
 * A thread can be deleted under a running agent, which then puts checkpoints that refer to segments that are gone. So
 * each incarnation of a thread, from its first checkpoint to `deleteThread`, has a random name. It stands in the
 * thread's marker and in every checkpoint, which takes it over from its parent. `deleteThread` removes the marker
 * first, and a checkpoint with another name than the marker's is absent to readers: what descends from a deleted
 * thread is deleted.
 */

const BORN = "born";
const KNOWN_BYTES = 256 * 1_024;

/** What this instance has last seen of a thread. */
interface Known {
  born: string;
  /** Until when the thread is sure to be listed, in seconds since 1970. */
  listedUntil: number;
}

/** A name for a new incarnation. Short, because every checkpoint has it, and only those of one thread must differ. */
export const newIncarnation = (): string => toBase64Url(crypto.getRandomValues(new Uint8Array(4)));

/** The incarnation that an item belongs to; `""` if it names none. */
export function bornOf(item: Item): string {
  const attribute = item[BORN];
  const base64 = attribute && "B" in attribute ? attribute.B : "";
  const born = base64.replace(/[+/]/g, (sign) => (sign === "+" ? "-" : "_")).replace(/=+$/, "");
  return isBorn(born) ? born : "";
}

export const bornAttribute = (born: string): Record<string, AttributeValue> => ({ [BORN]: { B: toBase64(fromBase64Url(born)) } });

/**
 * Deletes a thread's marker or index entry as it was read. False when it belongs to another incarnation by now: a request
 * that arrives late must not take what a later run has written.
 */
export async function deleteAsRead(db: DynamoDB, item: Item): Promise<boolean> {
  const itemKey = key(item.PK.S, item.SK.S);
  const born = bornOf(item);
  if (born !== "") return db.deleteItem(itemKey, { condition: `attribute_not_exists(PK) OR ${BORN} = :born`, values: { ":born": bornAttribute(born)[BORN]! } });
  await db.batchDelete([itemKey]); // not written by a saver
  return true;
}

/** The markers of threads. */
export class Incarnations {
  readonly #known = new ByteLru<Known>(KNOWN_BYTES);

  constructor(private readonly db: DynamoDB) {}

  known(threadId: string): Known | undefined {
    return this.#known.get(threadId);
  }

  remember(threadId: string, known: Known): void {
    this.#known.set(threadId, known, threadId.length + 100);
  }

  forget(threadId: string): void {
    this.#known.delete(threadId);
  }

  /** A reader has come by the marker, or by the place where it would be. */
  note(threadId: string, born: string | undefined): void {
    if (born === undefined) this.forget(threadId);
    else if (this.known(threadId)?.born !== born) this.remember(threadId, { born, listedUntil: 0 });
  }

  /**
   * Makes sure that the thread has a marker, which lives at least as long as `life` says.
   * @returns its incarnation: `born`, unless the thread had one already
   */
  async begin({ partition }: Thread, born: string, life: Lifetime | undefined): Promise<string> {
    const markerKey = key(partition, THREAD_MARKER);
    let offered: string | undefined;
    // A name of its own for each attempt: one that arrives late, after the thread was deleted, must not bring back that
    // under which checkpoints were put.
    const values = (): Record<string, AttributeValue> => {
      offered = offered === undefined ? born : newIncarnation();
      return { ":born": bornAttribute(offered)[BORN]! };
    };
    const set = [`${BORN} = if_not_exists(${BORN}, :born)`];
    const marker = await upsertLiving(life?.granted ?? Infinity, (until) => this.db.updatedItem(() => livingUpdate({ key: markerKey, set, values: values() }, until)));
    return bornOf(marker!);
  }

  /** The thread's incarnation, `undefined` when there is no such thread: 1 request. */
  async current({ id, partition }: Thread): Promise<string | undefined> {
    const marker = await this.db.getItem(key(partition, THREAD_MARKER), true);
    const born = marker && !isGone(marker) ? bornOf(marker) : undefined;
    this.note(id, born);
    return born;
  }

  /** Prolongs the marker. False when the thread has no such incarnation any more. */
  async renew(thread: Thread, born: string, life: Lifetime | undefined): Promise<boolean> {
    const until = life?.granted ?? Infinity;
    return (await prolong(this.db, key(thread.partition, THREAD_MARKER), until)) && (await this.current(thread)) === born;
  }

  /** From now on, the thread is gone to readers. */
  async end({ id, partition }: Thread): Promise<void> {
    const marker = await this.db.getItem(key(partition, THREAD_MARKER), true);
    if (marker) await deleteAsRead(this.db, marker);
    this.forget(id);
  }
}
