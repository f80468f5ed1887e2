import { forEachAtOnce } from "../../aws/client/for-each-at-once.js";
import type { Item, Key } from "../../aws/dynamodb/items.js";
import { itemSize } from "../../format/item-size.js";
import { isGone } from "../../payload/lifetime.js";
import { SKETCHED, sketchedEntry, sketchedAt, SKETCHES } from "../entries/sketches.js";
import { namespaceOf, type Namespace } from "../namespaces.js";
import type { StoreStorage } from "../storage.js";
import { Room } from "./room.js";

/** An entry that has vectors. */
export interface Candidate {
  namespace: Namespace;
  /** When its namespace was created. */
  namespaceCreated: number;
  entry: Key;
  /** When its vectors were put. */
  putAt: number;
}

/**
 * What answers may have that are under way or wait for their turn, in bytes as DynamoDB counts them. In memory they are
 * some three times that.
 */
const BYTES_AT_ONCE = 5 * 1_024 * 1_024;
/** "Query": the largest page. */
const PAGE_BYTES = 1_024 * 1_024;
/** Sketches that are asked for at first where there are many namespaces: most of them have few. */
const FIRST = 50;
/** What a sketch is taken for before one was seen. */
const SKETCH_BYTES = 10 * 1_024;

/** Reads all sketches under a prefix, page by page, and hands on one after the other. */
export async function visitSketches(
  storage: StoreStorage,
  prefix: readonly string[],
  take: (candidate: Candidate, sketch: Item) => Promise<void>,
): Promise<void> {
  const { entries, registry, keyPrefix, consistentRead, maxConcurrency } = storage;
  // Namespaces are read side by side, and what they hold is unpacked one after the other. The chain is of this call
  // alone.
  let before: Promise<void> = Promise.resolve();
  const room = new Room(BYTES_AT_ONCE);
  let largest = 0;
  const pageOf = (
    namespace: Namespace,
    limit?: number,
    after?: Key,
  ): Promise<{ items: Item[]; next?: Key | undefined }> =>
    entries.backend.db.query({
      partition: namespace.partition,
      beginsWith: SKETCHES,
      consistent: consistentRead,
      only: SKETCHED,
      ...(limit && { limit }),
      after,
    });
  const readNamespace = async (
    namespace: Namespace,
    namespaceCreated: number,
    first?: number,
    ahead?: ReturnType<typeof pageOf>,
  ): Promise<void> => {
    const takeAll = async (page: Item[]): Promise<void> => {
      for (const item of page) {
        const entry = isGone(item) ? undefined : sketchedEntry(item);
        if (entry) await take({ namespace, namespaceCreated, entry, putAt: sketchedAt(item) }, item);
      }
    };
    let waiting = ahead;
    let after: Key | undefined;
    let limit = first;
    do {
      const most = waiting ? PAGE_BYTES : Math.min(PAGE_BYTES, (limit ?? Infinity) * (largest || SKETCH_BYTES));
      after = await room.during(most, async () => {
        const { items, next } = await (waiting ?? pageOf(namespace, limit, after));
        waiting = undefined;
        const size = items.reduce((sum, item) => sum + itemSize(item), 0);
        largest = Math.max(largest, size / Math.max(1, items.length));
        await (before = before.then(() => takeAll(items)));
        return next;
      });
      limit = undefined;
    } while (after);
  };
  const own = prefix.length > 0 ? await namespaceOf(keyPrefix, prefix) : undefined;
  const isOwn = ({ sortKey }: Namespace): boolean => sortKey === own?.sortKey;
  // Beside the registry, which would be one more answer to wait for.
  const ahead = own && pageOf(own);
  ahead?.catch(() => undefined); // Where the registry fails, that is the error.
  let isListed = false;
  for await (const rows of registry.under(prefix)) {
    isListed ||= rows.some(({ namespace }) => isOwn(namespace));
    const first = rows.length > BYTES_AT_ONCE / PAGE_BYTES ? FIRST : undefined;
    await forEachAtOnce(maxConcurrency, rows, ({ namespace, created }) =>
      readNamespace(namespace, created, first, isOwn(namespace) ? ahead : undefined),
    );
  }
  // Its row may have been removed, or have expired, a moment ago.
  if (own && !isListed) await readNamespace(own, 0, undefined, ahead);
}
