import { BaseCache, type CacheFullKey, type CacheNamespace } from "@langchain/langgraph-checkpoint";
import { forEachAtOnce } from "../aws/client/for-each-at-once.js";
import type { Item } from "../aws/dynamodb/items.js";
import { ServiceClock } from "../aws/dynamodb/table-clock.js";
import { withEnv } from "../config/config.js";
import { ambientEnv } from "../config/environment.js";
import { checkTtl } from "../config/values.js";
import { invalidInput, unreadable } from "../errors.js";
import { compress } from "../format/compression.js";
import { keyOf, textOfKey } from "../format/keys.js";
import { tooLarge } from "../format/meter.js";
import { defaultSerde } from "../format/serde/serde.js";
import { deserialized, serialized, type Serialized } from "../format/serde/serialized.js";
import { SHARDS } from "../format/shards.js";
import { openBackend, type Backend } from "../payload/backend.js";
import { lifetime } from "../payload/lifetime.js";
import { GONE, WHOLE } from "../store/entries/attributes.js";
import type { Call } from "../store/entries/calls.js";
import type { EntryInput } from "../store/entries/draft.js";
import { openEntries, type Entries } from "../store/entries/known.js";
import { readEntries } from "../store/entries/parts.js";
import { putEntry, removeEntry } from "../store/entries/replace.js";
import { sweepLeftovers } from "../store/leftovers.js";
import { setup, type SetupResult } from "../table/setup.js";
import { checkKeys, checkNamespaces } from "./check-keys.js";
import { expandCacheConfig, type CacheConfig, type DynamoDBCacheOptions } from "./options.js";
import { CachePlaces } from "./places.js";
import { readEach } from "./read-each.js";
import { warn } from "./warnings.js";

/** As with an option, and no end is said of what lives longer. */
const MAX_TTL_SECONDS = 100 * 365 * 86_400;

/**
 * Keeps what LangGraph's nodes have computed, in the same DynamoDB table as {@link DynamoDBSaver}: nodes with a
 * `cachePolicy` are not run again while their value is there.
 *
 * `get` and `set` fail for nothing but arguments of a wrong shape. What cannot be read counts as not there, and what
 * cannot be stored is left out: `onEvent` is told so, by a {@link WarningEvent}.
 *
 * @example
 * ```ts
 * import { Annotation, START, StateGraph } from "@langchain/langgraph";
 * import { DynamoDBCache } from "langgraph-checkpoint-dynamodb";
 *
 * const cache = new DynamoDBCache({ tableName: "langgraph-checkpoints", region: "us-east-1" });
 * const graph = new StateGraph(Annotation.Root({ n: Annotation<number> }))
 *   .addNode("slow", ({ n }) => ({ n: n * n }), { cachePolicy: { ttl: 3_600 } })
 *   .addEdge(START, "slow")
 *   .compile({ cache });
 * ```
 */
export class DynamoDBCache<V = unknown> extends BaseCache<V> {
  readonly #config: CacheConfig;
  readonly #backend: Backend;
  readonly #entries: Entries;
  readonly #places: CachePlaces;
  /** Keys of calls of `set` that are under way. */
  readonly #beingSet = new Set<CacheFullKey>();

  /** @throws DynamoDBSaverError `INVALID_CONFIG` */
  constructor(options: DynamoDBCacheOptions) {
    const config = expandCacheConfig(options, ambientEnv());
    super(config.serde ?? defaultSerde);
    this.#config = config;
    this.#backend = openBackend(config, compress, new ServiceClock());
    this.#entries = openEntries(this.#backend, false, this.#config.onEvent);
    this.#places = new CachePlaces(config.keyPrefix, config.prefix);
  }

  /**
   * A cache configured by environment variables, as {@link DynamoDBSaver.fromEnv}.
   *
   * @param overrides options that come before the environment's
   * @throws DynamoDBSaverError `INVALID_CONFIG`
   */
  static fromEnv<V = unknown>(
    env: Readonly<Record<string, unknown>> | object,
    overrides: Partial<DynamoDBCacheOptions> = {},
  ): DynamoDBCache<V> {
    return new DynamoDBCache<V>(withEnv(env, overrides));
  }

  /** Creates what is missing, and says what it did, as {@link DynamoDBSaver.setup}: one call for both will do. */
  async setup(): Promise<SetupResult> {
    return setup(this.#backend, this.#config.ttlSeconds, this.#config.signal, true);
  }

  /**
   * Those of the values that are there and have not expired, each once, in the order of the keys: 1 request for 100 of
   * them. A value that cannot be read counts as not there: see {@link WarningEvent}.
   *
   * @throws DynamoDBSaverError `INVALID_INPUT`, for keys of another shape
   */
  override async get(keys: CacheFullKey[]): Promise<{ key: CacheFullKey; value: V }[]> {
    const { consistentRead, maxValueBytes, onEvent } = this.#config;
    const asked = await Promise.all(
      checkKeys(keys).map(async (fullKey) => ({ fullKey, place: await this.#places.of(fullKey) })),
    );
    // LangGraph gives all that it gets for one key to one of the tasks that have that key.
    const places = new Map(asked.map(({ fullKey, place }) => [textOfKey(place), { fullKey, place }]));
    let failures: unknown[] = [];
    const items = await readEntries(
      this.#entries,
      [...places.values()].map(({ place }) => place),
      consistentRead,
    ).catch((error: unknown) => {
      failures = Array.from(places, () => error);
      return [];
    });
    const values = new Map<string, { value: V }>();
    let bytes = 0;
    const open = async (item: Item, part: Serialized): Promise<void> => {
      const tooMuch = this.#backend.codec.problemOf(bytes + part.bytes.length);
      if (tooMuch) throw tooMuch;
      values.set(textOfKey(item), { value: (await deserialized(this.serde, part)) as V });
      bytes += part.bytes.length;
    };
    failures = failures.concat(await readEach(this.#entries, items, maxValueBytes, open));
    warn(onEvent, "CACHE_READ_FAILED", failures);
    return [...places].flatMap(([place, { fullKey }]) => {
      const found = values.get(place);
      return found ? [{ key: fullKey, value: found.value }] : [];
    });
  }

  /**
   * Stores values, side by side: 1 request each. LangGraph neither awaits this nor looks at what comes of it, so a
   * value that cannot be stored is left out: see {@link WarningEvent}.
   *
   * @param pairs `ttl` in seconds; without it the option `ttlSeconds`. 0 or less: there is no such value any more;
   *   over 100 years: it stays
   * @throws DynamoDBSaverError `INVALID_INPUT`, for pairs or keys of another shape
   */
  override async set(pairs: { key: CacheFullKey; value: V; ttl?: number }[]): Promise<void> {
    if (!Array.isArray(pairs)) throw invalidInput("set needs an array of { key, value, ttl }.");
    const given = [...(pairs as (Partial<(typeof pairs)[0]> | undefined)[])].map(readPair);
    const keys = checkKeys(given.map((pair) => pair.key)).map(([namespace, text]): CacheFullKey => [
      [...namespace],
      text,
    ]);
    for (const one of keys) this.#beingSet.add(one);
    try {
      await this.#setAll(given as typeof pairs);
    } finally {
      for (const one of keys) this.#beingSet.delete(one);
    }
  }

  async #setAll(pairs: { key: CacheFullKey; value: V; ttl?: number }[]): Promise<void> {
    // Of several pairs with one key the last counts, also where it cannot be stored.
    const writes = new Map(
      await Promise.all(
        pairs.map(async ({ key: fullKey, value, ttl }) => {
          // All that is given is read, and numbered, before anything is awaited.
          const call = this.#entries.calls.next();
          const write = this.#write(value, ttl, call).catch((error: unknown) => ({ error }));
          const place = await this.#places.of(fullKey);
          return [textOfKey(place), { place, call, write: await write }] as const;
        }),
      ),
    );
    const failures: unknown[] = [];
    await forEachAtOnce(this.#config.maxConcurrency, writes.values(), async ({ place, call, write }) => {
      try {
        if (!write) await removeEntry(this.#entries, place, call);
        else if ("error" in write) throw write.error;
        else await putEntry(this.#entries, place, write);
      } catch (error) {
        failures.push(error);
      }
    });
    warn(this.#config.onEvent, "CACHE_WRITE_FAILED", failures);
  }

  /** What is to be written; `undefined` where it has expired as it is put. */
  async #write(value: V, ttl: unknown, call: Call): Promise<EntryInput | undefined> {
    const { ttlSeconds, maxValueBytes } = this.#config;
    // A node's cachePolicy can have any number, or none.
    const seconds = ttl ?? ttlSeconds;
    if (typeof seconds === "number" && seconds <= 0) return undefined;
    const stays = seconds === undefined || (typeof seconds === "number" && seconds > MAX_TTL_SECONDS);
    const life = stays ? undefined : lifetime(checkTtl("ttl", seconds, invalidInput), this.#backend.db.clock.now());
    const bytes = await serialized(this.serde, value, "a value");
    if (bytes.bytes.length > maxValueBytes) throw tooLarge("A value is over maxValueBytes");
    return { value: bytes, life, call };
  }

  /**
   * Deletes the values of these namespaces; without any, all values. With the option `prefix`, those of this prefix
   * alone. Unlike `get` and `set` it fails when it cannot do so: who deletes has to know. Without namespaces it also
   * deletes what calls that failed an hour ago or earlier have left, whatever their prefix: 1 request a MB that the
   * caches of this `keyPrefix` hold. What this instance is still setting is deleted, too: LangGraph does not wait for
   * that.
   *
   * @throws DynamoDBSaverError
   */
  override async clear(namespaces: CacheNamespace[]): Promise<void> {
    const beingSet = [...this.#beingSet];
    const isAll = checkNamespaces(namespaces).length === 0;
    const prefixes = isAll
      ? [await this.#places.all()]
      : await Promise.all(namespaces.map((namespace) => this.#places.below(namespace)));
    const queries = prefixes.flatMap((beginsWith) =>
      this.#places.partitions.map((partition) => ({ partition, beginsWith, only: WHOLE, consistent: true })),
    );
    const { maxConcurrency } = this.#config;
    const places = await Promise.all(beingSet.map((one) => this.#places.of(one)));
    const those = new Map(places.map((place) => [textOfKey(place), place]));
    await forEachAtOnce(maxConcurrency, those.values(), async (place) => {
      // A later call, and it leaves a mark: what comes after it has nothing to do any more.
      if (prefixes.some((prefix) => place.SK.S.startsWith(prefix)))
        await removeEntry(this.#entries, place, this.#entries.calls.next());
    });
    await forEachAtOnce(SHARDS, queries, async (query) => {
      for await (const items of this.#backend.db.queryPages(query)) {
        for (const item of items) this.#entries.known.note(item);
        // What has expired by this clock may live by another.
        const there = items.filter((item) => !(GONE in item)).map(keyOf);
        await forEachAtOnce(maxConcurrency, there, async (place) => {
          await removeEntry(this.#entries, place, this.#entries.calls.next());
        });
      }
    });
    if (!isAll) return;
    await forEachAtOnce(SHARDS, this.#places.partitions, async (partition) => {
      await sweepLeftovers(this.#backend, partition, { areKept: true });
    });
  }
}

/** A pair as it is now. What is no object has no key. */
function readPair<V>(pair: { key?: CacheFullKey; value?: V; ttl?: number } | undefined): {
  key: CacheFullKey | undefined;
  value: V | undefined;
  ttl: number | undefined;
} {
  try {
    const { key, value, ttl } = pair ?? {};
    return { key, value, ttl };
  } catch (error) {
    throw unreadable("A pair", error);
  }
}
