import type { Checkpoint, DeltaChannelHistory } from "@langchain/langgraph-checkpoint";
import { CheckpointDataError } from "../../errors.js";
import { locate } from "../../format/format-error.js";
import type { ConfigIds } from "../ids.js";
import { keyPart } from "../../format/keys.js";
import { allValues, storedSize, type StoredCheckpoint } from "./open.js";
import { readLatest } from "./query.js";
import { AncestorReader, ancestorsNeeded } from "./ancestors.js";
import { load, loadBody, loadWrites } from "./load.js";
import { type Storage } from "../storage.js";
import { countsFor } from "../fence.js";
import { checkpointRef, threadOf, type CheckpointRef } from "../refs.js";
import { lengthOfSegments, type Value } from "../../format/value.js";

/**
 * What LangGraph's `DeltaChannel`s are rebuilt from, for the checkpoint that these ids name, or the latest; nothing
 * where there is no checkpoint at all.
 *
 * @throws CheckpointDataError `MISSING_DATA` when the checkpoint or an ancestor is not there: a shorter history would
 *   be a wrong one
 */
export async function getDeltaHistory(
  given: Storage,
  threadId: string,
  { ns = "", checkpointId }: Pick<ConfigIds, "ns" | "checkpointId">,
  channels: string[],
): Promise<Record<string, DeltaChannelHistory>> {
  // Always: nothing tells of a write that a replica does not show yet.
  const storage: Storage = { ...given, consistentRead: true };
  const thread = await threadOf(storage, threadId);
  const latest = async (): Promise<string | undefined> =>
    (await readLatest(storage, thread, await keyPart("namespace", ns)))?.id;
  let id = checkpointId ?? (await latest());
  while (id !== undefined) {
    try {
      return await deltaHistory(storage, await checkpointRef(thread, ns, id), channels);
    } catch (error) {
      if (checkpointId !== undefined || !(error instanceof CheckpointDataError && error.code === "MISSING_DATA"))
        throw error;
      // What was the latest may have been superseded, and deleted, since it was read.
      const now = await latest();
      if (now === id) throw error;
      id = now;
    }
  }
  return Object.fromEntries(channels.map((channel) => [channel, { writes: [] }]));
}

/**
 * What each channel was written since its last stored value, along the parents of `target`: one Query reads
 * the namespace backwards, and branches that are not on the path are passed over.
 */
async function deltaHistory(
  storage: Storage,
  target: CheckpointRef,
  channels: string[],
): Promise<Record<string, DeltaChannelHistory>> {
  const missingData = (problem: string, channel?: string): CheckpointDataError =>
    new CheckpointDataError("MISSING_DATA", problem, {
      threadId: target.thread.id,
      checkpointNs: target.ns,
      checkpointId: target.id,
      channel,
    });
  const path = new AncestorReader(storage, target, await ancestorsNeeded(storage, target, channels));
  const found = await path.read(target.id);
  if (!found)
    throw missingData(
      "The checkpoint is not there any more, so what its DeltaChannels are rebuilt from is not known. Read the " +
        "latest one",
    );
  const { ancestors, seedAt, missing } = await walk(path, found.parentId, channels, viewOf(found));
  const written =
    missing === undefined
      ? new Set()
      : await writtenChannels(
          storage,
          found,
          ancestors.map(({ stored }) => stored),
        );
  const unknown = channels.filter((channel) => written.has(channel) && !seedAt.has(channel));
  if (unknown.length > 0)
    throw missingData(
      `Checkpoint ${JSON.stringify(missing)}, an ancestor that a DeltaChannel needs, is missing`,
      unknown.join(", "),
    );
  const values = ancestors.flatMap(({ stored, wanted }) => valuesFor(stored, wanted));
  const segments = await storage.segments.load(target.thread.partition, values);

  const entries = channels.map((channel): [string, DeltaChannelHistory] => [channel, { writes: [] }]);
  const histories = new Map(entries);
  for (const { stored, wanted } of ancestors.reverse()) {
    for (const write of await loadWrites(storage, stored, segments, wanted))
      histories.get(write[1])!.writes.push(write);
  }
  for (const [channel, stored] of seedAt) {
    histories.get(channel)!.seed = await load(
      storage,
      stored,
      channel,
      stored.frame.channels.get(channel)!.value,
      segments,
    );
  }
  return Object.fromEntries(entries);
}

/**
 * The checkpoints that the given channels of a child of `parent` are rebuilt from, `parent` first, each with the
 * values that are needed of it. Those that are not there any more are passed over.
 */
export async function neededAncestors(
  given: Storage,
  parent: CheckpointRef,
  channels: string[],
): Promise<{ stored: StoredCheckpoint; values: Value[] }[]> {
  const storage: Storage = { ...given, consistentRead: true };
  const path = new AncestorReader(storage, parent, await ancestorsNeeded(storage, parent, channels));
  const { ancestors } = await walk(path, parent.id, channels);
  return ancestors.map(({ stored, wanted }) => ({ stored, values: valuesFor(stored, wanted) }));
}

interface Ancestor {
  stored: StoredCheckpoint;
  /** The channels that have no seed below this ancestor. */
  wanted: ReadonlySet<string>;
}

/** What a checkpoint says of its parent's writes. */
type View = Parameters<typeof countsFor>[0];

const viewOf = ({ frame, over }: StoredCheckpoint): View => ({ token: frame.token, over });

/** A checkpoint with those writes alone that its child on the way is made from: others came late, or for other ones. */
function asSeen(stored: StoredCheckpoint, child: View | undefined): StoredCheckpoint {
  if (!child) return stored;
  const tasks = stored.tasks.map((task) => ({
    ...task,
    // A child is there, so its tasks have run to their ends: what they had asked before says nothing.
    attributes: task.attributes.filter((write) => write.index >= 0 && countsFor(child, write, stored.claims)),
  }));
  return { ...stored, tasks, claims: [] };
}

/**
 * Follows the parents from `id` on, until every channel has met a stored value.
 * @param child of the first of them; none where that is just being put
 */
async function walk(
  path: AncestorReader,
  id: string | undefined,
  channels: string[],
  child?: View,
): Promise<{ ancestors: Ancestor[]; seedAt: Map<string, StoredCheckpoint>; missing: string | undefined }> {
  const ancestors: Ancestor[] = [];
  const seedAt = new Map<string, StoredCheckpoint>();
  const remaining = new Set(channels);
  const seen = new Set<string>();
  const { storage, target } = path;
  const meter = storage.codec.meter();
  while (id !== undefined && remaining.size > 0) {
    const read = await path.read(id);
    if (!read) return { ancestors, seedAt, missing: id };
    const stored = asSeen(read, child);
    child = viewOf(read);
    if (seen.has(id)) {
      throw new CheckpointDataError("DAMAGED_DATA", "A checkpoint is among its own ancestors", {
        threadId: stored.thread.id,
        checkpointNs: stored.ns,
        checkpointId: id,
      });
    }
    seen.add(id);
    const wanted = new Set(remaining);
    const tails = allValues(stored).reduce((sum, { tail }) => sum + tail.length, 0);
    try {
      meter.addValues(tails + lengthOfSegments(valuesFor(stored, wanted).flatMap(({ segments }) => segments)));
      meter.add(storedSize(stored) - tails);
    } catch (error) {
      throw locate(error, { threadId: target.thread.id, checkpointNs: target.ns, checkpointId: target.id });
    }
    ancestors.push({ stored, wanted });
    for (const channel of remaining) {
      if (!stored.frame.channels.has(channel)) continue;
      seedAt.set(channel, stored);
      remaining.delete(channel);
    }
    id = stored.parentId;
  }
  return { ancestors, seedAt, missing: undefined };
}

/**
 * The channels that may have been written before the last of these ancestors was put: those that it has a version of,
 * and those that were written although nothing has a version of them. Of others, which a newer graph has added, nothing
 * is in what is missing.
 */
async function writtenChannels(
  storage: Storage,
  target: StoredCheckpoint,
  ancestors: StoredCheckpoint[],
): Promise<Set<string>> {
  const [present, before] = await Promise.all([
    versionedChannels(storage, target),
    versionedChannels(storage, ancestors.at(-1) ?? target),
  ]);
  const all = new Set(present);
  const attributes = ancestors.flatMap(({ tasks }) => tasks.flatMap((task) => task.attributes));
  return new Set([
    ...before,
    ...attributes.flatMap((a) => (a.kind === "single" && !all.has(a.channel) ? a.channel : [])),
  ]);
}

async function versionedChannels(storage: Storage, stored: StoredCheckpoint): Promise<string[]> {
  const body: Partial<Checkpoint> = await loadBody(
    storage,
    stored,
    await storage.segments.load(stored.thread.partition, [stored.frame.checkpoint]),
  );
  return Object.keys(body.channel_versions ?? {});
}

function valuesFor(stored: StoredCheckpoint, wanted: ReadonlySet<string>): Value[] {
  const seeds = [...stored.frame.channels].filter(([name]) => wanted.has(name)).map(([, channel]) => channel.value);
  const writes = stored.tasks.flatMap((task) =>
    task.attributes.filter((a) => a.kind === "run" || wanted.has(a.channel)).map((a) => a.value),
  );
  return [...seeds, ...writes];
}
