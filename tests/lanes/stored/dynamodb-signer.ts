import { AwsClient } from "aws4fetch";

/** Signs requests to DynamoDB Local, past the package. */
export const aws = new AwsClient({
  accessKeyId: "local",
  secretAccessKey: "local",
  region: "us-east-1",
  service: "dynamodb",
  retries: 0,
});
