import type { IndexConfig } from "@langchain/langgraph-checkpoint";
import { checkObject, optional, wholeNumber } from "../checks.js";
import { expandConfig, KNOWN_OPTIONS, type SaverConfig } from "../config/config.js";
import { type Env } from "../config/environment.js";
import { checkTtl } from "../config/values.js";
import { invalidConfig } from "../errors.js";
import type { DynamoDBSaverOptions } from "../options.js";
import type { VectorIndex } from "./vector-index.js";

/** How long items of a {@link DynamoDBStore} live. */
export interface StoreTtlOptions {
  /** For items whose `put` does not say otherwise, in seconds. Default: they stay. */
  defaultTtlSeconds?: number | undefined;
  /** Whether `get` and `search` give an item that expires its whole life again. Default: `false`. */
  refreshOnRead?: boolean | undefined;
}

/** What a {@link DynamoDBStore} embeds, as in LangGraph's stores, and how it is searched. */
export interface StoreIndexOptions extends IndexConfig {
  /**
   * Whether a search by meaning compares all vectors. Otherwise it reads short sketches of all of them, and compares
   * only those that look nearest. Default: `false`.
   */
  exact?: boolean | undefined;
}

type SharedOptions = Omit<DynamoDBSaverOptions, "ttlSeconds" | "refreshOnRead" | "conflict">;

/** Options of {@link DynamoDBStore}: those of the saver, and these. */
export interface DynamoDBStoreOptions extends SharedOptions {
  /** How long items live. Default: they stay. */
  ttl?: StoreTtlOptions | undefined;
  /**
   * What semantic search goes by, as in LangGraph's stores: `dims`, `embeddings`, and the `fields` to embed, all of the
   * value by default.
   */
  index?: StoreIndexOptions | undefined;
  /** Where vectors are searched, for namespaces of more than some 10,000. Default: in the table. */
  vectorIndex?: VectorIndex | undefined;
}

const sharedOptions = (): string[] =>
  KNOWN_OPTIONS.filter((name) => !["ttlSeconds", "refreshOnRead", "conflict"].includes(name));

/** All options of a store, checked and filled in. */
export interface StoreConfig {
  shared: SaverConfig;
  ttlSeconds: number | undefined;
  refreshOnRead: boolean;
  index: StoreIndexOptions | undefined;
  vectorIndex: VectorIndex | undefined;
}

/** @throws DynamoDBSaverError `INVALID_CONFIG` */
export function expandStoreConfig(options: DynamoDBStoreOptions, env: Env): StoreConfig {
  checkObject(
    "",
    options,
    [...sharedOptions(), "ttl", "index", "vectorIndex"],
    '{ tableName: "langgraph-checkpoints" }',
  );
  const { ttl = {}, index, vectorIndex, ...shared } = options;
  checkObject("ttl", ttl, ["defaultTtlSeconds", "refreshOnRead"], "{ defaultTtlSeconds: 30 * 86_400 }");
  const ttlSeconds =
    ttl.defaultTtlSeconds === undefined
      ? undefined
      : checkTtl("ttl.defaultTtlSeconds", ttl.defaultTtlSeconds, invalidConfig);
  if (vectorIndex !== undefined && index === undefined)
    throw invalidConfig("vectorIndex needs index too: { dims, embeddings }.");
  return {
    shared: expandConfig({ ...shared, ttlSeconds }, env),
    ttlSeconds,
    refreshOnRead: optional("ttl.refreshOnRead", ttl.refreshOnRead, "boolean") ?? false,
    index: index && checkIndex(index),
    vectorIndex: vectorIndex && checkVectorIndex(vectorIndex),
  };
}

function checkIndex(index: StoreIndexOptions): StoreIndexOptions {
  checkObject("index", index, ["dims", "embeddings", "fields", "exact"], "{ dims: 1024, embeddings }");
  const { embedDocuments, embedQuery } = (index.embeddings ?? {}) as unknown as Record<string, unknown>;
  if (typeof embedDocuments !== "function" || typeof embedQuery !== "function")
    throw invalidConfig(
      "index.embeddings must have the methods embedDocuments and embedQuery, as LangChain's Embeddings do.",
    );
  const { fields } = index;
  if (fields !== undefined && !(Array.isArray(fields) && fields.every((field) => typeof field === "string")))
    throw invalidConfig('index.fields must be an array of paths, for example ["text", "chapters[*].content"].');
  return {
    dims: wholeNumber("index.dims", index.dims, 1, 65_535),
    embeddings: index.embeddings,
    exact: optional("index.exact", index.exact, "boolean") ?? false,
    ...(fields && { fields: [...fields] }),
  };
}

function checkVectorIndex(vectorIndex: VectorIndex): VectorIndex {
  const methods = vectorIndex as unknown as Record<string, unknown>;
  if (
    typeof vectorIndex === "object" &&
    ["put", "delete", "search"].every((name) => typeof methods[name] === "function")
  )
    return vectorIndex;
  throw invalidConfig("vectorIndex must be an object with the methods put, delete and search.");
}
