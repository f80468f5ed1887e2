import type { AttributeValue } from "../../aws/dynamodb/items.js";
import { CheckpointConflictError } from "../../errors.js";
import { stringOf } from "../../format/attributes.js";
import {
  checkpointPrefix,
  checkpointSortKey,
  escapeId,
  headSortKey,
  key,
  keyPart,
  unescapeId,
} from "../../format/keys.js";
import { TTL_ATTRIBUTE, type Lifetime } from "../../payload/lifetime.js";
import { latestIdIn } from "../read/query.js";
import type { Storage } from "../storage.js";
import type { CheckpointRef } from "../refs.js";
import { tombstone, unlessStored } from "../tombstone.js";

/*
 * With `conflict: "reject"` a namespace has a head item with the id of its latest checkpoint. A put moves it from the
 * parent to its own checkpoint, by one conditional update, and then stores that checkpoint. A writer that dies in
 * between leaves a head without a checkpoint: the next one puts a tombstone in the checkpoint's place, so that the
 * dead one cannot come back and store it after all, and takes the head over.
 */

const HEAD = "head";

/**
 * Makes the checkpoint that is about to be stored the head of its namespace, if its parent is: 1 request.
 * @throws CheckpointConflictError
 */
export async function takeHead(
  storage: Storage,
  ref: CheckpointRef,
  parentId: string | undefined,
  born: string,
  life: Lifetime | undefined,
): Promise<void> {
  if (await moveHead(storage, ref, parentId, born, life)) return;

  const head = await headId(storage, ref, born);
  if (head === ref.id) return; // by an attempt of this put whose answer got lost
  const latest = await latestId(storage, ref);
  if (latest !== parentId) throw conflict(ref, parentId, latest);
  // The parent is the latest checkpoint: the head is of a writer that is not done, or was left behind by a saver that
  // rejects no conflicts.
  if (head !== undefined) {
    const isFenced = await fence(storage, ref, head, born, life);
    const now = isFenced ? latest : await latestId(storage, ref);
    if (now !== parentId) throw conflict(ref, parentId, now);
  }
  if (await moveHead(storage, ref, head, born, life)) return;
  // By an attempt, as above.
  if ((await headId(storage, ref, born)) !== ref.id) throw await conflictWithLatest(storage, ref, parentId);
}

async function headId({ db }: Storage, ref: CheckpointRef, born: string): Promise<string | undefined> {
  const found = await db.getItem(headKey(ref, born), true);
  return found && unescapeId(stringOf(found, HEAD) ?? "");
}

/** The error of a put whose place was taken. */
export const conflictWithLatest = async (
  storage: Storage,
  ref: CheckpointRef,
  parentId: string | undefined,
): Promise<CheckpointConflictError> => conflict(ref, parentId, await latestId(storage, ref));

const conflict = (
  { thread, ns, id }: CheckpointRef,
  parentId: string | undefined,
  headId: string | undefined,
): CheckpointConflictError =>
  new CheckpointConflictError({ threadId: thread.id, checkpointNs: ns, checkpointId: id, parentId, headId });

const headKey = ({ thread, nsPart }: CheckpointRef, born: string): ReturnType<typeof key> =>
  key(thread.partition, headSortKey(nsPart, born));

async function moveHead(
  { db }: Storage,
  ref: CheckpointRef,
  from: string | undefined,
  born: string,
  life: Lifetime | undefined,
): Promise<boolean> {
  const values: Record<string, AttributeValue> = { ":to": { S: escapeId(ref.id) } };
  if (from !== undefined) values[":from"] = { S: escapeId(from) };
  if (life) values[":ttl"] = { N: String(life.granted) };
  return db.updateItem({
    key: headKey(ref, born),
    update: `SET #head = :to${life ? ", #ttl = :ttl" : " REMOVE #ttl"}`,
    names: { "#head": HEAD, "#ttl": TTL_ATTRIBUTE },
    values,
    condition: from === undefined ? "attribute_not_exists(#head)" : "#head = :from",
  });
}

/** Takes the place of a checkpoint that was announced. False when the checkpoint is there. */
async function fence(
  { db }: Storage,
  ref: CheckpointRef,
  id: string,
  born: string,
  life: Lifetime | undefined,
): Promise<boolean> {
  const place = key(
    ref.thread.partition,
    checkpointSortKey(checkpointPrefix(ref.nsPart, await keyPart("checkpoint", id)), born),
  );
  return db.putItem(tombstone(place, life?.granted ?? Infinity), unlessStored);
}

const latestId = (storage: Storage, { thread, nsPart }: CheckpointRef): Promise<string | undefined> =>
  latestIdIn(storage, thread, nsPart);
