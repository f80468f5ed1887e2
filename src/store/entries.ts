import type { Item, Key } from "../aws/dynamodb/items.js";
import { binaryOf, DATA, numberOf, stringOf } from "../format/attributes.js";
import type { Backend } from "../payload/backend.js";
import { placeOf } from "../format/codec.js";
import { decodeContainer } from "../format/container.js";
import { damaged, FormatError } from "../format/format-error.js";
import { checkVersion } from "../format/frame.js";
import { isBorn } from "../format/keys.js";
import { isGone, TTL_ATTRIBUTE } from "../payload/lifetime.js";
import type { LoadedSegments } from "../payload/segment-store.js";
import type { Serialized } from "../format/serde/serialized.js";
import { join, lengthOf, type Value } from "../format/value.js";

/*
 * An entry is one item with a value of any size: what the store keeps under a key, and the cache too. A long value has
 * segments, which belong to this version of this entry alone: they carry the version's random name (`born`), by which
 * they are found and deleted once another version has taken its place.
 */

/** Vectors, beside the value, so that a Query can read them without it. */
export const VECTORS = "vectors";
/** When the entry was created, in microseconds since 1970. */
export const CREATED = "created";
/** When it was put last, in microseconds since 1970. */
export const UPDATED = "updated";
/** For how many seconds the entry was put, so that a read can give it as many again. */
export const LIFE = "life";

/** Of what `readParts` gives at once, unless it is a single part. */
const BYTES_AT_ONCE = 4 * 1_024 * 1_024;

/** The entries under these keys that are there and have not expired, in no order: 1 request for 100 of them. */
export async function readEntries({ db }: Backend, keys: Key[], consistent: boolean): Promise<Item[]> {
  const items =
    keys.length === 1 ? [await db.getItem(keys[0]!, consistent, WHOLE)] : await db.batchGet(keys, consistent, WHOLE);
  return items.filter(isLive);
}

/** What a part of an entry refers to. @throws FormatError */
export async function partOf({ codec }: Backend, item: Item, attribute: string, maxBytes: number): Promise<Value> {
  checkVersion(item);
  const { values } = decodeContainer(
    await codec.decode(binaryOf(item, attribute), placeOf(item, attribute)),
    (head) => {
      const born: unknown = Array.isArray(head) ? head[0] : undefined;
      if (!isBorn(born)) throw damaged("An entry has another shape");
      return born;
    },
  );
  const [value, ...more] = values;
  if (!value || more.length > 0) throw damaged("An entry has another shape");
  if (lengthOf(value) > maxBytes)
    throw new FormatError(
      "VALUE_TOO_LARGE",
      `A value of ${lengthOf(value)} bytes is over maxValueBytes (${maxBytes}). Raise that option to read it`,
    );
  return value;
}

/**
 * The bytes of the same part of several entries, in their order and in rows of some megabytes, so that a caller which
 * needs one after the other holds no more: no request if they have no segments, else 1 a 100 of them, row and
 * partition. What cannot be read is an error in its place.
 */
export async function* readParts(
  backend: Backend,
  items: Item[],
  attribute: string,
  maxBytes: number,
): AsyncGenerator<(Serialized | FormatError)[], void, undefined> {
  for (let from = 0; from < items.length;) {
    const row: { partition: string; part: Value | FormatError }[] = [];
    const byPartition = new Map<string, Value[]>();
    for (let bytes = 0; from < items.length && bytes < BYTES_AT_ONCE; from++) {
      const partition = items[from]!.PK.S;
      const part = await partOf(backend, items[from]!, attribute, maxBytes).catch(asFormatError);
      row.push({ partition, part });
      if (part instanceof FormatError) continue;
      bytes += lengthOf(part);
      if (part.segments.length > 0) byPartition.set(partition, [...(byPartition.get(partition) ?? []), part]);
    }
    const loaded = new Map<string, LoadedSegments>();
    await Promise.all(
      [...byPartition].map(async ([partition, values]) =>
        loaded.set(partition, await backend.segments.load(partition, values)),
      ),
    );
    yield row.map(({ partition, part }) => {
      if (part instanceof FormatError) return part;
      try {
        // A tail alone is nobody else's, so it needs no copy.
        return {
          type: part.type,
          bytes: part.segments.length > 0 ? join(part, loaded.get(partition) ?? new Map()) : part.tail,
        };
      } catch (error) {
        return asFormatError(error);
      }
    });
  }
}

export function asFormatError(error: unknown): FormatError {
  if (error instanceof FormatError) return error;
  throw error;
}

/** What {@link rankOf} needs of an item. */
export const rankedBy = ({ PK, SK, [CREATED]: created }: Item): Item => ({
  PK,
  SK,
  ...(created && { [CREATED]: created }),
});

/** For an order, in which what is damaged has a place too. */
export const rankOf = (item: Item): number => numberOf(item, CREATED) ?? 0;

/**
 * When an entry was created and updated.
 *
 * @throws FormatError
 */
export function timesOf(item: Item): { createdAt: Date; updatedAt: Date } {
  const [createdAt, updatedAt] = [CREATED, UPDATED].map(
    (name) => new Date(Math.floor((numberOf(item, name) ?? NaN) / 1_000)),
  );
  if (isNaN(+createdAt!) || isNaN(+updatedAt!)) throw damaged("An entry has times that are none");
  return { createdAt: createdAt!, updatedAt: updatedAt! };
}

export const wholeOf = (item: Item): string | undefined => stringOf(item, "whole");

/** What a reader that does not want values asks for. */
export const WITHOUT_VALUE = ["PK", "SK", CREATED, UPDATED, "whole", "v", TTL_ATTRIBUTE];

/** All that a reader knows of. What a stranger has put beside it is not held. */
export const WHOLE = [...WITHOUT_VALUE, DATA, VECTORS, LIFE];

/** For how many seconds an entry was put, if it expires. */
export const lifeOf = (item: Item): number | undefined => numberOf(item, LIFE);

export const isLive = (item: Item | undefined): item is Item => item !== undefined && !isGone(item);
