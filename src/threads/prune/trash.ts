import type { Item, Key } from "../../aws/dynamodb/items.js";
import { numberOf, stringOf } from "../../format/attributes.js";
import { damaged } from "../../format/format-error.js";
import { costOfKey, type Meter } from "../../format/meter.js";
import { key, TRASH } from "../../format/keys.js";
import { expiry } from "../../payload/lifetime.js";
import type { Storage } from "../../checkpoint/storage.js";
import type { Thread } from "../../checkpoint/refs.js";

/*
 * Lists of what nothing refers to any more, kept in the thread until it is sure that nobody is about to refer to it
 * again: `prune.ts` says why. A list is some items with sort keys, and one that says since when all of them have been
 * without use. That one comes last, so a list that was cut short never gets old. Lists expire, long after they are due:
 * what is on none is found by looking at everything that is stored, and a thread can expire, or be deleted, beside the
 * pruning that lists a part of it.
 */

const SINCE = "since";
const KEYS = "keys";
/** How long a list stays that nobody comes back to. */
const KEPT_SECONDS = 60 * 86_400;
/** An item can have 400 KB. */
const MAX_KEYS_BYTES = 200_000;

/** A sort key, and how many bytes of state there are. */
export type TrashEntry = [sortKey: string, bytes: number];

export interface TrashList {
  id: string;
  /**
   * Since when nothing has been referring to what is on it, in seconds since 1970; undefined where its writer was cut
   * short.
   */
  since: number | undefined;
  parts: { key: Key; entries: TrashEntry[] }[];
}

/** Until when a list that is made now is kept, in seconds since 1970. */
export const trashUntil = (graceSeconds: number): number => Math.ceil(Date.now() / 1_000 + graceSeconds) + KEPT_SECONDS;

/**
 * The lists of a thread.
 *
 * @param meter limits what is kept in memory
 */
export async function readTrash({ db }: Storage, { partition }: Thread, meter: Meter): Promise<TrashList[]> {
  const lists = new Map<string, TrashList>();
  for await (const items of db.queryPages({ partition, beginsWith: TRASH, consistent: true })) {
    for (const item of items) {
      const [, id = "", part] = item.SK.S.split("#");
      const list = lists.get(id) ?? { id, since: undefined, parts: [] };
      lists.set(id, list);
      if (part === undefined) list.since = numberOf(item, SINCE);
      else {
        const entries = entriesOf(item);
        for (const [sortKey] of entries) meter.add(costOfKey(sortKey));
        list.parts.push({ key: key(partition, item.SK.S), entries });
      }
      meter.add(costOfKey(item.SK.S));
    }
  }
  return [...lists.values()];
}

/** @throws FormatError without the parser's own error, which quotes what it could not read */
function entriesOf(item: Item): TrashEntry[] {
  let entries: unknown;
  try {
    entries = JSON.parse(stringOf(item, KEYS) ?? "");
  } catch {
    // As what has another shape.
  }
  const isEntry = (one: unknown): boolean =>
    Array.isArray(one) && typeof one[0] === "string" && Number.isSafeInteger(one[1]);
  if (Array.isArray(entries) && entries.every(isEntry)) return entries as TrashEntry[];
  throw damaged("A list of garbage has another shape");
}

/** Stores a list that is not old yet. Returns its id. */
export async function writeTrash(
  { db }: Storage,
  { partition }: Thread,
  entries: Iterable<TrashEntry>,
  until: number,
): Promise<string> {
  const id = crypto.randomUUID();
  let parts = 0;
  let row: TrashEntry[] = [];
  let bytes = 0;
  const store = async (): Promise<void> =>
    void (await db.putItem(partOf(key(partition, `${TRASH}${id}#${parts++}`), row, until)));
  for (const entry of entries) {
    if (bytes > MAX_KEYS_BYTES) {
      await store();
      row = [];
      bytes = 0;
    }
    row.push(entry);
    bytes += 20 + 3 * entry[0].length; // of UTF-8, at most
  }
  await store();
  return id;
}

const partOf = (key: Key, entries: TrashEntry[], until: number): Item => ({
  ...key,
  [KEYS]: { S: JSON.stringify(entries) },
  ...expiry(until),
});

/** From now on, the list gets old. */
export async function closeTrash({ db }: Storage, { partition }: Thread, id: string, until: number): Promise<void> {
  await db.putItem({
    ...key(partition, TRASH + id),
    [SINCE]: { N: String(Math.ceil(Date.now() / 1_000)) },
    ...expiry(until),
  });
}

/** Takes what has come into use off a list. */
export async function amendTrash(
  { db }: Storage,
  { parts }: TrashList,
  isUsed: (sortKey: string) => boolean,
  until: number,
): Promise<void> {
  for (const { key, entries } of parts) {
    const left = entries.filter(([sortKey]) => !isUsed(sortKey));
    if (left.length < entries.length) await db.putItem(partOf(key, left, until));
  }
}

export async function deleteTrash({ db }: Storage, { partition }: Thread, { id, parts }: TrashList): Promise<void> {
  await db.batchDelete([...parts.map((part) => part.key), key(partition, TRASH + id)]);
}
