import type { Item } from "../../aws/dynamodb/items.js";
import { beginIncarnation } from "../incarnation.js";
import { changedTooOften } from "../../errors.js";
import { checkpointItem } from "../read/checkpoint-item.js";
import { locate } from "../../format/format-error.js";
import type { Frame } from "../../format/frame.js";
import { deltaChannels } from "../delta-channels.js";
import { conflictWithLatest, takeHead } from "./conflicts.js";
import { key } from "../../format/keys.js";
import { lifetime, type Lifetime } from "../../payload/lifetime.js";
import { serializeParts } from "./divide-parts.js";
import type { PutInput } from "./inherit-channels.js";
import { frameOf } from "../read/open.js";
import { needsAncestors } from "./renew.js";
import { writeSegments } from "../../payload/segment-writes.js";
import { whileHeld, type Storage } from "../storage.js";
import { checkpointRef, threadOf, type CheckpointRef } from "../refs.js";
import { addEntry } from "../thread-entry.js";
import { unlessLater } from "../tombstone.js";
import { isLater, ORDER, orderOf } from "../../format/write-order.js";
import { draft, leaseIsShort, redraft, type Draft, type Put } from "./draft.js";
import { encodeItem } from "./encode.js";

/*
 * The way of a put. First it gets its number among all calls, the serde is called for everything that may be stored,
 * and the parent's list is looked up, or read. Then there are five steps: a draft says which bytes go where, and renews
 * what is taken over from the parent, if that might not last; the draft is encoded as an item; a thread that begins is
 * announced by its marker, and with `conflict: "reject"` the head is taken; segments are written; and the item is the
 * commit. Whatever fails before it, nothing of the checkpoint is there for readers.
 */

/** A checkpoint that is encoded. */
interface Encoded extends Draft {
  item: Item;
}

/** Stores a checkpoint. */
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
  const storeParts = async (): Promise<void> =>
    store(storage, { input, parts: await serializing, needsAncestors: needs, life, order }, known);
  // What cannot be kept is refused before anything is sent.
  await whileHeld(storage, storeParts, serializing);
}

/** Stores what was given when the call was made. */
async function store(
  storage: Storage,
  call: Omit<Put, "ref" | "parentRef" | "token">,
  known: Frame | undefined,
): Promise<void> {
  const { threadId, ns, parentId, checkpoint } = call.input;
  const thread = await threadOf(storage, threadId);
  const ref = await checkpointRef(thread, ns, checkpoint.id);
  const parentRef = parentId === undefined ? undefined : await checkpointRef(thread, ns, parentId);
  const parent = known ?? (parentRef && (await readFrame(storage, parentRef)));
  const token = storage.lease?.token ?? parent?.token ?? 0;
  const put: Put = { ...call, ref, parentRef, token };
  const drafted = await draft(storage, put, parent);
  const encoded = { ...drafted, item: await encodeItem(storage, put, drafted.frame) };
  const announced = await announce(storage, put, encoded);
  await write(storage, put, announced);
  await commit(storage, put, announced);
}

/** Makes sure that the thread is there, as the incarnation that the checkpoint is encoded for. */
async function announce(storage: Storage, put: Put, encoded: Encoded): Promise<Encoded> {
  const { input, ref, life } = put;
  const { frame, begins } = encoded;
  const rejectsConflicts = storage.conflict === "reject";
  const take = (born: string): Promise<void> => takeHead(storage, ref, input.parentId, born, life);
  // A put that is refused must not begin a thread. One without a parent knows its thread's incarnation only then.
  const isFirst = begins && input.parentId === undefined;
  if (rejectsConflicts && !isFirst)
    await take((begins && (await storage.incarnations.current(ref.thread))) || frame.born);
  if (!begins) return encoded;
  // Before the segments: a deletion that removes one of them also ends this incarnation.
  const born = await beginIncarnation(storage.incarnations, ref.thread, frame.born, life, storage.lease?.name);
  if (born === undefined) throw storage.lease!.lost();
  if (born !== frame.born) {
    const again = await redraft(storage, put, encoded, born);
    encoded = { ...again, item: await encodeItem(storage, put, again.frame) };
  }
  if (rejectsConflicts && isFirst) await take(born);
  return encoded;
}

/** Stores what the item will refer to, and lists a thread that begins. */
async function write(storage: Storage, { input, life }: Put, { frame, plan, begins }: Encoded): Promise<void> {
  await Promise.all([
    begins && addEntry(storage, input.threadId, frame.born, life),
    plan.segments.size > 0 && writeSegments(storage, plan, life),
  ]);
  if (begins)
    storage.incarnations.remember(input.threadId, { born: frame.born, listedUntil: life?.granted ?? Infinity });
}

/** Stores the item, and deletes beside it what `history: "latest"` does not keep. */
async function commit(storage: Storage, { input, ref, order }: Put, { frame, item }: Encoded): Promise<void> {
  const { threadId, ns, parentId, checkpoint, metadata } = input;
  const superseded = storage.superseded?.before(threadId, ns, parentId, storage.lease?.renewedAt) ?? [];
  storage.lease?.reads.put(ns);
  const [isStored] = await Promise.all([
    storeItem(storage, item, order).catch((error: unknown) => {
      throw locate(error, { threadId, checkpointNs: ns, checkpointId: checkpoint.id });
    }),
    storage.db.batchDelete(superseded.map((sortKey) => key(item.PK.S, sortKey))),
  ]);
  if (!isStored) throw await conflictWithLatest(storage, ref, parentId);
  storage.lease?.reads.stored(ns, checkpoint.id);
  const needsAncestors = deltaChannels(metadata, frame).length > 0;
  storage.superseded?.put(threadId, ns, parentId, checkpoint.id, item, needsAncestors, superseded);
  storage.questions?.put(threadId, ns, checkpoint.id);
  storage.frames.set(threadId, ns, checkpoint.id, frame);
}

/** How often to look again at what stands in the place of a checkpoint. */
const MAX_ROUNDS = 10;

/** Stores a checkpoint's item. False when another run must not find it any more. */
async function storeItem({ db, writeOrder }: Storage, item: Item, order: string): Promise<boolean> {
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

/**
 * Also of one that has ended for readers, and stays because others are rebuilt from it: it still has what it shares.
 */
async function readFrame(storage: Storage, ref: CheckpointRef): Promise<Frame | undefined> {
  const found = await checkpointItem(storage, ref, storage.consistentRead);
  // A replica that lags must not cost the channels that are inherited.
  const there = found ?? (storage.consistentRead ? undefined : await checkpointItem(storage, ref, true));
  try {
    return there && { ...(await frameOf(there.item, storage.codec)), token: there.epoch };
  } catch (error) {
    throw locate(error, { threadId: ref.thread.id, checkpointNs: ref.ns, checkpointId: ref.id });
  }
}
