import type { Item } from "../../aws/dynamodb/items.js";
import { CheckpointDataError } from "../../errors.js";
import { keyPart, unescapeId, type KeyPart } from "../../format/keys.js";
import { goneAt, isEnded } from "../../payload/lifetime.js";
import type { CheckpointRef, Thread } from "../refs.js";
import type { Storage } from "../storage.js";
import { loadBody, loadMetadata } from "./load.js";
import { belowOf, taskWrites } from "./rank.js";
import { openCheckpoint, type StoredCheckpoint } from "./open.js";
import { boundsOf, LatestSearch, epochOf, type Bounds, type Grants } from "../fence.js";
import { checkpointPages, namespaceRange, oneCheckpoint, type AboutLeases, type RankedItems } from "./pages.js";

/** How many items a read of the latest checkpoint asks for: itself, its tasks' writes, and a little more. */
const LATEST_LIMITS = [10, 100];

/** The latest checkpoint of a namespace: 1 Query, unless dozens of tasks wrote to it. */
export async function readLatest(storage: Storage, thread: Thread, ns: KeyPart): Promise<StoredCheckpoint | undefined> {
  const { items, older } = await latestItems(storage, thread, ns);
  return items && opened(storage, items, older);
}

/**
 * The latest checkpoint of a namespace, with others that the same pages have shown. Under a lease, what is found first
 * stays the latest to its holder until that one puts another.
 * @param looksBelow where a question of its subgraphs is open, their namespaces are read with it the first time: so
 *   no other answer comes late there
 * @param about is told what the marker says, where the Query meets it
 */
export async function latestItems(
  storage: Storage,
  thread: Thread,
  ns: KeyPart,
  of?: string,
  looksBelow = true,
  about: AboutLeases = {},
): Promise<{ items: RankedItems | undefined; older: RankedItems[] }> {
  const { lease, incarnations } = storage;
  let search: LatestSearch<RankedItems> | undefined;
  let met: RankedItems[] = [];
  // As far as is known: then the rest of a page is looked at, and no other one.
  const isWithoutLeases = (best: RankedItems): boolean =>
    about.token === undefined && !lease && epochOf(best) === 0 && !incarnations.known(thread.id)?.grants?.token;
  for await (const page of checkpointPages(storage, thread, namespaceRange(ns), LATEST_LIMITS, isEnded, of, about)) {
    met = met.concat(page);
    search ??= new LatestSearch(searchBounds(storage, thread, nameOf(ns), about));
    for (const items of page) {
      search.add(items);
      if (search.isOver()) break;
    }
    if (search.isOver() || (search.best && isWithoutLeases(search.best))) break;
  }
  const items = search?.best;
  const isFirst = lease?.reads.readLatest(nameOf(ns), items);
  if (items) lease?.reads.readWrites(nameOf(ns), items.id, items.writes.map(taskWrites));
  if (about.token !== undefined) incarnations.noteGrants(thread.id, { ...about, token: about.token });
  // The holder is told what the marker says; what it puts from now on is refused.
  const isOther = about.lease !== lease?.name || about.token !== lease?.token;
  // A replica may not have its lease yet.
  const isBehind = !storage.consistentRead && about.token !== undefined && about.token < (lease?.token ?? 0);
  if (about.token !== undefined && isOther && !isBehind) lease?.lost();
  if (isFirst && items && looksBelow) {
    const asked = new Set(items.writes.flatMap(belowOf));
    await Promise.all([...asked].map(async (one) => readBase(storage, thread, await keyPart("namespace", one), false)));
  }
  return { items, older: met.filter((one) => one !== items) };
}

function searchBounds({ lease, incarnations }: Storage, thread: Thread, ns: string, about: AboutLeases): Bounds {
  // Only the root's namespace is behind the marker. What is remembered of it may be too old to end a search.
  const { token } = about;
  const met: Grants | undefined = token === undefined ? undefined : { ...about, token };
  if (lease && (token ?? 0) <= lease.token) return lease.reads.bounds(ns, met ?? incarnations.known(thread.id)?.grants);
  return met
    ? boundsOf(met)
    : { youngest: Infinity, from: boundsOf(incarnations.known(thread.id)?.grants ?? NONE).from };
}

/** A namespace as its callers call it. */
const nameOf = (ns: KeyPart): string => unescapeId(ns.whole ?? ns.text);

const NONE: Grants = { token: 0 };

/**
 * Before a holder reads a namespace in another way, it learns what the latest checkpoint is: what older holders put
 * after that is late to it. 1 request, the first time; none without a lease.
 */
export async function readBase(storage: Storage, thread: Thread, ns: KeyPart, looksBelow = true): Promise<void> {
  const { reads } = storage.lease ?? {};
  if (reads && !reads.knows(nameOf(ns))) await latestItems(storage, thread, ns, undefined, looksBelow);
}

/** The id of the latest checkpoint of a namespace, also of one that cannot be read. @param of its incarnation */
export async function latestIdIn(
  storage: Storage,
  thread: Thread,
  ns: KeyPart,
  of?: string,
): Promise<string | undefined> {
  const consistent = { ...storage, consistentRead: true };
  return (await latestItems(consistent, thread, ns, of)).items?.id;
}

/**
 * What `read` makes of a checkpoint; `undefined` if a part is missing because the thread was deleted meanwhile, or
 * before the checkpoint was put.
 * @throws CheckpointDataError
 */
export async function unlessDeleted<T>(
  storage: Storage,
  { thread, frame }: StoredCheckpoint,
  read: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    const isMissing = error instanceof CheckpointDataError && error.code === "MISSING_DATA";
    if (!isMissing || (await storage.incarnations.current(thread)) === frame.born) throw error;
    return undefined;
  }
}

/** One checkpoint by its id: 1 Query. @param of its incarnation, where that is known */
export async function readCheckpoint(
  storage: Storage,
  ref: CheckpointRef,
  isPast = isEnded,
  of?: string,
): Promise<StoredCheckpoint | undefined> {
  for await (const [items] of checkpointPages(storage, ref.thread, oneCheckpoint(ref), [], isPast, of))
    if (items) return opened(storage, items);
  return undefined;
}

/**
 * Opens a checkpoint, and remembers its frame for the `put` that will probably follow.
 * @param older where it is the latest
 */
async function opened(storage: Storage, items: RankedItems, older?: RankedItems[]): Promise<StoredCheckpoint> {
  const stored = await openCheckpoint(storage, items);
  if (older && storage.superseded) {
    const segments = await storage.segments.load(stored.thread.partition, [
      stored.frame.checkpoint,
      stored.frame.metadata,
    ]);
    const [{ ts }, metadata] = await Promise.all([
      loadBody(storage, stored, segments),
      loadMetadata(storage, stored, segments),
    ]);
    storage.superseded.read(
      stored,
      older,
      metadata.counters_since_delta_snapshot !== undefined,
      Date.parse(ts) || Date.now(),
    );
  }
  const { thread, ns, id, frame } = stored;
  // Its writes may go before the rest, if a call with a shorter ttl has put them: then the lease ends with them.
  const shorter = (lease: number, item: Item): number => Math.min(lease, goneAt(item));
  const lease = frame.needsAncestors ? items.writes.reduce(shorter, frame.lease) : frame.lease;
  // What is put under it without a lease goes on in its epoch.
  storage.frames.set(thread.id, ns, id, { ...frame, lease, token: epochOf(items) });
  storage.lease?.reads.readWrites(ns, id, items.writes.map(taskWrites));
  return stored;
}
