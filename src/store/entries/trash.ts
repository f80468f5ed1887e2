import type { Item, Key } from "../../aws/dynamodb/items.js";
import { DATA, stringOf } from "../../format/attributes.js";
import type { DynamoDBSaverError } from "../../errors.js";
import { FormatError } from "../../format/format-error.js";
import { key, keyOf, parsePointer, segmentSortKey } from "../../format/keys.js";
import { isObject, type Segment } from "../../format/value.js";
import type { Backend } from "../../payload/backend.js";
import { TTL_ATTRIBUTE } from "../../payload/lifetime.js";
import { withoutS3 } from "../../payload/offload.js";
import { deleteObjects } from "../../payload/segment-deletions.js";
import { BORN, sweeping, TRASH, trashOf, VECTORS, VERSION } from "./attributes.js";
import { partOf } from "./parts.js";
import { sketchKey } from "./sketches.js";

/*
 * What a version had besides its item. Who replaces or deletes an entry writes down, in the same request, the name of
 * what is to be deleted, then deletes it, and then takes the name away. Whoever comes next goes on where one has
 * failed.
 */

/** The segments of a version; `undefined` where its item does not tell. */
async function segmentsOf(backend: Backend, item: Item): Promise<Segment[] | undefined> {
  try {
    const parts = [DATA, VECTORS].filter((attribute) => attribute in item);
    if (parts.length === 0) return undefined;
    const values = await Promise.all(parts.map((attribute) => partOf(backend, item, attribute, Infinity)));
    return values.flatMap(({ segments }) => segments);
  } catch (error) {
    if (error instanceof FormatError) return undefined;
    throw error;
  }
}

/** Why a version cannot be replaced or deleted here: who cannot reach S3 could not finish. */
export async function refusalOf(backend: Backend, seen: Item | undefined): Promise<DynamoDBSaverError | undefined> {
  if (backend.offload || !seen || !(BORN in seen)) return undefined;
  return (await segmentsOf(backend, seen))?.some(isObject) ? withoutS3() : undefined;
}

/** Deletes the segments of a version, by their names, and what is beside them: 1 request for 25 of them. */
export async function deleteSegments(
  backend: Backend,
  partition: string,
  segments: Segment[],
  beside: Key[],
): Promise<void> {
  const names = new Set(segments.filter((segment) => !isObject(segment)).map(segmentSortKey));
  await backend.db.batchDelete([...[...names].map((name) => key(partition, name)), ...beside.map(keyOf)]);
  if (segments.some(isObject)) await deleteVersionObjects(backend, partition, segments[0]!.born);
}

/**
 * Deletes what an entry or a mark says is left of its former versions.
 *
 * @param replaced what it has replaced, if that is known
 */
export async function emptyTrash(backend: Backend, item: Item, replaced: Item | undefined): Promise<Item> {
  const borns = trashOf(item);
  if (borns.length === 0) return item;
  const partition = item.PK.S;
  for (const born of borns) {
    const segments = replaced && stringOf(replaced, BORN) === born ? await segmentsOf(backend, replaced) : undefined;
    const sketch = sketchKey(item, born);
    if (segments) await deleteSegments(backend, partition, segments, VECTORS in replaced! ? [sketch] : []);
    // What lies in S3 is left to who can reach it.
    else if (!(await deleteVersion(backend, partition, born, sketch))) return item;
  }
  const { [TRASH]: _, ...cleaned } = item;
  const { [TTL_ATTRIBUTE]: ttl } = sweeping(cleaned);
  await backend.db.updateItem({
    key: { PK: item.PK, SK: item.SK },
    update: `${ttl ? "SET #ttl = :ttl " : ""}REMOVE #trash`,
    condition: "#ver = :ver",
    names: { "#ver": VERSION, "#trash": TRASH, ...(ttl && { "#ttl": TTL_ATTRIBUTE }) },
    values: { ":ver": item[VERSION]!, ...(ttl && { ":ttl": ttl }) },
  });
  return { ...cleaned, ...(ttl && { [TTL_ATTRIBUTE]: ttl }) };
}

async function keysOf({ db }: Backend, partition: string, beginsWith: string): Promise<Key[]> {
  const keys: Key[] = [];
  for await (const page of db.queryPages({ partition, beginsWith, only: ["PK", "SK"], consistent: true }))
    keys.push(...page.map(({ PK, SK }) => key(PK.S, SK.S)));
  return keys;
}

/** Deletes the objects of a version, by their pointers. False where there are some, and no way to S3. */
async function deleteVersionObjects(backend: Backend, partition: string, born: string): Promise<boolean> {
  // What only looks like a pointer leads nowhere.
  const pointers = (await keysOf(backend, partition, `P#${born}#`)).filter(({ SK }) => parsePointer(SK.S));
  if (pointers.length > 0 && !backend.offload) return false;
  await deleteObjects(backend, partition, pointers);
  return true;
}

/** Deletes all segments that have the name of a version, and its sketch. */
async function deleteVersion(backend: Backend, partition: string, born: string, sketch: Key): Promise<boolean> {
  await backend.db.batchDelete([...(await keysOf(backend, partition, `S#${born}#`)), sketch]);
  return deleteVersionObjects(backend, partition, born);
}
