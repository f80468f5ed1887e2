import { forEachAtOnce } from "../aws/client/for-each-at-once.js";
import { lifetime, type Lifetime } from "../payload/lifetime.js";
import { serialized, type Serialized } from "../format/serde/serialized.js";
import { itemText, StoreDataError } from "../errors.js";
import { deleteEntry, writeEntry } from "./write-entries.js";
import { itemPlace, namespaceOf, type Namespace } from "./namespaces.js";
import type { StorePutOperation } from "./operations.js";
import type { StoreStorage } from "./storage.js";
import { vectorBytes } from "./vectors.js";

export interface Write {
  namespace: Namespace;
  key: string;
  stamp: number;
  /** `undefined` for a deletion. */
  value: Serialized | undefined;
  life: Lifetime | undefined;
  texts: string[];
}

/** What is written, as it is now. Of several operations for one key, the last counts. */
export async function prepareWrites(
  storage: StoreStorage,
  ops: StorePutOperation[],
  ttlSeconds: number | undefined,
  stamps: Stamps,
): Promise<Write[]> {
  const { embedder, keyPrefix, maxValueBytes, serde } = storage;
  // The place in a Map is that of the first, as in InMemoryStore.
  const distinct = new Map<string, StorePutOperation>();
  for (const op of ops) distinct.set(JSON.stringify([op.namespace, op.key]), op);
  return Promise.all(
    [...distinct.values()].map(async (op): Promise<Write> => {
      const stamp = stamps.next();
      const life = lifetime(op.ttlSeconds === undefined ? ttlSeconds : (op.ttlSeconds ?? undefined));
      const texts = op.value === null ? [] : (embedder?.textsOf(op.value, op.index) ?? []);
      const value = op.value === null ? undefined : await serialized(serde, op.value, itemText(op.namespace, op.key));
      if (value && value.bytes.length > maxValueBytes) {
        const problem =
          `A value of ${value.bytes.length} bytes is over maxValueBytes (${maxValueBytes}). Raise that option, or ` +
          "keep large values elsewhere";
        throw new StoreDataError("VALUE_TOO_LARGE", problem, op.namespace, op.key);
      }
      return { key: op.key, namespace: await namespaceOf(keyPrefix, op.namespace), stamp, value, life, texts };
    }),
  );
}

/** Stores and deletes items, side by side. */
export async function writeAll(storage: StoreStorage, writes: Write[]): Promise<void> {
  const { registry, embedder, maxConcurrency } = storage;
  const vectors = await embedder?.embedDocuments(writes.flatMap(({ texts }) => texts));

  const puts = writes.filter(({ value }) => value !== undefined);
  await forEachAtOnce(maxConcurrency, longestLives(puts), ({ namespace, stamp, life }) =>
    registry.add(namespace, stamp, life),
  );
  await forEachAtOnce(maxConcurrency, writes, (write) =>
    writeOne(
      storage,
      write,
      write.texts.map((text) => vectors!.get(text)!),
    ),
  );
  const holding = new Set(puts.map(({ namespace }) => namespace.sortKey));
  const emptied = new Map(
    writes
      .filter(({ namespace }) => !holding.has(namespace.sortKey))
      .map(({ namespace }) => [namespace.sortKey, namespace]),
  );
  await forEachAtOnce(maxConcurrency, emptied.values(), (namespace) => registry.noteDeletion(namespace));
}

async function writeOne(
  { backend, vectorIndex }: StoreStorage,
  { key: itemKey, namespace, stamp, value, life }: Write,
  vectors: Float32Array[],
): Promise<void> {
  const { key, whole } = await itemPlace(namespace, itemKey);
  if (!value) {
    await deleteEntry(backend, key);
    await vectorIndex?.delete([...namespace.labels], itemKey);
    return;
  }
  const bytes = vectors.length > 0 && !vectorIndex ? vectorBytes(vectors) : undefined;
  await writeEntry(backend, key, { value, vectors: bytes, whole, life, stamp });
  if (vectorIndex)
    await (vectors.length > 0
      ? vectorIndex.put([...namespace.labels], itemKey, vectors)
      : vectorIndex.delete([...namespace.labels], itemKey));
}

/** Of each namespace, the write whose item lives longest, with the stamp of the first one. */
function longestLives(puts: Write[]): Pick<Write, "namespace" | "stamp" | "life">[] {
  const longest = new Map<string, Pick<Write, "namespace" | "stamp" | "life">>();
  for (const { namespace, stamp, life } of puts) {
    const other = longest.get(namespace.sortKey);
    if (!other) longest.set(namespace.sortKey, { namespace, stamp, life });
    else if ((life?.needed ?? Infinity) > (other.life?.needed ?? Infinity)) other.life = life;
  }
  return [...longest.values()];
}

/** Times in microseconds since 1970 that always rise, so that one instance's writes keep their order. */
export class Stamps {
  #last = 0;

  next(): number {
    return (this.#last = Math.max(this.#last + 1, Date.now() * 1_000));
  }
}
