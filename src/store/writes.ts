import { forEachAtOnce } from "../aws/client/for-each-at-once.js";
import type { Item, Key } from "../aws/dynamodb/items.js";
import { isFar } from "../aws/dynamodb/table-clock.js";
import { endOf, lifetime, type Lifetime } from "../payload/lifetime.js";
import type { Embedder } from "./embedder.js";
import { createdOf } from "./entries/attributes.js";
import { isOvertaken } from "./entries/calls.js";
import { LONG_MS, pointerKey } from "./entries/pointers.js";
import { putEntry, removeEntry } from "./entries/replace.js";
import { itemPlace } from "./namespaces.js";
import type { Failed, Write } from "./prepare.js";
import type { StoreStorage } from "./storage.js";
import { serializedVectors } from "./vectors/scorer.js";

/** Calls of a model that are under way at once. */
const MODELS_AT_ONCE = 4;

/** A write that is sent, with the vectors of its texts. */
interface Ready extends Write {
  vectors: Float32Array[];
}

/**
 * Stores and deletes items, side by side. One that fails takes no other with it.
 *
 * @param writes for each key, of which the last good one counts
 */
export async function writeAll(storage: StoreStorage, writes: Write[][], failed: Failed): Promise<void> {
  const { registry, maxConcurrency } = storage;
  const hopeless = new Set<Write>();
  const fail = (some: Write[], error: unknown): void =>
    some.forEach((write) => void (hopeless.add(write), failed(write.at, error)));
  const hopeful = <W extends Write>(some: W[]): W[] => some.filter((write) => !hopeless.has(write));

  const ready = await embedded(storage.embedder, writes, failed);
  const { clock } = storage.entries.backend.db;
  const began = clock.now();
  const puts = byNamespace(ready.filter(({ value }) => value !== undefined));
  const addRows = (): Promise<void> =>
    forEachAtOnce(maxConcurrency, puts.values(), async (together) => {
      const { namespace, call } = together[0]!;
      await registry.add(namespace, call.stamp, longest(together)).catch((error: unknown) => fail(together, error));
    });
  await addRows();
  // Only an answer tells how wrong this machine's clock is.
  if (isFar(clock, began)) for (const write of ready) write.life = lifetime(write.life?.ttlSeconds, clock.now());
  const storedAt = clock.now();
  const deleted: Ended[] = [];
  await forEachAtOnce(maxConcurrency, hopeful(ready), async (write) => {
    try {
      const old = await writeOne(storage, write);
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
    const hasStayed = together.some((one) => one.hasStayed);
    await registry.noteDeletion(together[0]!.namespace, hasStayed).catch((error: unknown) => fail(together, error));
  });
}

/** What each text became. What the model refuses may be the fault of one item: then each is tried by itself. */
async function vectorsOf(embedder: Embedder, writes: Write[]): Promise<Map<string, unknown>> {
  const withTexts = writes.filter(({ texts }) => texts.length > 0);
  try {
    return await embedder.embedDocuments(withTexts.flatMap(({ texts }) => texts));
  } catch (error) {
    const [first, ...others] = withTexts;
    if (others.length === 0) return new Map(first?.texts.map((text) => [text, error]));
    const all = new Map<string, unknown>();
    await forEachAtOnce(MODELS_AT_ONCE, withTexts, async (write) => {
      for (const [text, vector] of await vectorsOf(embedder, [write]))
        if (!(all.get(text) instanceof Float32Array)) all.set(text, vector);
    });
    return all;
  }
}

/** The last of each key whose texts all have vectors. One call of the model, and one more where some have none. */
async function embedded(embedder: Embedder | undefined, writes: Write[][], failed: Failed): Promise<Ready[]> {
  const last = writes.flatMap((ofOneKey) => ofOneKey.at(-1) ?? []);
  if (last.length === 0) return [];
  const embeddings = embedder && (await vectorsOf(embedder, last));
  const ready: Ready[] = [];
  const refused = new Set<Write>();
  for (const write of last) {
    const vectors = write.texts.map((text) => embeddings?.get(text));
    const areAll = vectors.every((vector) => vector instanceof Float32Array);
    if (areAll) ready.push({ ...write, vectors });
    else {
      refused.add(write);
      failed(
        write.at,
        vectors.find((vector) => !(vector instanceof Float32Array)),
      );
    }
  }
  const others = writes.filter((ofOneKey) => refused.has(ofOneKey.at(-1)!));
  for (const ofOneKey of others) ofOneKey.pop();
  return ready.concat(await embedded(embedder, others, failed));
}

function byNamespace<W extends Write>(writes: W[]): Map<string, W[]> {
  const groups = new Map<string, W[]>();
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
interface Ended extends Ready {
  /** The order pointer of what was deleted. */
  pointer: Key | undefined;
  hasStayed: boolean;
}

/** @returns what it leaves to be done, if it does */
async function writeOne({ entries, sketches, indexWrites }: StoreStorage, write: Ready): Promise<Ended | undefined> {
  const { key: itemKey, namespace, call, value, life, vectors } = write;
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
