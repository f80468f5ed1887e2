import type { Condition, DynamoDB, Item } from "../aws/dynamodb.js";
import type { Backend } from "./backend.js";
import { key, parsePointer, pointerSortKey, pointersPrefix, type SegmentId } from "./keys.js";
import { expiry, goneAt, isGone, prolong, unlessLonger, type Lifetime } from "./lifetime.js";
import { offloadOf } from "./offload.js";
import { MARK, touch, writtenNow } from "./written.js";

/* Segments that lie in S3. A pointer in the table says of each where. */

type Objects = Pick<Backend, "db" | "offload">;

/** The pointer comes before its object, so that S3 holds nothing the table does not know. */
export async function writeObject({ db, offload: given }: Objects, partition: string, id: SegmentId, stored: Uint8Array, life: Lifetime | undefined): Promise<void> {
  const offload = offloadOf(given);
  let place = await offload.place(partition, id);
  let pointer = key(partition, pointerSortKey(id, offload.location));
  const expires = life !== undefined && offload.expires(life.ttlSeconds);
  let longer: Item | undefined;
  // Where an object is being deleted, nothing new is put: that would be deleted too. There is room beside it.
  for (const location of offload.locations()) {
    place = await offload.place(partition, id, location);
    pointer = key(partition, pointerSortKey(id, location));
    const until = expires ? life.granted : Infinity;
    longer = undefined;
    if (await db.putItem({ ...pointer, ...writtenNow(), ...expiry(until) }, unlessMarked(until))) break;
    longer = await db.getItem(pointer, true);
    if (longer && !(MARK in longer) && (await touch(db, pointer))) break;
  }
  if (!expires) await offload.putLasting(place, stored);
  else if (longer && goneAt(longer) === Infinity) await offload.putMissing(place, stored);
  else await offload.putExpiring(place, stored, async () => void (await prolong(db, pointer, Infinity)));
  // A deletion of the thread may have come between, and has not seen the object.
  const found = await db.getItem(pointer, true, ["PK", MARK]);
  if (!found || MARK in found) await db.putItem({ ...pointer, ...writtenNow() });
}

/** Written again: Ceph and R2 lose the tags of an object that is copied onto itself. */
export async function renewObject({ db, offload: given }: Objects, partition: string, id: SegmentId, life: Lifetime | undefined): Promise<boolean> {
  const offload = offloadOf(given);
  for (const pointer of await pointersOf(db, partition, id)) {
    if (goneAt(pointer) === Infinity) return true;
    const place = await offload.place(partition, id, parsePointer(pointer.SK.S)!.location);
    const stored = await offload.get(place);
    if (!stored) continue;
    const pointerKey = key(partition, pointer.SK.S);
    const keep = async (): Promise<void> => void (await prolong(db, pointerKey, Infinity));
    if (life && offload.expires(life.ttlSeconds)) {
      await offload.putExpiring(place, stored, keep);
      return prolong(db, pointerKey, life.granted);
    }
    await keep();
    await offload.putLasting(place, stored);
    return true;
  }
  return false;
}

/** The pointers to where an object lies, or may lie. */
export async function pointersOf(db: DynamoDB, partition: string, id: SegmentId): Promise<Item[]> {
  const { items } = await db.query({ partition, beginsWith: pointersPrefix(id), consistent: true });
  return items.filter((item) => !isGone(item) && parsePointer(item.SK.S));
}

/** An object as it is stored, from wherever it lies. */
export async function storedObject({ db, offload: given }: Objects, partition: string, id: SegmentId): Promise<Uint8Array | undefined> {
  const offload = offloadOf(given);
  for (const { SK } of await pointersOf(db, partition, id)) {
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
  return { ...shorter, condition: `attribute_not_exists(#mark) AND (${shorter.condition})`, names: { ...shorter.names, ...names } };
}
