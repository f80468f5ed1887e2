import { DynamoDBSaver } from "langgraph-checkpoint-dynamodb";
import { expect, test } from "vitest";

const credentials = { accessKeyId: "local", secretAccessKey: "local" };

test.each([
  [{ endpoint: "dynamodb-local:8000" }, /^endpoint is not a URL.*scheme.*"http:\/\/dynamodb-local:8000"\.$/],
  [{ endpoint: "user:hunter2@localhost:8000" }, /^endpoint is not a URL.*scheme.*"http:\/\/127\.0\.0\.1:8000"\.$/],
  [
    { s3: { bucket: "my-bucket", endpoint: "localhost:9000" } },
    /^s3\.endpoint is not a URL.*scheme.*"http:\/\/localhost:9000"\.$/,
  ],
])("an endpoint without a scheme is refused with how to write it: %j", (options, message) => {
  const make = (): unknown =>
    new DynamoDBSaver({ tableName: "checkpoints", region: "us-east-1", credentials, ...options });
  expect(make).toThrow(expect.objectContaining({ code: "INVALID_CONFIG", message: expect.stringMatching(message) }));
});
