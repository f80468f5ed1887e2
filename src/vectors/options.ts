import { variable } from "../aws/client/env-variables.js";
import { isVectorsName, s3VectorsEndpoint, type S3VectorsConfig } from "../aws/s3vectors/s3-vectors.js";
import { checkObject, text, wholeNumber } from "../checks.js";
import { expandConfig, type SaverConfig } from "../config/config.js";
import { Env, optionsFromEnv } from "../config/environment.js";
import { invalidConfig } from "../errors.js";
import type { DynamoDBSaverOptions } from "../options.js";

/** What an index of vectors shares with the saver: how requests are made, and whose data it is. */
type SharedOptions = Pick<
  DynamoDBSaverOptions,
  | "region"
  | "credentials"
  | "dangerouslyAllowBrowser"
  | "allowInsecureEndpoint"
  | "fetch"
  | "signal"
  | "maxAttempts"
  | "requestTimeoutMs"
  | "maxConcurrency"
  | "onEvent"
>;

/** Options of {@link S3VectorIndex}: those of the saver that say how requests are made, and these. */
export interface S3VectorIndexOptions extends SharedOptions {
  /** The vector bucket, which is another kind than S3's own. `setup()` creates it where it is missing. */
  vectorBucketName: string;
  /** The index in that bucket: 3 to 63 small letters, digits, `-` and `.`. `setup()` creates it. */
  indexName: string;
  /** How many numbers a vector has, 4,096 at most: `index.dims` of the store. */
  dims: number;
  /**
   * That of the store, where it has one: tenants that share an index neither find nor replace each other's items.
   * Default: `""`.
   */
  keyPrefix?: string | undefined;
  /**
   * How many vectors an item has at most, 100 at the utmost: as many as it has texts that are embedded. Every put, and
   * every delete, removes so many of the item's former vectors without asking how many there are. With 1, a put is one
   * request instead of two. Raise it at any time; lower it only for items that have no more than that. Default: 8.
   */
  vectorsPerItem?: number | undefined;
  /**
   * URL of the service. Default: `AWS_ENDPOINT_URL_S3VECTORS`, then `AWS_ENDPOINT_URL`, then AWS's own for the region.
   */
  endpoint?: string | undefined;
}

/** All options, checked and filled in. */
export interface S3VectorIndexConfig extends S3VectorsConfig {
  /** What the client goes by. */
  shared: SaverConfig;
  dims: number;
  keyPrefix: string;
  vectorsPerItem: number;
}

const KNOWN_OPTIONS: readonly string[] = [
  "vectorBucketName", "indexName", "dims", "keyPrefix", "vectorsPerItem", "region", "credentials",
  "dangerouslyAllowBrowser", "endpoint", "allowInsecureEndpoint", "fetch", "signal", "maxAttempts", "requestTimeoutMs",
  "maxConcurrency", "onEvent",
] satisfies (keyof S3VectorIndexOptions)[]; // prettier-ignore

const EXAMPLE = '{ vectorBucketName: "my-vectors", indexName: "memories", dims: 1024 }';

/** @throws DynamoDBSaverError `INVALID_CONFIG`, with what to write instead */
export function expandVectorIndexConfig(options: S3VectorIndexOptions, env: object): S3VectorIndexConfig {
  checkObject("", options, KNOWN_OPTIONS, EXAMPLE);
  const { vectorBucketName, indexName, dims, vectorsPerItem = 8, ...shared } = options;
  const endpoint = options.endpoint ?? variable(env, "AWS_ENDPOINT_URL_S3VECTORS") ?? variable(env, "AWS_ENDPOINT_URL");
  // The saver's own checks, whose table and endpoint are not asked for here.
  const config = expandConfig({ ...shared, tableName: "none", endpoint: endpoint ?? "https://none" }, new Env(env));
  return {
    shared: config,
    vectorBucketName: checkName("vectorBucketName", vectorBucketName),
    indexName: checkName("indexName", indexName),
    dims: wholeNumber("dims", dims, 1, 4_096),
    keyPrefix: config.keyPrefix,
    vectorsPerItem: wholeNumber("vectorsPerItem", vectorsPerItem, 1, 100),
    region: config.region,
    endpoint: endpoint === undefined ? s3VectorsEndpoint(config.region) : config.endpoint,
  };
}

/** Options with what an environment gives of them. */
export function withVectorEnv(options: S3VectorIndexOptions, env: object): S3VectorIndexOptions {
  optionsFromEnv(env); // refuses what is no environment
  const { region, endpoint, shared } = expandVectorIndexConfig(options, env);
  const { credentials, allowInsecureEndpoint } = shared;
  return { ...options, region, endpoint, credentials, allowInsecureEndpoint };
}

function checkName(name: string, given: unknown): string {
  const found = text(name, given, `Pass ${EXAMPLE}.`);
  if (isVectorsName(found)) return found;
  throw invalidConfig(
    `${name} ${JSON.stringify(found)} must have 3 to 63 small letters, digits, "-" and ".", the first and the last ` +
      "of them no sign.",
  );
}
