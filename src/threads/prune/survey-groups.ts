import type { Item } from "../../aws/dynamodb/items.js";
import { stringOf } from "../../format/attributes.js";
import { CHECKPOINTS, idOf, parseSortKey, THREAD_MARKER } from "../../format/keys.js";
import type { Storage } from "../../checkpoint/storage.js";
import type { Thread } from "../../checkpoint/refs.js";
import { goesByItself, isVoid } from "../../checkpoint/tombstone.js";
import type { Value } from "../../format/value.js";
import { writeAttributes } from "../../format/writes.js";

/** A checkpoint with its writes, or writes without a checkpoint. */
export interface Group {
  prefix: string;
  ns: string;
  id: string;
  item: Item | undefined;
  writes: Item[];
  /** What belongs to another incarnation, or stands in the place of a checkpoint. */
  strays: Item[];
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
  { db }: Storage,
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
          strays: [],
        };
      }
      if (task === undefined && born === living && !isVoid(item)) open.item = item;
      else if (task !== undefined && (born === living || born === "")) open.writes.push(item);
      else if (!goesByItself(item)) open.strays.push(item);
    }
    yield complete;
  }
  if (open) yield [open];
}

/** What writes hold, as far as it can be read. */
export async function valuesOf({ codec }: Storage, writes: Item[], onUnreadable: () => void): Promise<Value[]> {
  const attributes = await Promise.all(writes.map((write) => writeAttributes(write, codec).catch(onUnreadable)));
  return attributes.flatMap((some) => (some ?? []).map(({ value }) => value));
}
