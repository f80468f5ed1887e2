import { compareCodePoints } from "../../format/code-points.js";
import { textOfKey } from "../../format/keys.js";
import { sketchOf } from "../entries/sketches.js";
import { candidatesFor, placesFor, Shortlist, type Listed } from "../vectors/shortlist.js";
import type { StoreStorage } from "../storage.js";
import { Comparison, type Match } from "./comparison.js";
import type { Matches } from "./matches.js";
import type { Search } from "./oldest.js";
import { visitSketches, type Candidate } from "./sketched.js";

/** So many candidates are kept while sketches are read, which are then read again for those that come after them. */
const MOST_LISTED = 4_000;
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
  const comparison = new Comparison(storage, op, query, placesFor(count), skipped);
  const listed = storage.sketches!.areExact
    ? await compareEach(storage, op, comparison)
    : await compareNearest(storage, op, query, count, comparison);
  const names = new Set<string>();
  return {
    // An entry that was put anew meanwhile has two sketches.
    best: listed.flatMap(({ score, item }) => {
      const name = textOfKey(item.item);
      return names.has(name) ? [] : (names.add(name), [{ ...item, score }]);
    }),
    areAll: listed.length < count,
  };
}

/** Compares all entries as their sketches are read, which say no more than that there are vectors. */
async function compareEach(
  storage: StoreStorage,
  op: Search,
  comparison: Comparison,
): Promise<readonly Listed<Match>[]> {
  const waiting: Candidate[] = [];
  await visitSketches(storage, op.namespacePrefix, async (candidate) => {
    waiting.push(candidate);
    if (waiting.length === AT_ONCE) await comparison.take(waiting.splice(0));
  });
  await comparison.take(waiting);
  return comparison.best.best();
}

/**
 * Compares those with the nearest sketches, a hundred after the other. As soon as what comes next is hardly better, or
 * too much is alike, the best of what was compared get their places: the first ten, then ten more, then twenty and so
 * on, whatever is asked for. Who has a place keeps it. So all searches for one query give one order, and each page is a
 * part of it.
 *
 * @returns the first of that order: `count` or more, fewer only if there are no others
 */
async function compareNearest(
  storage: StoreStorage,
  op: Search,
  query: Float32Array,
  count: number,
  comparison: Comparison,
): Promise<Listed<Match>[]> {
  const { sketcher } = storage.sketches!;
  let placed: Listed<Match>[] = [];
  let compared = 0;
  for await (const chunk of candidates(storage, op.namespacePrefix, query)) {
    // What no sketch tells of is compared in any case, and before all others.
    await comparison.take(itemsOf(chunk.filter(({ score }) => score === Infinity)));
    compared += await comparison.take(itemsOf(chunk.filter(({ score }) => score < Infinity)));
    const next = chunk.at(-1)!.score;
    for (let isGoing = true; isGoing && placed.length < count;) {
      const group = placesFor(placed.length + 1) - placed.length;
      const last = comparison.best.best()[group - 1]?.score;
      const isSure = last !== undefined && next <= last - sketcher.slack(last);
      const isEnough = compared >= MOST_COMPARED * candidatesFor(placed.length + 1);
      const some = isSure || isEnough ? comparison.best.take(group) : [];
      isGoing = some.length > 0;
      placed = placed.concat(some);
    }
    if (placed.length >= count) return placed;
  }
  return placed.concat(comparison.best.best());
}

const itemsOf = (chunk: readonly Listed<Candidate>[]): Candidate[] => chunk.map(({ item }) => item);

/** Oldest first, as those with one score are in the end, but for items that were put again. */
const byAge = (a: Candidate, b: Candidate): number =>
  a.namespaceCreated - b.namespaceCreated ||
  compareCodePoints(a.namespace.sortKey, b.namespace.sortKey) ||
  a.putAt - b.putAt ||
  compareCodePoints(a.entry.SK.S, b.entry.SK.S);

/** The entries that have vectors, those with the nearest sketches first. */
async function* candidates(
  storage: StoreStorage,
  prefix: readonly string[],
  query: Float32Array,
): AsyncGenerator<readonly Listed<Candidate>[], void, undefined> {
  const { codec } = storage.entries.backend;
  const scorer = storage.sketches!.sketcher.scorer(query);
  for (let after: Listed<Candidate> | undefined; ;) {
    const shortlist = new Shortlist<Candidate>(MOST_LISTED, byAge, after);
    await visitSketches(storage, prefix, async (candidate, item) => {
      const sketch = await sketchOf(codec, item);
      const score = sketch ? scorer.best(sketch) : Infinity;
      if (score !== undefined) shortlist.add(score, () => candidate);
    });
    const listed = shortlist.best();
    for (let at = 0; at < listed.length; at += AT_ONCE) yield listed.slice(at, at + AT_ONCE);
    if (listed.length < MOST_LISTED) return;
    after = listed.at(-1);
  }
}
