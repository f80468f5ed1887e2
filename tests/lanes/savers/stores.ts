import type { SearchOperation } from "@langchain/langgraph-checkpoint";
import { DynamoDBCache, DynamoDBStore, type EventListener, type Fetch } from "langgraph-checkpoint-dynamodb";
import { canaries } from "../../../scripts/lib/testing/secrets.js";
import { emissions } from "../run/emissions.js";
import { credentials, endpoint, tableName, type SaverOptions } from "./harness.js";
import { RequestLog } from "../stored/requests.js";

export type StoreOptions = ConstructorParameters<typeof DynamoDBStore>[0];
export type CacheOptions = ConstructorParameters<typeof DynamoDBCache>[0];

/**
 * A store as a user would make one, on the table of the test file, and with a random key prefix a tenant of its own.
 */
export function createStore(overrides: Partial<StoreOptions> = {}): DynamoDBStore {
  const store = new DynamoDBStore(watched(overrides));
  emissions.made(store);
  return store;
}

/** A cache, made likewise. */
export function createCache<V = unknown>(overrides: Partial<CacheOptions> = {}): DynamoDBCache<V> {
  const cache = new DynamoDBCache<V>(watched(overrides));
  emissions.made(cache);
  return cache;
}

/** A store, and the log of its requests. */
export function countedStore(overrides: Partial<StoreOptions> = {}): { store: DynamoDBStore; log: RequestLog } {
  const log = new RequestLog(overrides.fetch);
  return { store: createStore({ ...overrides, fetch: log.fetch, onEvent: log.onEvent }), log };
}

type Shared = Pick<
  SaverOptions,
  "tableName" | "region" | "credentials" | "endpoint" | "keyPrefix" | "onEvent" | "s3" | "encryption" | "fetch"
>;

/** What they are given as secrets is looked for in all that they give out, as that of a saver is. */
function watched<T extends Partial<Shared>>(overrides: T): T & Pick<SaverOptions, "tableName"> {
  const options = {
    tableName: tableName(),
    region: "us-east-1",
    credentials: { ...credentials(), ...canaries, ...(overrides.s3 && credentials()) },
    endpoint: endpoint(),
    keyPrefix: `${crypto.randomUUID()}#`,
    ...overrides,
    fetch: timed(overrides.fetch),
  };
  emissions.keepSecret(options);
  const { onEvent } = options;
  if (!onEvent) return options;
  const listener: EventListener = (event) => {
    emissions.event(event);
    onEvent(event);
  };
  return { ...options, onEvent: listener };
}

/** How far the time of the servers is from that of the machine which runs the tests. */
let passedMs = 0;
const realNow = Date.now.bind(Date);

/** Servers say that it is as late as the test says. */
const timed =
  (next: Fetch = (url, init) => fetch(url, init)): Fetch =>
  async (url, init) => {
    const response = await next(url, init);
    if (passedMs === 0) return response;
    const headers = new Headers(response.headers);
    headers.set("date", new Date(realNow() + passedMs).toUTCString());
    return new Response(response.body, { status: response.status, headers });
  };

/**
 * Runs `action` at `seconds` from now, by the clock of the store, and by what servers say of the time. Timers do not
 * see it, and nothing is swept.
 */
export async function at<T>(seconds: number, action: () => Promise<T>): Promise<T> {
  const before = passedMs;
  passedMs = seconds * 1_000;
  try {
    return await skewed(0, action);
  } finally {
    passedMs = before;
  }
}

/** Runs `action` on a machine whose clock is ahead by so many seconds. Servers know better. */
export async function skewed<T>(seconds: number, action: () => Promise<T>): Promise<T> {
  const before = Date.now;
  const now = realNow() + passedMs + seconds * 1_000;
  Date.now = () => now;
  try {
    return await action();
  } finally {
    Date.now = before;
  }
}

/** Pages and filters by which two ways to search by meaning are compared, over items with `even` and `i`. */
export const SEARCHES: Omit<SearchOperation, "namespacePrefix">[] = [
  {},
  { limit: 3 },
  { limit: 3, offset: 2 },
  { filter: { even: true } },
  { filter: { i: { $gt: 6 } }, limit: 2 },
  { limit: 3, offset: 20 },
];
