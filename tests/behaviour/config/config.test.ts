import {
  DynamoDBSaver,
  isDynamoDBSaverError,
  type DynamoDBSaverError,
  type DynamoDBSaverOptions,
} from "langgraph-checkpoint-dynamodb";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { faultyFetch } from "../../lanes/faults/faulty-fetch.js";
import { takesInsecureEndpoints } from "../../lanes/run/page.js";

/* Needs no server. */

const credentials = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "topSecretValue" };

/** All that a saver needs, with some of it changed. */
function options(changes: object = {}): DynamoDBSaverOptions {
  return { tableName: "checkpoints", region: "us-east-1", credentials, dangerouslyAllowBrowser: true, ...changes };
}

/** What a saver says to its options; fails when it takes them, or sends anything. */
function refusal(make: () => unknown): DynamoDBSaverError {
  try {
    make();
  } catch (error) {
    if (!isDynamoDBSaverError(error)) throw error;
    expect(error.code).toBe("INVALID_CONFIG");
    return error;
  }
  throw new Error("These options should have been refused.");
}

let env: Record<string, string>;

beforeEach(() => {
  env = {};
  // Not every runtime has a `process`. Where there is one, other code needs the rest of it.
  vi.stubGlobal("process", Object.create(globalThis.process ?? null, { env: { value: env } }));
});
afterEach(() => {
  vi.unstubAllGlobals();
});

describe("a constructor refuses, and says what to write instead:", () => {
  test.each<[what: string, changes: object, says: RegExp]>([
    ["a missing table name", { tableName: undefined }, /tableName is missing.*setup\(\)/],
    ["an empty table name", { tableName: "" }, /tableName is missing/],
    ["a table name that is null", { tableName: null }, /tableName must be a string, not null/],
    ["a table name that is too short", { tableName: "ab" }, /tableName "ab" must have 3 to 255/],
    ["a table name with a slash", { tableName: "a/table" }, /tableName "a\/table" must have/],
    [
      "a permission that is a string",
      { dangerouslyAllowBrowser: "yes" },
      /dangerouslyAllowBrowser must be a boolean, not a string/,
    ],
    [
      "half a credential for the bucket",
      { s3: { bucket: "my-bucket", credentials: { accessKeyId: "AKIDEXAMPLE" } } },
      /s3\.credentials: got no secretAccessKey/,
    ],
    ["a missing region", { region: undefined }, /region is missing.*AWS_REGION/],
    ["an empty region", { region: "" }, /region is missing/],
    ["a region that would change the host", { region: "evil.example/" }, /not an AWS region such as "us-east-1"/],
    [
      "a region of the bucket that would change the host",
      { s3: { bucket: "my-bucket", region: "evil.example/" } },
      /s3\.region "evil\.example\/" is not an AWS region such as "us-east-1"/,
    ],
    [
      "such a region beside an endpoint",
      { s3: { bucket: "my-bucket", region: "us-east-1\nx", endpoint: "https://s3.example" } },
      /s3\.region .* is not an AWS region/,
    ],
    [
      "an older bucket that would change the host",
      { s3: { bucket: "my-bucket", olderBuckets: ["older-bucket", "evil.example/x"] } },
      /s3\.olderBuckets\[1\] "evil\.example\/x" is not a name of a bucket/,
    ],
    [
      "one older bucket for a list",
      { s3: { bucket: "my-bucket", olderBuckets: "older-bucket" } },
      /s3\.olderBuckets must be an array/,
    ],
    ["missing credentials", { credentials: undefined }, /credentials are missing.*accessKeyId.*AWS_ACCESS_KEY_ID/],
    ["credentials that are a string", { credentials: "AKIDEXAMPLE" }, /credentials: got string, not an object/],
    ["credentials without a secret", { credentials: { accessKeyId: "AKIDEXAMPLE" } }, /no secretAccessKey/],
    ["credentials without an id", { credentials: { secretAccessKey: "topSecretValue" } }, /no accessKeyId/],
    ["credentials with an empty id", { credentials: { ...credentials, accessKeyId: "" } }, /no accessKeyId/],
    [
      "a session token that is not text",
      { credentials: { ...credentials, sessionToken: 1 } },
      /sessionToken that is not a string/,
    ],
    [
      "an expiration that is not a date",
      { credentials: { ...credentials, expiration: "tomorrow" } },
      /expiration that is not a valid Date/,
    ],
    ["a fetch that is a string", { fetch: "https://proxy.example" }, /fetch must be a function, not a string/],
    ["an onEvent that is a string", { onEvent: "log" }, /onEvent must be a function, not a string/],
    [
      "a serde that is a string",
      { serde: "json" },
      /serde must be an object with the methods dumpsTyped and loadsTyped/,
    ],
    ["a serde that can only write", { serde: { dumpsTyped: () => undefined } }, /serde must be an object with/],
    ["a signal that is a string", { signal: "stop" }, /signal must be an AbortSignal/],
    [
      "a consistentRead that is a string",
      { consistentRead: "false" },
      /consistentRead must be a boolean, not a string/,
    ],
    ["an option that does not exist", { tabelName: "checkpoints" }, /no option "tabelName".*tableName/],
    ["an unknown compression", { compression: "zstd" }, /compression must be one of "gzip", "none"/],
    ["a key prefix that is too long", { keyPrefix: "é".repeat(129) }, /keyPrefix must not be longer than 256 bytes/],
    ["a key prefix that is a number", { keyPrefix: 1 }, /keyPrefix must be a string, not a number/],
    ["no attempt at all", { maxAttempts: 0 }, /maxAttempts must be a whole number from 1 to 20, not 0/],
    ["half an attempt", { maxAttempts: 1.5 }, /maxAttempts must be a whole number/],
    ["a number that is a string", { maxAttempts: "4" }, /maxAttempts must be a whole number.*not a string/],
    ["too many attempts", { maxAttempts: 21 }, /maxAttempts must be a whole number/],
    ["a timeout of 0", { requestTimeoutMs: 0 }, /requestTimeoutMs must be a whole number/],
    ["an endless timeout", { requestTimeoutMs: Infinity }, /requestTimeoutMs must be a whole number/],
    ["a concurrency of 0", { maxConcurrency: 0 }, /maxConcurrency must be a whole number/],
    ["a concurrency that is not a number", { maxConcurrency: NaN }, /maxConcurrency must be a whole number/],
    ["plain http to another host", { endpoint: "http://dynamodb.example.com" }, /must be https.*127\.0\.0\.1/],
    [
      "plain http to a host that looks like this machine",
      { endpoint: "http://127.0.0.1.example.com" },
      /must be https/,
    ],
    ["plain http to a host whose name ends like this machine's", { endpoint: "http://not-localhost" }, /must be https/],
    [
      "plain http to a name below this machine's, which a name server may send elsewhere",
      { endpoint: "http://dynamodb.localhost:8000" },
      /must be https/,
    ],
    [
      "plain http to such a name for the bucket",
      { s3: { bucket: "my-bucket", endpoint: "http://s3.localhost" } },
      /s3\.endpoint http:\/\/s3\.localhost must be https/,
    ],
    [
      "a bucket that makes such a name",
      { s3: { bucket: "agents", endpoint: "http://localhost:9000", forcePathStyle: false } },
      /s3\.endpoint.* http:\/\/agents\.localhost:9000 must be https/,
    ],
    [
      "an older bucket that makes one",
      {
        s3: {
          bucket: "agents",
          olderBuckets: ["before"],
          endpoint: "http://[::1]:9000",
          forcePathStyle: false,
        },
      },
      /s3\.endpoint.* is not a URL/,
    ],
    ["another scheme", { endpoint: "ftp://127.0.0.1" }, /must be https/],
    ["an endpoint without a scheme", { endpoint: "dynamodb.example.com" }, /endpoint is not a URL.*scheme/],
    [
      "an endpoint with a password",
      { endpoint: "https://user:hunter2@dynamodb.example.com" },
      /must not hold a user name or password.*credentials/,
    ],
    ["an endpoint with a query", { endpoint: "https://dynamodb.example.com/?token=hunter2" }, /must not have a query/],
    ["an endpoint that is a number", { endpoint: 8000 }, /endpoint must be a string, not a number/],
  ])("%s", (_, changes, says) => {
    const { fetch, sent } = faultyFetch();

    const { message } = refusal(() => new DynamoDBSaver(options({ fetch, ...changes })));

    expect(message).toMatch(says);
    expect(message).not.toMatch(/AKIDEXAMPLE|topSecretValue|hunter2/);
    expect(sent).toEqual([]);
  });

  test.each([
    ["a string", "checkpoints"],
    ["nothing", undefined],
    ["null", null],
  ])("%s in place of the options", (_, given) => {
    expect(refusal(() => new DynamoDBSaver(given as never)).message).toMatch(/options must be an object.*tableName/);
  });

  test.each(["accessKeyId", "secretAccessKey", "sessionToken"])(
    "a line break in %s, without showing the value",
    (name) => {
      const { message } = refusal(
        () => new DynamoDBSaver(options({ credentials: { ...credentials, [name]: "hunter2\n" } })),
      );

      expect(message).toContain(`${name} with a space, a line break or a non-ASCII character`);
      expect(message).not.toContain("hunter2");
    },
  );

  test.each([
    ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"],
    ["AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID"],
  ])("an environment with %s alone", (has, lacks) => {
    env[has] = "hunter2";

    const { message } = refusal(() => new DynamoDBSaver(options({ credentials: undefined })));

    expect(message).toContain(`${lacks} is missing beside ${has}`);
    expect(message).not.toContain("hunter2");
  });
});

describe("a constructor takes", () => {
  test.each<[what: string, changes: object]>([
    ["an https endpoint with a path", { endpoint: "https://vpce.example.com/dynamodb" }],
    ["http on this machine, by name", { endpoint: "http://localhost:8000" }],
    ["http on this machine, by IPv6", { endpoint: "http://[::1]:8000" }],
    ["the ARN of another account's table", { tableName: "arn:aws:dynamodb:us-east-1:123456789012:table/checkpoints" }],
    ["a key prefix of exactly 256 bytes", { keyPrefix: "é".repeat(128) }],
    ["the largest and smallest numbers", { maxAttempts: 1, requestTimeoutMs: 600_000, maxConcurrency: 10_000 }],
  ])("%s", (_, changes) => {
    expect(new DynamoDBSaver(options(changes))).toBeInstanceOf(DynamoDBSaver);
  });

  test("region and credentials from the environment when they are not given", () => {
    Object.assign(env, {
      AWS_DEFAULT_REGION: "eu-west-1",
      AWS_ACCESS_KEY_ID: "AKIDEXAMPLE",
      AWS_SECRET_ACCESS_KEY: "topSecretValue",
    });

    expect(new DynamoDBSaver({ tableName: "checkpoints", dangerouslyAllowBrowser: true })).toBeInstanceOf(
      DynamoDBSaver,
    );
  });

  test("plain http to another host from an environment that allows it, but in a page", () => {
    Object.assign(env, {
      AWS_ENDPOINT_URL_DYNAMODB: "http://dynamodb-local:8000",
      DYNAMODB_ALLOW_INSECURE_ENDPOINT: "true",
    });
    const make = (): DynamoDBSaver => new DynamoDBSaver(options());

    if (takesInsecureEndpoints) expect(make()).toBeInstanceOf(DynamoDBSaver);
    else expect(make).toThrow(/A browser refuses it in any case/);
  });
});
