import { forEachAtOnce } from "../../aws/client/for-each-at-once.js";
import type { Item, Key } from "../../aws/dynamodb/items.js";
import { DATA } from "../../format/attributes.js";
import { compareCodePoints } from "../../format/code-points.js";
import { itemSize } from "../../format/item-size.js";
import { isGone, TTL_ATTRIBUTE } from "../../payload/lifetime.js";
import { CREATED, createdOf, VECTORS } from "../entries/attributes.js";
import { isUnreadable, readEntries, readParts } from "../entries/parts.js";
import { sketchedEntry, SKETCHES, sketchOf } from "../entries/sketches.js";
import { namespaceOf, type Namespace } from "../namespaces.js";
import { isReadable, openRows } from "../open.js";
import { candidatesFor, Shortlist, type Listed } from "../vectors/shortlist.js";
import type { Found, StoreStorage } from "../storage.js";
import { Scorer } from "../vectors/scorer.js";
import { passes } from "./filter.js";
import type { Matches } from "./matches.js";
import type { Search } from "./oldest.js";

/** An entry that has vectors. */
interface Candidate {
  namespace: Namespace;
  /** When its namespace was created. */
  namespaceCreated: number;
  entry: Key;
}

type Match = Found & { namespaceCreated: number };

/** So many candidates are kept while sketches are read, which are then read again for those that come after them. */
const MOST_LISTED = 4_000;
/** Of entries that are kept as they were read, in bytes. What is over is read again if it is found. */
const KEPT_BYTES = 4 * 1_024 * 1_024;
/** So many times what is usual is compared where vectors are so alike that sketches hardly tell them apart. */
const MOST_COMPARED = 4;
/** Candidates that are compared exactly at once. Each may have some kilobytes of vectors. */
const AT_ONCE = 100;

/**
 * The nearest vectors of a table. The sketches of all vectors are read, and the vectors of those entries alone that
 * look nearest by their sketches. Of a filter, those count that pass it.
 */
export async function compareAll(
  storage: StoreStorage,
  op: Search,
  query: Float32Array,
  count: number,
  skipped: Set<string>,
): Promise<Matches> {
  const comparison = new Comparison(storage, op, query, count, skipped);
  let areAll = true;
  if (storage.sketches!.areExact) await compareEach(storage, op, comparison);
  else areAll = await compareNearest(storage, op, query, count, comparison);
  const listed = comparison.best.best();
  const names = new Set<string>();
  return {
    // An entry that was put anew meanwhile has two sketches.
    best: listed.flatMap(({ score, item }) => {
      const name = nameOf(item.item);
      return names.has(name) ? [] : (names.add(name), [{ ...item, score }]);
    }),
    areAll: areAll && listed.length < count,
  };
}

/** Compares all entries as their sketches are read, which say no more than that there are vectors. */
async function compareEach(storage: StoreStorage, op: Search, comparison: Comparison): Promise<void> {
  const waiting: Candidate[] = [];
  await visit(storage, op.namespacePrefix, async (candidate) => {
    waiting.push(candidate);
    if (waiting.length === AT_ONCE) await comparison.take(waiting.splice(0));
  });
  await comparison.take(waiting);
}

/** Compares those with the nearest sketches. @returns whether there are no others */
async function compareNearest(
  storage: StoreStorage,
  op: Search,
  query: Float32Array,
  count: number,
  comparison: Comparison,
): Promise<boolean> {
  for await (const chunk of candidates(storage, op.namespacePrefix, query)) {
    await comparison.take(chunk.map(({ item }) => item));
    const worst = comparison.best.worst();
    // What comes next is hardly better than what was found, or there is too much that is alike.
    const isOver = worst !== undefined && chunk.at(-1)!.score < worst - storage.sketches!.sketcher.slack(worst);
    if (isOver || comparison.compared >= MOST_COMPARED * candidatesFor(count)) return false;
  }
  return true;
}

/** Compares a query with the vectors of entries, exactly. */
class Comparison {
  readonly best: Shortlist<Match>;
  /** How many were compared, which pass the filter. */
  compared = 0;
  readonly #scorer: Scorer;
  readonly #keep = keeping();

  constructor(
    private readonly storage: StoreStorage,
    private readonly op: Search,
    query: Float32Array,
    count: number,
    /** Items that cannot be read, and of which that was said. */
    private readonly skipped: Set<string>,
  ) {
    this.best = new Shortlist(count, oldestFirst);
    this.#scorer = new Scorer(query);
  }

  async take(candidates: readonly Candidate[]): Promise<void> {
    const { entries, consistentRead, maxValueBytes } = this.storage;
    const byName = new Map(candidates.map((one) => [nameOf(one.entry), one]));
    const keys = Array.from(byName.values(), ({ entry }) => entry);
    const items = await readEntries(entries, keys, consistentRead);
    const found = await this.#passing(
      items.filter((item) => VECTORS in item).map((item): Match => ({ ...byName.get(nameOf(item))!, item })),
    );
    let at = 0;
    for await (const row of readParts(
      entries.backend,
      found.map(({ item }) => item),
      VECTORS,
      maxValueBytes,
    )) {
      for (const vectors of row) {
        const match = found[at++]!;
        // What cannot be read has no score. Its value may be readable.
        const score = isUnreadable(vectors) ? undefined : this.#scorer.best(vectors);
        if (score !== undefined) this.best.add(score, () => ({ ...match, item: this.#keep(match.item) }));
      }
    }
    this.compared += found.length;
  }

  async #passing(found: Match[]): Promise<Match[]> {
    const { filter } = this.op;
    if (!filter) return found;
    const passed: Match[] = [];
    let at = 0;
    for await (const row of openRows(this.storage, found)) {
      for (const one of row) {
        const match = found[at++]!;
        if (isReadable(this.storage, match, one, this.skipped) && passes(one.value, filter))
          passed.push({ ...match, item: one.item });
      }
    }
    return passed;
  }
}

/** Of an item, all as long as there is room, and then what the order needs. */
function keeping(): (item: Item) => Item {
  let bytes = 0;
  return (item) => {
    bytes += itemSize(item);
    if (bytes <= KEPT_BYTES) return item;
    const { PK, SK, [CREATED]: created } = item;
    return { PK, SK, ...(created && { [CREATED]: created }) };
  };
}

const nameOf = ({ PK, SK }: Key): string => PK.S + SK.S;

/** Oldest first: namespaces by when they were created, and in each of them the items. */
const oldestFirst = (a: Match, b: Match): number =>
  a.namespaceCreated - b.namespaceCreated ||
  compareCodePoints(a.namespace.sortKey, b.namespace.sortKey) ||
  createdOf(a.item) - createdOf(b.item) ||
  compareCodePoints(a.item.SK.S, b.item.SK.S);

/** In the same order whenever they are read. */
const byName = (a: Candidate, b: Candidate): number => compareCodePoints(nameOf(a.entry), nameOf(b.entry));

/** The entries that have vectors, those with the nearest sketches first. */
async function* candidates(
  { entries, ...storage }: StoreStorage,
  prefix: readonly string[],
  query: Float32Array,
): AsyncGenerator<readonly Listed<Candidate>[], void, undefined> {
  const scorer = storage.sketches!.sketcher.scorer(query);
  for (let after: Listed<Candidate> | undefined; ;) {
    const shortlist = new Shortlist<Candidate>(MOST_LISTED, byName, after);
    await visit({ entries, ...storage }, prefix, async (candidate, item) => {
      const sketch = await sketchOf(entries.backend.codec, item);
      const score = sketch ? scorer.best(sketch) : Infinity;
      if (score !== undefined) shortlist.add(score, () => candidate);
    });
    const listed = shortlist.best();
    for (let at = 0; at < listed.length; at += AT_ONCE) yield listed.slice(at, at + AT_ONCE);
    if (listed.length < MOST_LISTED) return;
    after = listed.at(-1);
  }
}

/** Reads all sketches under a prefix, page by page, and hands on one after the other. */
async function visit(
  storage: StoreStorage,
  prefix: readonly string[],
  take: (candidate: Candidate, sketch: Item) => Promise<void>,
): Promise<void> {
  const { entries, registry, keyPrefix, consistentRead } = storage;
  // Namespaces are read side by side, and what they hold is unpacked one after the other. The chain is of this call
  // alone.
  let before: Promise<void> = Promise.resolve();
  const readNamespace = async (namespace: Namespace, namespaceCreated: number): Promise<void> => {
    const takeAll = async (page: Item[]): Promise<void> => {
      for (const item of page) {
        const entry = isGone(item) ? undefined : sketchedEntry(item);
        if (entry) await take({ namespace, namespaceCreated, entry }, item);
      }
    };
    const pages = entries.backend.db.queryPages({
      partition: namespace.partition,
      beginsWith: SKETCHES,
      consistent: consistentRead,
      only: ["PK", "SK", DATA, TTL_ATTRIBUTE],
    });
    for await (const page of pages) await (before = before.then(() => takeAll(page)));
  };
  let own = prefix.length > 0 ? await namespaceOf(keyPrefix, prefix) : undefined;
  for await (const rows of registry.under(prefix)) {
    if (rows.some(({ namespace }) => namespace.sortKey === own?.sortKey)) own = undefined;
    await forEachAtOnce(storage.maxConcurrency, rows, ({ namespace, created }) => readNamespace(namespace, created));
  }
  // Its row may have been removed, or have expired, a moment ago.
  if (own) await readNamespace(own, 0);
}
