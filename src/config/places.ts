import {
  credentialsProblem,
  EXPOSED,
  exposed,
  type AwsCredentials,
  type AwsCredentialsProvider,
} from "../aws/client/credentials.js";
import { awsEndpoint, insecureAdvice, isRegion, isSafe } from "../aws/client/endpoint.js";
import { isBucketName, isKeyPrefix, objectUrl } from "../aws/s3/places.js";
import { checkObject, optional, text, wholeNumber } from "../checks.js";
import { invalidConfig, isDynamoDBSaverError } from "../errors.js";
import type { DynamoDBSaverEnv, S3Options } from "../options.js";
import { nonEmpty } from "./environment.js";

/* Where requests go, and with which credentials. */

/** The option `s3`, filled in. Without credentials of its own it has the table's. */
export type S3Config = {
  readonly [K in Exclude<keyof S3Options, "credentials">]-?: Exclude<S3Options[K], undefined>;
} & Readonly<Pick<S3Options, "credentials">>;

export function checkEndpoint(name: string, endpoint: unknown, allowInsecure: boolean): string {
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

export function checkTableName(name: string): string {
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

export function credentialsFrom(env: DynamoDBSaverEnv): AwsCredentials | undefined {
  const { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret, AWS_SESSION_TOKEN: token } = env;
  if (!id && !secret) return undefined;
  if (!id || !secret)
    throw invalidConfig(
      `${id ? "AWS_SECRET_ACCESS_KEY" : "AWS_ACCESS_KEY_ID"} is missing beside ` +
        `${id ? "AWS_ACCESS_KEY_ID" : "AWS_SECRET_ACCESS_KEY"}. Set both.`,
    );
  return { accessKeyId: id, secretAccessKey: secret, sessionToken: nonEmpty(token) };
}

export function checkCredentials(
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

export function checkS3(
  s3: S3Options | undefined,
  tableRegion: string,
  env: DynamoDBSaverEnv,
  {
    dangerouslyAllowBrowser,
    allowInsecureEndpoint,
  }: { dangerouslyAllowBrowser: boolean; allowInsecureEndpoint: boolean },
): S3Config | undefined {
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

function checkBucket(name: string, bucket: unknown): string {
  const given = text(name, bucket, 'Pass s3: { bucket: "my-bucket" }.');
  if (isBucketName(given)) return given;
  throw invalidConfig(
    `${name} ${JSON.stringify(given)} is not a name of a bucket: 3 to 63 small letters, digits, "-" and ".".`,
  );
}

/** It becomes a part of the host that signed requests go to. */
export function checkRegion(name: string, region: string): string {
  if (isRegion(region)) return region;
  throw invalidConfig(`${name} ${JSON.stringify(region)} is not an AWS region such as "us-east-1".`);
}
