import type { Checkpoint, CheckpointPendingWrite, CheckpointTuple } from "@langchain/langgraph-checkpoint";
import { isGone } from "../../payload/lifetime.js";
import type { LoadedSegments } from "../../payload/segment-store.js";
import { deltaChannels } from "../delta-channels.js";
import { checkpointRef } from "../refs.js";
import { configOf, type Storage } from "../storage.js";
import { load, loadBody, loadMetadata, loadWrites } from "./load.js";
import { openCheckpoint, type StoredCheckpoint } from "./open.js";
import { checkpointPages, oneCheckpoint } from "./pages.js";

/** A checkpoint as LangGraph has it. */
export async function toTuple(
  storage: Storage,
  stored: StoredCheckpoint,
  segments: LoadedSegments,
): Promise<CheckpointTuple> {
  const { thread, ns, id, parentId, frame } = stored;
  const [body, metadata, channels, pendingWrites] = await Promise.all([
    loadBody(storage, stored, segments),
    loadMetadata(storage, stored, segments),
    Promise.all(
      [...frame.channels].map(
        async ([name, { value }]) => [name, await load(storage, stored, name, value, segments)] as const,
      ),
    ),
    loadWrites(storage, stored, segments),
  ]);
  // LangGraph puts a copy under the parent, without which a DeltaChannel of it would be empty. A pruning has left it
  // for that.
  const needsParent = deltaChannels(metadata, frame).length > 0;
  // `fromEntries` defines properties, so a channel named __proto__ is only a name.
  const checkpoint = { ...body, id, channel_values: Object.fromEntries(channels) };
  if (checkpoint.v < 4 && parentId !== undefined) await migratePendingSends(storage, stored, checkpoint);
  return {
    config: configOf(storage.lease, thread.id, ns, id),
    checkpoint,
    metadata,
    pendingWrites,
    ...(parentId !== undefined &&
      (!stored.isFirst || needsParent) && {
        parentConfig: configOf(storage.lease, thread.id, ns, parentId),
      }),
  };
}

/*
 * The channel of pending sends, and which version of a channel is newer, are LangGraph's own. Imported from there they
 * would bring all of LangChain into a page that only reads.
 */
export const SENDS = "__pregel_tasks";

function newerVersion(a: number | string, b: number | string): number | string {
  const order = typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b));
  return order >= 0 ? a : b;
}

/** Checkpoints before format 4 kept the sends of their parent's tasks in the parent's writes. */
async function migratePendingSends(storage: Storage, stored: StoredCheckpoint, checkpoint: Checkpoint): Promise<void> {
  // Also one that was pruned but for this. Consistently: its sends would be lost without a word.
  const consistent = { ...storage, consistentRead: true };
  const ref = await checkpointRef(stored.thread, stored.ns, stored.parentId!);
  let writes: CheckpointPendingWrite[] = [];
  for await (const [items] of checkpointPages(
    consistent,
    ref.thread,
    oneCheckpoint(ref),
    [],
    isGone,
    stored.frame.born,
  )) {
    if (!items) continue;
    const parent = await openCheckpoint(storage, items, stored.meter, false);
    const values = parent.tasks.flatMap(({ attributes }) => attributes.map(({ value }) => value));
    const segments = await storage.segments.load(ref.thread.partition, values);
    writes = writes.concat(await loadWrites(storage, parent, segments, new Set([SENDS])));
  }
  checkpoint.channel_values[SENDS] = writes.map(([, , send]) => send);
  const versions = Object.values(checkpoint.channel_versions ?? {}).filter((version) =>
    ["number", "string"].includes(typeof version),
  );
  const newest = versions.length > 0 ? versions.reduce(newerVersion) : 1;
  checkpoint.channel_versions = { ...checkpoint.channel_versions, [SENDS]: newest };
}
