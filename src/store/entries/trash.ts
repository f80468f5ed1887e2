import { emit } from "../../aws/client/events.js";
import { forEachAtOnce } from "../../aws/client/for-each-at-once.js";
import type { Item, Key } from "../../aws/dynamodb/items.js";
import { DATA, stringOf } from "../../format/attributes.js";
import { isDynamoDBSaverError, type DynamoDBSaverError } from "../../errors.js";
import { FormatError } from "../../format/format-error.js";
import { key, keyOf, parsePointer, segmentSortKey } from "../../format/keys.js";
import { isObject, type Segment } from "../../format/value.js";
import type { Backend } from "../../payload/backend.js";
import { ENDS, TTL_ATTRIBUTE } from "../../payload/lifetime.js";
import { withoutS3 } from "../../payload/offload.js";
import { deleteObjects } from "../../payload/segment-deletions.js";
import { asTrash, BORN, bornOf, sweeping, TRASH, trashOf, VECTORS, VERSION, type Attributes } from "./attributes.js";
import type { Entries } from "./known.js";
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

/**
 * Why a version cannot be replaced or deleted here: who cannot reach its objects in S3 could not finish. 1 request
 * where it has some.
 */
export async function refusalOf(backend: Backend, seen: Item | undefined): Promise<DynamoDBSaverError | undefined> {
  if (!seen || !(BORN in seen)) return undefined;
  const object = (await segmentsOf(backend, seen))?.find(isObject);
  if (!object) return undefined;
  if (!backend.offload) return withoutS3();
  const partition = seen.PK.S;
  let refusal: DynamoDBSaverError | undefined;
  await eachBelow(backend, partition, `P#${object.born}#`, undefined, async (page) => {
    for (const pointer of page.flatMap(({ SK }) => parsePointer(SK.S) ?? []))
      await backend.offload!.place(partition, pointer.id, pointer.location).catch((error: unknown) => {
        if (!isDynamoDBSaverError(error)) throw error;
        refusal = error;
      });
    return refusal === undefined;
  });
  return refusal;
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

/** Versions whose segments are deleted side by side. */
const AT_ONCE = 4;
/** What is deleted in passing, beside a sketch: 1 request. */
const IN_PASSING = 24;

/**
 * Deletes what an entry or a mark says is left of its former versions, and then takes their names away. What cannot be
 * deleted keeps its name, for whoever comes next: the put or the deletion has taken effect, and does not fail for it.
 *
 * @param replaced what it has replaced, if that is known
 */
export async function emptyTrash({ backend, onEvent }: Entries, item: Item, replaced: Item | undefined): Promise<Item> {
  const partition = item.PK.S;
  const { there, failure } = await emptied(backend, item, trashOf(item), async (born, sketch) => {
    const segments = replaced && stringOf(replaced, BORN) === born ? await segmentsOf(backend, replaced) : undefined;
    if (!segments) return deleteVersion(backend, partition, born, sketch);
    await deleteSegments(backend, partition, segments, VECTORS in replaced! ? [sketch] : []);
    return true;
  });
  if (failure) {
    const why = isDynamoDBSaverError(failure) ? failure.code : failure.name;
    const message = `What an item had before could not be freed (${why}). The next put or deletion of it tries again.`;
    emit(onEvent, { type: "warning", code: "PRUNE_FAILED", message });
  }
  return there;
}

/** Does a part of that, in a few requests: a search has come by. */
export async function emptySomeTrash(backend: Backend, item: Item): Promise<void> {
  await emptied(backend, item, trashOf(item).slice(0, 1), (born, sketch) =>
    deleteVersion(backend, item.PK.S, born, sketch, IN_PASSING),
  );
}

/** @param empties deletes what has such a name: false where some is left */
async function emptied(
  { db }: Backend,
  item: Item,
  names: string[],
  empties: (born: string, sketch: Key) => Promise<boolean>,
): Promise<{ there: Item; failure?: Error }> {
  if (!(TRASH in item)) return { there: item };
  const gone = new Set<string>();
  const failures: Error[] = [];
  await forEachAtOnce(AT_ONCE, names, async (name) => {
    const isGone = empties(bornOf(name), sketchKey(item, bornOf(name)));
    if (await isGone.catch((error: Error) => void failures.push(error))) gone.add(name);
  });
  const { [TRASH]: _, ...others } = item;
  const left = asTrash(trashOf(item).filter((name) => !gone.has(name)));
  if (gone.size === 0 && TRASH in left) return { there: item, failure: failures[0]! };
  const { [TTL_ATTRIBUTE]: ttl } = sweeping({ ...others, ...left }, db.clock.now());
  const set: Attributes = { ...left, ...(ttl && { [TTL_ATTRIBUTE]: ttl }) };
  const sets = Object.keys(set).map((name) => `#${name} = :${name}`);
  try {
    await db.updateItem({
      key: keyOf(item),
      update: [sets.length > 0 ? `SET ${sets.join(", ")}` : "", TRASH in left ? "" : "REMOVE #trash"].join(" ").trim(),
      // A read may have given it another life since.
      condition: `#ver = :ver AND #trash = :read AND ${ENDS in item ? "#ends = :ends" : "attribute_not_exists(#ends)"}`,
      names: { "#ver": VERSION, "#trash": TRASH, "#ends": ENDS, ...(ttl && { "#ttl": TTL_ATTRIBUTE }) },
      values: {
        ":ver": item[VERSION]!,
        ":read": item[TRASH],
        ...(ENDS in item && { ":ends": item[ENDS] }),
        ...Object.fromEntries(Object.entries(set).map(([name, value]) => [`:${name}`, value])),
      },
    });
  } catch (error) {
    return { there: item, failure: error as Error };
  }
  return { there: { ...others, ...set }, failure: failures[0]! };
}

/** Hands on what is below a name, a page at a time, as long as `take` says so. False where some is left. */
async function eachBelow(
  { db }: Backend,
  partition: string,
  beginsWith: string,
  most: number | undefined,
  take: (page: Key[]) => Promise<boolean>,
): Promise<boolean> {
  const query = { partition, beginsWith, only: ["PK", "SK"], consistent: true, ...(most && { limit: most }) };
  let after: Key | undefined;
  do {
    const { items, next } = await db.query({ ...query, after });
    if (!(await take(items.map(keyOf)))) return false;
    after = next;
  } while (after && !most);
  return !after;
}

/** Deletes the objects of a version, by their pointers. False where there are some, and no way to S3. */
const deleteVersionObjects = (backend: Backend, partition: string, born: string, most?: number): Promise<boolean> =>
  eachBelow(backend, partition, `P#${born}#`, most, async (page) => {
    // What only looks like a pointer leads nowhere.
    const pointers = page.filter(({ SK }) => parsePointer(SK.S));
    if (pointers.length > 0 && !backend.offload) return false;
    await deleteObjects(backend, partition, pointers);
    return true;
  });

/** Deletes all segments that have the name of a version, and its sketch. False where some are left. */
async function deleteVersion(
  backend: Backend,
  partition: string,
  born: string,
  sketch: Key,
  most?: number,
): Promise<boolean> {
  let beside = [sketch];
  const areGone = await eachBelow(backend, partition, `S#${born}#`, most, async (page) => {
    await backend.db.batchDelete([...page, ...beside]);
    beside = [];
    return true;
  });
  return (await deleteVersionObjects(backend, partition, born, most)) && areGone;
}
