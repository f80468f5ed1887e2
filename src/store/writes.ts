import { forEachAtOnce } from "../aws/client/for-each-at-once.js";
import type { Item, Key } from "../aws/dynamodb/items.js";
import { isFar } from "../aws/dynamodb/table-clock.js";
import { invalidInput, itemText, StoreDataError } from "../errors.js";
import { serialized, type Serialized } from "../format/serde/serialized.js";
import { endOf, lifetime, type Lifetime } from "../payload/lifetime.js";
import { createdOf } from "./entries/attributes.js";
import { isOvertaken, type Call } from "./entries/calls.js";
import { LONG_MS, pointerKey } from "./entries/pointers.js";
import { putEntry, removeEntry } from "./entries/replace.js";
import { itemPlace, namespaceOf, type Namespace } from "./namespaces.js";
import type { StorePutOperation } from "./operations.js";
import type { StoreStorage } from "./storage.js";
import { serializedVectors } from "./vectors/scorer.js";

export interface Write {
  /** Its place in the batch. */
  at: number;
  namespace: Namespace;
  key: string;
  call: Call;
  /** `undefined` for a deletion. */
  value: Serialized | undefined;
  life: Lifetime | undefined;
  texts: string[];
}

/** Is told what operation of a batch has failed. */
type Failed = (at: number, error: unknown) => void;

/** What is written, as it is now. Of several operations for one key, the last counts. */
export async function prepareWrites(
  storage: StoreStorage,
  ops: { at: number; op: StorePutOperation }[],
  ttlSeconds: number | undefined,
  failed: Failed,
): Promise<Write[]> {
  // The place in a Map is that of the first, as in InMemoryStore.
  const distinct = new Map<string, { at: number; op: StorePutOperation }>();
  for (const one of ops) distinct.set(JSON.stringify([one.op.namespace, one.op.key]), one);
  const prepared = [...distinct.values()].map(({ at, op }) =>
    prepare(storage, at, op, ttlSeconds).catch((error: unknown) => failed(at, error)),
  );
  return (await Promise.all(prepared)).flatMap((write) => write ?? []);
}

async function prepare(
  { embedder, entries, keyPrefix, maxValueBytes, serde }: StoreStorage,
  at: number,
  op: StorePutOperation,
  ttlSeconds: number | undefined,
): Promise<Write> {
  const call = entries.calls.next();
  const { clock } = entries.backend.db;
  const life = lifetime(op.ttlSeconds === undefined ? ttlSeconds : (op.ttlSeconds ?? undefined), clock.now());
  const texts = op.value === null ? [] : (embedder?.textsOf(op.value, op.index) ?? []);
  const value = op.value === null ? undefined : await serialized(serde, op.value, itemText(op.namespace, op.key));
  if (value && isNoObject(value)) {
    const problem = "A value that makes something else than an object of itself, such as a Date, cannot be stored";
    throw invalidInput(`${problem} (${itemText(op.namespace, op.key)}). Put it into an object.`);
  }
  if (value && value.bytes.length > maxValueBytes) {
    const problem =
      `A value of ${value.bytes.length} bytes is over maxValueBytes (${maxValueBytes}). Raise that option, or ` +
      "keep large values elsewhere";
    throw new StoreDataError("VALUE_TOO_LARGE", problem, op.namespace, op.key);
  }
  return { at, key: op.key, namespace: await namespaceOf(keyPrefix, op.namespace), call, value, life, texts };
}

/** Whether it would not be read as an object: by its first characters, as the package's own serde writes JSON. */
function isNoObject({ type, bytes }: Serialized): boolean {
  if (type !== "json") return false;
  const beginning = new TextDecoder().decode(bytes.subarray(0, 40));
  return !/^\s*[[{]/.test(beginning) || /^\{"lc":2,"type":"(undefined|number)"/.test(beginning);
}

/** Stores and deletes items, side by side. One that fails takes no other with it. */
export async function writeAll(storage: StoreStorage, writes: Write[], failed: Failed): Promise<void> {
  const { embedder, registry, maxConcurrency } = storage;
  const hopeless = new Set<Write>();
  const fail = (some: Write[], error: unknown): void =>
    some.forEach((write) => void (hopeless.add(write), failed(write.at, error)));
  const hopeful = (some: Write[]): Write[] => some.filter((write) => !hopeless.has(write));

  let vectors: Map<string, Float32Array> | undefined;
  try {
    vectors = await embedder?.embedDocuments(writes.flatMap(({ texts }) => texts));
  } catch (error) {
    fail(
      writes.filter(({ texts }) => texts.length > 0),
      error,
    );
  }
  const { clock } = storage.entries.backend.db;
  const began = clock.now();
  const puts = byNamespace(hopeful(writes.filter(({ value }) => value !== undefined)));
  const addRows = (): Promise<void> =>
    forEachAtOnce(maxConcurrency, puts.values(), async (together) => {
      const { namespace, call } = together[0]!;
      await registry.add(namespace, call.stamp, longest(together)).catch((error: unknown) => fail(together, error));
    });
  await addRows();
  // Only an answer tells how wrong this machine's clock is.
  if (isFar(clock, began)) for (const write of writes) write.life = lifetime(write.life?.ttlSeconds, clock.now());
  const storedAt = clock.now();
  const deleted: Ended[] = [];
  await forEachAtOnce(maxConcurrency, hopeful(writes), async (write) => {
    try {
      const texts = write.texts.map((text) => vectors!.get(text)!);
      const old = await writeOne(storage, write, texts);
      if (old) deleted.push(old);
    } catch (error) {
      fail([write], error);
    }
  });

  // What they relied on may be gone: the process was stopped meanwhile, or its clock was set.
  if (isFar(clock, storedAt, LONG_MS)) await addRows();
  await forEachAtOnce(maxConcurrency, puts.values(), async (together) => {
    const stored = hopeful(together);
    if (stored.length > 0) await registry.noteItem(stored[0]!.namespace, longest(stored));
  });
  const pointers = deleted.flatMap(({ pointer }) => pointer ?? []);
  await storage.entries.backend.db.batchDelete(pointers).catch((error: unknown) => fail(deleted, error));
  const stays = (sortKey: string): boolean => hopeful(puts.get(sortKey) ?? []).some(({ life }) => !life);
  const emptied = [...byNamespace(hopeful(deleted))].filter(([sortKey]) => !stays(sortKey));
  await forEachAtOnce(maxConcurrency, emptied, async ([, together]) => {
    const hasStayed = (together as Ended[]).some((one) => one.hasStayed);
    await registry.noteDeletion(together[0]!.namespace, hasStayed).catch((error: unknown) => fail(together, error));
  });
}

function byNamespace(writes: Write[]): Map<string, Write[]> {
  const groups = new Map<string, Write[]>();
  for (const write of writes) {
    const group = groups.get(write.namespace.sortKey);
    if (group) group.push(write);
    else groups.set(write.namespace.sortKey, [write]);
  }
  return groups;
}

const needs = ({ life }: Write): number => life?.needed ?? Infinity;

/** The row of a namespace lives as long as the item that lives longest. */
const longest = (writes: Write[]): Lifetime | undefined =>
  writes.reduce((one, other) => (needs(other) > needs(one) ? other : one)).life;

/** A deletion, or a put by which what would have stayed for good expires. */
interface Ended extends Write {
  /** The order pointer of what was deleted. */
  pointer: Key | undefined;
  hasStayed: boolean;
}

/** @returns what it leaves to be done, if it does */
async function writeOne(
  { entries, sketches, indexWrites }: StoreStorage,
  write: Write,
  vectors: Float32Array[],
): Promise<Ended | undefined> {
  const { key: itemKey, namespace, call, value, life } = write;
  const { key, whole } = await itemPlace(namespace, itemKey);
  const { labels } = namespace;
  const hasStayed = (old: Item | undefined): boolean => old !== undefined && endOf(old) === Infinity;
  if (!value) {
    const { deleted: old, isClean, there } = await removeEntry(entries, key, call);
    if (!isOvertaken(call.name, there)) await indexWrites?.write(labels, itemKey, call, []);
    return {
      ...write,
      pointer: old && isClean ? pointerKey(key, createdOf(old)) : undefined,
      hasStayed: !old || hasStayed(old),
    };
  }
  const areInTable = vectors.length > 0 && sketches !== undefined;
  const { isApplied, replaced, there } = await putEntry(entries, key, {
    call,
    value,
    ...(areInTable && { vectors: serializedVectors(vectors), sketch: sketches.sketcher.sketch(vectors) }),
    whole,
    life,
  });
  if (!isOvertaken(call.name, there)) await indexWrites?.write(labels, itemKey, call, vectors);
  return life && isApplied && hasStayed(replaced) ? { ...write, pointer: undefined, hasStayed: true } : undefined;
}
