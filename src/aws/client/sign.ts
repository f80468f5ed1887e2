import { AwsV4Signer } from "aws4fetch";
import type { AwsCredentials } from "./credentials.js";

/** One key a day, region, service and credential; deriving it takes longer than signing. */
export type SigningKeys = Map<string, ArrayBuffer>;

export interface Signable {
  method: string;
  url: string;
  headers: Record<string, string>;
  body: Uint8Array<ArrayBuffer>;
  service: string;
  region: string;
}

/** The headers of a request with AWS's Signature Version 4 among them. */
export async function sign(
  request: Signable,
  credentials: AwsCredentials,
  clockOffsetMs: number,
  keys: SigningKeys,
): Promise<Headers> {
  // A process that runs for years must not collect them.
  if (keys.size > 8) keys.clear();
  const { method, url, headers, body, service, region } = request;
  const signed = await new AwsV4Signer({
    method,
    url,
    headers,
    body,
    service,
    region,
    cache: keys,
    datetime: new Date(Date.now() + clockOffsetMs).toISOString().replace(/[:-]|\.\d{3}/g, ""),
    accessKeyId: credentials.accessKeyId,
    secretAccessKey: credentials.secretAccessKey,
    ...(credentials.sessionToken && { sessionToken: credentials.sessionToken }),
  }).sign();
  return signed.headers;
}
