import { AwsRequestError } from "../../errors.js";
import type { DynamoDB } from "./dynamodb.js";
import type { TableState } from "./items.js";
import type { Output } from "./protocol.js";

/* The operations on the table itself: whoever only reads it takes none of them along. */

/** The table's status and keys, or `undefined` when there is no such table. */
export async function describeTable(db: DynamoDB): Promise<TableState | undefined> {
  interface Description extends Output {
    Table: {
      TableStatus: string;
      KeySchema: { AttributeName: string; KeyType: "HASH" | "RANGE" }[];
      AttributeDefinitions: { AttributeName: string; AttributeType: string }[];
    };
  }
  try {
    const { Table } = await db.call<Description>("DescribeTable", {}, "Table");
    const typeOf = (name: string): string =>
      Table.AttributeDefinitions.find((a) => a.AttributeName === name)?.AttributeType ?? "?";
    return {
      status: Table.TableStatus,
      keys: Table.KeySchema.map((k) => ({ name: k.AttributeName, role: k.KeyType, type: typeOf(k.AttributeName) })),
    };
  } catch (error) {
    if (error instanceof AwsRequestError && error.code === "TABLE_NOT_FOUND") return undefined;
    throw error;
  }
}

/** Asks for a table with string keys `PK` and `SK`, on demand. False when another caller was first. */
export async function createTable(db: DynamoDB): Promise<boolean> {
  try {
    await db.call("CreateTable", {
      AttributeDefinitions: [
        { AttributeName: "PK", AttributeType: "S" },
        { AttributeName: "SK", AttributeType: "S" },
      ],
      KeySchema: [
        { AttributeName: "PK", KeyType: "HASH" },
        { AttributeName: "SK", KeyType: "RANGE" },
      ],
      BillingMode: "PAY_PER_REQUEST",
    });
    return true;
  } catch (error) {
    if (error instanceof AwsRequestError && error.serviceCode === "ResourceInUseException") return false;
    throw error;
  }
}

/** The attribute by which items expire, or `undefined` when none do. */
export async function describeTimeToLive(db: DynamoDB): Promise<string | undefined> {
  interface Description extends Output {
    TimeToLiveDescription: { TimeToLiveStatus: string; AttributeName?: string };
  }
  const { TimeToLiveDescription: ttl } = await db.call<Description>("DescribeTimeToLive", {}, "TimeToLiveDescription");
  return ttl.TimeToLiveStatus.startsWith("ENABL") ? ttl.AttributeName : undefined;
}

export async function enableTimeToLive(db: DynamoDB, attribute: string): Promise<true> {
  await db.call("UpdateTimeToLive", {
    TimeToLiveSpecification: { Enabled: true, AttributeName: attribute },
  });
  return true;
}
