import { toBase64 } from "../aws/base64.js";
import type { Item } from "../aws/dynamodb.js";
import { invalidInput } from "../errors.js";
import { DATA } from "./attributes.js";
import { checkpointItem } from "./checkpoint-item.js";
import { placeOf } from "./codec.js";
import { locate } from "./format-error.js";
import { encodeFrame, FORMAT_VERSION, frameSize, lengthsOf, valuesOf, type Frame } from "./frame.js";
import { overtaken, takeHead, UNLESS_VOID } from "./head.js";
import { newIncarnation } from "./incarnation.js";
import { checkpointPrefix, checkpointSortKey, escapeId, key } from "./keys.js";
import { expiry, lifetime, type Lifetime } from "./lifetime.js";
import { divideParts, makeRoom, serializeParts, type PutInput, type SerializedParts } from "./parts.js";
import { frameOf } from "./read.js";
import { deltaChannels, needsAncestors, renew } from "./renew.js";
import { NewSegments, writeSegments } from "./segment-writes.js";
import { checkpointRef, threadOf, type CheckpointRef, type Storage } from "./storage.js";

/** DynamoDB allows 400 KB an item, its keys and names included. */
const MAX_ITEM_BYTES = 390 * 1_024;

/** Stores a checkpoint: its new segments first, then the item that refers to them. The item is the commit. */
export async function putCheckpoint(storage: Storage, input: PutInput): Promise<void> {
  await storage.incarnations.putting(input.threadId, () => putNow(storage, input));
}

async function putNow(storage: Storage, input: PutInput): Promise<void> {
  const { threadId, ns, parentId, checkpoint } = input;
  const known = parentId === undefined ? undefined : storage.frames.getTrusted(threadId, ns, parentId);
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
  const life = lifetime(input.ttlSeconds);
  const listed = parentRef ? undefined : listedFor(storage, input, life);
  let { frame, plan } = await draft(storage, input, parts, parent, (parent ?? listed)?.born ?? newIncarnation());
  frame.lease = Math.min(parent?.lease ?? Infinity, listed?.listedUntil ?? Infinity, life?.granted ?? Infinity);
  if (parent && parentRef && leaseIsShort(parent, frame, life)) {
    const shared = valuesOf(frame).flatMap((value) => value.segments.filter(({ name }) => !plan.segments.has(name)));
    const ancestorsOf = frame.needsAncestors ? { top: parentRef, channels: deltaChannels(metadata, frame) } : undefined;
    if (!(await renew(storage, ref.thread, parent.born, shared, ancestorsOf, life))) return false;
    frame.lease = life?.granted ?? Infinity;
  }
  // One that others are rebuilt from lives on for them, as long as what it needs itself.
  if (life) frame.goneAt = frame.needsAncestors ? frame.lease : life.needed;
  let item = await encodeItem(storage, ref, input.parentId, frame, life);

  const rejectsConflicts = storage.conflict === "reject";
  // Also when the parent is gone: then the thread was deleted under a running agent, and is there again.
  const begins = !parent && !listed;
  // A put that is refused must not begin a thread. One without a parent knows its thread's incarnation only then.
  const isFirst = begins && input.parentId === undefined;
  if (rejectsConflicts && !isFirst) await takeHead(storage, ref, input.parentId, (begins && (await storage.incarnations.current(ref.thread))) || frame.born, life);
  if (begins) {
    // Before the segments: a deletion that removes one of them also ends this incarnation.
    const born = await storage.incarnations.begin(ref.thread, frame.born, life);
    if (born !== frame.born) {
      const { lease, goneAt } = frame;
      ({ frame, plan } = await draft(storage, input, parts, undefined, born));
      Object.assign(frame, { lease, goneAt });
      item = await encodeItem(storage, ref, input.parentId, frame, life);
    }
  }
  if (rejectsConflicts && isFirst) await takeHead(storage, ref, input.parentId, frame.born, life);
  await Promise.all([
    begins && storage.threads.add(threadId, frame.born, life),
    plan.segments.size > 0 && writeSegments(storage, plan, life),
  ]);
  if (begins) storage.incarnations.remember(threadId, { born: frame.born, listedUntil: life?.granted ?? Infinity });
  const superseded = storage.superseded?.before(threadId, ns, input.parentId) ?? [];
  const deletes = superseded.map((sortKey) => key(item.PK.S, sortKey));
  if (deletes.length === 0 || rejectsConflicts) {
    const isStored = await storage.db.putItem(item, rejectsConflicts ? UNLESS_VOID : undefined);
    if (!isStored) throw await overtaken(storage, ref, input.parentId);
    await storage.db.batchDelete(deletes);
  } else await storage.db.batchPut([item], deletes);
  storage.superseded?.put(threadId, ns, input.parentId, checkpoint.id, item, deltaChannels(metadata, frame).length > 0, superseded);
  storage.frames.set(threadId, ns, checkpoint.id, frame, frameSize(frame));
  return true;
}

/**
 * A subgraph's first checkpoint belongs to a thread that this instance has probably listed. If its graph's checkpoint is of
 * another incarnation than the thread is now, that was deleted, and so is this one.
 */
function listedFor({ incarnations, frames }: Storage, { threadId, ns, metadata }: PutInput, life: Lifetime | undefined): { born: string; listedUntil: number } | undefined {
  const known = ns === "" ? undefined : incarnations.known(threadId);
  if (!known) return undefined;
  const above = Object.entries(metadata.parents ?? {}).map(([parentNs, id]) => frames.get(threadId, parentNs, id)?.born);
  const gone = above.find((born) => born !== undefined && born !== known.born);
  if (gone !== undefined) return { ...known, born: gone };
  return incarnations.trusted(threadId) && known.listedUntil >= (life?.needed ?? Infinity) ? known : undefined;
}

/** The frame of a checkpoint, and the segments that have to be stored for it. */
async function draft(
  storage: Storage,
  input: PutInput,
  parts: SerializedParts,
  parent: Frame | undefined,
  born: string,
): Promise<{ frame: Frame; plan: NewSegments }> {
  const { threadId, ns, checkpoint, metadata } = input;
  const plan = new NewSegments(storage, (await threadOf(storage, threadId)).partition, born);
  const frame: Frame = {
    ...(await divideParts(input, parts, parent, plan)),
    lease: Infinity,
    needsAncestors: needsAncestors(checkpoint, metadata),
    goneAt: Infinity,
    born,
  };
  storage.codec.checkLengths(lengthsOf(frame), { threadId, checkpointNs: ns, checkpointId: checkpoint.id });
  await makeRoom(frame, parent, parts, plan);
  // The parent's segments are stored already, in whichever of its values they are.
  if (parent) plan.leaveOut(valuesOf(parent));
  return { frame, plan };
}

/** Whether what the parent's lease covers might end before a checkpoint put now does. */
function leaseIsShort(parent: Frame, child: Frame, life: Lifetime | undefined): boolean {
  if (parent.lease < (life?.needed ?? Infinity)) return true;
  // A parent that did not need its ancestors has no lease on them.
  return life !== undefined && child.needsAncestors && !parent.needsAncestors;
}

async function encodeItem({ codec }: Storage, ref: CheckpointRef, parentId: string | undefined, frame: Frame, life: Lifetime | undefined): Promise<Item> {
  const itemKey = key(ref.thread.partition, checkpointSortKey(checkpointPrefix(ref.nsPart, ref.idPart), frame.born));
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
  const item = await checkpointItem(storage, ref, storage.consistentRead);
  try {
    return item && (await frameOf(item, storage.codec));
  } catch (error) {
    throw locate(error, { threadId: ref.thread.id, checkpointNs: ref.ns, checkpointId: ref.id });
  }
}
