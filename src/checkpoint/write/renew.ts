import { isDeltaSnapshot, type Checkpoint, type CheckpointMetadata } from "@langchain/langgraph-checkpoint";
import { forEachAtOnce } from "../../aws/client/for-each-at-once.js";
import { emit } from "../../aws/client/events.js";
import { compareCodePoints } from "../../format/code-points.js";
import { neededAncestors } from "../read/delta-history.js";
import { deltaChannels } from "../delta-channels.js";
import { bornOf, renewIncarnation } from "../incarnation.js";
import { lifetime, prolong, prolongAncestor, prolongCheckpoint, type Lifetime } from "../../payload/lifetime.js";
import { checkpointPages, NAMESPACE_ORDER, type CheckpointItems } from "../read/pages.js";
import { allValues, openCheckpoint, type StoredCheckpoint } from "../read/open.js";
import { loadMetadata } from "../read/load.js";
import { renewSegments } from "../../payload/segment-writes.js";
import { type Storage } from "../storage.js";
import { checkpointRef, type CheckpointRef, type Thread } from "../refs.js";
import { renewEntry } from "../thread-entry.js";
import type { Segment } from "../../format/value.js";

/** Ancestors renewed at once. */
const AT_ONCE = 10;

/** A checkpoint whose ancestors are needed with it, because channels of it are rebuilt from them. */
export interface AncestorsOf {
  /** The first of them. */
  top: CheckpointRef;
  channels: string[];
}

/** Whether a checkpoint has `DeltaChannel`s: it is rebuilt from others, or others will be from it. */
export function needsAncestors({ channel_values }: Checkpoint, metadata: CheckpointMetadata): boolean {
  return metadata.counters_since_delta_snapshot !== undefined || Object.values(channel_values).some(isDeltaSnapshot);
}

/**
 * Gives a new life to what a checkpoint shares with others: segments, the thread's marker and index entry, and
 * ancestors.
 * @param born the checkpoint's incarnation of the thread
 * @returns false when a segment is not there any more, or the thread has been deleted
 */
export async function renew(
  storage: Storage,
  thread: Thread,
  born: string,
  segments: Segment[],
  ancestorsOf: AncestorsOf | undefined,
  life: Lifetime | undefined,
): Promise<boolean> {
  const renewals = await Promise.all([
    renewSegments(storage, thread.partition, segments, life),
    ancestorsOf === undefined || renewAncestors(storage, ancestorsOf, life),
    renewIncarnation(storage.incarnations, thread, born, life),
    renewEntry(storage, thread.id, life),
  ]);
  return renewals.every((isThere) => isThere);
}

/** Gives a new life to what is needed of ancestors. False when a segment of it is not there any more. */
export async function renewAncestors(
  storage: Storage,
  { top, channels }: AncestorsOf,
  life: Lifetime | undefined,
): Promise<boolean> {
  const ancestors = await neededAncestors(storage, top, channels);
  const segments = ancestors.flatMap(({ values }) => values.flatMap((value) => value.segments));
  const [hasSegments] = await Promise.all([
    renewSegments(storage, top.thread.partition, segments, life),
    forEachAtOnce(AT_ONCE, ancestors, ({ stored }) =>
      prolongItems(storage, stored, life?.granted ?? Infinity, prolongAncestor),
    ),
  ]);
  return hasSegments;
}

/**
 * Renews a thread that is only read, when less than a ttl of its checkpoint is left. A failure costs time, not the
 * read.
 * @param isLatest whether a run would go on from it: then it needs what its subgraphs have stored since
 */
export async function refreshOnRead(
  storage: Storage,
  stored: StoredCheckpoint,
  ttlSeconds: number,
  isLatest: boolean,
): Promise<void> {
  const life = lifetime(ttlSeconds)!;
  if (stored.endsAt >= life.needed) return;
  const all = async (): Promise<boolean> => {
    // The root last: while it lives, what it needs must.
    const subgraphs = isLatest && stored.ns === "" ? await subgraphsOf(storage, stored) : [];
    for (const one of [...subgraphs, stored])
      if (one.endsAt < life.needed && !(await refresh(storage, one, life))) return false;
    return true;
  };
  if (!(await all().catch(() => false))) {
    emit(storage.onEvent, {
      type: "warning",
      code: "REFRESH_FAILED",
      message: "A thread that was read could not be renewed; the next read tries again.",
    });
  }
}

/**
 * The latest checkpoints of the subgraphs that run since this one of the root, and of those that are the same in every
 * run.
 */
async function subgraphsOf(storage: Storage, { thread, id, frame }: StoredCheckpoint): Promise<StoredCheckpoint[]> {
  const latest = new Map<string, CheckpointItems>();
  for (const between of NAMESPACE_ORDER.slice(1)) {
    for await (const page of checkpointPages(storage, thread, { between })) {
      for (const items of page)
        if (!latest.has(items.ns) && bornOf(items.item) === frame.born) latest.set(items.ns, items);
    }
  }
  const needed = [...latest.values()].filter((items) => compareCodePoints(items.id, id) > 0 || !items.ns.includes(":"));
  return Promise.all(needed.map((items) => openCheckpoint(storage, items)));
}

/** False when a part of the checkpoint is gone: then it must not live longer. */
async function refresh(storage: Storage, stored: StoredCheckpoint, life: Lifetime): Promise<boolean> {
  const { thread, ns, parentId, frame } = stored;
  const ancestorsOf =
    frame.needsAncestors && parentId !== undefined
      ? { top: await checkpointRef(thread, ns, parentId), channels: await deltaChannelsOf(storage, stored) }
      : undefined;
  const segments = allValues(stored).flatMap((value) => value.segments);
  if (!(await renew(storage, thread, frame.born, segments, ancestorsOf, life))) return false;
  await prolongItems(storage, stored, life.granted, (db, key, until) =>
    prolongCheckpoint(db, key, until, stored.endsAt),
  );
  // Whoever goes on from it need not renew again, unless writes that came meanwhile, for a shorter life, belong to what
  // a channel is rebuilt from.
  const lease = frame.needsAncestors ? frame.lease : life.granted;
  const goneAt = Math.max(frame.goneAt, life.granted);
  storage.frames.set(thread.id, ns, stored.id, { ...frame, lease, goneAt });
  return true;
}

/** The writes first and the checkpoint last: while it lives, what it needs must. */
async function prolongItems(
  { db }: Storage,
  { keys }: StoredCheckpoint,
  until: number,
  prolongLast: typeof prolong,
): Promise<void> {
  const [checkpoint, ...writes] = keys;
  for (const key of writes) await prolong(db, key, until);
  await prolongLast(db, checkpoint!, until);
}

async function deltaChannelsOf(storage: Storage, stored: StoredCheckpoint): Promise<string[]> {
  const segments = await storage.segments.load(stored.thread.partition, [stored.frame.metadata]);
  return deltaChannels(await loadMetadata(storage, stored, segments), stored.frame);
}
