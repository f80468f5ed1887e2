import { DynamoDBSaver, type DynamoDBSaverOptions } from "langgraph-checkpoint-dynamodb";
import { describe, expect, test } from "vitest";
import { readNothing } from "../../lanes/faults/faulty-fetch.js";
import { endpoint, tableName } from "../../lanes/savers/harness.js";

const keys = { AWS_ACCESS_KEY_ID: "fromEnv", AWS_SECRET_ACCESS_KEY: "local" };
const complete = { ...keys, DYNAMODB_TABLE_NAME: "checkpoints", AWS_REGION: "us-east-1" };

/** Where a saver that was made from this environment sends its requests, and as whom. */
async function target(
  env: object,
  overrides: Partial<DynamoDBSaverOptions> = {},
): Promise<{ url: string; scope: string; token: string | null; table: unknown }> {
  const requests: [url: string, init: RequestInit][] = [];
  const fetch = async (url: string, init: RequestInit): Promise<Response> => {
    requests.push([url, init]);
    return Response.json({ Items: [], Count: 0 });
  };
  await readNothing(DynamoDBSaver.fromEnv(env, { fetch, dangerouslyAllowBrowser: true, ...overrides }));
  const [url, { headers, body }] = requests[0]!;
  const sent = new Headers(headers);
  return {
    url,
    scope: sent.get("authorization")!.replace(/.*Credential=([^/]+)\/\d+\/([^/]+)\/.*/, "$1 in $2"),
    token: sent.get("x-amz-security-token"),
    table: (JSON.parse(new TextDecoder().decode(body as Uint8Array)) as { TableName: unknown }).TableName,
  };
}

describe("fromEnv", () => {
  test("reads a Worker's env, whatever else is bound there", async () => {
    const env = {
      ...complete,
      AWS_SESSION_TOKEN: "session",
      AWS_ENDPOINT_URL: "",
      KV: { get: () => "" },
      AI: {},
      tabelName: 1,
    };

    expect(await target(env)).toEqual({
      url: "https://dynamodb.us-east-1.amazonaws.com/",
      scope: "fromEnv in us-east-1",
      token: "session",
      table: "checkpoints",
    });
  });

  test("makes a saver that works", async () => {
    await readNothing(
      DynamoDBSaver.fromEnv(
        { ...complete, DYNAMODB_TABLE_NAME: tableName(), AWS_ENDPOINT_URL: endpoint() },
        { dangerouslyAllowBrowser: true },
      ),
    );
  });

  test("takes AWS_DEFAULT_REGION when there is no AWS_REGION", async () => {
    const { AWS_REGION: _, ...rest } = complete;

    expect((await target({ ...rest, AWS_DEFAULT_REGION: "eu-west-1" })).scope).toBe("fromEnv in eu-west-1");
    expect((await target({ ...complete, AWS_DEFAULT_REGION: "eu-west-1" })).scope).toBe("fromEnv in us-east-1");
  });

  test("takes AWS_ENDPOINT_URL_DYNAMODB before AWS_ENDPOINT_URL before AWS's own", async () => {
    const general = { ...complete, AWS_ENDPOINT_URL: "https://general.example" };

    expect((await target(general)).url).toBe("https://general.example/");
    expect((await target({ ...general, AWS_ENDPOINT_URL_DYNAMODB: "https://own.example" })).url).toBe(
      "https://own.example/",
    );
    expect((await target({ ...complete, AWS_REGION: "cn-north-1" })).url).toBe(
      "https://dynamodb.cn-north-1.amazonaws.com.cn/",
    );
  });

  test("lets the overrides win over everything", async () => {
    const env = { ...complete, AWS_ENDPOINT_URL_DYNAMODB: "https://own.example", AWS_SESSION_TOKEN: "session" };

    const overrides = {
      tableName: "others",
      region: "eu-west-1",
      endpoint: "https://other.example",
      credentials: { accessKeyId: "override", secretAccessKey: "local" },
    };
    expect(await target(env, overrides)).toEqual({
      url: "https://other.example/",
      scope: "override in eu-west-1",
      token: null,
      table: "others",
    });
  });

  test("looks for no variable of what an option says", () => {
    const asked: PropertyKey[] = [];
    const env = new Proxy(complete, { get: (all, name) => (asked.push(name), Reflect.get(all, name)) });
    const credentials = { accessKeyId: "override", secretAccessKey: "local" };

    DynamoDBSaver.fromEnv(env, {
      region: "eu-west-1",
      endpoint: "https://other.example",
      credentials,
      allowInsecureEndpoint: false,
      dangerouslyAllowBrowser: true,
    });

    expect(asked).toEqual(["DYNAMODB_TABLE_NAME"]);
  });

  test.each<[what: string, env: unknown, overrides: unknown, says: RegExp]>([
    [
      "a list in place of yes or no",
      { ...complete, DYNAMODB_ALLOW_INSECURE_ENDPOINT: ["true"] },
      {},
      /DYNAMODB_ALLOW_INSECURE_ENDPOINT must be "true" or "false"/,
    ],
    [
      "a symbol in place of yes or no",
      { ...complete, DYNAMODB_ALLOW_INSECURE_ENDPOINT: Symbol("true") },
      {},
      /DYNAMODB_ALLOW_INSECURE_ENDPOINT must be "true" or "false"/,
    ],
    [
      "an environment without the table's name",
      { ...complete, DYNAMODB_TABLE_NAME: undefined },
      {},
      /tableName is missing.*DYNAMODB_TABLE_NAME/,
    ],
    ["an environment with an empty table name", { ...complete, DYNAMODB_TABLE_NAME: "" }, {}, /tableName is missing/],
    ["an environment without a region", { ...complete, AWS_REGION: "" }, {}, /region is missing.*AWS_REGION/],
    [
      "an environment without credentials",
      { ...complete, AWS_ACCESS_KEY_ID: "", AWS_SECRET_ACCESS_KEY: "" },
      {},
      /credentials are missing/,
    ],
    [
      "half a credential",
      { ...complete, AWS_SECRET_ACCESS_KEY: undefined },
      {},
      /AWS_SECRET_ACCESS_KEY is missing beside AWS_ACCESS_KEY_ID/,
    ],
    ["a string in place of the environment", "production", {}, /fromEnv needs an object.*got a string/],
    ["nothing in place of the environment", undefined, {}, /fromEnv needs an object.*got undefined/],
    ["a string in place of the overrides", complete, "checkpoints", /no option|must be an object/],
    ["null in place of the overrides", complete, null, /must be an object/],
    [
      "an override that does not exist",
      complete,
      { tabelName: "x", dangerouslyAllowBrowser: true },
      /no option "tabelName"/,
    ],
  ])("refuses %s", (_, env, overrides, says) => {
    const make = (): unknown => DynamoDBSaver.fromEnv(env as object, overrides as object);

    expect(make).toThrow(expect.objectContaining({ code: "INVALID_CONFIG", message: expect.stringMatching(says) }));
  });
});
