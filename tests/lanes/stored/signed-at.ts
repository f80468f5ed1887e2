import type { SentRequest } from "../faults/faulty-fetch.js";

/** When a request says it was signed, in milliseconds. */
export function signedAt({ headers }: SentRequest): number {
  const stamp = headers.get("x-amz-date")!;
  return Date.parse(stamp.replace(/^(....)(..)(..)T(..)(..)(..)Z$/, "$1-$2-$3T$4:$5:$6Z"));
}
