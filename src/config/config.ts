import type { SerializerProtocol } from "@langchain/langgraph-checkpoint";
import type { AwsCredentials, AwsCredentialsProvider } from "../aws/client/credentials.js";
import type { EventListener } from "../aws/client/events.js";
import type { Fetch } from "../aws/client/exchange.js";
import { checkObject, oneOf, optional, text, wholeNumber } from "../checks.js";
import { invalidConfig } from "../errors.js";
import type { Compression, ConflictMode, DynamoDBSaverOptions, HistoryMode } from "../options.js";
import { optionsFromEnv, type Env } from "./environment.js";
import { checkCredentials, checkTableName, credentialsFrom, endpointFrom, regionFrom } from "./connection.js";
import { checkS3, type S3Config } from "./s3.js";
import { checkEncryption, checkSerde, checkSignal, checkTtl, type EncryptionConfig } from "./values.js";

/** All options, checked and filled in. */
export type SaverConfig = Readonly<{
  tableName: string;
  region: string;
  credentials: AwsCredentials | AwsCredentialsProvider;
  dangerouslyAllowBrowser: boolean;
  endpoint: string;
  allowInsecureEndpoint: boolean;
  compression: Compression;
  conflict: ConflictMode;
  history: HistoryMode;
  s3: S3Config | undefined;
  ttlSeconds: number | undefined;
  refreshOnRead: boolean;
  encryption: EncryptionConfig | undefined;
  maxValueBytes: number;
  keyPrefix: string;
  serde: SerializerProtocol | undefined;
  fetch: Fetch;
  signal: AbortSignal | undefined;
  maxAttempts: number;
  requestTimeoutMs: number;
  maxConcurrency: number;
  consistentRead: boolean;
  onEvent: EventListener | undefined;
}>;

export const KNOWN_OPTIONS: readonly string[] = [
  "tableName", "region", "credentials", "dangerouslyAllowBrowser", "endpoint", "allowInsecureEndpoint", "s3",
  "ttlSeconds", "refreshOnRead", "compression", "conflict", "history", "encryption", "maxValueBytes", "keyPrefix",
  "serde", "fetch", "signal",
  "maxAttempts", "requestTimeoutMs", "maxConcurrency", "consistentRead", "onEvent",
] satisfies (keyof DynamoDBSaverOptions)[]; // prettier-ignore

/**
 * Checks every option and fills in the defaults; a pure function of its arguments.
 * @throws DynamoDBSaverError `INVALID_CONFIG`, with what to write instead
 */
export function expandConfig(options: DynamoDBSaverOptions, env: Env): SaverConfig {
  checkObject("", options, KNOWN_OPTIONS, '{ tableName: "langgraph-checkpoints" }');
  const region = regionFrom(options.region, env);
  const fetchOption =
    optional("fetch", options.fetch, "function") ?? (typeof fetch === "function" ? fetch.bind(globalThis) : undefined);
  if (!fetchOption) throw invalidConfig("This runtime has no global fetch: pass one as the option fetch.");
  const dangerouslyAllowBrowser =
    optional("dangerouslyAllowBrowser", options.dangerouslyAllowBrowser, "boolean") ?? false;
  const allowInsecureEndpoint =
    optional("allowInsecureEndpoint", options.allowInsecureEndpoint, "boolean") ??
    env.DYNAMODB_ALLOW_INSECURE_ENDPOINT ??
    false;
  const keyPrefix = optional("keyPrefix", options.keyPrefix, "string") ?? "";
  if (new TextEncoder().encode(keyPrefix).length > 256)
    throw invalidConfig("keyPrefix must not be longer than 256 bytes.");
  // It has no UTF-8 form, so two prefixes would become one.
  if (/\p{Cs}/u.test(keyPrefix)) throw invalidConfig("keyPrefix must not have half of a surrogate pair.");

  return Object.freeze({
    tableName: checkTableName(
      text("tableName", options.tableName, 'Pass tableName: "langgraph-checkpoints"; setup() creates that table.'),
    ),
    region,
    credentials: checkCredentials("credentials", options.credentials ?? credentialsFrom(env), dangerouslyAllowBrowser),
    dangerouslyAllowBrowser,
    endpoint: endpointFrom(options.endpoint, env, region, allowInsecureEndpoint),
    allowInsecureEndpoint,
    compression: oneOf("compression", options.compression ?? "gzip", ["gzip", "none"]),
    conflict: oneOf("conflict", options.conflict ?? "branch", ["branch", "reject"]),
    history: oneOf("history", options.history ?? "full", ["full", "latest"]),
    s3: checkS3(options.s3, region, env, { dangerouslyAllowBrowser, allowInsecureEndpoint }),
    ttlSeconds:
      options.ttlSeconds === undefined ? undefined : checkTtl("ttlSeconds", options.ttlSeconds, invalidConfig),
    refreshOnRead: optional("refreshOnRead", options.refreshOnRead, "boolean") ?? false,
    encryption: checkEncryption(options.encryption),
    maxValueBytes: wholeNumber("maxValueBytes", options.maxValueBytes ?? 64 * 1_024 * 1_024, 1_024, 2 ** 31 - 1),
    keyPrefix,
    serde: checkSerde(options.serde),
    fetch: fetchOption,
    signal: checkSignal(options.signal),
    maxAttempts: wholeNumber("maxAttempts", options.maxAttempts ?? 4, 1, 20),
    requestTimeoutMs: wholeNumber("requestTimeoutMs", options.requestTimeoutMs ?? 10_000, 1, 600_000),
    maxConcurrency: wholeNumber("maxConcurrency", options.maxConcurrency ?? 50, 1, 10_000),
    consistentRead: optional("consistentRead", options.consistentRead, "boolean") ?? true,
    onEvent: optional("onEvent", options.onEvent, "function"),
  });
}

/** Options with what an environment gives of them. Those that the saver does not have are passed on unseen. */
export function withEnv<T extends Partial<EnvOptions>>(
  env: object,
  overrides: T,
): T & Pick<SaverConfig, Exclude<keyof EnvOptions, "dangerouslyAllowBrowser">> {
  const found = optionsFromEnv(env);
  if (typeof overrides !== "object" || overrides === null)
    throw invalidConfig("The overrides must be an object of options, or left out.");
  const tableName = overrides.tableName ?? found.tableName;
  if (tableName === undefined)
    throw invalidConfig(
      "tableName is missing. Set DYNAMODB_TABLE_NAME, or pass it in the overrides: fromEnv(env, { tableName }).",
    );
  // Only the given environment counts, so what it gives is passed on as options.
  const { dangerouslyAllowBrowser } = overrides;
  const given = {
    tableName,
    region: overrides.region,
    credentials: overrides.credentials,
    dangerouslyAllowBrowser,
    endpoint: overrides.endpoint,
    allowInsecureEndpoint: overrides.allowInsecureEndpoint,
    s3: overrides.s3,
  };
  const { region, credentials, endpoint, allowInsecureEndpoint, s3 } = expandConfig(given, found.env);
  return { ...overrides, tableName, region, credentials, endpoint, allowInsecureEndpoint, s3 };
}

type EnvOptions = Pick<
  DynamoDBSaverOptions,
  "tableName" | "region" | "credentials" | "dangerouslyAllowBrowser" | "endpoint" | "allowInsecureEndpoint" | "s3"
>;
