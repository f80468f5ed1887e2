import { toBase64 } from "../aws/base64.js";
import type { AttributeValue, Item, Key } from "../aws/dynamodb/items.js";
import { binaryOf, DATA, stringOf } from "../format/attributes.js";
import { changedTooOften } from "../errors.js";
import type { Backend } from "../payload/backend.js";
import { placeOf } from "../format/codec.js";
import { decodeContainer, encodeContainer } from "../format/container.js";
import { damaged, FormatError } from "../format/format-error.js";
import { checkVersion, FORMAT_VERSION } from "../format/frame.js";
import { newIncarnation } from "../checkpoint/incarnation.js";
import { isBorn, key, parsePointer } from "../format/keys.js";
import { isGone, TTL_ATTRIBUTE, type Lifetime } from "../payload/lifetime.js";
import { deleteObjects } from "../payload/segment-deletions.js";
import { NewSegments, writeSegments } from "../payload/segment-writes.js";
import type { LoadedSegments } from "../payload/segment-store.js";
import type { Serialized } from "../format/serde/serialized.js";
import { divide, join, lengthOf, type Value } from "../format/value.js";

/*
 * An entry is one item with a value of any size: what the store keeps under a key, and the cache too. A long value has
 * segments, which belong to this version of this entry alone: they carry the version's random name (`born`), by which
 * they are found and deleted once another version has taken its place.
 */

/** Vectors, beside the value, so that a Query can read them without it. */
export const VECTORS = "vectors";
const CREATED = "created";
const UPDATED = "updated";
const BORN = "born";
/** For how many seconds the entry was put, so that a read can give it as many again. */
const LIFE = "life";

/** What stands in the item, in bytes before compression; what is longer goes into segments. A Query reads all of it. */
const MAX_INLINE = { value: 64 * 1_024, valueBesideVectors: 4 * 1_024, vectors: 256 * 1_024 };
/** Of what `readParts` gives at once, unless it is a single part. */
const BYTES_AT_ONCE = 4 * 1_024 * 1_024;
/** How often to look again when an entry expires, or is put anew, between two requests. */
const MAX_ROUNDS = 10;
/** Serde type of vectors: Float32, little-endian, one after the other. */
const FLOATS = "f32";

export interface EntryInput {
  value: Serialized;
  /** Float32 bytes. */
  vectors?: Uint8Array | undefined;
  /** Of texts that are too long for a key. */
  whole?: string | undefined;
  life: Lifetime | undefined;
  /** When it is put, in microseconds since 1970. */
  stamp: number;
}

/** Attributes of an item as `Item` has them, and those that it must not have any more. */
interface Draft {
  attributes: Record<string, AttributeValue>;
  absent: string[];
}

/**
 * Stores an entry: its segments first, and then the item. What it replaces is deleted last. 1 request for a small
 * value.
 */
export async function writeEntry(backend: Backend, entryKey: Key, input: EntryInput): Promise<void> {
  const partition = entryKey.PK.S;
  const plan = new NewSegments(backend, partition, newIncarnation(), input.life);
  const { value, vectors, life } = input;
  const parts: [attribute: string, value: Value][] = [
    [
      DATA,
      await divide(value.type, value.bytes, undefined, plan, {
        maxTail: vectors ? MAX_INLINE.valueBesideVectors : MAX_INLINE.value,
      }),
    ],
  ];
  if (vectors) parts.push([VECTORS, await divide(FLOATS, vectors, undefined, plan, { maxTail: MAX_INLINE.vectors })]);
  const born = plan.segments.size > 0 ? plan.born : undefined;

  const draft: Draft = { attributes: {}, absent: [] };
  const set = (name: string, attribute: AttributeValue | undefined): void =>
    void (attribute ? (draft.attributes[name] = attribute) : draft.absent.push(name));
  for (const [attribute, part] of parts) {
    const bytes = encodeContainer([born ?? ""], [part]);
    set(attribute, { B: toBase64(await backend.codec.encode(bytes, placeOf(entryKey, attribute))) });
  }
  if (!vectors) set(VECTORS, undefined);
  set(BORN, born === undefined ? undefined : { S: born });
  set("whole", input.whole === undefined ? undefined : { S: input.whole });
  set(TTL_ATTRIBUTE, life && { N: String(life.needed) });
  set(LIFE, life && { N: String(life.ttlSeconds) });
  set(UPDATED, { N: String(input.stamp) });
  set("v", { N: String(FORMAT_VERSION) });

  if (born !== undefined) await writeSegments(backend, plan, life);
  const replaced = await replace(backend, entryKey, draft, input.stamp);
  const old = stringOf(replaced as Item, BORN);
  if (old !== undefined && old !== born) await deleteSegments(backend, partition, old);
}

/** Keeps the time when the entry was created, unless what is there has expired: DynamoDB may not have swept it. */
async function replace(
  { db }: Backend,
  entryKey: Key,
  { attributes, absent }: Draft,
  stamp: number,
): Promise<Partial<Item>> {
  const names = Object.fromEntries(
    [...Object.keys(attributes), ...absent, CREATED, TTL_ATTRIBUTE].map((name) => [`#${name}`, name]),
  );
  const values = {
    ...Object.fromEntries(Object.entries(attributes).map(([name, value]) => [`:${name}`, value])),
    ":stamp": { N: String(stamp) },
    ":now": { N: String(Date.now() / 1_000) },
  };
  const set = Object.keys(attributes).map((name) => `#${name} = :${name}`);
  const remove = absent.length > 0 ? ` REMOVE ${absent.map((name) => `#${name}`).join(", ")}` : "";
  // One of them holds, whatever a stranger has made of the attribute; as for a reader, what is no time is none.
  const live = {
    condition: "NOT #ttl <= :now",
    update: `SET ${[...set, "#created = if_not_exists(#created, :stamp)"].join(", ")}${remove}`,
  };
  const gone = { condition: "#ttl <= :now", update: `SET ${[...set, "#created = :stamp"].join(", ")}${remove}` };
  for (let round = 0; round < MAX_ROUNDS; round++) {
    for (const way of [live, gone]) {
      const replaced = await db.replacedAttributes({ key: entryKey, names, values, ...way });
      if (replaced) return replaced;
    }
  }
  throw changedTooOften("An item", MAX_ROUNDS);
}

/** Deletes an entry, if it is there: 1 request for a small value. */
export async function deleteEntry(backend: Backend, entryKey: Key): Promise<void> {
  const old = await backend.db.takeItem(entryKey);
  const born = old && stringOf(old, BORN);
  if (born !== undefined) await deleteSegments(backend, entryKey.PK.S, born);
}

/** Deletes entries that were read with {@link ENTRY_KEYS}, 25 in a request. */
export async function deleteEntries(backend: Backend, items: Item[]): Promise<void> {
  await backend.db.batchDelete(items.map(({ PK, SK }) => ({ PK, SK })));
  for (const item of items) {
    const born = stringOf(item, BORN);
    if (born !== undefined) await deleteSegments(backend, item.PK.S, born);
  }
}

/** What a reader needs to delete an entry. */
export const ENTRY_KEYS = ["PK", "SK", BORN];

async function deleteSegments(backend: Backend, partition: string, born: string): Promise<void> {
  if (!isBorn(born)) return;
  const { db, offload } = backend;
  const keysOf = async (kind: string): Promise<Key[]> => {
    const keys: Key[] = [];
    for await (const page of db.queryPages({
      partition,
      beginsWith: `${kind}#${born}#`,
      only: ["PK", "SK"],
      consistent: true,
    }))
      keys.push(...page.map(({ PK, SK }) => key(PK.S, SK.S)));
    return keys;
  };
  await db.batchDelete(await keysOf("S"));
  if (!offload) return;
  // What only looks like a pointer leads nowhere.
  const pointers = (await keysOf("P")).filter(({ SK }) => parsePointer(SK.S));
  await deleteObjects(backend, partition, pointers);
}

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

const numberOf = (item: Item, attribute: string): number => {
  const value = item[attribute];
  return value && "N" in value ? Number(value.N) : NaN;
};

/** What {@link rankOf} needs of an item. */
export const rankedBy = ({ PK, SK, [CREATED]: created }: Item): Item => ({
  PK,
  SK,
  ...(created && { [CREATED]: created }),
});

/** For an order, in which what is damaged has a place too. */
export const rankOf = (item: Item): number => numberOf(item, CREATED) || 0;

/**
 * When an entry was created and updated.
 *
 * @throws FormatError
 */
export function timesOf(item: Item): { createdAt: Date; updatedAt: Date } {
  const [createdAt, updatedAt] = [CREATED, UPDATED].map((name) => new Date(Math.floor(numberOf(item, name) / 1_000)));
  if (isNaN(+createdAt!) || isNaN(+updatedAt!)) throw damaged("An entry has times that are none");
  return { createdAt: createdAt!, updatedAt: updatedAt! };
}

export const wholeOf = (item: Item): string | undefined => stringOf(item, "whole");

/** What a reader that does not want values asks for. */
export const WITHOUT_VALUE = ["PK", "SK", CREATED, UPDATED, "whole", "v", TTL_ATTRIBUTE];

/** All that a reader knows of. What a stranger has put beside it is not held. */
export const WHOLE = [...WITHOUT_VALUE, DATA, VECTORS, LIFE];

/** For how many seconds an entry was put, if it expires. */
export function lifeOf(item: Item): number | undefined {
  const life = numberOf(item, LIFE);
  return Number.isFinite(life) ? life : undefined;
}

/** Prolongs an entry that is there. One that has expired, or was deleted, is not brought back. */
export async function prolongEntry({ db }: Backend, { PK, SK }: Item, { needed }: Lifetime): Promise<void> {
  const names = { "#ttl": TTL_ATTRIBUTE };
  const values = { ":until": { N: String(needed) }, ":now": { N: String(Date.now() / 1_000) } };
  await db.updateItem({
    key: { PK, SK },
    update: "SET #ttl = :until",
    names,
    values,
    condition: "#ttl > :now AND #ttl < :until",
  });
}

export const isLive = (item: Item | undefined): item is Item => item !== undefined && !isGone(item);
