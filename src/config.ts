import type { SerializerProtocol } from "@langchain/langgraph-checkpoint";
import type { Fetch } from "./aws/client/exchange.js";
import {
  credentialsProblem,
  EXPOSED,
  exposed,
  type AwsCredentials,
  type AwsCredentialsProvider,
} from "./aws/client/credentials.js";
import { awsEndpoint, insecureAdvice, isRegion, isSafe } from "./aws/client/endpoint.js";
import { allowsInsecureEndpoint, ambientEnv as runtimeEnv, variable } from "./aws/client/environment.js";
import type { EventListener } from "./aws/client/events.js";
import { isBucketName, isKeyPrefix, objectUrl } from "./aws/s3/s3.js";
import { checkObject, kindOf, oneOf, optional, text, wholeNumber } from "./checks.js";
import type {
  Compression,
  DynamoDBSaverEnv,
  DynamoDBSaverOptions,
  EncryptionOptions,
  S3Options,
  EncryptionKey,
  ConflictMode,
  HistoryMode,
} from "./options.js";
import { invalidConfig, isDynamoDBSaverError, type DynamoDBSaverError } from "./errors.js";

type Filled<T> = { readonly [K in keyof T]-?: Exclude<T[K], undefined> };

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
  /** Without credentials of its own it has the table's. */
  s3: (Filled<Omit<S3Options, "credentials">> & Readonly<Pick<S3Options, "credentials">>) | undefined;
  ttlSeconds: number | undefined;
  refreshOnRead: boolean;
  encryption: Filled<EncryptionOptions> | undefined;
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
  const region = checkRegion(
    "region",
    text(
      "region",
      options.region ?? nonEmpty(env.AWS_REGION) ?? nonEmpty(env.AWS_DEFAULT_REGION),
      'Pass region: "us-east-1", or set AWS_REGION.',
    ),
  );
  const endpoint = options.endpoint ?? nonEmpty(env.AWS_ENDPOINT_URL_DYNAMODB) ?? nonEmpty(env.AWS_ENDPOINT_URL);
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
    endpoint:
      endpoint === undefined
        ? awsEndpoint("dynamodb", region)
        : checkEndpoint("endpoint", endpoint, allowInsecureEndpoint),
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

/** What the runtime's own environment says, where it has one. */
export const ambientEnv = (): Env => new Env(runtimeEnv());

/** The options that environment variables give. Other entries, such as a Worker's bindings, are passed over. */
export function optionsFromEnv(env: object): { env: Env; tableName: string | undefined } {
  if (typeof env !== "object" || env === null) {
    throw invalidConfig(
      "fromEnv needs an object of environment variables: a Worker's env, process.env, or Deno.env.toObject(). It " +
        `got ${kindOf(env)}.`,
    );
  }
  return { tableName: variable(env, "DYNAMODB_TABLE_NAME"), env: new Env(env) };
}

/**
 * Each variable is read when it is asked for: Deno asks its user for every one, and what an option says is not looked
 * for.
 */
export class Env implements DynamoDBSaverEnv {
  constructor(private readonly env: object) {}

  get AWS_REGION(): string | undefined { return variable(this.env, "AWS_REGION"); } // prettier-ignore
  get AWS_DEFAULT_REGION(): string | undefined { return variable(this.env, "AWS_DEFAULT_REGION"); } // prettier-ignore
  get AWS_ACCESS_KEY_ID(): string | undefined { return variable(this.env, "AWS_ACCESS_KEY_ID"); } // prettier-ignore
  get AWS_SECRET_ACCESS_KEY(): string | undefined {
    return variable(this.env, "AWS_SECRET_ACCESS_KEY");
  }
  get AWS_SESSION_TOKEN(): string | undefined { return variable(this.env, "AWS_SESSION_TOKEN"); } // prettier-ignore
  get AWS_ENDPOINT_URL_DYNAMODB(): string | undefined {
    return variable(this.env, "AWS_ENDPOINT_URL_DYNAMODB");
  }
  get AWS_ENDPOINT_URL_S3(): string | undefined { return variable(this.env, "AWS_ENDPOINT_URL_S3"); } // prettier-ignore
  get AWS_ENDPOINT_URL(): string | undefined { return variable(this.env, "AWS_ENDPOINT_URL"); } // prettier-ignore
  get DYNAMODB_ALLOW_INSECURE_ENDPOINT(): boolean | undefined {
    return allowsInsecureEndpoint(this.env);
  }
}

function checkEndpoint(name: string, endpoint: unknown, allowInsecure: boolean): string {
  let url: URL;
  try {
    url = new URL(text(name, endpoint, ""));
  } catch (error) {
    if (isDynamoDBSaverError(error)) throw error;
    throw invalidConfig(name + ' is not a URL. Write it with its scheme, for example "http://127.0.0.1:8000".');
  }
  if (url.username || url.password)
    throw invalidConfig(name + " must not hold a user name or password. Pass credentials instead.");
  if (url.search || url.hash) throw invalidConfig(name + " must not have a query or a fragment.");
  if (!isSafe(url, allowInsecure)) {
    throw invalidConfig(
      `${name} ${url.origin} must be https: state and signed requests would travel in the clear. Plain http is ` +
        `for this machine (127.0.0.1). ${insecureAdvice()}`,
    );
  }
  return url.href;
}

function checkTableName(name: string): string {
  // "Naming rules": 3 to 255 characters. An ARN names a table of another account.
  if (
    /^[A-Za-z0-9_.-]{3,255}$/.test(name) ||
    /^arn:aws[a-z-]*:dynamodb:[a-z0-9-]+:\d{12}:table\/[A-Za-z0-9_.-]{3,255}$/.test(name)
  )
    return name;
  throw invalidConfig(
    `tableName ${JSON.stringify(name)} must have 3 to 255 letters, digits, "_", "-" or ".", or be the ARN of a table.`,
  );
}

function credentialsFrom(env: DynamoDBSaverEnv): AwsCredentials | undefined {
  const { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret, AWS_SESSION_TOKEN: token } = env;
  if (!id && !secret) return undefined;
  if (!id || !secret)
    throw invalidConfig(
      `${id ? "AWS_SECRET_ACCESS_KEY" : "AWS_ACCESS_KEY_ID"} is missing beside ` +
        `${id ? "AWS_ACCESS_KEY_ID" : "AWS_SECRET_ACCESS_KEY"}. Set both.`,
    );
  return { accessKeyId: id, secretAccessKey: secret, sessionToken: nonEmpty(token) };
}

function checkCredentials(
  name: string,
  credentials: unknown,
  dangerouslyAllowBrowser: boolean,
): AwsCredentials | AwsCredentialsProvider {
  if (typeof credentials === "function") return credentials as AwsCredentialsProvider;
  const example =
    "Pass credentials: { accessKeyId, secretAccessKey } or an async function that returns them, or set " +
    "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.";
  if (credentials === undefined) throw invalidConfig(`credentials are missing. ${example}`);
  const problem = credentialsProblem(credentials);
  if (problem) throw invalidConfig(`${name}: got ${problem}. ${example}`);
  if (!dangerouslyAllowBrowser && exposed(credentials as AwsCredentials))
    throw invalidConfig(`${name} are long-lived. ${EXPOSED}`);
  const { accessKeyId, secretAccessKey, sessionToken, expiration } = credentials as AwsCredentials;
  return { accessKeyId, secretAccessKey, sessionToken, expiration };
}

function checkS3(
  s3: S3Options | undefined,
  tableRegion: string,
  env: DynamoDBSaverEnv,
  {
    dangerouslyAllowBrowser,
    allowInsecureEndpoint,
  }: Pick<SaverConfig, "dangerouslyAllowBrowser" | "allowInsecureEndpoint">,
): SaverConfig["s3"] {
  if (s3 === undefined) return undefined;
  checkObject(
    "s3",
    s3,
    ["bucket", "olderBuckets", "prefix", "endpoint", "credentials", "region", "forcePathStyle", "thresholdBytes"],
    '{ bucket: "my-bucket" }',
  );
  const { olderBuckets = [] } = s3;
  if (!Array.isArray(olderBuckets)) throw invalidConfig("s3.olderBuckets must be an array of names.");
  const bucket = checkBucket("s3.bucket", s3.bucket);
  const prefix = optional("s3.prefix", s3.prefix, "string") ?? "";
  // Parts of the saver's own come behind it.
  if (!isKeyPrefix(prefix) || prefix.length > 200) {
    throw invalidConfig(
      's3.prefix must be letters, digits, "_", ".", "=", ":", "-" and single slashes, 200 at most, for example ' +
        '"agents/".',
    );
  }
  const endpoint = s3.endpoint ?? nonEmpty(env.AWS_ENDPOINT_URL_S3) ?? nonEmpty(env.AWS_ENDPOINT_URL);
  const region = checkRegion("s3.region", optional("s3.region", s3.region, "string") ?? tableRegion);
  const url =
    endpoint === undefined ? awsEndpoint("s3", region) : checkEndpoint("s3.endpoint", endpoint, allowInsecureEndpoint);
  // A name server knows no bucket below an address, nor below the name of a container or a machine: that of a container
  // has no dot, and host.docker.internal is met by plain http only.
  const needsPath =
    bucket.includes(".") || url.startsWith("http:") || /^(\d+(\.\d+){3}|[^.]+)$/.test(new URL(url).hostname);
  const forcePathStyle = optional("s3.forcePathStyle", s3.forcePathStyle, "boolean") ?? needsPath;
  const older = olderBuckets.map((one, i) => checkBucket(`s3.olderBuckets[${i}]`, one));
  // A bucket's name before the host makes another host.
  for (const one of [bucket, ...older])
    checkEndpoint(
      "s3.endpoint without forcePathStyle",
      objectUrl({ endpoint: url, forcePathStyle }, one, ""),
      allowInsecureEndpoint,
    );
  return Object.freeze({
    bucket,
    olderBuckets: older,
    prefix,
    endpoint: url,
    credentials:
      s3.credentials === undefined
        ? undefined
        : checkCredentials("s3.credentials", s3.credentials, dangerouslyAllowBrowser),
    region,
    forcePathStyle,
    thresholdBytes: wholeNumber("s3.thresholdBytes", s3.thresholdBytes ?? 350_000, 1, 380_000),
  });
}

/** @param error makes the error, for an option or for an argument of a call */
export function checkTtl(name: string, ttl: unknown, error: (message: string) => DynamoDBSaverError): number {
  if (typeof ttl === "number" && ttl > 0 && ttl <= 100 * 365 * 86_400) return ttl;
  throw error(`${name} must be a positive number of seconds, 100 years at most, for example 7 * 86_400 for a week.`);
}

function checkEncryption(encryption: EncryptionOptions | undefined): SaverConfig["encryption"] {
  if (encryption === undefined) return undefined;
  checkObject("encryption", encryption, ["key", "olderKeys", "allowPlaintext"], "{ key }");
  const { key, olderKeys = [], allowPlaintext } = encryption;
  if (!Array.isArray(olderKeys)) throw invalidConfig("encryption.olderKeys must be an array of keys.");
  return Object.freeze({
    key: checkKey("encryption.key", key),
    olderKeys: olderKeys.map((older, i) => checkKey(`encryption.olderKeys[${i}]`, older)),
    allowPlaintext: optional("encryption.allowPlaintext", allowPlaintext, "boolean") ?? false,
  });
}

function checkKey(name: string, key: unknown): EncryptionKey {
  if (key instanceof Uint8Array && key.length === 32) return new Uint8Array(key);
  if (typeof CryptoKey !== "undefined" && key instanceof CryptoKey) {
    const { length } = key.algorithm as { length?: number };
    if (
      key.algorithm.name === "AES-GCM" &&
      length === 256 &&
      key.usages.includes("encrypt") &&
      key.usages.includes("decrypt")
    )
      return key;
  }
  throw invalidConfig(
    `${name} must be 32 bytes (crypto.getRandomValues(new Uint8Array(32)), kept in a secret store), or an ` +
      "AES-GCM CryptoKey of 256 bits that may encrypt and decrypt.",
  );
}

function checkSerde(serde: unknown): SerializerProtocol | undefined {
  if (serde === undefined) return undefined;
  const { dumpsTyped, loadsTyped } = (serde ?? {}) as Record<string, unknown>;
  if (typeof dumpsTyped === "function" && typeof loadsTyped === "function") return serde as SerializerProtocol;
  throw invalidConfig("serde must be an object with the methods dumpsTyped and loadsTyped.");
}

function checkSignal(signal: unknown): AbortSignal | undefined {
  if (signal === undefined || (typeof signal === "object" && signal !== null && "aborted" in signal))
    return signal as AbortSignal | undefined;
  throw invalidConfig("signal must be an AbortSignal, for example new AbortController().signal.");
}

const nonEmpty = (value: string | undefined): string | undefined => (value === "" ? undefined : value);

function checkBucket(name: string, bucket: unknown): string {
  const given = text(name, bucket, 'Pass s3: { bucket: "my-bucket" }.');
  if (isBucketName(given)) return given;
  throw invalidConfig(
    `${name} ${JSON.stringify(given)} is not a name of a bucket: 3 to 63 small letters, digits, "-" and ".".`,
  );
}

/** It becomes a part of the host that signed requests go to. */
function checkRegion(name: string, region: string): string {
  if (isRegion(region)) return region;
  throw invalidConfig(`${name} ${JSON.stringify(region)} is not an AWS region such as "us-east-1".`);
}
