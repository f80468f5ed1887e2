import {
  BaseStore,
  type Item,
  type MatchCondition,
  type Operation,
  type OperationResults,
  type SearchItem,
  type SearchOperation,
} from "@langchain/langgraph-checkpoint";
import { ServiceClock } from "../aws/dynamodb/table-clock.js";
import { openBackend } from "../payload/backend.js";
import { compress } from "../format/compression.js";
import { setup, type SetupResult } from "../table/setup.js";
import { withEnv } from "../config/config.js";
import { ambientEnv } from "../config/environment.js";
import { strictSerde } from "../format/serde/strict-serde.js";
import type { StorePutOperation } from "./operations.js";
import { openEntries } from "./entries/known.js";
import { expandStoreConfig, type DynamoDBStoreOptions, type StoreConfig } from "./options.js";
import { checkKnown, type StorePutOptions } from "./put-options.js";
import { Registry } from "./registry/registry.js";
import { runBatch } from "./batch.js";
import type { StoreStorage } from "./storage.js";
import { IndexWrites } from "./index-writes.js";
import { Sketcher } from "./vectors/sketcher.js";
import { Embedder } from "./embedder.js";

/**
 * Keeps what agents remember across threads in the same DynamoDB table as {@link DynamoDBSaver}, over `fetch` alone.
 *
 * It behaves as LangGraph's InMemoryStore does: `search` lists the oldest first, ranks by cosine similarity with
 * `index`, and filters by `$eq`, `$ne`, `$gt`, `$gte`, `$lt`, `$lte`, `$in` and `$nin`. One instance serves any number
 * of users and, in a Worker, any number of requests. Every method throws a {@link DynamoDBSaverError}: `INVALID_INPUT`
 * before anything is sent, `AwsRequestError` when DynamoDB could not do it, `StoreDataError` when what is stored cannot
 * be read.
 *
 * @example
 * ```ts
 * import { MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";
 * import { DynamoDBStore } from "langgraph-checkpoint-dynamodb";
 *
 * const store = new DynamoDBStore({ tableName: "langgraph-checkpoints", region: "us-east-1" });
 * await store.setup(); // once, for example when deploying
 *
 * const graph = new StateGraph(MessagesAnnotation)
 *   .addNode("answer", async (_state, config) => {
 *     const user = ["memories", String(config.configurable?.user_id)];
 *     await config.store?.put(user, crypto.randomUUID(), { text: "likes tea" });
 *     const memories = await config.store?.search(user);
 *     return { messages: [{ role: "assistant", content: `I know ${memories?.length} things about you.` }] };
 *   })
 *   .addEdge(START, "answer")
 *   .compile({ store });
 * await graph.invoke({ messages: [{ role: "user", content: "Hi" }] }, { configurable: { user_id: "ada" } });
 * ```
 */
export class DynamoDBStore extends BaseStore {
  // Private fields: neither `inspect` nor `JSON.stringify` of a graph shows credentials.
  readonly #config: StoreConfig;
  readonly #storage: StoreStorage;

  /** @throws DynamoDBSaverError `INVALID_CONFIG` */
  constructor(options: DynamoDBStoreOptions) {
    super();
    const config = expandStoreConfig(options, ambientEnv());
    const { shared, index, vectorIndex, refreshOnRead } = config;
    const backend = openBackend(shared, compress, new ServiceClock());
    this.#config = config;
    this.#storage = {
      entries: openEntries(backend, true, shared.onEvent),
      registry: new Registry(backend, shared.keyPrefix, shared.consistentRead, shared.onEvent),
      keyPrefix: shared.keyPrefix,
      serde: shared.serde ?? strictSerde,
      embedder: index && new Embedder(index),
      sketches:
        index && !vectorIndex ? { sketcher: new Sketcher(index.dims), areExact: index.exact === true } : undefined,
      vectorIndex,
      indexWrites: vectorIndex && new IndexWrites(vectorIndex),
      maxValueBytes: shared.maxValueBytes,
      consistentRead: shared.consistentRead,
      refreshOnRead,
      maxConcurrency: shared.maxConcurrency,
      onEvent: shared.onEvent,
    };
  }

  /** @internal For the agent server: the same store, for a tenant. */
  _ofTenant(keyPrefix: string): DynamoDBStore {
    const { shared, ttlSeconds: defaultTtlSeconds, refreshOnRead, index, vectorIndex } = this.#config;
    const { ttlSeconds: _ttl, refreshOnRead: _refresh, conflict: _conflict, ...options } = shared;
    return new DynamoDBStore({
      ...options,
      ttl: { defaultTtlSeconds, refreshOnRead },
      index,
      vectorIndex,
      keyPrefix: shared.keyPrefix + keyPrefix,
    });
  }

  /**
   * A store configured by environment variables, as {@link DynamoDBSaver.fromEnv}.
   *
   * @param overrides options that come before the environment's
   * @throws DynamoDBSaverError `INVALID_CONFIG`
   */
  static fromEnv(
    env: Readonly<Record<string, unknown>> | object,
    overrides: Partial<DynamoDBStoreOptions> = {},
  ): DynamoDBStore {
    return new DynamoDBStore(withEnv(env, overrides));
  }

  /** Creates what is missing, and says what it did, as {@link DynamoDBSaver.setup}: one call for both will do. */
  async setup(): Promise<SetupResult> {
    const { ttlSeconds, shared } = this.#config;
    return setup(this.#storage.entries.backend, ttlSeconds, shared.signal, true);
  }

  /** Does nothing: there is no connection to open. */
  override start(): void {}

  /** Does nothing: there is no connection to close. */
  override stop(): void {}

  /**
   * Runs operations together: what they read is as it was before what they write; gets in one request for 100 of them,
   * writes side by side. Of several writes for one key, the last counts. One that fails takes no other with it: the
   * rest is done, and then the first error is thrown.
   */
  override async batch<Op extends readonly Operation[]>(operations: Op): Promise<OperationResults<Op>>;
  override async batch(operations: readonly Operation[]): Promise<unknown[]> {
    return runBatch(this.#storage, operations, this.#config.ttlSeconds);
  }

  /**
   * Stores an item, or another value under its key: 2 requests for a new one, 1 over one that this instance knows, and
   * 1 more in a namespace that it has not written to lately. In a node, say the rest by {@link withPutOptions}: only
   * the first three arguments arrive there.
   *
   * @param namespace one label or more, the first not "langgraph"; none is empty or has `.`, `:` or NUL in it
   * @param index `false`: not found by meaning; paths: these fields are embedded instead of those of the option `index`
   */
  override async put(
    namespace: string[],
    key: string,
    value: Record<string, unknown>,
    index?: false | string[],
    options: StorePutOptions = {},
  ): Promise<void> {
    checkKnown("put", options, ["ttlSeconds"]);
    const { ttlSeconds } = options;
    const op: StorePutOperation = {
      namespace,
      key,
      value,
      ...(index !== undefined && { index }),
      ...(ttlSeconds !== undefined && { ttlSeconds }),
    };
    await this.batch([op]);
  }

  /** The item under a key, `null` if there is none: 1 request. */
  override async get(namespace: string[], key: string): Promise<Item | null> {
    const [item = null] = await this.batch([{ namespace, key }]);
    return item;
  }

  /** Deletes an item, if it is there: 3 requests, 4 if this instance does not know it. */
  override async delete(namespace: string[], key: string): Promise<void> {
    await this.batch([{ namespace, key, value: null }]);
  }

  /**
   * The items of a namespace and of those below it: oldest first, or with `query` the nearest in meaning first.
   *
   * @param namespacePrefix `[]`: in all namespaces
   * @param options `filter`: only values that have these. `limit`: at most so many, 10 by default. `offset`: without so
   *   many of the first.
   */
  override async search(
    namespacePrefix: string[],
    options: Omit<SearchOperation, "namespacePrefix"> = {},
  ): Promise<SearchItem[]> {
    const [found = []] = await this.batch([{ ...options, namespacePrefix }]);
    return found;
  }

  /**
   * The namespaces that hold items.
   *
   * @param options `prefix`, `suffix`: only those that begin or end so, `*` being any label. `maxDepth`: cut to so many
   *   labels.
   * `limit`: at most so many, 100 by default. `offset`: without so many of the first.
   */
  override async listNamespaces(
    options: { prefix?: string[]; suffix?: string[]; maxDepth?: number; limit?: number; offset?: number } = {},
  ): Promise<string[][]> {
    const { prefix, suffix, maxDepth, limit, offset } = options ?? {};
    const matchConditions: MatchCondition[] = [];
    for (const [matchType, path] of [["prefix", prefix] as const, ["suffix", suffix] as const])
      if ((path ?? undefined) !== undefined) matchConditions.push({ matchType, path: path! });
    const [found = []] = await this.batch([
      { matchConditions, limit: limit ?? 100, offset: offset ?? 0, ...(maxDepth !== undefined && { maxDepth }) },
    ]);
    return found;
  }
}
