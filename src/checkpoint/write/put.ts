import { toBase64 } from "../../aws/base64.js";
import type { Item } from "../../aws/dynamodb/items.js";
import { changedTooOften, invalidInput } from "../../errors.js";
import { DATA } from "../../format/attributes.js";
import { checkpointItem } from "../read/checkpoint-item.js";
import { locate } from "../../format/format-error.js";
import {
  encodeFrame,
  framePlace,
  FORMAT_VERSION,
  frameSize,
  lengthsOf,
  valuesOf,
  type Frame,
} from "../../format/frame.js";
import { deltaChannels } from "../delta-channels.js";
import { overtaken, takeHead } from "./head.js";
import { idAttribute, PARENT, RUN } from "../../format/id-attribute.js";
import { newIncarnation } from "../incarnation.js";
import { checkpointPrefix, checkpointSortKey, key } from "../../format/keys.js";
import { expiry, lifetime, type Lifetime } from "../../payload/lifetime.js";
import { divideParts, makeRoom, serializeParts, type PutInput, type SerializedParts } from "./divided.js";
import { frameOf } from "../read/open.js";
import { needsAncestors, renew, renewAncestors, type AncestorsOf } from "./renew.js";
import { NewSegments, writeSegments } from "../../payload/segment-writes.js";
import { type Storage } from "../storage.js";
import { checkpointRef, threadOf, type CheckpointRef } from "../refs.js";
import { unlessLater } from "../tombstone.js";
import { isLater, ORDER, orderOf } from "../../format/write-order.js";

/** DynamoDB allows 400 KB an item, its keys and names included. */
const MAX_ITEM_BYTES = 390 * 1_024;

/** A put under way: what it needs of its arguments, as they were when it was called. */
interface Put {
  input: PutInput;
  ref: CheckpointRef;
  parentRef: CheckpointRef | undefined;
  parts: SerializedParts;
  needsAncestors: boolean;
  life: Lifetime | undefined;
  /** Its number among all calls. */
  order: string;
}

/** The frame of a checkpoint, and the segments that have to be stored for it. */
interface Draft {
  frame: Frame;
  plan: NewSegments;
  /** Whether it is the first of its thread, or of one that was deleted under a running agent and is there again. */
  begins: boolean;
}

/** Stores a checkpoint: its new segments first, then the item that refers to them. The item is the commit. */
export async function putCheckpoint(storage: Storage, input: PutInput): Promise<void> {
  await storage.incarnations.putting(input.threadId, input.checkpoint.id, () => putNow(storage, input));
}

async function putNow(storage: Storage, given: PutInput): Promise<void> {
  const { threadId, ns, parentId } = given;
  const known = parentId === undefined ? undefined : storage.frames.getTrusted(threadId, ns, parentId);
  const life = lifeOf(storage, given);
  const order = storage.writeOrder.next();
  const needs = needsAncestors(given.checkpoint, given.metadata);
  // Where it is not sure that the parent's segments are still there, what would be stored without them is serialized
  // too.
  const serializing = serializeParts(storage, given, known && !leaseIsShort(known, needs, life) ? known : undefined);
  const input = asGiven(given);
  const parts = await serializing; // what cannot be kept is refused before anything is sent
  const thread = await threadOf(storage, threadId);
  const ref = await checkpointRef(thread, ns, input.checkpoint.id);
  const parentRef = parentId === undefined ? undefined : await checkpointRef(thread, ns, parentId);
  const parent = known ?? (parentRef && (await readFrame(storage, parentRef)));
  const put: Put = { input, ref, parentRef, parts, needsAncestors: needs, life, order };
  // What the parent shares may have expired or been deleted: then everything given is stored anew.
  await store(storage, put, (parent && (await inherit(storage, put, parent))) ?? (await begin(storage, put)));
}

/** A copy of what is looked at after something has been awaited: the graph goes on, and changes its own. */
function asGiven({ checkpoint, metadata, newVersions, ...rest }: PutInput): PutInput {
  const { channel_values, channel_versions } = checkpoint;
  const { counters_since_delta_snapshot: counters } = metadata;
  return {
    ...rest,
    checkpoint: { ...checkpoint, channel_values: { ...channel_values }, channel_versions: { ...channel_versions } },
    metadata: { ...metadata, ...(counters && { counters_since_delta_snapshot: { ...counters } }) },
    newVersions: newVersions && { ...newVersions },
  };
}

/**
 * With `refreshOnRead`, a subgraph's checkpoints live as long as the root's that they belong to: who reads that one
 * keeps both.
 */
function lifeOf(
  { frames, refreshOnRead }: Storage,
  { threadId, ns, metadata, ttlSeconds }: PutInput,
): Lifetime | undefined {
  const life = lifetime(ttlSeconds);
  const rootId = refreshOnRead && ns !== "" ? metadata.parents?.[""] : undefined;
  const rootEnd = rootId === undefined ? 0 : (frames.get(threadId, "", rootId)?.goneAt ?? 0);
  return life && { ...life, needed: Math.max(life.needed, Math.min(rootEnd, life.granted)) };
}

/** Takes over what the parent has. `undefined`, with nothing referred to, when its segments are not there any more. */
async function inherit(storage: Storage, put: Put, parent: Frame): Promise<Draft | undefined> {
  const { life, ref } = put;
  const isShort = leaseIsShort(parent, put.needsAncestors, life);
  const granted = life?.granted ?? Infinity;
  const { frame, plan } = await draft(
    storage,
    put,
    parent,
    parent.born,
    isShort ? granted : Math.min(parent.lease, granted),
  );
  const renewed =
    !isShort ||
    (await renew(storage, ref.thread, parent.born, plan.sharedBy(valuesOf(frame)), ancestorsOf(put, frame), life));
  return renewed ? { frame, plan, begins: false } : undefined;
}

/** Stores everything that was given. */
async function begin(storage: Storage, put: Put): Promise<Draft> {
  const { input, parentRef, life } = put;
  const listed = parentRef ? undefined : listedFor(storage, input, life);
  const lease = Math.min(listed?.listedUntil ?? Infinity, life?.granted ?? Infinity);
  const { frame, plan } = await draft(storage, put, undefined, listed?.born ?? newIncarnation(), lease);
  const ancestors = ancestorsOf(put, frame);
  if (ancestors) await renewAncestors(storage, ancestors, life);
  return { frame, plan, begins: !listed };
}

async function store(storage: Storage, put: Put, { frame, plan, begins }: Draft): Promise<void> {
  const { input, ref, life } = put;
  const { threadId, ns, parentId, checkpoint, metadata } = input;
  let item = await encodeItem(storage, put, frame);
  const rejectsConflicts = storage.conflict === "reject";
  // A put that is refused must not begin a thread. One without a parent knows its thread's incarnation only then.
  const isFirst = begins && parentId === undefined;
  if (rejectsConflicts && !isFirst)
    await takeHead(
      storage,
      ref,
      parentId,
      (begins && (await storage.incarnations.current(ref.thread))) || frame.born,
      life,
    );
  if (begins) {
    // Before the segments: a deletion that removes one of them also ends this incarnation.
    const born = await storage.incarnations.begin(ref.thread, frame.born, life);
    if (born !== frame.born) {
      ({ frame, plan } = await draft(storage, put, undefined, born, frame.lease));
      item = await encodeItem(storage, put, frame);
    }
  }
  if (rejectsConflicts && isFirst) await takeHead(storage, ref, parentId, frame.born, life);
  await Promise.all([
    begins && storage.threads.add(threadId, frame.born, life),
    plan.segments.size > 0 && writeSegments(storage, plan, life),
  ]);
  if (begins) storage.incarnations.remember(threadId, { born: frame.born, listedUntil: life?.granted ?? Infinity });
  const superseded = storage.superseded?.before(threadId, ns, parentId) ?? [];
  const [isStored] = await Promise.all([
    commit(storage, item, put.order).catch((error: unknown) => {
      throw locate(error, { threadId, checkpointNs: ns, checkpointId: checkpoint.id });
    }),
    storage.db.batchDelete(superseded.map((sortKey) => key(item.PK.S, sortKey))),
  ]);
  if (!isStored) throw await overtaken(storage, ref, parentId);
  storage.superseded?.put(
    threadId,
    ns,
    parentId,
    checkpoint.id,
    item,
    deltaChannels(metadata, frame).length > 0,
    superseded,
  );
  storage.frames.set(threadId, ns, checkpoint.id, frame, frameSize(frame));
}

/** How often to look again at what stands in the place of a checkpoint. */
const MAX_ROUNDS = 10;

/** Stores a checkpoint's item. False when another run must not find it any more. */
async function commit({ db, writeOrder }: Storage, item: Item, order: string): Promise<boolean> {
  let number: string | undefined = order;
  for (let round = 0; number !== undefined; round++) {
    if (round === MAX_ROUNDS) throw changedTooOften("A checkpoint", MAX_ROUNDS);
    if (await db.putItem({ ...item, [ORDER]: { N: number } }, unlessLater(number))) return true;
    const there = await db.getItem(key(item.PK.S, item.SK.S), true, ["PK", "SK", ORDER]);
    if (!there) continue;
    const met = orderOf(there);
    if (met === undefined) return false;
    // An attempt of this call whose answer got lost, or a later call of this instance; or one of a machine whose clock
    // is ahead.
    number = isLater(met, number) ? writeOrder.after(met) : undefined;
  }
  return true;
}

/**
 * A subgraph's first checkpoint belongs to a thread that this instance has probably listed. If its graph's checkpoint
 * is of another incarnation than the thread is now, that was deleted, and so is this one.
 */
function listedFor(
  { incarnations, frames }: Storage,
  { threadId, ns, metadata }: PutInput,
  life: Lifetime | undefined,
): { born: string; listedUntil: number } | undefined {
  const known = ns === "" ? undefined : incarnations.known(threadId);
  if (!known) return undefined;
  const above = Object.entries(metadata.parents ?? {}).map(
    ([parentNs, id]) => frames.get(threadId, parentNs, id)?.born,
  );
  const gone = above.find((born) => born !== undefined && born !== known.born);
  if (gone !== undefined) return { ...known, born: gone };
  // Of a graph's checkpoint that this instance has not seen: the thread may be another one by now.
  if (above.includes(undefined)) return undefined;
  return incarnations.trusted(threadId) && known.listedUntil >= (life?.needed ?? Infinity) ? known : undefined;
}

/** @param lease until when all that it will refer to is there */
async function draft(
  storage: Storage,
  put: Put,
  parent: Frame | undefined,
  born: string,
  lease: number,
): Promise<Omit<Draft, "begins">> {
  const { input, ref, parts, needsAncestors, life } = put;
  const plan = new NewSegments(storage, ref.thread.partition, born, life, parent && valuesOf(parent));
  // One that others are rebuilt from lives on for them, as long as what it needs itself.
  const goneAt = !life ? Infinity : needsAncestors || storage.refreshOnRead ? lease : life.needed;
  const frame: Frame = {
    ...(await divideParts(input, parts, parent, plan)),
    lease,
    needsAncestors,
    goneAt,
    born,
    run: input.runId,
  };
  storage.codec.checkLengths(lengthsOf(frame), { threadId: ref.thread.id, checkpointNs: ref.ns, checkpointId: ref.id });
  await makeRoom(frame, parent, parts, plan);
  return { frame, plan };
}

function ancestorsOf({ input, parentRef, needsAncestors }: Put, frame: Frame): AncestorsOf | undefined {
  return needsAncestors && parentRef ? { top: parentRef, channels: deltaChannels(input.metadata, frame) } : undefined;
}

/** Whether what the parent's lease covers might end before a checkpoint put now does. */
function leaseIsShort(parent: Frame, needsAncestors: boolean, life: Lifetime | undefined): boolean {
  if (parent.lease < (life?.needed ?? Infinity)) return true;
  // A parent that did not need its ancestors has no lease on them.
  return life !== undefined && needsAncestors && !parent.needsAncestors;
}

async function encodeItem({ codec, refreshOnRead }: Storage, { ref, input, life }: Put, frame: Frame): Promise<Item> {
  const itemKey = key(ref.thread.partition, checkpointSortKey(checkpointPrefix(ref.nsPart, ref.idPart), frame.born));
  const ids = {
    ...(input.parentId !== undefined && { [PARENT]: idAttribute(input.parentId) }),
    ...(frame.run !== undefined && { [RUN]: idAttribute(frame.run) }),
  };
  const data = await codec.encode(encodeFrame(frame), framePlace({ ...itemKey, ...ids }));
  if (data.length > MAX_ITEM_BYTES) {
    throw invalidInput(
      `The checkpoint has ${frame.channels.size} channels, and the list of them alone is ${data.length} bytes ` +
        "long, over DynamoDB's limit " +
        `of 400 KB an item. Keep many small values in one channel.`,
    );
  }
  return {
    ...itemKey,
    ...ids,
    ...(ref.nsPart.whole !== undefined && { ns: { S: ref.nsPart.whole } }),
    ...(ref.idPart.whole !== undefined && { id: { S: ref.idPart.whole } }),
    v: { N: String(FORMAT_VERSION) },
    [DATA]: { B: toBase64(data) },
    ...expiry(frame.goneAt, frame.needsAncestors && !refreshOnRead ? life?.needed : undefined),
  };
}

/**
 * Also of one that has ended for readers, and stays because others are rebuilt from it: it still has what it shares.
 */
async function readFrame(storage: Storage, ref: CheckpointRef): Promise<Frame | undefined> {
  const found = await checkpointItem(storage, ref, storage.consistentRead);
  // A replica that lags must not cost the channels that are inherited.
  const item = found ?? (storage.consistentRead ? undefined : await checkpointItem(storage, ref, true));
  try {
    return item && (await frameOf(item, storage.codec));
  } catch (error) {
    throw locate(error, { threadId: ref.thread.id, checkpointNs: ref.ns, checkpointId: ref.id });
  }
}
