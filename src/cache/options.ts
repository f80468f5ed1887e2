import { checkObject, optional } from "../checks.js";
import { expandConfig, KNOWN_OPTIONS, type SaverConfig } from "../config/config.js";
import type { Env } from "../config/environment.js";
import type { DynamoDBSaverOptions } from "../options.js";

/** Options of {@link DynamoDBCache}: those of the saver, and these. */
export interface DynamoDBCacheOptions extends Omit<DynamoDBSaverOptions, "refreshOnRead" | "conflict"> {
  /** How long entries live whose `set` does not say otherwise, in seconds. Default: they stay. */
  ttlSeconds?: number | undefined;
  /**
   * Whose values these are, for example the graph's name. LangGraph tells graphs apart by nothing but the names of
   * their nodes and what goes in, so give each graph a cache with a prefix of its own. Caches with different prefixes
   * share nothing, and `clear` deletes what has this prefix alone. Default: `""`, which is a prefix as others are.
   */
  prefix?: string | undefined;
}

/** All options of a cache, checked and filled in. */
export type CacheConfig = SaverConfig & Readonly<{ prefix: string }>;

const known = (): string[] => [
  ...KNOWN_OPTIONS.filter((name) => name !== "refreshOnRead" && name !== "conflict"),
  "prefix",
];

/** @throws DynamoDBSaverError `INVALID_CONFIG` */
export function expandCacheConfig(options: DynamoDBCacheOptions, env: Env): CacheConfig {
  checkObject("", options, known(), '{ tableName: "langgraph-checkpoints" }');
  const { prefix, ...shared } = options;
  return Object.freeze({ ...expandConfig(shared, env), prefix: optional("prefix", prefix, "string") ?? "" });
}
