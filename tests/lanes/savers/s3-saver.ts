import type { DynamoDBSaver, DynamoDBSaverEvent, Fetch } from "langgraph-checkpoint-dynamodb";
import { inject, vi } from "vitest";
import { intercepted, type AwsRequest, type Intercept } from "../stored/aws-requests.js";
import { createSaver, type SaverOptions } from "./harness.js";
import { emptyThread, noise, putStep, type Step } from "./checkpoints.js";
import { newPrefix } from "../stored/requests.js";
import { BUCKET, callS3, objectKeys, sign } from "../stored/s3-client.js";
import { s3Options, type S3Options } from "./s3-options.js";

/** A place for threads: a key prefix in the table and one in the bucket. */
export interface Place {
  keyPrefix: string;
  s3: S3Options & { thresholdBytes: number };
}

export const newPlace = (overrides: Partial<Place["s3"]> = {}): Place => ({
  keyPrefix: newPrefix(),
  s3: s3Options({ thresholdBytes: 5_000, ...overrides }),
});

export interface WatchedSaver {
  saver: DynamoDBSaver;
  sent: AwsRequest[];
  events: DynamoDBSaverEvent[];
}

/** A saver that nothing is cached in, with what it sends and tells. */
export function saverAt(
  place: Partial<Place>,
  intercept?: Intercept,
  options: Partial<SaverOptions> = {},
): WatchedSaver {
  const { fetch, sent } = intercepted(intercept, options.fetch);
  const events: DynamoDBSaverEvent[] = [];
  return {
    saver: createSaver({ ...place, onEvent: (event) => void events.push(event), ...options, fetch }),
    sent,
    events,
  };
}

/**
 * A `fetch` for savers whose clock a test has moved: signs again, by the real time. S3 refuses what is signed at
 * another, and does so without CORS headers, so that a page cannot see that it was the clock.
 */
export const fetchInRealTime: Fetch = async (url, { signal, ...init }) => {
  const s3 = inject("s3");
  if (!vi.isFakeTimers() || new URL(url).host !== new URL(s3.endpoint).host)
    return fetch(url, { ...init, signal: signal! });
  const headers = new Headers(init.headers);
  for (const name of ["authorization", "x-amz-date"]) headers.delete(name);
  return fetch(await sign(s3, url, { ...init, headers }), { signal: signal! });
};

/** What the bucket has of a place, sorted. */
export const keysAt = ({ s3 }: Place): Promise<string[]> => objectKeys(inject("s3"), s3.prefix, s3.bucket);

const pathOf = (key: string, bucket = BUCKET): string =>
  `${bucket}/${key.split("/").map(encodeURIComponent).join("/")}`;

export async function deleteObject(key: string): Promise<void> {
  await callS3(inject("s3"), "DELETE", pathOf(key));
}

export async function overwriteObject(key: string, body: Uint8Array): Promise<void> {
  const response = await callS3(inject("s3"), "PUT", pathOf(key), { body: body as Uint8Array<ArrayBuffer> });
  if (!response.ok) throw new Error(await response.text());
}

/** What an object's headers say. */
export async function headObject(key: string, bucket?: string): Promise<Headers> {
  return (await callS3(inject("s3"), "HEAD", pathOf(key, bucket))).headers;
}

/** Puts a checkpoint whose only value lies in S3. */
export const putLarge = ({ saver }: Pick<WatchedSaver, "saver">, threadId = "t"): Promise<Step> =>
  putStep(saver, emptyThread(threadId), { large: noise(6_000) });

/** The first `count` requests of this operation meet the fault. */
export function firstOf(operation: string, count: number, answer: () => Response): Intercept {
  let met = 0;
  return (request) => (request.operation === operation && ++met <= count ? answer() : undefined);
}
