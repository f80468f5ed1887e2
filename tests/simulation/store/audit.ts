import type { SearchItem } from "@langchain/langgraph-checkpoint";
import { fail } from "../model/shown.js";
import { attempt } from "./attempt.js";
import type { StoreInstance } from "./instances.js";
import {
  judgeCached,
  judgeItem,
  judgeListing,
  judgeSearch,
  listedAs,
  type Context,
  type ListOptions,
  type SearchOptions,
} from "./judge.js";
import { startsWith } from "./model/model.js";
import type { Config, Write } from "./model/records.js";
import type { Register } from "./model/register.js";
import type { StoreWorld } from "./store-world.js";
import { FILTERS, passes, QUERIES } from "./values.js";

/* When all is quiet: every way to read gives the same, and it is what the history allows. */

/** @returns what may be where */
export async function auditStore(world: StoreWorld): Promise<Map<Register, Config[]>> {
  world.table.catchUp();
  for (const auditor of world.auditors) await new Audit(world, auditor).everything();
  const able = world.instances.filter(({ plan }) => plan.only !== "before");
  if (able.length > 0) await new Audit(world, world.random.pick(able)).itemsAndCached();
  // First what is there, and then whether searches agree on it.
  const states = world.model.check();
  for (const auditor of world.auditors) await new Audit(world, auditor).searches(states);
  return states;
}

const MANY = 1_000;
const idOf = ({ value }: SearchItem): string => value.id as string;

export class Audit {
  constructor(
    private readonly world: StoreWorld,
    private readonly instance: StoreInstance,
  ) {}

  async #read<T>(name: string, call: () => Promise<T>, judge: (context: Context, value: T) => void): Promise<T> {
    const { world, instance } = this;
    const made = await world.calmly(attempt(world, instance, call));
    if (made.outcome !== "acknowledged") return fail(`${name} fails`);
    judge({ world, instance, name: `${instance.client.name}'s audit by ${name}`, ...made, own: new Set() }, made.value);
    return made.value;
  }

  async everything(): Promise<void> {
    await this.itemsAndCached();
    const found = await this.search([], {});
    const listed = await this.list({});
    const { instances, model } = this.world;
    const writes = model.written("store", this.instance.keyPrefix).flatMap(({ register }) => register.writes);
    // Rows outlive what expires, and a put that fails half way.
    if (instances.some(({ client }) => client.faults > 0) || writes.some(({ ttlMs }) => ttlMs !== undefined)) return;
    const holding = new Set(found.map(({ namespace }) => JSON.stringify(namespace)));
    const empty = listed.map((namespace) => JSON.stringify(namespace)).find((namespace) => !holding.has(namespace));
    if (empty !== undefined) fail(`Without any fault, a namespace is listed that holds nothing: ${empty}`);
  }

  /** Each history tries some of the ways to search. */
  async searches(states: Map<Register, Config[]>): Promise<void> {
    const { random, model } = this.world;
    if (model.written("store", this.instance.keyPrefix).length === 0) return;
    const all = await this.search([], {});
    this.#order(all, states);
    const ways = [
      () => this.#pages(all, {}, 1 + random.below(3)),
      () => this.#filter(all),
      () => this.#query(all),
      () => this.#prefixes(all),
      () => this.#listings(),
    ];
    for (const way of ways) if (random.chance(0.4)) await way();
  }

  async #filter(all: SearchItem[]): Promise<void> {
    const { random } = this.world;
    const filter = random.pick(FILTERS);
    const filtered = all.filter(({ value }) => passes(value, filter));
    this.#same("a filter", filtered, await this.search([], { filter }));
    await this.#pages(filtered, { filter }, 1 + random.below(2));
    this.#sameSet("a filter and a query", filtered, await this.search([], { filter, query: random.pick(QUERIES) }));
  }

  async #query(all: SearchItem[]): Promise<void> {
    const { random } = this.world;
    const query = random.pick(QUERIES);
    const ranked = await this.search([], { query });
    this.#sameSet("by meaning", all, ranked);
    await this.#pages(ranked, { query }, 1 + random.below(3));
  }

  async #prefixes(all: SearchItem[]): Promise<void> {
    const prefixes = new Map(
      this.world.model
        .written("store", this.instance.keyPrefix)
        .flatMap(({ place: { namespace } }) => namespace.map((_, i) => namespace.slice(0, i + 1)))
        .map((prefix) => [JSON.stringify(prefix), prefix]),
    );
    for (const prefix of prefixes.values()) {
      const below = all.filter(({ namespace }) => startsWith(namespace, prefix));
      this.#sameSet("below a prefix", below, await this.search(prefix, {}));
    }
  }

  search(prefix: string[], options: SearchOptions): Promise<SearchItem[]> {
    const whole = { limit: MANY, ...options };
    return this.#read(
      "search",
      () => this.instance.store.search([...prefix], whole),
      (context, items) => judgeSearch(context, prefix, whole, items),
    );
  }

  async itemsAndCached(): Promise<void> {
    const { world, instance } = this;
    const { cache, store, keyPrefix } = instance;
    const places = world.model.written("store", keyPrefix).map(({ place }) => place);
    if (places.length > 0 && (instance.plan.s3 !== undefined || !world.plan.instances.some(({ s3 }) => s3)))
      await this.#read(
        "get",
        () => store.batch(places.map(({ namespace, key }) => ({ namespace, key }))),
        (context, items) => items.forEach((item, i) => judgeItem(context, places[i]!, item)),
      );
    const cached = world.model.written("cache", keyPrefix).map(({ place }) => place);
    if (cached.length > 0)
      await this.#read(
        "cache.get",
        () =>
          cache
            .get(cached.map(({ namespace, key }): [string[], string] => [namespace, key]))
            .catch((error: Error & { code?: string }) => fail(`A cache rejects with ${error.code}: ${error.message}`)),
        (context, found) => judgeCached(context, cached, found as Parameters<typeof judgeCached>[2]),
      );
  }

  /** Page by page, nothing is missing, and nothing comes twice. */
  async #pages(whole: SearchItem[], options: SearchOptions, limit: number): Promise<void> {
    const pages: SearchItem[] = [];
    for (let offset = 0; offset <= whole.length; offset += limit)
      pages.push(...(await this.search([], { ...options, limit, offset })));
    this.#same(`pages of ${limit}${options.query === undefined ? "" : " by meaning"}`, whole, pages);
  }

  #same(name: string, wanted: SearchItem[], found: SearchItem[]): void {
    const [a, b] = [wanted.map(idOf).join(), found.map(idOf).join()];
    if (a !== b) fail(`Searches differ (${name}): ${a}, and then ${b}`);
  }

  #sameSet(name: string, wanted: SearchItem[], found: SearchItem[]): void {
    const [a, b] = [wanted.map(idOf).sort().join(), found.map(idOf).sort().join()];
    if (a !== b) fail(`Searches differ (${name}): ${a}, and then ${b}`);
  }

  list(options: ListOptions): Promise<string[][]> {
    return this.#read(
      "listNamespaces",
      () => this.instance.store.listNamespaces({ ...options }),
      (context, found) => judgeListing(context, options, found),
    );
  }

  async #listings(): Promise<void> {
    const all = await this.list({});
    const { random } = this.world;
    const some = all.length > 0 ? random.pick(all) : ["users"];
    const variants: ListOptions[] = [
      { prefix: some.slice(0, 1) },
      { prefix: ["*"], maxDepth: 1 },
      { suffix: some.slice(-1) },
      { maxDepth: 2 },
      { limit: 1, offset: 1 },
    ];
    for (const options of variants) {
      const { limit = MANY, offset = 0 } = options;
      const wanted = [...new Set(all.flatMap((namespace) => listedAs(namespace, options) ?? []))];
      const found = (await this.list(options)).map((namespace) => JSON.stringify(namespace));
      const page = wanted.slice(offset, offset + limit);
      if (page.join() !== found.join())
        fail(`Listings differ (${JSON.stringify(options)}): ${page.join(", ")}, and then ${found.join(", ")}`);
    }
  }

  /** Where it is known for certain which item was created first, it comes first. */
  #order(found: SearchItem[], states: Map<Register, Config[]>): void {
    const { model } = this.world;
    const created = found.map(({ namespace, key }): Write | undefined => {
      const register = model.register({ room: "store", keyPrefix: this.instance.keyPrefix, namespace, key });
      const all = new Set(states.get(register)?.map(({ state }) => state?.created));
      return all.size === 1 ? [...all][0] : undefined;
    });
    const grouped = new Set<string>();
    let latestNamespace: string | undefined;
    const isGlobal = found.every(({ createdAt }, i) => i === 0 || createdAt >= found[i - 1]!.createdAt);
    found.forEach(({ namespace }, i) => {
      const shown = JSON.stringify(namespace);
      if (shown !== latestNamespace && grouped.has(shown) && !isGlobal)
        fail("Items are neither together with those of their namespace nor the oldest first of all");
      grouped.add((latestNamespace = shown));
      for (let j = 0; j < i; j++) {
        if (JSON.stringify(found[j]!.namespace) !== shown) continue;
        const [earlier, later] = [created[i], created[j]];
        if (earlier && later && isBefore(earlier, later))
          fail(`The oldest is not the first: ${earlier.name} comes after ${later.name}`);
      }
    });
  }
}

/** By the clocks of both, too. */
function isBefore(one: Write, other: Write): boolean {
  if (one.outcome !== "acknowledged" || other.outcome !== "acknowledged") return false;
  if (one.actor === other.actor && one.order < other.order) return true;
  return one.end.step < other.start.step && one.end.ms + one.skewMs < other.start.ms + other.skewMs;
}
