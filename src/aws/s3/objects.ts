import { toBase64 } from "../base64.js";
import { ReportedError } from "../client/client.js";
import type { Answer } from "../client/exchange.js";
import { retryKind } from "../client/retry.js";
import { sha256 } from "../sha256.js";
import type { ObjectPlace } from "./places.js";
import { isMissing, type S3 } from "./s3.js";
import { documentOf, elements, elementText, escapeXml } from "./xml.js";

/* What is done with objects beside reading them. */

/** "DeleteObjects": keys of one request. */
const DELETE_BATCH = 1_000;

export const NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/";

const encoder = new TextEncoder();

/** Tags of an object, or `undefined` for none. */
export type Tags = Record<string, string> | undefined;

/** Stores an object with its tags, over one of the same key. */
export async function putObject(s3: S3, { bucket, key }: ObjectPlace, body: Uint8Array, tags: Tags): Promise<void> {
  await s3.send({
    operation: "PutObject",
    method: "PUT",
    bucket,
    key,
    body,
    ...(tags && { headers: { "x-amz-tagging": new URLSearchParams(tags).toString() } }),
    parse: nothing,
  });
}

/** The object's length in bytes, or `undefined` when there is none: asked for by its first byte. */
export async function sizeOf(s3: S3, { bucket, key }: ObjectPlace): Promise<number | undefined> {
  try {
    return await s3.send({
      operation: "GetObject",
      method: "GET",
      bucket,
      key,
      headers: { range: "bytes=0-0" },
      parse: ({ headers, body }) => Number(headers.get("content-range")?.split("/")[1] ?? body.length),
    });
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Deletes any number of objects; those that are not there do not matter. */
export async function deleteFromBucket(s3: S3, bucket: string, keys: string[]): Promise<void> {
  for (let i = 0; i < keys.length; i += DELETE_BATCH) {
    const objects = keys.slice(i, i + DELETE_BATCH).map((key) => `<Object><Key>${escapeXml(key)}</Key></Object>`);
    const body = encoder.encode(`<Delete xmlns="${NAMESPACE}"><Quiet>true</Quiet>${objects.join("")}</Delete>`);
    await s3.send({
      operation: "DeleteObjects",
      method: "POST",
      bucket,
      query: "?delete=",
      body,
      headers: await checksum(body),
      parse: (answer) => {
        // The same request, sent again, deletes what is left.
        const codes = elements(documentOf(answer.body, "DeleteResult"), "Error").map((error) =>
          elementText(error, "Code"),
        );
        if (codes.length > 0) throw new ReportedError(codes.find((code) => retryKind(200, code)) ?? codes[0]);
      },
    });
  }
}

/** "DeleteObjects" and "PutBucketLifecycleConfiguration" require a checksum of the body; any that S3 knows will do. */
export async function checksum(body: Uint8Array<ArrayBuffer>): Promise<Record<string, string>> {
  const hash = await sha256(body);
  return {
    "content-type": "application/xml",
    "x-amz-sdk-checksum-algorithm": "SHA256",
    "x-amz-checksum-sha256": toBase64(hash),
  };
}

/** An answer to a write has no body. One that does is of somebody in between. */
export function nothing({ body }: Answer): void {
  if (body.length > 0) throw new SyntaxError("The answer has a body.");
}
