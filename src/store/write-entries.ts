import { toBase64 } from "../aws/base64.js";
import type { AttributeValue, Item, Key } from "../aws/dynamodb/items.js";
import { DATA, stringOf } from "../format/attributes.js";
import { changedTooOften } from "../errors.js";
import type { Backend } from "../payload/backend.js";
import { placeOf } from "../format/codec.js";
import { encodeContainer } from "../format/container.js";
import { CREATED, LIFE, UPDATED, VECTORS } from "./entries.js";
import { FORMAT_VERSION } from "../format/frame.js";
import { newIncarnation } from "../format/keys.js";
import { isBorn, key, parsePointer } from "../format/keys.js";
import { TTL_ATTRIBUTE, type Lifetime } from "../payload/lifetime.js";
import { deleteObjects } from "../payload/segment-deletions.js";
import { NewSegments, writeSegments } from "../payload/segment-writes.js";
import type { Serialized } from "../format/serde/serialized.js";
import { divide } from "../format/divide-value.js";
import type { Value } from "../format/value.js";

/** The version of an entry that its segments belong to. */
const BORN = "born";

/** What stands in the item, in bytes before compression; what is longer goes into segments. A Query reads all of it. */
const MAX_INLINE = { value: 64 * 1_024, valueBesideVectors: 4 * 1_024, vectors: 256 * 1_024 };
/** How often to look again when an entry expires, or is put anew, between two requests. */
const MAX_ROUNDS = 10;
/** Serde type of vectors: Float32, little-endian, one after the other. */
const FLOATS = "f32";

/** What an entry is to be. */
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
