import { emit } from "../../aws/client/events.js";
import type { Item } from "../../aws/dynamodb/items.js";
import { DATA } from "../../format/attributes.js";
import { textOfKey } from "../../format/keys.js";
import { invalidInput } from "../../errors.js";
import { VECTORS } from "../entries/attributes.js";
import { isUnreadable, MAX_READS, readEntries, readParts } from "../entries/parts.js";
import { Scorer } from "../vectors/scorer.js";
import { itemPlace, namespaceOf, startsWith } from "../namespaces.js";
import type { Found, StoreStorage } from "../storage.js";
import type { VectorMatch } from "../vector-index.js";
import { compareAll } from "./compare.js";
import type { Matches } from "./matches.js";
import { fillWithOldest, type Search } from "./oldest.js";
import { Page } from "./page.js";

/** "BatchGetItem": keys of one request. */
const AT_ONCE = 100;

/** The items with the nearest vectors, and after all of them those that have none, oldest first. */
export async function nearest(storage: StoreStorage, op: Search, query: Float32Array): Promise<Page> {
  const matching = storage.vectorIndex ? matchesOfIndex : compareAll;
  const skipped = new Set<string>();
  const unranked = new Set<string>();
  let rounds = 0;
  for (let count = op.offset + op.limit; ;) {
    const { best, areAll } = await matching(storage, op, query, count, skipped);
    const page = new Page(storage, skipped, op);
    for (let at = 0; at < best.length && page.missing > 0; at += AT_ONCE)
      await page.add(await alive(storage, best.slice(at, at + AT_ONCE)));
    // Some may have been deleted meanwhile, or do not pass, or cannot be read.
    if (page.missing > 0 && !areAll) {
      count *= 4;
      continue;
    }
    if (page.missing > 0) {
      const ranked = new Set(best.map(({ item }) => textOfKey(item)));
      const before = page.found.length;
      await fillWithOldest(storage, page, op, (entry) => ranked.has(textOfKey(entry)));
      // What has a place among the others was put, or began to pass the filter, since they were compared.
      const late = page.found.slice(before).map(({ item }) => isComparable(storage, item, query, unranked));
      if ((await Promise.all(late)).includes(true) && ++rounds < MAX_READS) continue;
    }
    return page;
  }
}

/** The index knows neither values nor filters. */
async function matchesOfIndex(
  storage: StoreStorage,
  { namespacePrefix }: Search,
  query: Float32Array,
  count: number,
): Promise<Matches> {
  const found = await storage.vectorIndex!.search([...namespacePrefix], query, count);
  if (!Array.isArray(found))
    throw invalidInput("vectorIndex.search must give an array of { namespace, key, score }, nearest first.");
  const best = await Promise.all(
    eachOnce(found)
      .filter(({ namespace }) => startsWith(namespace, namespacePrefix))
      .map(async ({ namespace: labels, key, score }) => {
        const namespace = await namespaceOf(storage.keyPrefix, labels);
        return { namespace, item: (await itemPlace(namespace, key)).key as Item, score };
      }),
  );
  return { best, areAll: found.length < count };
}

/** An index that has several vectors of an item may find it by each. */
function eachOnce(found: VectorMatch[]): VectorMatch[] {
  const names = new Set<string>();
  return found.filter(({ namespace, key }) => {
    const name = JSON.stringify([namespace, key]);
    return !names.has(name) && names.add(name);
  });
}

/** Reads what is not read yet: 1 request a 100. What was deleted meanwhile is left out. */
async function alive<F extends Found>(storage: StoreStorage, found: F[]): Promise<F[]> {
  const keys = found.filter(({ item }) => !(DATA in item)).map(({ item: { PK, SK } }) => ({ PK, SK }));
  const items = await readEntries(storage.entries, keys, storage.consistentRead);
  const byKey = new Map(items.map((item) => [textOfKey(item), item]));
  return found.flatMap((one) => {
    const item = DATA in one.item ? one.item : byKey.get(textOfKey(one.item));
    return item ? [{ ...one, item }] : [];
  });
}

/**
 * Whether an item has vectors in the table that a query can be compared with.
 *
 * @param unranked the items of which it was said already that their vectors cannot be read
 */
async function isComparable(
  { entries, maxValueBytes, sketches, onEvent }: StoreStorage,
  item: Item,
  query: Float32Array,
  unranked: Set<string>,
): Promise<boolean> {
  if (!sketches || !(VECTORS in item)) return false;
  const scorer = new Scorer(query);
  for await (const [vectors] of readParts(entries.backend, [item], VECTORS, maxValueBytes)) {
    if (!isUnreadable(vectors)) return scorer.best(vectors!) !== undefined;
    if (unranked.has(textOfKey(item))) return false;
    unranked.add(textOfKey(item));
    const message = `The vectors of an item cannot be read (${vectors.code}): a search has it after all others.`;
    emit(onEvent, { type: "warning", code: "ITEM_UNRANKED", message });
  }
  return false;
}
