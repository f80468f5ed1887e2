import { DynamoDBSaver, type Fetch } from "langgraph-checkpoint-dynamodb";
import { inject } from "vitest";
import { canaries } from "../../scripts/lib/secrets.js";
import { emissions } from "./emissions.js";
import { readsEveryAnswer } from "./page.js";
import { BUCKET } from "./s3-client.js";

export type SaverOptions = ConstructorParameters<typeof DynamoDBSaver>[0];

let table = "";

/** The table of the test file. Its own, because what looks for leftovers scans all of it. */
export const tableName = (): string => table;

/** From now on, another test file is under way. */
export function useTableOfItsOwn(): void {
  table = `checkpoints-${crypto.randomUUID()}`;
}

/** Where the DynamoDB of this test run listens. */
export function endpoint(): string {
  return inject("dynamodbEndpoint");
}

/** The pair that the S3 of this test run knows. DynamoDB Local takes any. */
export function credentials(): { accessKeyId: string; secretAccessKey: string } {
  const { accessKeyId, secretAccessKey } = inject("s3");
  return { accessKeyId, secretAccessKey };
}

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
    endpoint: forcePathStyle ? endpoint : virtualHostEndpoint,
    region,
    forcePathStyle,
    ...overrides,
  };
}

/** A `fetch` that also finds hosts such as `bucket.s3.localhost`. */
export const fetchByName: Fetch = (url, init) => (new URL(url).hostname.endsWith(".localhost") ? forwarded(url, init) : fetch(url, init));

/**
 * A `fetch` as a container has it, where other containers have names: whatever the host is called, it is this machine, and is told that
 * name. S3 takes a name for a bucket's unless it is too short for one, as `s3` is.
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

/**
 * A saver as a user would make one, on the table of the test file.
 * Its random key prefix makes it a tenant of its own: `list({})` sees only what it wrote itself.
 * What it was given as a secret is looked for in all that it gives out.
 */
export function createSaver(overrides: Partial<SaverOptions> = {}): DynamoDBSaver {
  const options: SaverOptions = {
    tableName: tableName(),
    region: "us-east-1",
    // S3 checks signatures; nobody here looks at a session token.
    credentials: { ...credentials(), ...canaries, ...(overrides.s3 && credentials()) },
    // Those of the local servers are worth nothing. Outside a browser it changes nothing.
    dangerouslyAllowBrowser: true,
    endpoint: endpoint(),
    keyPrefix: `${crypto.randomUUID()}#`,
    ...overrides,
  };
  emissions.keepSecret(options);
  const { onEvent } = options;
  if (typeof onEvent === "function") {
    options.onEvent = (event) => {
      emissions.event(event);
      onEvent(event);
    };
  }
  const saver = new DynamoDBSaver(options);
  emissions.made(saver);
  return saver;
}
