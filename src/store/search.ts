import type { SearchItem, SearchOperation } from "@langchain/langgraph-checkpoint";
import { forEachAtOnce } from "../aws/client/for-each-at-once.js";
import type { Item } from "../aws/dynamodb/items.js";
import { DATA } from "../format/attributes.js";
import { FormatError } from "../format/format-error.js";
import type { Serialized } from "../format/serde/serialized.js";
import { StoreDataError } from "../errors.js";
import { isLive, readParts, VECTORS, WHOLE, wholeOf, WITHOUT_VALUE } from "./entries.js";
import { passes, type Filter } from "./filter.js";
import { searchItem } from "./items.js";
import {
  itemKeyOf,
  itemPlace,
  ITEMS_AND_MARK,
  namespaceOf,
  NESTED_MARK,
  startsWith,
  type Namespace,
} from "./namespaces.js";
import { bestFirst, oldestFirst, Ranking, type Candidate } from "./ranking.js";
import { openItems, openRows, refreshItems, type Found, type StoreStorage } from "./storage.js";
import { Scorer } from "./vectors.js";

type Search = SearchOperation & { limit: number; offset: number };

/**
 * The items under a prefix: 1 request a MB of each namespace, and 1 a MB of the registry if there are namespaces below;
 * 1 more for 100 of those that are found, where they have more than `Ranking` keeps.
 */
export async function search(
  storage: StoreStorage,
  op: Search,
  query: Float32Array | undefined,
): Promise<SearchItem[]> {
  const found = query ? await nearest(storage, op, query) : await oldest(storage, op);
  const missing = found.filter(({ value }) => !value);
  const opened = await openItems(storage, missing);
  missing.forEach((candidate, i) => Object.assign(candidate, opened[i]));
  const whole = found.filter(({ value }) => value);
  await refreshItems(storage, whole);
  return Promise.all(
    whole.map(({ namespace, item, value, score }) => searchItem({ namespace, item, value: value! }, score)),
  );
}

async function oldest(storage: StoreStorage, { namespacePrefix, filter, limit, offset }: Search): Promise<Candidate[]> {
  const ranking = new Ranking(offset + limit, oldestFirst);
  const pass = filter && passing(storage, filter);
  await visit(storage, namespacePrefix, WHOLE, async (candidates) => {
    for (const candidate of pass ? await pass(candidates) : candidates) ranking.add(candidate);
  });
  return withValues(storage, ranking.sorted().slice(offset));
}

/**
 * The items with the nearest vectors, and then those that have none. Values are read at last, unless a filter needs
 * them.
 */
async function nearest(storage: StoreStorage, op: Search, query: Float32Array): Promise<Candidate[]> {
  const { namespacePrefix, filter, limit, offset } = op;
  if (storage.vectorIndex) return nearestByIndex(storage, op, query);
  const scored = new Ranking(offset + limit, bestFirst);
  const scoreless = new Ranking(limit, oldestFirst);
  const scorer = new Scorer(query);
  const pass = filter && passing(storage, filter);
  await visit(storage, namespacePrefix, filter ? WHOLE : [...WITHOUT_VALUE, VECTORS], async (all) => {
    const candidates = pass ? await pass(all) : all;
    const indexed = candidates.filter(({ item }) => VECTORS in item);
    const scores = new Map<Item, number | undefined>();
    for await (const row of readParts(
      storage.backend,
      indexed.map(({ item }) => item),
      VECTORS,
      storage.maxValueBytes,
    )) {
      for (const vectors of row) {
        const one = indexed[scores.size]!;
        scores.set(one.item, await scoreOf(scorer, one, vectors));
      }
    }
    for (const candidate of candidates) {
      const score = scores.get(candidate.item);
      const { [VECTORS]: _, ...rest } = candidate.item;
      const item = rest as Item;
      if (score === undefined) scoreless.add({ ...candidate, item });
      else scored.add({ ...candidate, item, score });
    }
  });
  return withValues(storage, [...scored.sorted().slice(offset), ...scoreless.sorted()].slice(0, limit));
}

async function scoreOf(
  scorer: Scorer,
  { namespace, item }: Found,
  part: Serialized | FormatError,
): Promise<number | undefined> {
  if (!(part instanceof FormatError)) return scorer.best(part.bytes);
  // Another put has come between; its value is read in any case.
  if (part.code === "MISSING_DATA") return undefined;
  throw new StoreDataError(part.code, part.message, namespace.labels, await itemKeyOf(item.SK.S, wholeOf(item)), {
    cause: part.cause,
  });
}

/** The index knows neither values nor filters, so it is asked for more until enough of what it finds passes. */
async function nearestByIndex(
  storage: StoreStorage,
  { namespacePrefix, filter, limit, offset }: Search,
  query: Float32Array,
): Promise<Candidate[]> {
  const wanted = offset + limit;
  let kept: Candidate[] = [];
  for (let count = wanted; wanted > 0; count *= 4) {
    const matches = (await storage.vectorIndex!.search(namespacePrefix, query, count)).filter(({ namespace }) =>
      startsWith(namespace, namespacePrefix),
    );
    const candidates = await Promise.all(
      matches.map(async ({ namespace: labels, key, score }): Promise<Candidate> => {
        const namespace = await namespaceOf(storage.keyPrefix, labels);
        return { namespace, item: (await itemPlace(namespace, key)).key as Item, score, namespaceCreated: () => 0 };
      }),
    );
    const found = await withValues(storage, candidates);
    kept = filter ? await passing(storage, filter)(found) : found;
    if (kept.length >= wanted || matches.length < count) break;
  }
  const page = kept.slice(offset, wanted);
  if (page.length >= limit) return page;
  const known = new Set(kept.map(({ item }) => item.PK.S + item.SK.S));
  const scoreless = new Ranking(limit - page.length, oldestFirst);
  const pass = filter && passing(storage, filter);
  await visit(storage, namespacePrefix, filter ? WHOLE : WITHOUT_VALUE, async (all) => {
    const candidates = all.filter(({ item }) => !known.has(item.PK.S + item.SK.S));
    for (const candidate of pass ? await pass(candidates) : candidates) scoreless.add(candidate);
  });
  return [...page, ...(await withValues(storage, scoreless.sorted()))];
}

/** Reads the items whose values were left out: 1 request a 100. Those that were deleted meanwhile are left out. */
async function withValues({ backend, consistentRead }: StoreStorage, candidates: Candidate[]): Promise<Candidate[]> {
  const lacksValue = ({ value, item }: Candidate): boolean => !value && !(DATA in item);
  const keys = candidates.filter(lacksValue).map(({ item: { PK, SK } }) => ({ PK, SK }));
  const items = keys.length > 0 ? await backend.db.batchGet(keys, consistentRead, WHOLE) : [];
  const byKey = new Map(items.map((item) => [item.PK.S + item.SK.S, item]));
  return candidates.flatMap((candidate): Candidate[] => {
    if (!lacksValue(candidate)) return [candidate];
    const item = byKey.get(candidate.item.PK.S + candidate.item.SK.S);
    return isLive(item) ? [{ ...candidate, item }] : [];
  });
}

/**
 * What is kept of values that a filter has read, in bytes of all pages together. What is over is read again if it is
 * found.
 */
const KEPT_BYTES = 8 * 1_024 * 1_024;

/**
 * Tells those that pass a filter, with their values where there is room. Values that do not pass, and those of pages
 * before, are not held.
 */
function passing(storage: StoreStorage, filter: Filter): (candidates: Candidate[]) => Promise<Candidate[]> {
  let kept = 0;
  return async (candidates) => {
    const passed: Candidate[] = [];
    let at = 0;
    for await (const row of openRows(storage, candidates)) {
      for (const found of row) {
        const candidate = candidates[at++]!;
        if (!found || !passes(found.value, filter)) continue;
        const { item, value, bytes } = found;
        const hasRoom = kept + bytes <= KEPT_BYTES;
        if (hasRoom) kept += bytes;
        passed.push({ ...candidate, item, ...(hasRoom && { value }) });
      }
    }
    return passed;
  };
}

/**
 * Reads all items under a prefix, page by page. The registry is asked only if the prefix's own namespace has the mark
 * that there are others below it.
 */
async function visit(
  storage: StoreStorage,
  prefix: readonly string[],
  only: string[],
  take: (page: Candidate[]) => Promise<void>,
): Promise<void> {
  const { backend, registry, keyPrefix, consistentRead } = storage;
  // Namespaces are read side by side, and what they hold is unpacked one after the other. The chain is of this call
  // alone.
  let before: Promise<void> = Promise.resolve();
  const takeInTurn = (page: Candidate[]): Promise<void> => (before = before.then(() => take(page)));
  let isNested = prefix.length === 0;
  const readNamespace = async (namespace: Namespace, namespaceCreated: () => number): Promise<void> => {
    const pages = backend.db.queryPages({
      partition: namespace.partition,
      beginsWith: ITEMS_AND_MARK,
      consistent: consistentRead,
      only,
    });
    for await (const page of pages) {
      isNested ||= page[0]?.SK.S === NESTED_MARK;
      await takeInTurn(
        page
          .filter((item) => item.SK.S !== NESTED_MARK && isLive(item))
          .map((item) => ({ namespace, item, namespaceCreated })),
      );
    }
  };

  let own: Namespace | undefined;
  // Not known before the registry is read, and until then all candidates are of this namespace.
  let ownCreated = 0;
  if (prefix.length > 0) {
    own = await namespaceOf(keyPrefix, prefix);
    await readNamespace(own, () => ownCreated);
  }
  if (!isNested) return;
  for await (const page of registry.under(prefix)) {
    for (const { namespace, created } of page) if (namespace.sortKey === own?.sortKey) ownCreated = created;
    const others = page.filter(({ namespace }) => namespace.sortKey !== own?.sortKey);
    await forEachAtOnce(storage.maxConcurrency, others, ({ namespace, created }) =>
      readNamespace(namespace, () => created),
    );
  }
}
