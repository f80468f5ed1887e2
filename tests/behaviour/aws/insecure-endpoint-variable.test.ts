import { DynamoDBCache, DynamoDBSaver, DynamoDBStore } from "langgraph-checkpoint-dynamodb";
import { DynamoDBReader } from "langgraph-checkpoint-dynamodb/reader";
import { describe, expect, test } from "vitest";
import { tableName } from "../../lanes/savers/harness.js";
import { fetchFromContainer } from "../../lanes/savers/s3-options.js";
import { takesInsecureEndpoints } from "../../lanes/run/page.js";
import { dynamodbLocal } from "../../lanes/servers/insecure-endpoints.js";

/* Plain http to another host than this machine, as in a compose file. */

describe("DYNAMODB_ALLOW_INSECURE_ENDPOINT", () => {
  const env = () => ({
    DYNAMODB_TABLE_NAME: tableName(),
    AWS_REGION: "us-east-1",
    AWS_ACCESS_KEY_ID: "local",
    AWS_SECRET_ACCESS_KEY: "local",
    AWS_ENDPOINT_URL: dynamodbLocal(),
  });
  const overrides = { fetch: fetchFromContainer, dangerouslyAllowBrowser: true };
  const read = (setting: unknown, more = {}) =>
    DynamoDBSaver.fromEnv({ ...env(), DYNAMODB_ALLOW_INSECURE_ENDPOINT: setting }, { ...overrides, ...more }).getTuple({
      configurable: { thread_id: "none" },
    });

  test.each([["true"], ["1"], [true]])("as %j lets fromEnv take such an endpoint, but in a page", async (setting) => {
    if (!takesInsecureEndpoints) return void expect(() => read(setting)).toThrow(/A browser refuses it in any case/);
    expect(await read(setting)).toBeUndefined();
    expect(
      await DynamoDBReader.fromEnv({ ...env(), DYNAMODB_ALLOW_INSECURE_ENDPOINT: setting }, overrides).getTuple({
        configurable: { thread_id: "none" },
      }),
    ).toBeUndefined();
    expect(
      await DynamoDBStore.fromEnv({ ...env(), DYNAMODB_ALLOW_INSECURE_ENDPOINT: setting }, overrides).get(
        ["a"],
        "none",
      ),
    ).toBeNull();
    expect(
      await DynamoDBCache.fromEnv({ ...env(), DYNAMODB_ALLOW_INSECURE_ENDPOINT: setting }, overrides).get([
        [["n"], "none"],
      ]),
    ).toEqual([]);
  });

  test.each([["false"], ["0"], [false], [""], [undefined]])("as %j does not", (setting) => {
    expect(() => read(setting)).toThrow(/must be https/);
  });

  test.each([["yes"], ["TRUE"], ["on"], ["truee"], [2]])("as %j is refused, with what to write", (setting) => {
    const message = expect.stringContaining('DYNAMODB_ALLOW_INSECURE_ENDPOINT must be "true" or "false"') as string;
    expect(() => read(setting)).toThrow(expect.objectContaining({ code: "INVALID_CONFIG", message }));
  });

  test("comes after the option", () => {
    expect(() => read("true", { allowInsecureEndpoint: false })).toThrow(/must be https/);
  });
});
