import { WRITES_IDX_MAP, type PendingWrite } from "@langchain/langgraph-checkpoint";
import type { Item, Key } from "../../aws/dynamodb/items.js";
import { AwsRequestError, changedTooOften } from "../../errors.js";
import { checkpointItem } from "../read/checkpoint-item.js";
import { stringOf } from "../../format/attributes.js";
import { locate } from "../../format/format-error.js";
import type { Frame } from "../../format/frame.js";
import type { WriteLease } from "../../format/lease-suffix.js";
import { bornOf } from "../incarnation.js";
import { bornOfKey, checkpointPrefix, escapeId, key, keyPart, writesSortKey, type KeyPart } from "../../format/keys.js";
import { goneAt, lifetime, prolonged, TTL_ATTRIBUTE, upsertLiving } from "../../payload/lifetime.js";
import { writeSegments } from "../../payload/segment-writes.js";
import { channelPlace, serialized } from "../../format/serde/serialized.js";
import { type Storage } from "../storage.js";
import { checkpointRef, threadOf, type CheckpointRef } from "../refs.js";
import { ABOUT } from "../tombstone.js";
import { consecutive, place } from "./place-writes.js";
import { Expression, orderAttribute } from "./writes-expression.js";
import { callsOf, importOrder, isLater, orderOf } from "../../format/write-order.js";
import {
  attributeOf,
  hasWrites,
  packRun,
  runBytes,
  takenIndices,
  taskPathOf,
  writeAttributes,
  writeBytes,
  writePlace,
  type SerializedWrite,
} from "../../format/writes.js";

/** Bytes of one call that stand in the item. What is over moves into segments, the longest values first. */
const MAX_INLINE_BYTES = 64 * 1_024;
/** "Expressions": an update expression has at most 4 KB and 300 operators, so more writes go as runs. */
const MAX_SINGLE_WRITES = 100;
/** Characters of what a holder says that it has seen: some 1,500 writes. An item has 400 KB at most. */
const MAX_SEEN = 100_000;
/** How often to look again when other calls for the same task keep coming between. */
const MAX_ROUNDS = 10;

export interface PutWritesInput {
  threadId: string;
  ns: string;
  checkpointId: string;
  taskId: string;
  taskPath: string;
  /**
   * Whether another saver has told of it. Its path takes the place of one that is there, and no write that of one that
   * was put here. By default the first path stays, as the first write of an index does, and the last special write.
   */
  isImported?: boolean;
  /** Of a question, the namespaces of subgraphs below where it was asked. */
  below?: string[];
  /** Of a holder, what it had read first. */
  seen?: string;
  writes: SerializedWrite[];
  ttlSeconds: number | undefined;
  /** The run that the task belongs to, if its caller said so. */
  runId?: string | undefined;
}

/** Whether a channel is one of LangGraph's own, such as those of errors and interrupts. */
export const isSpecial = (channel: string): boolean => Object.hasOwn(WRITES_IDX_MAP, channel);

/** Special channels have a negative index of their own, where the last write wins. */
export async function serializeWrites({ serde }: Storage, writes: PendingWrite[]): Promise<SerializedWrite[]> {
  const all = await Promise.all(
    writes.map(async ([channel, value], position): Promise<SerializedWrite> => {
      const index = isSpecial(channel) ? WRITES_IDX_MAP[channel]! : position;
      return { index, channel, ...(await serialized(serde, value, channelPlace(channel))) };
    }),
  );
  return [...new Map(all.map((write) => [write.index, write])).values()];
}

/** What of a checkpoint those have to know who write to it. */
type WrittenTo = Pick<Frame, "born" | "goneAt" | "token">;

/** Stores the writes of one task: 1 UpdateItem, after the segments of large values. */
export async function putWrites(storage: Storage, input: PutWritesInput): Promise<void> {
  const { threadId, ns: checkpointNs, checkpointId } = input;
  storage.codec.checkLengths(
    input.writes.map(({ channel, bytes }) => [channel, bytes.length]),
    { threadId, checkpointNs, checkpointId },
  );
  const thread = await threadOf(storage, threadId);
  const ref = await checkpointRef(thread, input.ns, input.checkpointId);
  const task = await keyPart("task", input.taskId);
  const checkpoint = await checkpointOf(storage, ref);
  const prefix = checkpointPrefix(ref.nsPart, ref.idPart);
  const lease = leaseOf(storage, ref, checkpoint);
  const itemKey = key(thread.partition, writesSortKey(prefix, task, checkpoint.born, lease));
  const claiming = lease.claims ? storage.lease?.reads : undefined;
  claiming?.begin(input.ns);
  const seen = JSON.stringify(claiming?.seen(input.ns, checkpointId));
  const told = seen && seen.length <= MAX_SEEN ? { ...input, seen } : input;
  storage.superseded?.wrote(threadId, input.ns, checkpointId, itemKey);
  const isTooLarge = (error: unknown): boolean =>
    error instanceof AwsRequestError && error.serviceCode === "ValidationException" && /size/i.test(error.message);
  await update(storage, itemKey, task, told, checkpoint.goneAt, MAX_INLINE_BYTES)
    .catch((error: unknown) => {
      // Many calls for one task can fill its item: then everything of this one goes into segments.
      if (!isTooLarge(error)) throw error;
      return update(storage, itemKey, task, told, checkpoint.goneAt, 0);
    })
    .catch((error: unknown) => {
      throw locate(error, { threadId, checkpointNs, checkpointId });
    });
  claiming?.stored(input.ns, checkpointId);
}

/**
 * The incarnation and the life of a checkpoint; `""` where a run writes to one that it is just putting. An instance
 * that has neither read nor put the checkpoint looks at it: 1 request more.
 */
async function checkpointOf(storage: Storage, ref: CheckpointRef): Promise<WrittenTo> {
  const known = storage.frames.get(ref.thread.id, ref.ns, ref.id);
  if (known) return known;
  const there = storage.incarnations.isPutting(ref) ? undefined : await checkpointItem(storage, ref, true, ABOUT);
  return there
    ? { born: bornOf(there.item), goneAt: goneAt(there.item), token: there.epoch }
    : { born: "", goneAt: 0, token: storage.lease?.token ?? 0 };
}

/** A writer without a lease goes on in the epoch of the checkpoint. */
function leaseOf({ lease }: Storage, { ns, id }: CheckpointRef, { token }: WrittenTo): WriteLease {
  if (!lease) return { token, claims: true };
  return { token: lease.token, claims: token === lease.token || lease.reads.claims(ns, id) };
}

/** @param checkpointGoneAt when their checkpoint goes, in seconds since 1970; 0 where it is not there yet */
async function update(
  storage: Storage,
  itemKey: Key,
  task: KeyPart,
  input: PutWritesInput,
  checkpointGoneAt: number,
  maxInline: number,
): Promise<void> {
  const life = lifetime(input.ttlSeconds);
  // Longer than their checkpoint: a DeltaChannel of later ones may be rebuilt from them. That one may have been
  // put with a longer ttl than this call has.
  const granted = Math.max(life?.granted ?? Infinity, checkpointGoneAt);
  const born = bornOfKey(itemKey.SK.S) || (storage.incarnations.known(input.threadId)?.born ?? "");
  const encode = (index: number, bytes: Uint8Array): Promise<Uint8Array> =>
    storage.codec.encode(bytes, writePlace({ ...itemKey, path: { S: escapeId(path) } }, attributeOf(index)));
  let { taskPath: path } = input;
  let planted: string | undefined;
  // The first path stays, as the first write of an index does. One that no write is bound to may be a stranger's.
  const meet = (there: Item | undefined): void => {
    planted = there && !hasWrites(there) ? stringOf(there, "path") : undefined;
    if (there && hasWrites(there)) path = taskPathOf(there) || path;
  };
  const ordinary = input.writes.filter((w) => w.index >= 0);
  let special = input.writes.filter((w) => w.index < 0);
  let order = input.isImported ? importOrder() : storage.writeOrder.next();
  let before: Item | undefined;
  let taken = new Set<number>();
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const expression = new Expression(task, { ...input, taskPath: path, planted }, order);
    if (ordinary.length <= MAX_SINGLE_WRITES) {
      const writes = [...ordinary, ...special];
      const { values, plan } = await place(storage, itemKey, writes, maxInline, born, prolonged(life, granted));
      for (const [i, { index, channel }] of writes.entries())
        expression.set(index, await encode(index, writeBytes(channel, values[i]!, input.runId)));
      const livesUntil = async (): Promise<number> => {
        const longer = await storage.db.getItem(itemKey, true, ["PK", "SK", TTL_ATTRIBUTE]);
        return longer ? goneAt(longer) : granted;
      };
      const isStored = await upsertLiving(granted, async (until) => {
        if (plan.segments.size > 0) await writeSegments(storage, plan, prolonged(life, until ?? (await livesUntil())));
        return storage.db.updateItem(expression.build(itemKey, until));
      });
      if (isStored) return;
      const there = await storage.db.getItem(itemKey, true);
      meet(there);
      ({ special, order } = leftToStore(storage, there, special, order, input));
      if (ordinary.length + special.length === 0) return;
      continue;
    }

    // Runs leave out the indices that are taken, so they are stored only if nothing came between.
    const runs = consecutive(ordinary.filter((w) => !taken.has(w.index)));
    const packed = [...special, ...runs.map((run) => ({ index: run[0]!.index, channel: "", ...packRun(run) }))];
    const until = before ? Math.max(granted, goneAt(before)) : granted;
    const { values, plan } = await place(storage, itemKey, packed, maxInline, born, prolonged(life, until));
    for (const [i, { index, channel }] of packed.entries()) {
      const run = runs[i - special.length];
      expression.set(
        index,
        await encode(
          index,
          run ? runBytes(run.length, values[i]!, input.runId) : writeBytes(channel, values[i]!, input.runId),
        ),
      );
    }
    if (plan.segments.size > 0) await writeSegments(storage, plan, prolonged(life, until));
    const { values: given, condition, ...update } = expression.build(itemKey, until);
    const unchanged = before
      ? { condition: `(${condition}) AND n = :n`, values: { ...given, ":n": callsOf(before) } }
      : { condition: `(${condition}) AND attribute_not_exists(n)`, values: given! };
    if (await storage.db.updateItem({ ...update, ...unchanged })) return;
    before = await storage.db.getItem(itemKey, true);
    meet(before);
    const end = ordinary.at(-1)!.index + 1;
    taken = before ? takenIndices(await writeAttributes(before, storage.codec), end) : new Set();
    ({ special, order } = leftToStore(storage, before, special, order, input));
  }
  throw changedTooOften("The writes of one task", MAX_ROUNDS);
}

/** What is left to store of a call's special channels, and its number now, when other calls have come between. */
function leftToStore(
  { writeOrder }: Storage,
  seen: Item | undefined,
  special: SerializedWrite[],
  order: string,
  { isImported }: PutWritesInput,
): { special: SerializedWrite[]; order: string } {
  const left: SerializedWrite[] = [];
  const removed = orderOf(seen);
  // What a removal has taken away was of earlier calls, also where its machine's clock is ahead.
  let latest =
    removed !== undefined && !isLater(order, removed) ? (writeOrder.after(removed) ?? writeOrder.next()) : order;
  for (const write of special) {
    const met = orderOf(seen, orderAttribute(write.index));
    const isMetLater = met !== undefined && isLater(met, order);
    const after = !isMetLater ? order : isImported ? undefined : writeOrder.after(met);
    if (after === undefined) continue;
    left.push(write);
    if (isLater(after, latest)) latest = after;
  }
  return { special: left, order: latest };
}
