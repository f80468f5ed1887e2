import type { TestProject } from "vitest/node";
import { startCephRgw } from "../../scripts/lib/ceph-rgw.js";
import { startDynamoDBLocal } from "../../scripts/lib/dynamodb-local.js";
import { startForwarder } from "./forwarder.js";
import { startPageServer } from "./page-server.js";
import { createBucket, type S3Place } from "./s3-client.js";

declare module "vitest" {
  interface ProvidedContext {
    dynamodbEndpoint: string;
    s3: S3Place;
    soak: Soak;
    /** `SOAK_CUTS`: at how many places each call is cut at most, if not at those that `npm test` takes; "all" at every one. */
    cuts: number | undefined;
    /** Whether what is tried at random is tried often: in one lane, because it hardly depends on the runtime. */
    thorough: boolean;
    /** The versions of LangGraph that the lane runs with, in the two lanes that look. */
    peers: Record<string, string>;
  }
}

/** For the tests that can go on for as long as one likes. workerd has no environment to read it from. */
export interface Soak {
  /** `SOAK_SEED`; any number by default. */
  seed: number;
  /** `SOAK_MINUTES`: how long; 0 is as long as in `npm test`. */
  minutes: number;
  /** `SOAK_SHARE`: of all requests, how many meet a fault. */
  share: number;
}

function soakFromEnv(): Soak {
  const { SOAK_SEED, SOAK_MINUTES, SOAK_SHARE } = process.env;
  return {
    seed: Number(SOAK_SEED || Math.floor(Math.random() * 1e6)),
    minutes: Number(SOAK_MINUTES || 0),
    share: Number(SOAK_SHARE || 0.2),
  };
}

/** One DynamoDB and one S3 for all lanes. Each saver of a test has its own key prefix there, so tests don't meet. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const [page, forwarder] = await Promise.all([startPageServer(), startForwarder()]);
  const pageOrigin = page.url;
  const [dynamodb, { stop: stopS3, ...running }] = await Promise.all([startDynamoDBLocal({ pageOrigin }), startCephRgw()]);
  const s3: S3Place = { ...running, pageOrigin, forwarder: forwarder.url };
  await createBucket(s3);
  project.provide("dynamodbEndpoint", dynamodb.endpoint);
  project.provide("s3", s3);
  project.provide("soak", soakFromEnv());
  const { SOAK_CUTS } = process.env;
  project.provide("cuts", SOAK_CUTS ? (SOAK_CUTS === "all" ? Number.MAX_SAFE_INTEGER : Number(SOAK_CUTS)) : undefined);
  return async () => {
    await Promise.all([dynamodb.stop(), stopS3(), forwarder.stop(), page.stop()]);
  };
}
