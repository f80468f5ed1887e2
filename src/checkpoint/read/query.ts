import type { Item } from "../../aws/dynamodb/items.js";
import { CheckpointDataError } from "../../errors.js";
import type { KeyPart } from "../../format/keys.js";
import { goneAt, isEnded } from "../../payload/lifetime.js";
import type { CheckpointRef, Thread } from "../refs.js";
import type { Storage } from "../storage.js";
import { loadBody, loadMetadata } from "./load.js";
import { openCheckpoint, type StoredCheckpoint } from "./open.js";
import { checkpointPages, namespaceRange, oneCheckpoint, type CheckpointItems } from "./pages.js";

/** How many items a read of the latest checkpoint asks for: itself, its tasks' writes, and a little more. */
const LATEST_LIMITS = [10, 100];

/** The latest checkpoint of a namespace: 1 Query, unless dozens of tasks wrote to it. */
export async function readLatest(storage: Storage, thread: Thread, ns: KeyPart): Promise<StoredCheckpoint | undefined> {
  return firstOf(storage, checkpointPages(storage, thread, namespaceRange(ns), LATEST_LIMITS), true);
}

/** The id of the latest checkpoint of a namespace, also of one that cannot be read. @param of its incarnation */
export async function latestIdIn(
  storage: Storage,
  thread: Thread,
  ns: KeyPart,
  of?: string,
): Promise<string | undefined> {
  const consistent = { ...storage, consistentRead: true };
  const pages = checkpointPages(consistent, thread, namespaceRange(ns), LATEST_LIMITS, isEnded, of);
  for await (const [latest] of pages) if (latest) return latest.id;
  return undefined;
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
  return firstOf(storage, checkpointPages(storage, ref.thread, oneCheckpoint(ref), [], isPast, of));
}

/** Opens the first checkpoint, and remembers its frame for the `put` that will probably follow. */
async function firstOf(
  storage: Storage,
  pages: AsyncGenerator<CheckpointItems[]>,
  isLatest = false,
): Promise<StoredCheckpoint | undefined> {
  for await (const [items, ...older] of pages) {
    if (!items) continue;
    const stored = await openCheckpoint(storage, items);
    if (isLatest && storage.superseded) {
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
    storage.frames.set(thread.id, ns, id, { ...frame, lease });
    return stored;
  }
  return undefined;
}
