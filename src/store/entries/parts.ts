import type { Item, Key } from "../../aws/dynamodb/items.js";
import { AwsRequestError, DynamoDBSaverError } from "../../errors.js";
import { binaryOf } from "../../format/attributes.js";
import { placeOf } from "../../format/attributes.js";
import { decodeContainer } from "../../format/container.js";
import { damaged, FormatError } from "../../format/format-error.js";
import { checkVersion } from "../../format/frame.js";
import { isBorn } from "../../format/keys.js";
import { costOfValue } from "../../format/meter.js";
import type { Serialized } from "../../format/serde/serialized.js";
import { isObject, join, lengthOf, type Value } from "../../format/value.js";
import type { Backend } from "../../payload/backend.js";
import { withoutS3 } from "../../payload/offload.js";
import { isLive, VERSION, WHOLE } from "./attributes.js";
import type { Entries } from "./known.js";

/** A version was replaced while its segments were read so many times: then they are lost. */
export const MAX_READS = 4;

/** Of what `readParts` gives at once, unless it is a single part. */
const BYTES_AT_ONCE = 4 * 1_024 * 1_024;

/** The entries under these keys that are there and have not expired, in no order: 1 request for 100 of them. */
export async function readEntries(
  { backend: { db }, known }: Entries,
  keys: Key[],
  consistent: boolean,
): Promise<Item[]> {
  const items = await readItems(db, keys, consistent, WHOLE);
  for (const item of items) known.note(item);
  return items.filter(isLive);
}

/** What is there under these keys, marks of deletions too. */
export async function readItems(db: Backend["db"], keys: Key[], consistent: boolean, only: string[]): Promise<Item[]> {
  if (keys.length !== 1) return keys.length === 0 ? [] : db.batchGet(keys, consistent, only);
  const item = await db.getItem(keys[0]!, consistent, only);
  return item ? [item] : [];
}

/** What a part of an entry refers to. @throws FormatError */
export async function partOf({ codec }: Backend, item: Item, attribute: string, maxBytes: number): Promise<Value> {
  checkVersion(item);
  const stored = binaryOf(item, attribute);
  const bornOf = (head: unknown): string => {
    const born: unknown = Array.isArray(head) ? head[0] : undefined;
    if (!isBorn(born)) throw damaged("An entry has another shape");
    return born;
  };
  const bytes = await codec.decode(stored, placeOf(item, attribute));
  const { values } = decodeContainer(bytes, bornOf, undefined, stored.length);
  const [value, ...more] = values;
  if (!value || more.length > 0) throw damaged("An entry has another shape");
  if (lengthOf(value) > maxBytes)
    throw new FormatError(
      "VALUE_TOO_LARGE",
      `A value of ${lengthOf(value)} bytes is over maxValueBytes (${maxBytes}). Raise that option to read it`,
    );
  return value;
}

/** Whether two items are one version of an entry, of which nothing was deleted in between. */
export const isSameVersion = (one: Item, other: Item): boolean =>
  JSON.stringify(one[VERSION]) === JSON.stringify(other[VERSION]);

/** Why something cannot be read: for what is stored, or for an option that is missing here. */
export type Unreadable = FormatError | DynamoDBSaverError;

export const isUnreadable = (given: unknown): given is Unreadable =>
  given instanceof FormatError || given instanceof DynamoDBSaverError;

/**
 * The bytes of the same part of several entries, in their order and in rows of some megabytes, so that a caller which
 * needs one after the other holds no more: no request if they have no segments, else 1 a 100 of them and row. What
 * cannot be read is an error in its place.
 */
export async function* readParts(
  backend: Backend,
  items: Item[],
  attribute: string,
  maxBytes: number,
): AsyncGenerator<(Serialized | Unreadable)[], void, undefined> {
  for (let from = 0; from < items.length;) {
    const row: (Value | Unreadable)[] = [];
    const apart: [partition: string, values: Value[]][] = [];
    for (let bytes = 0; from < items.length && bytes < BYTES_AT_ONCE; from++) {
      let part: Value | Unreadable = await partOf(backend, items[from]!, attribute, maxBytes).catch(asFormatError);
      if (!isUnreadable(part) && !backend.offload && part.segments.some(isObject)) part = withoutS3();
      row.push(part);
      if (isUnreadable(part)) continue;
      // Segments can be short, and many.
      bytes += lengthOf(part) + costOfValue(part);
      if (part.segments.length > 0) apart.push([items[from]!.PK.S, [part]]);
    }
    const loaded = await backend.segments.loadAll(apart, isOfOneObject);
    yield row.map((part) => {
      if (isUnreadable(part)) return part;
      try {
        // A tail alone is nobody else's, so it needs no copy.
        return {
          type: part.type,
          bytes: part.segments.length > 0 ? join(part, loaded) : part.tail,
        };
      } catch (error) {
        if (isUnreadable(error)) return error;
        throw error;
      }
    });
  }
}

/** Whether other objects may be read nevertheless. S3 says of what is lost that it is denied, if listing is. */
const isOfOneObject = (error: unknown): error is DynamoDBSaverError =>
  error instanceof AwsRequestError
    ? error.service === "s3" && (error.status === 404 || error.serviceCode === "AccessDenied")
    : error instanceof DynamoDBSaverError && error.code === "INVALID_CONFIG";

export function asFormatError(error: unknown): FormatError {
  if (error instanceof FormatError) return error;
  throw error;
}
