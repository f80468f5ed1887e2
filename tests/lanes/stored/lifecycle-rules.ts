import { inject } from "vitest";
import type { Intercept } from "./aws-requests.js";
import { newBucket } from "./s3-bucket.js";
import { callS3 } from "./s3-client.js";
import { saverAt, type Place, type WatchedSaver } from "../savers/s3-saver.js";

export const WEEK = 7 * 86_400;

/** With the saver's own ttl there are those of calls with another one. */
export const CALL_RULES = 12;

export const ownBucket = (): Promise<string> => newBucket(`lifecycle-${crypto.randomUUID()}`);

export const watched = (place: Place, ttlSeconds = WEEK, intercept?: Intercept): WatchedSaver =>
  saverAt(place, intercept, { ttlSeconds });

export async function readRules(bucket: string): Promise<string[]> {
  const text = await (await callS3(inject("s3"), "GET", `${bucket}?lifecycle`)).text();
  return text.match(/<Rule>.*?<\/Rule>/gs) ?? [];
}

export async function writeRules(bucket: string, rules: string): Promise<void> {
  const response = await callS3(inject("s3"), "PUT", `${bucket}?lifecycle`, {
    body: `<LifecycleConfiguration>${rules}</LifecycleConfiguration>`,
  });
  if (!response.ok) throw new Error(await response.text());
}

export const ours = (rules: string[]): string[] =>
  rules.filter((rule) => rule.includes("<ID>langgraph-checkpoint-dynamodb"));
