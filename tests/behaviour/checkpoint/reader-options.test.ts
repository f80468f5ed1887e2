import { DynamoDBReader, isDynamoDBSaverError } from "langgraph-checkpoint-dynamodb/reader";
import { expect, test } from "vitest";
import { collect, emptyThread, putStep } from "../../lanes/savers/checkpoints.js";
import { createSaver, endpoint, tableName, type SaverOptions } from "../../lanes/savers/harness.js";
import { newPrefix } from "../../lanes/stored/requests.js";
import { createReader } from "./readers.js";

test("a thread that is not there has no latest checkpoint and an empty list", async () => {
  const reader = createReader({ keyPrefix: newPrefix() });

  expect(await reader.getTuple(emptyThread().config)).toBeUndefined();
  expect(await collect(reader.list(emptyThread().config))).toEqual([]);
});

test("a value of another serde is refused unless the reader has that serde", async () => {
  const encoder = new TextEncoder();
  const serde: NonNullable<SaverOptions["serde"]> = {
    dumpsTyped: async (value) => ["backwards", encoder.encode(JSON.stringify(value)).reverse()],
    loadsTyped: async (_, data) =>
      JSON.parse(new TextDecoder().decode(Uint8Array.from(data as Uint8Array).reverse())) as unknown,
  };
  const options = { keyPrefix: newPrefix() };
  const { config } = await putStep(createSaver({ ...options, serde }), emptyThread(), { x: "y" });

  await expect(createReader(options).getTuple(config)).rejects.toMatchObject({
    code: "DAMAGED_DATA",
    message: expect.stringContaining("backwards"),
  });
  expect((await createReader({ ...options, serde }).getTuple(config))?.checkpoint.channel_values).toEqual({ x: "y" });
});

test("the reader takes its configuration from an environment, and refuses one that lacks the table", async () => {
  const env = {
    AWS_REGION: "us-east-1",
    AWS_ACCESS_KEY_ID: "local",
    AWS_SECRET_ACCESS_KEY: "localSecret",
    AWS_ENDPOINT_URL_DYNAMODB: endpoint(),
  };

  expect(
    await DynamoDBReader.fromEnv(
      { ...env, DYNAMODB_TABLE_NAME: tableName() },
      { dangerouslyAllowBrowser: true },
    ).getTuple(emptyThread().config),
  ).toBeUndefined();
  const attempt = (): DynamoDBReader => DynamoDBReader.fromEnv(env);
  expect(attempt).toThrow(/DYNAMODB_TABLE_NAME/);
  expect(attempt).toThrow(expect.toSatisfy(isDynamoDBSaverError));
});

test("nothing of the reader's credentials shows in JSON", () => {
  expect(JSON.stringify(createReader({}))).toBe("{}");
});
