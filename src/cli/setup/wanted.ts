import { isBucketName, isKeyPrefix } from "../../aws/s3/places.js";
import { daysOf } from "../../payload/lifetime.js";
import { invalidConfig } from "../../errors.js";

/** What infrastructure is printed for. */
export interface Wanted {
  /** A name, or the ARN of a table. */
  table: string;
  region: string;
  keyPrefix?: string | undefined;
  s3?: { bucket: string; prefix: string } | undefined;
  /** The saver's `ttlSeconds`. */
  ttlSeconds?: number | undefined;
  /** Origin of a page that uses the bucket. */
  origin?: string | undefined;
}

/**
 * The parameters of `infra/cloudformation.yaml`.
 * @throws DynamoDBSaverError `INVALID_CONFIG` for what would not fit into it
 */
export function parametersOf({
  table,
  keyPrefix = "",
  s3,
  ttlSeconds,
  origin = "",
}: Wanted): Record<string, string | number> {
  const name = table.split("/").at(-1)!;
  if (!/^[A-Za-z0-9_.-]{3,255}$/.test(name))
    throw invalidConfig(`--table ${JSON.stringify(table)} must have 3 to 255 letters, digits, "_", "-" or ".".`);
  if (s3 && !isBucketName(s3.bucket))
    throw invalidConfig(`--s3-bucket ${JSON.stringify(s3.bucket)} must be 3 to 63 small letters, digits, "-" and ".".`);
  if (s3 && !(isKeyPrefix(s3.prefix) && s3.prefix.length <= 200))
    throw invalidConfig(
      '--s3-prefix must be letters, digits, "_", ".", "=", ":", "-" and single slashes, 200 at most.',
    );
  return {
    TableName: name,
    KeyPrefix: keyPrefix.replace(/[*?$]/g, (sign) => `\${${sign}}`),
    WithBucket: String(s3 !== undefined),
    BucketName: s3?.bucket ?? "",
    ...(s3 && { S3Prefix: s3.prefix }),
    ObjectExpiryDays: ttlSeconds === undefined ? 0 : daysOf(ttlSeconds),
    BrowserOrigin: origin,
  };
}

/** "Amazon Resource Names (ARNs)": China and GovCloud are partitions of their own. */
export const awsPartition = (region: string): string =>
  region.startsWith("cn-") ? "aws-cn" : region.startsWith("us-gov-") ? "aws-us-gov" : "aws";
