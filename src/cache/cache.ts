import { BaseCache, type CacheFullKey, type CacheNamespace } from "@langchain/langgraph-checkpoint";
import { forEachAtOnce } from "../aws/client/for-each-at-once.js";
import type { Key } from "../aws/dynamodb/items.js";
import { DATA } from "../format/attributes.js";
import { openBackend, type Backend } from "../payload/backend.js";
import { compress } from "../format/compression.js";
import { FormatError } from "../format/format-error.js";
import { escapeId, key, shortened } from "../format/keys.js";
import { lifetime } from "../payload/lifetime.js";
import { deserialized, serialized } from "../format/serde/serialized.js";
import { setup, type SetupResult } from "../table/setup.js";
import { shardOf, SHARDS } from "../format/shards.js";
import { withEnv, type SaverConfig } from "../config/config.js";
import { ambientEnv } from "../config/environment.js";
import { checkTtl } from "../config/values.js";
import { invalidInput, itemText, StoreDataError } from "../errors.js";
import { defaultSerde } from "../format/serde/serde.js";
import { asFormatError, readEntries, readParts } from "../store/entries.js";
import { deleteEntries, deleteEntry, ENTRY_KEYS, writeEntry } from "../store/write-entries.js";
import { ITEMS, textOf } from "../store/namespaces.js";
import { expandCacheConfig, type DynamoDBCacheOptions } from "../store/options.js";
import { Stamps } from "../store/writes.js";

/** Bytes of a sort key, of which DynamoDB takes 1,024. */
const LIMIT = { namespace: 500, key: 400 };

/**
 * Keeps what LangGraph's nodes have computed, in the same DynamoDB table as {@link DynamoDBSaver}: nodes with a
 * `cachePolicy` are not run again while their value is there.
 *
 * Every method throws a {@link DynamoDBSaverError}, as those of {@link DynamoDBStore} do.
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
  readonly #config: SaverConfig;
  readonly #backend: Backend;
  readonly #stamps = new Stamps();

  /** @throws DynamoDBSaverError `INVALID_CONFIG` */
  constructor(options: DynamoDBCacheOptions) {
    const config = expandCacheConfig(options, ambientEnv());
    super(config.serde ?? defaultSerde);
    this.#config = config;
    this.#backend = openBackend(config, compress);
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
    return setup(this.#backend, this.#config.ttlSeconds, this.#config.signal);
  }

  /** Those of the values that are there and have not expired, in the order of the keys: 1 request for 100 of them. */
  override async get(keys: CacheFullKey[]): Promise<{ key: CacheFullKey; value: V }[]> {
    const places = await Promise.all(
      checkKeys(keys).map(async (fullKey) => ({ fullKey, place: await this.#place(fullKey) })),
    );
    const distinct = new Map(places.map(({ place }) => [place.PK.S + place.SK.S, place]));
    const { consistentRead, maxValueBytes } = this.#config;
    const items = await readEntries(this.#backend, [...distinct.values()], consistentRead);
    const values = new Map<string, { value: V } | FormatError>();
    const failure = ({ code, message, cause }: FormatError, [namespace, cacheKey]: CacheFullKey): StoreDataError =>
      new StoreDataError(code, message, namespace, cacheKey, { cause });
    let at = 0;
    let bytes = 0;
    for await (const row of readParts(this.#backend, items, DATA, maxValueBytes)) {
      for (const part of row) {
        const { PK, SK } = items[at++]!;
        bytes += part instanceof FormatError ? 0 : part.bytes.length;
        const tooMuch = this.#backend.codec.problemOf(bytes);
        if (tooMuch) throw failure(tooMuch, places.find(({ place }) => place.SK.S === SK.S)!.fullKey);
        values.set(
          PK.S + SK.S,
          part instanceof FormatError
            ? part
            : await deserialized(this.serde, part).then((value) => ({ value: value as V }), asFormatError),
        );
      }
    }
    return places.flatMap(({ fullKey, place }) => {
      const found = values.get(place.PK.S + place.SK.S);
      // Another value has just taken its place.
      if (!found || (found instanceof FormatError && found.code === "MISSING_DATA")) return [];
      if (found instanceof FormatError) throw failure(found, fullKey);
      return [{ key: fullKey, value: found.value }];
    });
  }

  /**
   * Stores values, side by side: 1 request each.
   *
   * @param pairs `ttl` in seconds; without it the option `ttlSeconds`
   */
  override async set(pairs: { key: CacheFullKey; value: V; ttl?: number }[]): Promise<void> {
    if (!Array.isArray(pairs)) throw invalidInput("set needs an array of { key, value, ttl }.");
    checkKeys(pairs.map((pair) => pair.key));
    const { ttlSeconds, maxValueBytes, maxConcurrency } = this.#config;
    const writes = await Promise.all(
      pairs.map(async ({ key: fullKey, value, ttl }) => {
        const seconds = ttl ?? ttlSeconds;
        const life =
          seconds === undefined || seconds <= 0 ? undefined : lifetime(checkTtl("ttl", seconds, invalidInput));
        // All of it before anything is awaited: the caller goes on, and may change its own.
        const stamp = this.#stamps.next();
        const [namespace, cacheKey] = fullKey;
        const labels = [...namespace];
        const bytes = await serialized(this.serde, value, itemText(labels, cacheKey));
        if (bytes.bytes.length > maxValueBytes) {
          throw new StoreDataError(
            "VALUE_TOO_LARGE",
            `A value of ${bytes.bytes.length} bytes is over maxValueBytes (${maxValueBytes}). Raise that option, ` +
              "or do not cache it",
            labels,
            cacheKey,
          );
        }
        return {
          place: await this.#place([labels, cacheKey]),
          value: bytes,
          life,
          isOver: seconds !== undefined && seconds <= 0,
          stamp,
        };
      }),
    );
    const distinct = new Map(writes.map((write) => [write.place.PK.S + write.place.SK.S, write]));
    await forEachAtOnce(maxConcurrency, distinct.values(), ({ place, isOver, ...entry }) =>
      isOver ? deleteEntry(this.#backend, place) : writeEntry(this.#backend, place, entry),
    );
  }

  /** Deletes the values of these namespaces; without any, all values. */
  override async clear(namespaces: CacheNamespace[]): Promise<void> {
    const prefixes =
      namespaces.length === 0
        ? [ITEMS]
        : await Promise.all(checkNamespaces(namespaces).map((namespace) => this.#namespacePrefix(namespace)));
    const queries = prefixes.flatMap((beginsWith) =>
      Array.from({ length: SHARDS }, (_, shard) => ({
        partition: this.#partition(shard),
        beginsWith,
        only: ENTRY_KEYS,
        consistent: true,
      })),
    );
    await forEachAtOnce(this.#config.maxConcurrency, queries, async (query) => {
      for await (const items of this.#backend.db.queryPages(query)) await deleteEntries(this.#backend, items);
    });
  }

  async #place([namespace, cacheKey]: CacheFullKey): Promise<Key> {
    const sortKey = (await this.#namespacePrefix(namespace)) + (await shortened(escapeId(cacheKey), LIMIT.key)).text;
    return key(this.#partition(shardOf(sortKey)), sortKey);
  }

  async #namespacePrefix(namespace: CacheNamespace): Promise<string> {
    return `${ITEMS}${(await shortened(textOf(namespace), LIMIT.namespace)).text}#`;
  }

  #partition(shard: number): string {
    return `${this.#config.keyPrefix}X#${shard}`;
  }
}

function checkKeys(keys: CacheFullKey[]): CacheFullKey[] {
  const isKey = (fullKey: unknown): boolean =>
    Array.isArray(fullKey) && isNamespace(fullKey[0]) && typeof fullKey[1] === "string";
  if (Array.isArray(keys) && keys.every(isKey)) return keys;
  throw invalidInput(
    'A key of the cache must be a pair of a namespace and a text, for example [["nodes", "slow"], "key"].',
  );
}

function checkNamespaces(namespaces: CacheNamespace[]): CacheNamespace[] {
  if (namespaces.every(isNamespace)) return namespaces;
  throw invalidInput('clear needs an array of namespaces, for example [["nodes", "slow"]].');
}

/** `every` would pass over what an array lacks. */
const isNamespace = (namespace: unknown): boolean =>
  Array.isArray(namespace) && !namespace.includes(undefined) && namespace.every((label) => typeof label === "string");
