import type { ChannelVersions, Checkpoint, CheckpointMetadata } from "@langchain/langgraph-checkpoint";
import { toBase64 } from "../aws/base64.js";
import type { Item } from "../aws/dynamodb.js";
import { invalidInput } from "../errors.js";
import { placeOf } from "./codec.js";
import { locate } from "./format-error.js";
import { encodeFrame, FORMAT_VERSION, frameSize, valuesOf, type Channel, type Frame } from "./frame.js";
import { checkpointPrefix, checkpointSortKey, escapeId, key } from "./keys.js";
import { expiry, isEnded, lifetime, type Lifetime } from "./lifetime.js";
import { frameOf } from "./read.js";
import { deltaChannels, needsAncestors, renew } from "./renew.js";
import { DATA } from "./segment-store.js";
import { serialized, type Serialized } from "./serialized.js";
import { checkpointRef, threadOf, type CheckpointRef, type Storage } from "./storage.js";
import { divide, shortenTail, TAIL_MARGIN_BYTES, type SegmentPlan, type Value } from "./value.js";

/** Inline bytes of one item, before compression. What is over moves into segments, the longest tails first. */
const MAX_INLINE_BYTES = 64 * 1_024;
/**
 * The checkpoint without its values and the metadata change from their beginning at every step: a segment of
 * theirs would never be used again, so they stay inline much longer than a channel's tail.
 */
const BODY = { maxTail: 16 * 1_024 };
/** DynamoDB allows 400 KB an item, its keys and names included. */
const MAX_ITEM_BYTES = 390 * 1_024;

export interface PutInput {
  threadId: string;
  ns: string;
  parentId: string | undefined;
  checkpoint: Checkpoint;
  metadata: CheckpointMetadata;
  newVersions: ChannelVersions | undefined;
  ttlSeconds: number | undefined;
}

/** Stores a checkpoint: its new segments first, then the item that refers to them. The item is the commit. */
export async function putCheckpoint(storage: Storage, input: PutInput): Promise<void> {
  const { threadId, ns, parentId, checkpoint } = input;
  const known = parentId === undefined ? undefined : storage.frames.get(threadId, ns, parentId);
  const parts = serializeParts(storage, input, known);
  parts.catch(() => undefined); // awaited below, after the parent is known
  const thread = await threadOf(storage, threadId);
  const ref = await checkpointRef(thread, ns, checkpoint.id);
  const parentRef = parentId === undefined ? undefined : await checkpointRef(thread, ns, parentId);
  const parent = known ?? (parentRef && (await readFrame(storage, parentRef)));
  if (await commit(storage, input, ref, await parts, parentRef, parent)) return;
  // What the parent shares has expired or was deleted: then everything given is stored anew.
  await commit(storage, input, ref, await serializeParts(storage, input, undefined), parentRef, undefined);
}

/** False, with nothing referred to, when the parent's segments are not there any more. */
async function commit(
  storage: Storage,
  input: PutInput,
  ref: CheckpointRef,
  parts: SerializedParts,
  parentRef: CheckpointRef | undefined,
  parent: Frame | undefined,
): Promise<boolean> {
  const { threadId, ns, checkpoint, metadata } = input;
  const { partition } = ref.thread;
  const life = lifetime(input.ttlSeconds);
  const plan = storage.segments.plan(partition);
  const frame: Frame = {
    ...(await divideParts(storage, input, parts, parent, plan)),
    lease: Math.min(parent?.lease ?? Infinity, life?.granted ?? Infinity),
    needsAncestors: needsAncestors(checkpoint, metadata),
    goneAt: Infinity,
  };
  await makeRoom(frame, parent, parts, plan);
  // The parent's segments are stored already, in whichever of its values they are.
  if (parent) plan.leaveOut(valuesOf(parent));

  if (parent && parentRef && leaseIsShort(parent, frame, life)) {
    const shared = valuesOf(frame).flatMap((value) => value.segments.filter(({ name }) => !plan.segments.has(name)));
    const ancestorsOf = frame.needsAncestors ? { top: parentRef, channels: deltaChannels(metadata, frame) } : undefined;
    if (!(await renew(storage, ref.thread, shared, ancestorsOf, life))) return false;
    frame.lease = life?.granted ?? Infinity;
  }
  // Also when the parent is gone: then the thread was deleted under a running agent, and is there again.
  // A subgraph's first checkpoint belongs to a thread that is listed, if this instance has listed it.
  const listedUntil = parent ? Infinity : ns !== "" && !parentRef ? storage.threads.listedUntil(threadId) : 0;
  const isListed = listedUntil >= (life?.needed ?? Infinity);
  if (isListed) frame.lease = Math.min(frame.lease, listedUntil);

  // One that others are rebuilt from lives on for them, as long as what it needs itself.
  if (life) frame.goneAt = frame.needsAncestors ? frame.lease : life.needed;
  const item = await encodeItem(storage, ref, input.parentId, frame, life);
  await Promise.all([
    !isListed && storage.threads.add(threadId, life),
    plan.segments.size > 0 && storage.segments.write(plan, life),
  ]);
  await storage.db.putItem(item);
  storage.frames.set(threadId, ns, checkpoint.id, frame, frameSize(frame));
  return true;
}

/** Whether what the parent's lease covers might end before a checkpoint put now does. */
function leaseIsShort(parent: Frame, child: Frame, life: Lifetime | undefined): boolean {
  if (parent.lease < (life?.needed ?? Infinity)) return true;
  // A parent that did not need its ancestors has no lease on them.
  return life !== undefined && child.needsAncestors && !parent.needsAncestors;
}

async function divideParts(
  storage: Storage,
  input: PutInput,
  { body, metadata, given }: SerializedParts,
  parent: Frame | undefined,
  plan: SegmentPlan,
): Promise<Pick<Frame, "checkpoint" | "metadata" | "channels">> {
  const location = { threadId: input.threadId, checkpointNs: input.ns, checkpointId: input.checkpoint.id };
  storage.codec.checkLength(body, { ...location, channel: "(checkpoint)" });
  storage.codec.checkLength(metadata, { ...location, channel: "(metadata)" });
  for (const [channel, value] of given) storage.codec.checkLength(value, { ...location, channel });

  const channels = new Map<string, Channel>();
  for (const name of channelNames(input, parent)) {
    const inherited = inherits(input, parent, name);
    const bytes = given.get(name);
    if (inherited) channels.set(name, inherited);
    else if (bytes) {
      const value = await divide(bytes.type, bytes.bytes, parent?.channels.get(name)?.value, plan);
      channels.set(name, { version: versionOf(input.checkpoint, name), value });
    }
  }
  return {
    checkpoint: await divide(body.type, body.bytes, parent?.checkpoint, plan, BODY),
    metadata: await divide(metadata.type, metadata.bytes, parent?.metadata, plan, BODY),
    channels,
  };
}

/**
 * LangGraph names the channels that changed in `newVersions`. On a fork it passes `{}`, `updateState` applies
 * pending writes without a new version, and wrappers for the older signature drop the argument: then every
 * value given is stored.
 */
function storesAllGiven({ metadata, newVersions }: PutInput): boolean {
  return newVersions === undefined || metadata.source === "fork" || metadata.source === "update";
}

/** The parent's channel, if the new checkpoint has it unchanged. */
function inherits(input: PutInput, parent: Frame | undefined, name: string): Channel | undefined {
  if (storesAllGiven(input) || Object.hasOwn(input.newVersions!, name)) return undefined;
  const channel = parent?.channels.get(name);
  return channel && channel.version !== null && channel.version === versionOf(input.checkpoint, name) ? channel : undefined;
}

/** Whether the given value of a channel that is not inherited is stored. */
function storesGiven(input: PutInput, name: string): boolean {
  if (storesAllGiven(input) || Object.hasOwn(input.newVersions!, name)) return true;
  // A parent that has no such version, or is gone, leaves only the given value.
  return input.parentId !== undefined;
}

function channelNames(input: PutInput, parent: Frame | undefined): Set<string> {
  const names = new Set(Object.keys(input.checkpoint.channel_values));
  if (!storesAllGiven(input)) for (const name of parent?.channels.keys() ?? []) names.add(name);
  return names;
}

interface SerializedParts {
  body: Serialized;
  metadata: Serialized;
  /** Channels by name. */
  given: Map<string, Serialized>;
}

/** Calls the serde for everything that may be stored, before anything is awaited. */
async function serializeParts(
  { serde }: Storage,
  input: PutInput,
  parent: Frame | undefined,
): Promise<SerializedParts> {
  // The id is in the item's key, and too random to be compressed.
  const { channel_values, id: _, ...body } = input.checkpoint;
  const wanted = Object.keys(channel_values).filter((name) => storesGiven(input, name) && !inherits(input, parent, name));
  const [dumpedBody, metadata, ...channels] = await Promise.all([
    serialized(serde, body),
    serialized(serde, input.metadata),
    ...wanted.map((name) => serialized(serde, channel_values[name])),
  ]);
  return { body: dumpedBody, metadata, given: new Map(wanted.map((name, i) => [name, channels[i]!])) };
}

/** Moves the longest tails into segments until what stands inline fits. */
async function makeRoom(
  frame: Frame,
  parent: Frame | undefined,
  source: SerializedParts,
  plan: SegmentPlan,
): Promise<void> {
  interface Slot {
    value: Value;
    bytes: Uint8Array | undefined;
    parent: Value | undefined;
    set(value: Value): void;
  }
  const slots: Slot[] = [
    { value: frame.checkpoint, bytes: source.body.bytes, parent: parent?.checkpoint, set: (v) => (frame.checkpoint = v) },
    { value: frame.metadata, bytes: source.metadata.bytes, parent: parent?.metadata, set: (v) => (frame.metadata = v) },
    ...[...frame.channels].map(([name, channel]): Slot => ({
      value: channel.value,
      bytes: source.given.get(name)?.bytes,
      parent: parent?.channels.get(name)?.value,
      set: (value) => frame.channels.set(name, { version: channel.version, value }),
    })),
  ];
  let inline = slots.reduce((sum, slot) => sum + slot.value.tail.length, 0);
  if (inline <= MAX_INLINE_BYTES) return;
  for (const slot of slots.sort((a, b) => b.value.tail.length - a.value.tail.length)) {
    if (inline <= MAX_INLINE_BYTES || slot.value.tail.length <= TAIL_MARGIN_BYTES) return;
    const shorter = slot.bytes
      ? await divide(slot.value.type, slot.bytes, slot.parent, plan, { maxTail: TAIL_MARGIN_BYTES })
      : await shortenTail(slot.value, plan);
    inline -= slot.value.tail.length - shorter.tail.length;
    slot.set(shorter);
  }
}

async function encodeItem({ codec }: Storage, ref: CheckpointRef, parentId: string | undefined, frame: Frame, life: Lifetime | undefined): Promise<Item> {
  const itemKey = key(ref.thread.partition, checkpointSortKey(checkpointPrefix(ref.nsPart, ref.idPart)));
  const data = await codec.encode(encodeFrame(frame), placeOf(itemKey, DATA));
  if (data.length > MAX_ITEM_BYTES) {
    throw invalidInput(
      `The checkpoint has ${frame.channels.size} channels, and the list of them alone is ${data.length} bytes long, over DynamoDB's limit ` +
        `of 400 KB an item. Keep many small values in one channel.`,
    );
  }
  return {
    ...itemKey,
    ...(parentId !== undefined && { parent: { S: escapeId(parentId) } }),
    ...(ref.nsPart.whole !== undefined && { ns: { S: ref.nsPart.whole } }),
    ...(ref.idPart.whole !== undefined && { id: { S: ref.idPart.whole } }),
    v: { N: String(FORMAT_VERSION) },
    [DATA]: { B: toBase64(data) },
    ...expiry(frame.goneAt, frame.needsAncestors ? life?.needed : undefined),
  };
}

async function readFrame(storage: Storage, ref: CheckpointRef): Promise<Frame | undefined> {
  const itemKey = key(ref.thread.partition, checkpointSortKey(checkpointPrefix(ref.nsPart, ref.idPart)));
  const item = await storage.db.getItem(itemKey, storage.consistentRead);
  if (!item || isEnded(item)) return undefined;
  try {
    return await frameOf(item, storage.codec);
  } catch (error) {
    throw locate(error, { threadId: ref.thread.id, checkpointNs: ref.ns, checkpointId: ref.id });
  }
}

const versionOf = ({ channel_versions }: Checkpoint, name: string): Channel["version"] =>
  Object.hasOwn(channel_versions, name) ? (channel_versions[name] ?? null) : null;
