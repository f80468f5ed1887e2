import type { TestProject } from "vitest/node";
import { startCephRgw } from "../../scripts/lib/ceph-rgw.js";
import { startDynamoDBLocal } from "../../scripts/lib/dynamodb-local.js";
import { startForwarder } from "./forwarder.js";
import { createBucket, type S3Place } from "./s3-client.js";

declare module "vitest" {
  interface ProvidedContext {
    dynamodbEndpoint: string;
    s3: S3Place;
    /** Where the requests for names under `.localhost` go. */
    forwarder: string;
  }
}

/** One DynamoDB and one S3 for both lanes. Each saver of a test has its own key prefix there, so tests don't meet. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const [dynamodb, { stop: stopS3, ...s3 }, forwarder] = await Promise.all([startDynamoDBLocal(), startCephRgw(), startForwarder()]);
  await createBucket(s3);
  project.provide("dynamodbEndpoint", dynamodb.endpoint);
  project.provide("s3", s3);
  project.provide("forwarder", forwarder.url);
  return async () => {
    await Promise.all([dynamodb.stop(), stopS3(), forwarder.stop()]);
  };
}
