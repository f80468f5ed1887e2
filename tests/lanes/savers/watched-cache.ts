import type { CacheFullKey } from "@langchain/langgraph-checkpoint";
import type { DynamoDBCache, DynamoDBSaverEvent, WarningEvent } from "langgraph-checkpoint-dynamodb";
import { intercepted, type AwsRequest, type Intercept } from "../stored/aws-requests.js";
import { createCache, type CacheOptions } from "./stores.js";

export interface WatchedCache {
  cache: DynamoDBCache;
  sent: AwsRequest[];
  /** The warnings since the last look, as `code error`. */
  warned: () => string[];
  events: WarningEvent[];
}

/** A cache whose requests can be met, with what it sends and warns of. It tries each request once. */
export function watchedCache(options: Partial<CacheOptions>, intercept?: Intercept): WatchedCache {
  const { fetch, sent } = intercepted(intercept);
  const events: WarningEvent[] = [];
  let seen = 0;
  const onEvent = (event: DynamoDBSaverEvent): void => void (event.type === "warning" && events.push(event));
  const warned = (): string[] => {
    const news = events.slice(seen);
    seen = events.length;
    return news.map(({ code, error }) => `${code} ${error}`);
  };
  return { cache: createCache({ maxAttempts: 1, ...options, fetch, onEvent }), sent, warned, events };
}

export const keyOf = (name: string): CacheFullKey => [["label"], name];
export const pairOf = (name: string, value: unknown = name) => ({ key: keyOf(name), value });
export const namesIn = async (cache: DynamoDBCache, names: string[]): Promise<string[]> =>
  (await cache.get(names.map(keyOf))).map(({ key }) => key[1]);
