import type { DynamoDB } from "../aws/dynamodb/dynamodb.js";
import type { Condition, Item, Key } from "../aws/dynamodb/items.js";
import { sizeOf } from "../aws/s3/objects.js";
import { key, parsePointer, pointerSortKey, pointersPrefix, type SegmentId } from "../format/keys.js";
import { expiry, goneAt, isGone, unlessLonger, upsertLiving, type Lifetime } from "./lifetime.js";
import { daysFor, locationsFor, storeObject } from "./new-objects.js";
import { offloadOf, type Offload } from "./offload.js";
import { MARK, touch, writtenAt } from "./segment-times.js";

/* Segments that lie in S3. A pointer in the table says of each where. */

/** What objects and their pointers are reached by. */
export interface Objects {
  db: DynamoDB;
  offload: Offload | undefined;
}

/** The pointer comes before its object, so that S3 holds nothing the table does not know. */
export async function writeObject(
  objects: Objects,
  partition: string,
  id: SegmentId,
  stored: Uint8Array,
  life: Lifetime | undefined,
): Promise<void> {
  const { db, offload: given } = objects;
  const offload = offloadOf(given);
  const days = daysFor(offload, life);
  const granted = days > 0 ? life!.granted : Infinity;
  const { pointer, location } = await claim(objects, partition, id, days, granted);
  if (!(await storeObject(offload, await offload.place(partition, id, location), stored, days)))
    return writeObject(objects, partition, id, stored, life);
  // A deletion of the thread may have come between, and has not seen the object.
  const found = await db.getItem(pointer, true, ["PK", MARK]);
  if (!found || MARK in found) await db.putItem({ ...pointer, ...writtenAt(db.clock.now()), ...expiry(granted) });
}

/** Where an object is being deleted, nothing new is put: that would be deleted too. There is room beside it. */
async function claim(
  { db, offload }: Objects,
  partition: string,
  id: SegmentId,
  days: number,
  granted: number,
): Promise<{ pointer: Key; location: string }> {
  let claimed!: { pointer: Key; location: string };
  for (const location of locationsFor(offloadOf(offload), days)) {
    const pointer = key(partition, pointerSortKey(id, location));
    claimed = { pointer, location };
    const write = (until: number | undefined): Promise<boolean> =>
      until === undefined
        ? touch(db, pointer)
        : db.putItem({ ...pointer, ...writtenAt(db.clock.now()), ...expiry(until) }, unlessMarked(until));
    if (await upsertLiving(granted, write)) break;
  }
  return claimed;
}

/** Written again: Ceph and R2 lose the tags of an object that is copied onto itself. */
export async function renewObject(
  objects: Objects,
  partition: string,
  id: SegmentId,
  life: Lifetime | undefined,
): Promise<boolean> {
  const offload = offloadOf(objects.offload);
  for (const pointer of await pointersOf(objects, partition, id)) {
    const place = await offload.place(partition, id, parsePointer(pointer.SK.S)!.location);
    const stays = goneAt(pointer) === Infinity;
    if (stays && (await sizeOf(offload.s3, place)) !== undefined) return true;
    const stored = stays ? undefined : await offload.get(place);
    if (!stored) continue;
    await writeObject(objects, partition, id, stored, life);
    return true;
  }
  return false;
}

/** Each is a request of its own. An object has one for each of its lives, and for each place that it was moved to. */
const MAX_POINTERS = 50;

/**
 * The pointers to where an object lies, or may lie; those that the options do not know last, for what is found
 * elsewhere needs none of them.
 */
export async function pointersOf({ db, offload }: Objects, partition: string, id: SegmentId): Promise<Item[]> {
  const { items } = await db.query({ partition, beginsWith: pointersPrefix(id), consistent: true });
  const isKnown = ({ SK }: Item): boolean => offload?.isKnown(parsePointer(SK.S)!.location) ?? true;
  return items
    .filter((item) => !isGone(item) && parsePointer(item.SK.S))
    .sort((a, b) => Number(isKnown(b)) - Number(isKnown(a)))
    .slice(0, MAX_POINTERS);
}

/** An object as it is stored, from wherever it lies. */
export async function storedObject(
  { db, offload: given }: Objects,
  partition: string,
  id: SegmentId,
): Promise<Uint8Array | undefined> {
  const offload = offloadOf(given);
  for (const { SK } of await pointersOf({ db, offload }, partition, id)) {
    const stored = await offload.get(await offload.place(partition, id, parsePointer(SK.S)!.location));
    if (stored) return stored;
  }
  return undefined;
}

/** That a pointer does not live longer than `until`, and its object is not being deleted. */
function unlessMarked(until: number): Condition {
  const names = { "#mark": MARK };
  if (until === Infinity) return { condition: "attribute_not_exists(#mark)", names };
  const shorter = unlessLonger(until);
  return {
    ...shorter,
    condition: `attribute_not_exists(#mark) AND (${shorter.condition})`,
    names: { ...shorter.names, ...names },
  };
}
