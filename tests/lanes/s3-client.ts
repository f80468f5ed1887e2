import { AwsClient } from "aws4fetch";
import type { RunningS3 } from "../../scripts/lib/ceph-rgw.js";

/** The S3 as it is itself, past the saver. */

export type S3Place = Omit<RunningS3, "stop">;

/** The bucket that all tests share. */
export const BUCKET = "checkpoints";

/**
 * Sends one request, for example `callS3(s3, "GET", "bucket/key")`. The answer may be an error.
 * A `+` in a path must be written `%2B`: aws4fetch signs it as a space.
 */
export async function callS3(s3: S3Place, method: string, path: string, init: RequestInit = {}): Promise<Response> {
  const aws = new AwsClient({ accessKeyId: s3.accessKeyId, secretAccessKey: s3.secretAccessKey, region: s3.region, service: "s3", retries: 0 });
  return aws.fetch(`${s3.endpoint}/${path}`, { ...init, method });
}

/** Makes a bucket. That it is there already, and ours, is fine. */
export async function createBucket(s3: S3Place, name: string = BUCKET): Promise<string> {
  const response = await callS3(s3, "PUT", name);
  if (!response.ok && response.status !== 409) throw new Error(`CreateBucket: ${response.status} ${await response.text()}`);
  return name;
}

/** The keys of a bucket's objects that start with `prefix`, sorted; 1,000 at most. */
export async function objectKeys(s3: S3Place, prefix: string, bucket: string = BUCKET): Promise<string[]> {
  const response = await callS3(s3, "GET", `${bucket}?list-type=2&encoding-type=url&prefix=${encodeURIComponent(prefix)}`);
  const xml = await response.text();
  if (!response.ok) throw new Error(`ListObjectsV2: ${response.status} ${xml}`);
  return Array.from(xml.matchAll(/<Contents><Key>([^<]*)/g), ([, key]) => decodeURIComponent(key!)).sort();
}
