import type { Item, Key } from "../aws/dynamodb/items.js";
import { ByteLru } from "../payload/byte-lru.js";
import { cacheKey, type Thread } from "./refs.js";

/*
 * With `history: "latest"` a put also deletes what is superseded: checkpoints before its parent, with their writes,
 * side by side with the request that stores the new one. Its parent is stored already, so the newest checkpoint is
 * there whatever fails. Ancestors that a DeltaChannel is rebuilt from are superseded by the next snapshot. Segments are
 * freed by a pruning of the thread now and then, which is safe beside runs.
 *
 * What is superseded waits before it goes: a reader that takes several requests, such as a copy or the history of a
 * DeltaChannel, may have begun with it.
 */

const KNOWN_BYTES = 1_024 * 1_024;
/** "BatchWriteItem": 25 items. */
const MOST_DELETES = 25;
/** They are a request more. */
const LEAST_DELETES = 4;
/** Longer than a reader takes, also where one of its requests timed out and was sent again. */
export const WAIT_SECONDS = 30;

/** A checkpoint that was read, with its own key and those of its writes. */
interface Read {
  thread: Thread;
  ns: string;
  id: string;
  keys: Key[];
}

interface Known {
  /** The newest checkpoint, and its sort key with those of its writes. */
  head: { id: string; sortKeys: Set<string> };
  /** Of older ones that the newest may be rebuilt from. */
  held: string[];
  /** Of older ones that nothing needs, and since when, in milliseconds since 1970. */
  superseded: { sortKey: string; since: number }[];
}

/** What this instance knows to be superseded in each namespace. Of others it learns when it reads. */
export class Superseded {
  readonly #known = new ByteLru<Known>(KNOWN_BYTES);

  /**
   * The newest checkpoint has been read, and some older ones with it, which it may be rebuilt from.
   * @param since when the newest one was made, in milliseconds since 1970
   */
  read(
    { thread, ns, id, keys }: Read,
    older: { ns: string; item: Item; writes: Item[] }[],
    needsAncestors: boolean,
    since: number,
  ): void {
    const sortKeys = keys.map(({ SK }) => SK.S);
    const known = this.#known.get(cacheKey(thread.id, ns));
    if (known?.head.id === id) {
      // Of what this instance has put it knows more than one page shows.
      for (const sortKey of sortKeys) known.head.sortKeys.add(sortKey);
      return;
    }
    const others = older
      .filter((items) => items.ns === ns)
      .flatMap(({ item, writes }) => [item, ...writes].map(({ SK }) => SK.S));
    const head = { id, sortKeys: new Set(sortKeys) };
    this.#set(
      thread.id,
      ns,
      needsAncestors
        ? { head, held: others, superseded: [] }
        : { head, held: [], superseded: others.map((sortKey) => ({ sortKey, since })) },
    );
  }

  /** A task of a checkpoint has written. */
  wrote(threadId: string, ns: string, id: string, { SK }: Key): void {
    const known = this.#known.get(cacheKey(threadId, ns));
    if (known?.head.id === id) known.head.sortKeys.add(SK.S);
  }

  /**
   * What goes when a checkpoint is stored under this parent: several items, or nothing yet.
   * @param heldAt when the lease of the call was last known to last, in milliseconds since 1970. Who has the thread
   *   after that begins with what has superseded this, and needs none of it
   */
  before(threadId: string, ns: string, parentId: string | undefined, heldAt = Infinity): string[] {
    const known = this.#known.get(cacheKey(threadId, ns));
    if (!known || known.head.id !== parentId) return [];
    const latest = Math.min(Date.now() - WAIT_SECONDS * 1_000, heldAt);
    const due = known.superseded.filter(({ since }) => since <= latest);
    return due.length < LEAST_DELETES ? [] : due.slice(0, MOST_DELETES).map(({ sortKey }) => sortKey);
  }

  /** A checkpoint was stored, and `gone` deleted. */
  put(
    threadId: string,
    ns: string,
    parentId: string | undefined,
    id: string,
    place: Key,
    needsAncestors: boolean,
    gone: string[],
  ): void {
    const known = this.#known.get(cacheKey(threadId, ns));
    const head = { id, sortKeys: new Set([place.SK.S]) };
    if (!known || known.head.id !== parentId || id === parentId)
      return this.#set(threadId, ns, { head, held: [], superseded: [] });
    const held = [...known.held, ...known.head.sortKeys];
    const left = known.superseded.filter(({ sortKey }) => !gone.includes(sortKey));
    const since = Date.now();
    this.#set(
      threadId,
      ns,
      needsAncestors
        ? { head, held, superseded: left }
        : { head, held: [], superseded: [...left, ...held.map((sortKey) => ({ sortKey, since }))] },
    );
  }

  forget(threadId: string): void {
    this.#known.deleteWhere((name) => name.startsWith(cacheKey(threadId)));
  }

  #set(threadId: string, ns: string, known: Known): void {
    const sortKeys = [...known.head.sortKeys, ...known.held, ...known.superseded.map(({ sortKey }) => sortKey)];
    this.#known.set(
      cacheKey(threadId, ns),
      known,
      sortKeys.reduce((sum, sortKey) => sum + 2 * sortKey.length, 200),
    );
  }
}
