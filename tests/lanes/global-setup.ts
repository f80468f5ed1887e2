import type { TestProject } from "vitest/node";
import { startDynamoDBLocal } from "../../scripts/lib/dynamodb-local.js";

declare module "vitest" {
  interface ProvidedContext {
    dynamodbEndpoint: string;
  }
}

/** One DynamoDB for both lanes. Each saver of a test has its own key prefix there, so tests don't meet. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dynamodb = await startDynamoDBLocal();
  project.provide("dynamodbEndpoint", dynamodb.endpoint);
  return () => dynamodb.stop();
}
