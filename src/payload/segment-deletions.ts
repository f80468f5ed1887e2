import { forEachAtOnce } from "../aws/client/for-each-at-once.js";
import type { DynamoDB } from "../aws/dynamodb/dynamodb.js";
import type { Condition, Key } from "../aws/dynamodb/items.js";
import { deleteFromBucket } from "../aws/s3/objects.js";
import type { ObjectPlace } from "../aws/s3/places.js";
import type { Objects } from "./segment-objects.js";
import { key, parsePointer } from "../format/keys.js";
import { endLater } from "./lifetime.js";
import { offloadOf, type Offload } from "./offload.js";
import { MARK, WRITTEN_AT } from "./segment-times.js";

/** Pointers marked and deleted at once. */
const POINTERS_AT_ONCE = 6;
/** Segments deleted at once, each by a request of its own. */
const SEGMENTS_AT_ONCE = 25;

/**
 * Deletes objects, and then their pointers, without which nobody would find them again. A put of the same segment may
 * come between, so the pointers are marked first: then it goes to another place.
 */
export async function deleteObjects(backend: Objects, partition: string, pointers: Key[]): Promise<void> {
  await deleteWhere(backend, partition, pointers, { condition: "attribute_exists(PK)" });
}

/**
 * Deletes segments that nothing refers to, but not those that were written at `writtenBefore` or later, in milliseconds
 * since 1970: what is being put refers to them soon. A pointer stays until `until`, marked: S3 knows no conditions, so
 * an attempt to delete its object that arrives late would delete what has been put there since. Returns the keys that
 * are gone.
 */
export async function deleteUnused(
  backend: Objects,
  partition: string,
  sortKeys: string[],
  writtenBefore: number,
  until: number,
): Promise<string[]> {
  const gone: string[] = [];
  const old = {
    condition: `attribute_not_exists(#at) OR #at < :before`,
    names: { "#at": WRITTEN_AT },
    values: { ":before": { N: String(writtenBefore) } },
  };
  const pointers = sortKeys.filter((sortKey) => parsePointer(sortKey));
  await forEachAtOnce(
    SEGMENTS_AT_ONCE,
    sortKeys.filter((sortKey) => !parsePointer(sortKey)),
    async (sortKey) => {
      if (await backend.db.deleteItem(key(partition, sortKey), old)) gone.push(sortKey);
    },
  );
  const marked = { ...old, condition: `attribute_exists(PK) AND (${old.condition})` };
  gone.push(
    ...(await deleteWhere(
      backend,
      partition,
      pointers.map((sortKey) => key(partition, sortKey)),
      marked,
      until,
    )),
  );
  return gone;
}

/** Deletes pointers that were left to expire, where the table does not delete them. */
export async function deleteMarked(db: DynamoDB, pointers: Key[]): Promise<void> {
  const marked = { condition: "attribute_exists(#mark)", names: { "#mark": MARK } };
  await forEachAtOnce(POINTERS_AT_ONCE, pointers, async (pointer) => void (await db.deleteItem(pointer, marked)));
}

async function deleteWhere(
  { db, offload: given }: Objects,
  partition: string,
  pointers: Key[],
  only: Condition,
  until?: number,
): Promise<string[]> {
  if (pointers.length === 0) return [];
  const offload = offloadOf(given);
  const places = new Map(
    await Promise.all(
      pointers.map(async (pointer) => {
        const { id, location } = parsePointer(pointer.SK.S)!;
        return [pointer, await offload.place(partition, id, location)] as const;
      }),
    ),
  );
  const marking = { names: { "#mark": MARK }, values: { ":mark": { S: crypto.randomUUID() } } };
  const mark = {
    update: "SET #mark = :mark",
    condition: only.condition!,
    names: { ...only.names, ...marking.names },
    values: { ...only.values, ...marking.values },
  };
  const ours = new Set<Key>();
  await forEachAtOnce(
    POINTERS_AT_ONCE,
    pointers,
    async (pointer) => void ((await db.updateItem({ ...mark, key: pointer })) && ours.add(pointer)),
  );
  const marked = pointers.filter((pointer) => ours.has(pointer));
  await deleteAt(
    offload,
    marked.map((pointer) => places.get(pointer)!),
  );
  const still = { ...marking, condition: "#mark = :mark" };
  await forEachAtOnce(POINTERS_AT_ONCE, marked, async (pointer) => {
    if (until === undefined) await db.deleteItem(pointer, still);
    else await endLater(db, pointer, until, still);
  });
  return marked.map(({ SK }) => SK.S);
}

async function deleteAt({ s3 }: Offload, places: ObjectPlace[]): Promise<void> {
  const keysByBucket = new Map<string, string[]>();
  for (const { bucket, key } of places) {
    const keys = keysByBucket.get(bucket) ?? [];
    keysByBucket.set(bucket, keys);
    keys.push(key);
  }
  for (const [bucket, keys] of keysByBucket) await deleteFromBucket(s3, bucket, keys);
}
