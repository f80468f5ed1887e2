import { AwsClient } from "aws4fetch";
import type { RunningS3 } from "../../../scripts/lib/servers/ceph-rgw.js";
import { fetchServers } from "../servers/servers.js";

/** The S3 as it is itself, past the saver. */

export interface S3Place extends Omit<RunningS3, "stop"> {
  /** A way to it that finds hosts under `.localhost`, and that browsers let through whatever the bucket allows. */
  forwarder: string;
  /** The origin of the page in a browser. Each bucket allows it what the saver does. */
  pageOrigin: string;
}

/** The bucket that all tests share. */
export const BUCKET = "checkpoints";

/**
 * Sends one request, for example `callS3(s3, "GET", "bucket/key")`. The answer may be an error.
 * A `+` in a path must be written `%2B`: aws4fetch signs it as a space.
 */
export async function callS3(s3: S3Place, method: string, path: string, init: RequestInit = {}): Promise<Response> {
  const { url, headers } = await sign(s3, `${s3.endpoint}/${path}`, { ...init, method });
  return fetchServers(url, { ...init, method, headers });
}

/** Not the clock that a test may move: S3 refuses what is signed at another time than its own. */
const RealDate = Date;

export function sign(
  { accessKeyId, secretAccessKey, region }: S3Place,
  url: string,
  init: RequestInit,
): Promise<Request> {
  const datetime = new RealDate().toISOString().replace(/[:-]|\.\d+/g, "");
  return new AwsClient({ accessKeyId, secretAccessKey, region, service: "s3" }).sign(url, {
    ...init,
    aws: { datetime },
  });
}

/** Makes a bucket. That it is there already, and ours, is fine. */
export async function createBucket(s3: S3Place, name: string = BUCKET): Promise<string> {
  await send("CreateBucket", name);
  await send("PutBucketCors", `${name}?cors`, corsOf(s3));
  return name;

  // A page cannot ask a bucket that is not there yet.
  async function send(operation: string, path: string, body?: string): Promise<void> {
    const signed = await sign(s3, `${s3.endpoint}/${path}`, { method: "PUT", ...(body && { body }) });
    const headers = new Headers(signed.headers);
    headers.set("x-forward-to", new URL(s3.endpoint).host);
    const response = await fetch(`${s3.forwarder}/${path}`, { method: "PUT", headers, ...(body && { body }) });
    if (!response.ok && response.status !== 409)
      throw new Error(`${operation}: ${response.status} ${await response.text()}`);
  }
}

/** What a bucket must allow for a saver in a page, and the headers by which tests look at objects. */
function corsOf({ pageOrigin }: S3Place): string {
  const methods = ["GET", "PUT", "POST", "DELETE", "HEAD"].map((method) => `<AllowedMethod>${method}</AllowedMethod>`);
  const exposed = ["date", "x-amz-request-id", "x-amz-expiration", "x-amz-tagging-count"].map(
    (name) => `<ExposeHeader>${name}</ExposeHeader>`,
  );
  return (
    "<CORSConfiguration><CORSRule>" +
    `<AllowedOrigin>${pageOrigin}</AllowedOrigin>${methods.join("")}<AllowedHeader>*</AllowedHeader>` +
    `${exposed.join("")}</CORSRule></CORSConfiguration>`
  );
}

/** The keys of a bucket's objects that start with `prefix`, sorted; 1,000 at most. */
export async function objectKeys(s3: S3Place, prefix: string, bucket: string = BUCKET): Promise<string[]> {
  const response = await callS3(
    s3,
    "GET",
    `${bucket}?list-type=2&encoding-type=url&prefix=${encodeURIComponent(prefix)}`,
  );
  const xml = await response.text();
  if (!response.ok) throw new Error(`ListObjectsV2: ${response.status} ${xml}`);
  return Array.from(xml.matchAll(/<Contents><Key>([^<]*)/g), ([, key]) => decodeURIComponent(key!)).sort();
}
