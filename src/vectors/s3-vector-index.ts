import { AwsClient } from "../aws/client/client.js";
import { forEachAtOnce } from "../aws/client/for-each-at-once.js";
import { CredentialSource } from "../aws/client/credentials.js";
import { runtimeEnv } from "../aws/client/env-variables.js";
import { MAX_TOP_K, S3Vectors } from "../aws/s3vectors/s3-vectors.js";
import { invalidInput } from "../errors.js";
import type { VectorIndex, VectorMatch } from "../store/vector-index.js";
import { numbersOf } from "./numbers.js";
import {
  expandVectorIndexConfig,
  withVectorEnv,
  type S3VectorIndexConfig,
  type S3VectorIndexOptions,
} from "./options.js";
import {
  ITEM,
  itemOf,
  itemText,
  MAX_ITEM_BYTES,
  MAX_LABELS,
  PREFIXES,
  prefixName,
  prefixNames,
  vectorKeys,
} from "./places.js";
import { setupIndex, type VectorSetupResult } from "./setup.js";

/**
 * The vectors of a {@link DynamoDBStore} in Amazon S3 Vectors, over `fetch` alone: for namespaces of more vectors than
 * a search in the table compares, up to 2 billion in an index.
 *
 * A put and a delete are seen by the next search. A search is approximate, and the store looks all that it finds up in
 * its table: values, and what is deleted, are never those of the index. An attempt of a put that arrives after a later
 * put of the same item brings its former vectors back: the item is then found by what it said before, with the value
 * that it has now, until it is put again. One that arrives after a delete is an entry too much, which no search
 * returns. Vectors and namespaces are not encrypted on this side of the network.
 *
 * Every method throws a `DynamoDBSaverError`: `INVALID_INPUT` before anything is sent, `AwsRequestError` when S3
 * Vectors could not do it, with `BUCKET_NOT_FOUND` where `setup()` was not called.
 *
 * @example
 * ```ts
 * import type { Embeddings } from "@langchain/core/embeddings";
 * import { DynamoDBStore } from "langgraph-checkpoint-dynamodb";
 * import { S3VectorIndex } from "langgraph-checkpoint-dynamodb/s3-vectors";
 *
 * declare const embeddings: Embeddings;
 * const vectorIndex = new S3VectorIndex({ vectorBucketName: "my-vectors", indexName: "memories", dims: 1024 });
 * await vectorIndex.setup(); // once, for example when deploying
 * const store = new DynamoDBStore({
 *   tableName: "langgraph-checkpoints",
 *   index: { dims: 1024, embeddings, fields: ["text"] },
 *   vectorIndex,
 * });
 * ```
 */
export class S3VectorIndex implements VectorIndex {
  // Private fields: neither `inspect` nor `JSON.stringify` of a store shows credentials.
  readonly #config: S3VectorIndexConfig;
  readonly #s3Vectors: S3Vectors;

  /** @throws DynamoDBSaverError `INVALID_CONFIG` */
  constructor(options: S3VectorIndexOptions) {
    const config = expandVectorIndexConfig(options, runtimeEnv());
    const { shared } = config;
    this.#config = config;
    this.#s3Vectors = new S3Vectors(
      new AwsClient({ ...shared, credentials: new CredentialSource(shared.credentials, shared) }),
      config,
    );
  }

  /**
   * An index configured by environment variables: a Worker's bindings, `process.env`, `Deno.env.toObject()`.
   *
   * @param options come before the environment's
   * @throws DynamoDBSaverError `INVALID_CONFIG`
   */
  static fromEnv(env: Readonly<Record<string, unknown>> | object, options: S3VectorIndexOptions): S3VectorIndex {
    return new S3VectorIndex(withVectorEnv(options, env));
  }

  /**
   * Creates the index, and its vector bucket, where they are missing: 1 request where they are there.
   *
   * @throws DynamoDBSaverError `INVALID_CONFIG` where there is an index of that name with other settings
   */
  async setup(): Promise<VectorSetupResult> {
    const { vectorBucketName, indexName, dims } = this.#config;
    const { bucket, index } = await setupIndex(this.#s3Vectors, dims);
    return { vectorBucket: { name: vectorBucketName, status: bucket }, index: { name: indexName, status: index } };
  }

  /**
   * Takes the place of all vectors that the item had: 2 requests side by side, 1 where it has `vectorsPerItem` of them.
   * A vector of zeros has no direction, so nothing finds it and it is left out.
   */
  async put(namespace: string[], key: string, vectors: Float32Array[]): Promise<void> {
    const { keyPrefix, vectorsPerItem } = this.#config;
    // All of it before anything is awaited: the caller goes on, and may change what it gave.
    const labels = [...namespace];
    const item = checkedItem(labels, key);
    const directions = vectors.map((vector) => this.#checked(vector)).filter((numbers) => numbers !== undefined);
    if (vectors.length > vectorsPerItem)
      throw invalidInput(
        `An item has ${vectors.length} vectors, and vectorsPerItem of its index is ${vectorsPerItem}. Raise that ` +
          "option, or embed fewer fields.",
      );
    const [keys, prefixes] = await Promise.all([
      vectorKeys(keyPrefix, labels, key, vectorsPerItem),
      prefixNames(keyPrefix, labels),
    ]);
    const metadata = { [PREFIXES]: prefixes, [ITEM]: item };
    const puts = directions.map((float32, i) => ({ key: keys[i]!, float32, metadata }));
    const rest = keys.slice(puts.length);
    // Side by side, because no key is in both: what is left half done is made whole by the next put.
    await forEachAtOnce(2, [puts, rest], async (part) => {
      if (part.length === 0) return;
      await (part === puts ? this.#s3Vectors.putVectors(puts) : this.#s3Vectors.deleteVectors(rest));
    });
  }

  /** Removes the item's vectors, if it has any: 1 request. */
  async delete(namespace: string[], key: string): Promise<void> {
    const { keyPrefix, vectorsPerItem } = this.#config;
    await this.#s3Vectors.deleteVectors(await vectorKeys(keyPrefix, [...namespace], key, vectorsPerItem));
  }

  /**
   * The items whose best vector is nearest to the query, best first and each once, of the namespaces that begin with
   * the prefix. 1 request a page, and once more for four times as many vectors where several of one item leave too few
   * items. Of the 10,000 nearest vectors at most, which is as far as S3 Vectors looks.
   */
  async search(namespacePrefix: string[], query: Float32Array, limit: number): Promise<VectorMatch[]> {
    const prefix = [...namespacePrefix];
    const float32 = this.#checked(query);
    if (!float32 || !(limit > 0)) return [];
    const equals: [string, string] = [PREFIXES, await prefixName(this.#config.keyPrefix, prefix)];
    for (let topK = Math.min(Math.ceil(limit), MAX_TOP_K); ; topK = Math.min(topK * 4, MAX_TOP_K)) {
      const { matches, vectors } = await this.#nearest(prefix, { topK, float32, equals }, limit);
      if (matches.length >= limit || vectors < topK || topK === MAX_TOP_K) return matches.slice(0, limit);
    }
  }

  /** Reads pages until there are `limit` items, which come in the order of their best vectors. */
  async #nearest(
    prefix: string[],
    query: Parameters<S3Vectors["queryVectors"]>[0],
    limit: number,
  ): Promise<{ matches: VectorMatch[]; vectors: number }> {
    const found = new Map<string, VectorMatch>();
    let vectors = 0;
    for await (const page of this.#s3Vectors.queryVectors(query)) {
      vectors += page.length;
      for (const { distance, metadata } of page) {
        const item = itemOf(metadata);
        if (!item || typeof distance !== "number") continue;
        // Two namespaces can have one hash.
        if (!prefix.every((label, i) => label === item.namespace[i])) continue;
        const id = itemText(item.namespace, item.key);
        const score = 1 - distance;
        if (!(score <= (found.get(id)?.score ?? -Infinity))) found.set(id, { ...item, score });
      }
      if (found.size >= limit) break;
    }
    return { matches: [...found.values()].sort((a, b) => b.score - a.score), vectors };
  }

  /** The numbers of a vector, as they are now; `undefined` where all are 0. */
  #checked(vector: Float32Array): number[] | undefined {
    const { dims } = this.#config;
    if (vector.length !== dims)
      throw invalidInput(`dims of the vector index is ${dims}, but it was given a vector of ${vector.length} numbers.`);
    return numbersOf(vector);
  }
}

function checkedItem(labels: readonly string[], key: string): string {
  const item = itemText(labels, key);
  const bytes = new TextEncoder().encode(item).length;
  if (bytes > MAX_ITEM_BYTES || labels.length > MAX_LABELS)
    throw invalidInput(
      `The namespace and the key of an item are ${labels.length} labels and ${bytes} bytes. S3 Vectors keeps ` +
        `${MAX_LABELS} and ${MAX_ITEM_BYTES}. Use a hash of what is long.`,
    );
  return item;
}
