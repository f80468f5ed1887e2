import { awsEndpoint } from "../aws/client/endpoint.js";
import { isBucketName, isKeyPrefix, objectUrl } from "../aws/s3/places.js";
import { checkObject, optional, text, wholeNumber } from "../checks.js";
import { invalidConfig } from "../errors.js";
import type { DynamoDBSaverEnv, S3Options } from "../options.js";
import { nonEmpty } from "./environment.js";
import { checkCredentials, checkEndpoint, checkRegion } from "./connection.js";

/* The option `s3`. */

/** The option `s3`, filled in. Without credentials of its own it has the table's. */
export type S3Config = {
  readonly [K in Exclude<keyof S3Options, "credentials">]-?: Exclude<S3Options[K], undefined>;
} & Readonly<Pick<S3Options, "credentials">>;

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
