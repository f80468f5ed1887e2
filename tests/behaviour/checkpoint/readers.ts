import { DynamoDBReader } from "langgraph-checkpoint-dynamodb/reader";
import { credentials, endpoint, tableName, type SaverOptions } from "../../lanes/savers/harness.js";

export const optionsOf = (overrides: Partial<SaverOptions>): SaverOptions => ({
  tableName: tableName(),
  region: "us-east-1",
  credentials: credentials(),
  endpoint: endpoint(),
  dangerouslyAllowBrowser: true,
  ...overrides,
});

export const createReader = (overrides: Partial<SaverOptions>): DynamoDBReader =>
  new DynamoDBReader(optionsOf(overrides));
