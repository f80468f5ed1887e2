import { DynamoDBSaver } from "langgraph-checkpoint-dynamodb";
import { inject } from "vitest";

export type SaverOptions = ConstructorParameters<typeof DynamoDBSaver>[0];

export const TABLE_NAME = "checkpoints";

/** Where the DynamoDB of this test run listens. */
export function endpoint(): string {
  return inject("dynamodbEndpoint");
}

/**
 * A saver as a user would make one, on the table that all tests share.
 * Its random key prefix makes it a tenant of its own: `list({})` sees only what it wrote itself.
 */
export function createSaver(overrides: Partial<SaverOptions> = {}): DynamoDBSaver {
  return new DynamoDBSaver({
    tableName: TABLE_NAME,
    region: "us-east-1",
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
    endpoint: endpoint(),
    keyPrefix: `${crypto.randomUUID()}#`,
    ...overrides,
  });
}
