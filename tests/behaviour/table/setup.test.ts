import { emptyCheckpoint } from "@langchain/langgraph-checkpoint";
import type { DynamoDBSaver } from "langgraph-checkpoint-dynamodb";
import { describe, expect, test } from "vitest";
import { until } from "../../lanes/faults/clock.js";
import { awsError, errorOf, first, hang, observedSaver } from "../../lanes/faults/faulty-fetch.js";
import { endpoint } from "../../lanes/savers/harness.js";
import { onDynamoDBLocal } from "../../lanes/servers/real-servers.js";

const newName = (): string => `setup-${crypto.randomUUID()}`;
const config = { configurable: { thread_id: "t" } };

/** Makes a table that is not ours. */
async function createTable(
  tableName: string,
  keys: [name: string, role: "HASH" | "RANGE", type: "S" | "N"][],
): Promise<void> {
  const response = await fetch(endpoint(), {
    method: "POST",
    headers: {
      "content-type": "application/x-amz-json-1.0",
      "x-amz-target": "DynamoDB_20120810.CreateTable",
      authorization:
        "AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0",
    },
    body: JSON.stringify({
      TableName: tableName,
      KeySchema: keys.map(([AttributeName, KeyType]) => ({ AttributeName, KeyType })),
      AttributeDefinitions: keys.map(([AttributeName, , AttributeType]) => ({ AttributeName, AttributeType })),
      BillingMode: "PAY_PER_REQUEST",
    }),
  });
  if (!response.ok) throw new Error(await response.text());
}

describe("setup", () => {
  test("creates a table that is missing, and finds it the next time", async () => {
    const tableName = newName();
    const { saver, sent } = observedSaver(undefined, { tableName });

    expect(await saver.setup()).toEqual({ table: { name: tableName, status: "created" } });
    expect(await saver.setup()).toEqual({ table: { name: tableName, status: "existed" } });

    expect(sent.filter((request) => request.operation === "CreateTable")).toHaveLength(1);
    const stored = await saver.put(config, emptyCheckpoint(), { source: "input", step: -1, parents: {} }, {});
    expect((await saver.getTuple(config))?.config).toEqual(stored);
  });

  test("can run several times at once, and one of them has created the table", async () => {
    const tableName = newName();

    const results = await Promise.all(
      Array.from({ length: 5 }, () => observedSaver(undefined, { tableName }).saver.setup()),
    );

    expect(results.map(({ table }) => table.status).sort()).toEqual([
      "created",
      "existed",
      "existed",
      "existed",
      "existed",
    ]);
  });

  test("waits until a table that is being made can be used", async () => {
    const tableName = newName();
    const making = Response.json({ Table: { TableStatus: "CREATING", KeySchema: [], AttributeDefinitions: [] } });
    const { saver, sent } = observedSaver(
      first(1, () => making),
      { tableName },
    );

    // The second look is at the real DynamoDB, which has no such table: another one follows, and so on.
    const waiting = saver.setup();
    await observedSaver(undefined, { tableName }).saver.setup();

    expect(await waiting).toEqual({ table: { name: tableName, status: "existed" } });
    expect(sent.length).toBeGreaterThan(1);
  });

  onDynamoDBLocal.each<[what: string, keys: [string, "HASH" | "RANGE", "S" | "N"][], says: string]>([
    [
      "other names",
      [
        ["pk", "HASH", "S"],
        ["sk", "RANGE", "S"],
      ],
      "pk (HASH, S), sk (RANGE, S)",
    ],
    [
      "other types",
      [
        ["PK", "HASH", "S"],
        ["SK", "RANGE", "N"],
      ],
      "PK (HASH, S), SK (RANGE, N)",
    ],
    ["no sort key", [["PK", "HASH", "S"]], "PK (HASH, S)"],
    [
      "swapped roles",
      [
        ["SK", "HASH", "S"],
        ["PK", "RANGE", "S"],
      ],
      "SK (HASH, S), PK (RANGE, S)",
    ],
  ])("refuses a table whose keys have %s", async (_, keys, says) => {
    const tableName = newName();
    await createTable(tableName, keys);

    const error = await errorOf(observedSaver(undefined, { tableName }).saver.setup());

    expect(error.code).toBe("INVALID_CONFIG");
    expect(error.message).toBe(
      `Table "${tableName}" has the keys ${says}, but needs PK (HASH, S) and SK (RANGE, S). Use another ` +
        "tableName, and setup() creates it.",
    );
  });

  test("says which action on which table the credentials lack", async () => {
    const { saver } = observedSaver(() => awsError("AccessDeniedException"), { tableName: "checkpoints" });

    expect(await errorOf(saver.setup())).toMatchObject({
      code: "ACCESS_DENIED",
      message: expect.stringMatching(/dynamodb:DescribeTable on table "checkpoints".*IAM/),
    });
  });

  test("can be aborted", async () => {
    const controller = new AbortController();
    const { saver, sent } = observedSaver(hang, { signal: controller.signal });

    const setup = errorOf(saver.setup());
    await until(() => sent.length > 0);
    controller.abort();

    expect(await setup).toMatchObject({ code: "ABORTED" });
  });
});

describe("a table that does not exist is an error that says to run setup():", () => {
  test.each<[operation: string, call: (saver: DynamoDBSaver) => Promise<unknown>]>([
    ["getTuple", (saver) => saver.getTuple(config)],
    ["list", (saver) => saver.list(config).next()],
    ["put", (saver) => saver.put(config, emptyCheckpoint(), { source: "input", step: -1, parents: {} }, {})],
    [
      "putWrites",
      (saver) => saver.putWrites({ configurable: { thread_id: "t", checkpoint_id: "c" } }, [["channel", 1]], "task"),
    ],
    ["deleteThread", (saver) => saver.deleteThread("t")],
    ["listThreads", (saver) => saver.listThreads().next()],
  ])("%s", async (_, call) => {
    const tableName = newName();
    const { saver } = observedSaver(undefined, { tableName });

    expect(await errorOf(call(saver))).toMatchObject({
      name: "AwsRequestError",
      code: "TABLE_NOT_FOUND",
      message:
        `There is no table "${tableName}" in us-east-1. Call setup() once to create it, or check tableName, region ` +
        "and endpoint.",
      serviceCode: "ResourceNotFoundException",
      attempts: 1,
      retryable: false,
    });
  });
});
