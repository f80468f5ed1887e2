import type { Item, Key } from "../../aws/dynamodb/items.js";
import { stringOf } from "../../format/attributes.js";
import { bytesInMemory, knownOf } from "../../format/known-attributes.js";
import { costOfKey, type Meter } from "../../format/meter.js";
import { keyOf, CHECKPOINTS, idOf, parseSortKey, THREAD_MARKER } from "../../format/keys.js";
import type { Storage } from "../../checkpoint/storage.js";
import type { Thread } from "../../checkpoint/refs.js";
import { goesByItself, isVoid } from "../../checkpoint/tombstone.js";
import type { Segment } from "../../format/value.js";
import { ORDER, orderOf } from "../../format/write-order.js";
import { writeAttributes } from "../../format/writes.js";

/** A checkpoint with its writes, or writes without a checkpoint. */
export interface Group {
  prefix: string;
  ns: string;
  id: string;
  item: Item | undefined;
  /** Of more than one call may hold, the keys. */
  writes: (Item | Key)[];
  /** What they take in memory, roughly. */
  writeBytes: number;
  /** What belongs to another incarnation, or stands in the place of a checkpoint. */
  strays: Key[];
  /** Limits how many keys there are of one checkpoint. */
  meter: Meter;
}

/** Which incarnations a thread has. */
export interface Incarnation {
  /** The one that lives; undefined where none does. */
  born: string | undefined;
  /** One that is being restored: it is not looked at. */
  restoring: string | undefined;
}

/** Pages of the thread's checkpoints with their writes, newest first. */
export async function* groupPages(
  { db, codec }: Storage,
  { partition }: Thread,
  { born: living, restoring }: Incarnation,
): AsyncGenerator<Group[], void, undefined> {
  let open: Group | undefined;
  for await (const items of db.queryPages({ partition, beginsWith: CHECKPOINTS, descending: true, consistent: true })) {
    const complete: Group[] = [];
    for (const item of items) {
      if (item.SK.S === THREAD_MARKER) continue;
      const { prefix, ns, checkpoint, task, born } = parseSortKey(item.SK.S);
      if (restoring !== undefined && born === restoring) continue;
      if (open?.prefix !== prefix) {
        if (open) complete.push(open);
        open = {
          prefix,
          ns: await idOf(ns, stringOf(item, "ns")),
          id: await idOf(checkpoint, stringOf(item, "id")),
          item: undefined,
          writes: [],
          writeBytes: 0,
          strays: [],
          meter: codec.meter(),
        };
      }
      open.meter.add(costOfKey(item.SK.S));
      if (task === undefined && born === living && !isVoid(item)) open.item = knownOf(item);
      else if (task !== undefined && (born === living || born === "")) {
        const known = knownOf(item);
        open.writeBytes += bytesInMemory(known);
        open.writes.push(codec.meter().hasRoomFor(open.writeBytes) ? known : keyOf(item));
      } else if (!goesByItself(item)) open.strays.push(keyOf(item));
    }
    yield complete;
  }
  if (open) yield [open];
}

/** The segments that writes without a checkpoint refer to, as far as these can be read. */
export async function* segmentsOf(
  { codec }: Storage,
  { writes, writeBytes }: Group,
  onUnreadable: () => void,
): AsyncGenerator<Segment, void, undefined> {
  if (!codec.meter().hasRoomFor(writeBytes)) onUnreadable();
  for (const write of writes)
    for (const { value } of (await writeAttributes(write as Item, codec).catch(onUnreadable)) ?? [])
      yield* value.segments;
}

/** What a tombstone takes over: a thread can have many. */
export const emptied = (item: Item): Item => {
  const order = orderOf(item);
  return { ...keyOf(item), ...(order !== undefined && { [ORDER]: { N: order } }) };
};
