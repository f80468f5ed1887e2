import { forEachAtOnce } from "../../aws/client/for-each-at-once.js";
import type { Item } from "../../aws/dynamodb/items.js";
import { DATA } from "../../format/attributes.js";
import { isLive, VECTORS, WHOLE, WITHOUT_VALUE } from "../entries/attributes.js";
import { isUnreadable, readEntries, readParts } from "../entries/parts.js";
import { itemPlace, ITEMS, namespaceOf, startsWith, type Namespace } from "../namespaces.js";
import { Bounds, isReadable, openRows } from "../open.js";
import type { Found, Opened, StoreStorage } from "../storage.js";
import { Scorer } from "../vectors.js";
import { passes } from "./filter.js";
import { bestFirst, oldestFirst, Ranking, type Candidate } from "./ranking.js";
import { oldest, type Search } from "./oldest.js";

/** What a search finds. */
export type Ranked = Opened & { score?: number | undefined };

/** So many candidates are kept beside those of the page: some may be deleted meanwhile, or not be readable. */
const SPARE = 100;

/**
 * The items with the nearest vectors, and after all of them those that have none, oldest first. Their values are read
 * at last, unless a filter needs all.
 */
export async function nearest(storage: StoreStorage, op: Search, query: Float32Array): Promise<Ranked[]> {
  const { filter, limit, offset } = op;
  if (storage.vectorIndex) return nearestByIndex(storage, op, query);
  for (let most = offset + limit + SPARE; ; most *= 4) {
    const { candidates, areAll } = await ranked(storage, op, query, most);
    const page: Ranked[] = [];
    const bounds = new Bounds(storage);
    for (let at = offset; at < candidates.length && page.length < limit;) {
      const missing = limit - page.length;
      page.push(...(await opened(storage, candidates.slice(at, at + missing), filter, bounds)));
      at += missing;
    }
    if (page.length >= limit || areAll) return page;
  }
}

/** The first so many of all that are ranked. */
async function ranked(
  storage: StoreStorage,
  op: Search,
  query: Float32Array,
  most: number,
): Promise<{ candidates: Candidate[]; areAll: boolean }> {
  const { filter } = op;
  const scored = new Ranking(most, bestFirst);
  const scoreless = new Ranking(most, oldestFirst);
  let count = 0;
  const scorer = new Scorer(query);
  const only = filter ? WHOLE : [...WITHOUT_VALUE, VECTORS];
  await visit(storage, op.namespacePrefix, only, async (all) => {
    const candidates = filter ? await passing(storage, all, op) : all;
    const scores = await scoresOf(storage, scorer, candidates);
    for (const { item: whole, ...candidate } of candidates) {
      const score = scores.get(whole);
      const { [VECTORS]: _vectors, [DATA]: _data, ...item } = whole;
      if (score === undefined) scoreless.add({ ...candidate, item });
      else scored.add({ ...candidate, item, score });
    }
    count += candidates.length;
  });
  return { candidates: [...scored.sorted(), ...scoreless.sorted()].slice(0, most), areAll: count <= most };
}

/** By item. */
async function scoresOf(
  { entries, maxValueBytes }: StoreStorage,
  scorer: Scorer,
  candidates: Candidate[],
): Promise<Map<Item, number | undefined>> {
  const indexed = candidates.map(({ item }) => item).filter((item) => VECTORS in item);
  const scores = new Map<Item, number | undefined>();
  for await (const row of readParts(entries.backend, indexed, VECTORS, maxValueBytes))
    // What cannot be read has no score. Its value may be readable.
    for (const vectors of row)
      scores.set(indexed[scores.size]!, isUnreadable(vectors) ? undefined : scorer.best(vectors));
  return scores;
}

async function passing(storage: StoreStorage, candidates: Candidate[], { filter }: Search): Promise<Candidate[]> {
  const passed: Candidate[] = [];
  let at = 0;
  for await (const row of openRows(storage, candidates)) {
    for (const one of row) {
      const candidate = candidates[at++]!;
      if (isReadable(storage, one) && passes(one.value, filter!)) passed.push({ ...candidate, item: one.item });
    }
  }
  return passed;
}

/** The index knows neither values nor filters, so it is asked for more until enough of what it finds passes. */
async function nearestByIndex(storage: StoreStorage, op: Search, query: Float32Array): Promise<Ranked[]> {
  const { namespacePrefix, filter, limit, offset } = op;
  const wanted = offset + limit;
  let kept: Ranked[] = [];
  for (let count = wanted; ; count *= 4) {
    const matches = (await storage.vectorIndex!.search([...namespacePrefix], query, count)).filter(({ namespace }) =>
      startsWith(namespace, namespacePrefix),
    );
    const candidates = await Promise.all(
      matches.map(async ({ namespace: labels, key, score }) => {
        const namespace = await namespaceOf(storage.keyPrefix, labels);
        return { namespace, item: (await itemPlace(namespace, key)).key as Item, score };
      }),
    );
    kept = await opened(storage, candidates, filter, new Bounds(storage));
    if (kept.length >= wanted || matches.length < count) break;
  }
  const page = kept.slice(offset, wanted);
  if (page.length >= limit) return page;
  const known = new Set(kept.map(({ item }) => item.PK.S + item.SK.S));
  const rest = { ...op, offset: Math.max(0, offset - kept.length), limit: limit - page.length };
  return [...page, ...(await oldest(storage, rest, ({ item }) => !known.has(item.PK.S + item.SK.S)))];
}

/** Reads items with their values: 1 request a 100. What was deleted meanwhile, or passes no more, is left out. */
async function opened<F extends Found & { score?: number | undefined }>(
  storage: StoreStorage,
  found: F[],
  filter: Search["filter"],
  bounds: Bounds,
): Promise<Ranked[]> {
  const keys = found.map(({ item: { PK, SK } }) => ({ PK, SK }));
  const items = await readEntries(storage.entries, keys, storage.consistentRead);
  const byKey = new Map(items.map((item) => [item.PK.S + item.SK.S, item]));
  const there = found.flatMap((one) => {
    const item = byKey.get(one.item.PK.S + one.item.SK.S);
    return item ? [{ ...one, item }] : [];
  });
  const all: Ranked[] = [];
  let at = 0;
  for await (const row of openRows(storage, there)) {
    for (const one of row) {
      const { score } = there[at++]!;
      if (!isReadable(storage, one) || (filter && !passes(one.value, filter))) continue;
      await bounds.add(one);
      all.push({ ...one, score });
    }
  }
  return all;
}

/** Reads all items under a prefix, page by page. */
async function visit(
  storage: StoreStorage,
  prefix: readonly string[],
  only: string[],
  take: (page: Candidate[]) => Promise<void>,
): Promise<void> {
  const { entries, registry, keyPrefix, consistentRead } = storage;
  // Namespaces are read side by side, and what they hold is unpacked one after the other. The chain is of this call
  // alone.
  let before: Promise<void> = Promise.resolve();
  const takeInTurn = (page: Candidate[]): Promise<void> => (before = before.then(() => take(page)));
  const readNamespace = async (namespace: Namespace, namespaceCreated: number): Promise<void> => {
    const pages = entries.backend.db.queryPages({
      partition: namespace.partition,
      beginsWith: ITEMS,
      consistent: consistentRead,
      only,
    });
    for await (const page of pages)
      await takeInTurn(page.filter(isLive).map((item) => ({ namespace, item, namespaceCreated })));
  };
  let own = prefix.length > 0 ? await namespaceOf(keyPrefix, prefix) : undefined;
  for await (const rows of registry.under(prefix)) {
    if (rows.some(({ namespace }) => namespace.sortKey === own?.sortKey)) own = undefined;
    await forEachAtOnce(storage.maxConcurrency, rows, ({ namespace, created }) => readNamespace(namespace, created));
  }
  // Its row may have been removed, or have expired, a moment ago.
  if (own) await readNamespace(own, 0);
}
