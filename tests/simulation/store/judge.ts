import type { Item, SearchItem } from "@langchain/langgraph-checkpoint";
import { canonical } from "../calls/contents.js";
import type { Moment, Span } from "../model/records.js";
import { fail } from "../model/shown.js";
import { MANY_DIMS } from "./generate-instances.js";
import type { StoreInstance } from "./instances.js";
import { showPlace, startsWith, type Place } from "./model/model.js";
import type { Read, Write } from "./model/records.js";
import type { StoreWorld } from "./store-world.js";
import { nearness, passes } from "./values.js";

/* What a read gave: what is wrong whatever else happened is said at once, the rest when the history is over. */

export interface Context {
  world: StoreWorld;
  instance: StoreInstance;
  name: string;
  span: Span;
  metFaults: boolean;
  /** The writes of the same batch, which come after its reads. */
  own: ReadonlySet<Write>;
}

const never = (): boolean => false;

function note({ world, instance, name, span }: Context, place: Place, more: Pick<Read, "found" | "mayMiss">): void {
  const { start, end } = span;
  world.model.register(place).reads.push({ name, start, end, from: world.seenFrom(instance, start), ...more });
}

/** What an instance without S3 cannot read is no item to it. */
const cannotRead = ({ plan }: StoreInstance, { mayBeObject }: Write): boolean => mayBeObject && plan.s3 === undefined;

/**
 * An item has no score whose vectors cannot be read, or which a read that is behind still shows, after its vectors were
 * deleted.
 */
const cannotRank = ({ plan }: StoreInstance, { mayHaveObjects }: Write): boolean =>
  (mayHaveObjects && plan.s3 === undefined) || (plan.lagSteps !== undefined && plan.index === MANY_DIMS);

export function judgeItem(context: Context, place: Place, result: unknown): void {
  if (result === null || result === undefined) return note(context, place, { found: undefined, mayMiss: never });
  note(context, place, { found: foundOf(context, place, result as Item), mayMiss: never });
}

function foundOf(context: Context, place: Place, item: Item): NonNullable<Read["found"]> {
  const { world, instance, span, own, metFaults } = context;
  if (item.key !== place.key || JSON.stringify(item.namespace) !== JSON.stringify(place.namespace))
    fail(`It gives [${String(item.namespace)}] ${item.key} instead of ${showPlace(place)}`);
  const write = world.model.writeOf(place, item.value, canonical(item.value));
  if (own.has(write)) fail(`A batch reads what it puts itself: ${write.name}`);
  if (instance.plan.refreshOnRead && write.ttlMs !== undefined)
    write.refreshes.push({ ...span, isCertain: !metFaults });
  const times = [item.createdAt, item.updatedAt];
  if (!times.every((time) => time instanceof Date && Number.isFinite(time.getTime())))
    fail(`An item has no times: ${showPlace(place)}`);
  const [createdMs, updatedMs] = times.map((time) => time.getTime()) as [number, number];
  return { write, createdMs, updatedMs };
}

export interface SearchOptions {
  filter?: Record<string, unknown>;
  limit?: number;
  offset?: number;
  query?: string;
}

export function judgeSearch(context: Context, prefix: string[], options: SearchOptions, result: unknown): void {
  const { world, instance, span } = context;
  const { filter, limit = 10, offset = 0, query } = options;
  const items = result as SearchItem[];
  if (items.length > limit) fail(`A search with limit ${limit} gives ${items.length} items`);
  const seen = new Map<string, NonNullable<Read["found"]>>();
  const found = items.map((item) => {
    const place: Place = {
      room: "store",
      keyPrefix: instance.keyPrefix,
      namespace: item.namespace,
      key: item.key,
    };
    const shown = showPlace(place);
    if (!startsWith(item.namespace, prefix)) fail(`A search of [${prefix.join()}] gives ${shown}`);
    if (seen.has(shown)) fail(`A search gives ${shown} twice`);
    const one = foundOf(context, place, item);
    seen.set(shown, one);
    if (filter && !passes(item.value, filter)) fail(`A search gives ${shown}, which its filter leaves out`);
    note(context, place, { found: one, mayMiss: never });
    return { item, ...one };
  });
  judgeOrder(context, found, query !== undefined && instance.plan.index ? query : undefined);
  // Beyond a full page, or before it, anything may be.
  if (offset > 0 || items.length === limit) return;
  const mayMiss = (write: Write): boolean =>
    cannotRead(instance, write) || (filter !== undefined && !passes(write.value!.plain, filter));
  for (const { place, register } of world.model.written("store", instance.keyPrefix))
    if (startsWith(place.namespace, prefix) && !seen.has(showPlace(place)) && isBegun(register.writes, span.end))
      note(context, place, { found: undefined, mayMiss });
}

const isBegun = (writes: Write[], { step }: Moment): boolean => writes.some(({ start }) => start.step <= step);

interface FoundItem {
  item: SearchItem;
  write: Write;
  createdMs?: number;
}

/** The oldest of a namespace first, or the nearest first, and then those that are found by no meaning. */
function judgeOrder(context: Context, found: FoundItem[], query: string | undefined): void {
  const latest = new Map<string, number>();
  let before = Infinity;
  for (const { item, write, createdMs } of found) {
    const place: Place = { room: "store", keyPrefix: context.instance.keyPrefix, ...item };
    const where = `${write.name}, ${showPlace(place)}`;
    const { score } = item;
    const allowed = writesMeanwhile(context, place, write).flatMap((one) => [
      scoreOf(one, query),
      ...(cannotRank(context.instance, one) ? [undefined] : []),
    ]);
    if (!allowed.some((one) => one === score || Math.abs(one! - score!) < 1e-5))
      fail(`A score is wrong: ${score} instead of ${allowed.join(" or ")} (${where})`);
    if (score !== undefined) {
      if (score > before + 1e-5) fail(`The nearest is not the first: ${where}`);
      before = score;
      continue;
    }
    // No score comes after this.
    before = -Infinity;
    const namespace = JSON.stringify(item.namespace);
    if (createdMs! < (latest.get(namespace) ?? 0)) fail(`The oldest is not the first: ${where}`);
    latest.set(namespace, createdMs!);
  }
}

const scoreOf = ({ texts }: Write, query: string | undefined): number | undefined =>
  query === undefined || texts.length === 0 ? undefined : Math.max(...texts.map((text) => nearness(text, query)));

/** Where a key is written to at the time, its score can be that of another value: vectors stand apart from values. */
function writesMeanwhile({ world, instance, span }: Context, place: Place, found: Write): Write[] {
  const from = world.seenFrom(instance, span.start);
  const { writes } = world.model.register(place);
  const isBusy = writes.some(
    (one) =>
      one.start.step <= span.end.step &&
      (one.outcome === "pending" || one.end.step >= from.step || (one.outcome === "unknown" && one.untilMs >= from.ms)),
  );
  return isBusy ? [found, ...writes.filter(({ value, start }) => value && start.step <= span.end.step)] : [found];
}

export interface ListOptions {
  prefix?: string[];
  suffix?: string[];
  maxDepth?: number;
  limit?: number;
  offset?: number;
}

const fits = (namespace: string[], path: string[], at: number): boolean =>
  path.length <= namespace.length && path.every((label, i) => label === "*" || label === namespace[at + i]);

/** What a listing shows a namespace as; undefined where it leaves it out. */
export function listedAs(namespace: string[], { prefix, suffix, maxDepth }: ListOptions): string | undefined {
  const isListed =
    (!prefix || fits(namespace, prefix, 0)) && (!suffix || fits(namespace, suffix, namespace.length - suffix.length));
  return isListed ? JSON.stringify(namespace.slice(0, maxDepth)) : undefined;
}

export function judgeListing(context: Context, options: ListOptions, result: string[][]): void {
  const { world, instance, span } = context;
  const shown = result.map((namespace) => JSON.stringify(namespace));
  if (new Set(shown).size < shown.length) fail(`A namespace is listed twice: ${shown.join(", ")}`);
  const { limit = 100, offset = 0 } = options;
  if (shown.length > limit) fail(`A listing with limit ${limit} gives ${shown.length} namespaces`);
  const written = world.model
    .written("store", instance.keyPrefix)
    .filter(({ register }) => isBegun(register.writes, span.end));
  const known = new Set(written.map(({ place }) => listedAs(place.namespace, options)));
  const unknown = shown.find((namespace) => !known.has(namespace));
  if (unknown !== undefined) fail(`A namespace is listed in which nobody has put anything: ${unknown}`);
  if (offset > 0 || shown.length === limit) return;
  for (const { place } of written) {
    const as = listedAs(place.namespace, options);
    if (as !== undefined && !shown.includes(as)) note(context, place, { found: undefined, mayMiss: never });
  }
}

export function judgeCached(
  context: Context,
  places: Place[],
  result: { key: [string[], string]; value: unknown }[],
): void {
  const { instance, metFaults, world } = context;
  const byPlace = new Map<string, Write>();
  for (const { key, value } of result) {
    const place: Place = { room: "cache", keyPrefix: instance.keyPrefix, namespace: key[0], key: key[1] };
    if (!places.some((one) => showPlace(one) === showPlace(place))) fail(`A cache gives ${showPlace(place)}, unasked`);
    byPlace.set(showPlace(place), world.model.writeOf(place, value, canonical(value)));
  }
  for (const place of new Map(places.map((one) => [showPlace(one), one])).values()) {
    const write = byPlace.get(showPlace(place));
    note(context, place, {
      found: write && { write },
      mayMiss: (missed) => metFaults || cannotRead(instance, missed),
    });
  }
}
