import { AwsClient } from "aws4fetch";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startDynamoDBLocal } from "../scripts/lib/servers/dynamodb-local.js";
import { emptyThread, noise, putStep } from "./lanes/savers/checkpoints.js";
import { createSaver } from "./lanes/savers/harness.js";

// A server of its own: DynamoDB Local sweeps a small table within seconds, and the one that all tests share hardly
// ever.
let dynamodb: Awaited<ReturnType<typeof startDynamoDBLocal>>;
beforeAll(async () => {
  dynamodb = await startDynamoDBLocal();
});
afterAll(() => dynamodb.stop());

test("DynamoDB itself deletes what has expired, and nothing else", async () => {
  const place = { endpoint: dynamodb.endpoint, tableName: `ttl-${crypto.randomUUID()}`, keyPrefix: "tenant#" };
  const expiring = createSaver({ ...place, ttlSeconds: 1 });
  expect((await expiring.setup()).timeToLive).toBe("enabled");
  await putStep(expiring, emptyThread("t"), { value: noise(3_000) });
  const kept = await putStep(createSaver(place), emptyThread("stays"), { value: noise(3_000) });

  let left = Infinity;
  while (left > 0) {
    await new Promise((resolve) => setTimeout(resolve, 500));
    left = await countItems(place.tableName, "tenant#T#t");
  }
  expect((await createSaver(place).getTuple(kept.config))?.checkpoint.channel_values).toEqual({ value: noise(3_000) });
});

/** Of a partition, expired or not: past the saver, which does not show what has expired. */
async function countItems(tableName: string, partition: string): Promise<number> {
  const aws = new AwsClient({
    accessKeyId: "local",
    secretAccessKey: "local",
    region: "us-east-1",
    service: "dynamodb",
  });
  const response = await aws.fetch(dynamodb.endpoint, {
    method: "POST",
    headers: { "content-type": "application/x-amz-json-1.0", "x-amz-target": "DynamoDB_20120810.Query" },
    body: JSON.stringify({
      TableName: tableName,
      KeyConditionExpression: "PK = :pk",
      ExpressionAttributeValues: { ":pk": { S: partition } },
    }),
  });
  return ((await response.json()) as { Count: number }).Count;
}
