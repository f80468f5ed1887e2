import { DynamoDBCache, DynamoDBStore } from "langgraph-checkpoint-dynamodb";
import { canaries } from "../../scripts/lib/secrets.js";
import { credentials, endpoint, tableName } from "./harness.js";
import { RequestLog } from "./requests.js";

export type StoreOptions = ConstructorParameters<typeof DynamoDBStore>[0];

/** A store as a user would make one, on the table of the test file, and with a random key prefix a tenant of its own. */
export function createStore(overrides: Partial<StoreOptions> = {}): DynamoDBStore {
  return new DynamoDBStore({
    tableName: tableName(),
    region: "us-east-1",
    credentials: { ...credentials(), ...canaries, ...(overrides.s3 && credentials()) },
    endpoint: endpoint(),
    keyPrefix: `${crypto.randomUUID()}#`,
    ...overrides,
  });
}

/** A store, and the log of its requests. */
export function countedStore(overrides: Partial<StoreOptions> = {}): { store: DynamoDBStore; log: RequestLog } {
  const log = new RequestLog(overrides.fetch);
  return { store: createStore({ ...overrides, fetch: log.fetch, onEvent: log.onEvent }), log };
}

export type CacheOptions = ConstructorParameters<typeof DynamoDBCache>[0];

/** A cache, as {@link createStore} makes a store. */
export function createCache(overrides: Partial<CacheOptions> = {}): DynamoDBCache {
  return new DynamoDBCache({
    tableName: tableName(),
    region: "us-east-1",
    credentials: { ...credentials(), ...canaries, ...(overrides.s3 && credentials()) },
    endpoint: endpoint(),
    keyPrefix: `${crypto.randomUUID()}#`,
    ...overrides,
  });
}
