import type { Fetch } from "langgraph-checkpoint-dynamodb";
import { inject } from "vitest";
import { readsEveryAnswer } from "../run/page.js";
import { BUCKET } from "../stored/s3-client.js";

/** Where an S3 bucket is, as the option `s3` says it. */
export interface S3Options {
  bucket: string;
  prefix: string;
  endpoint: string;
  region: string;
  forcePathStyle: boolean;
}

/**
 * The option `s3` of a saver, with a random prefix in the bucket that all tests share.
 * With `forcePathStyle: false` the saver needs {@link fetchByName} too.
 */
export function s3Options<T extends Partial<S3Options>>(overrides: T = {} as T): S3Options & T {
  const { endpoint, virtualHostEndpoint, region } = inject("s3");
  const forcePathStyle = overrides.forcePathStyle ?? true;
  return {
    bucket: BUCKET,
    prefix: `${crypto.randomUUID()}/`,
    // A name below localhost may be of another machine, so it takes https; S3 signs neither scheme nor port.
    endpoint: forcePathStyle ? endpoint : virtualHostEndpoint.replace("http:", "https:"),
    region,
    forcePathStyle,
    ...overrides,
  };
}

/** A `fetch` that also finds hosts such as `bucket.s3.localhost`. */
export const fetchByName: Fetch = (url, init) =>
  new URL(url).hostname.endsWith(".localhost") ? forwarded(url, init) : fetch(url, init);

/**
 * A `fetch` as a container has it, where other containers have names: whatever the host is called, it is this machine,
 * and is told that name. S3 takes a name for a bucket's unless it is too short for one, as `s3` is.
 */
export const fetchFromContainer: Fetch = (url, init) => forwarded(url, init);

/**
 * A `fetch` by which a page, too, can read how S3 refuses a signature. Ceph refuses it before it looks at the bucket's
 * CORS rules, so that a page reads nothing of that.
 */
export const fetchWithRefusals: Fetch = (url, init) => (readsEveryAnswer ? fetch(url, init) : forwarded(url, init));

function forwarded(url: string, init: RequestInit): Promise<Response> {
  const { host, pathname, search } = new URL(url);
  const headers = new Headers(init.headers);
  headers.set("x-forward-to", host);
  return fetch(inject("s3").forwarder + pathname + search, { ...init, headers });
}
