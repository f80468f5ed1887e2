import { DynamoDBSaver } from "langgraph-checkpoint-dynamodb";
import { fromTemporaryCredentials } from "langgraph-checkpoint-dynamodb/credentials";
import { afterEach, describe, expect, test, vi } from "vitest";
import { MASTER, ROLE } from "./lanes/servers/credential-services.js";
import { errorOf, nothingFound, observedSaver, readNothing } from "./lanes/faults/faulty-fetch.js";

/*
 * Other runtimes, as Node pretends to be them: a real page does not let its `window` be replaced.
 *
 * Needs no server.
 */

const longLived = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "topSecretValue" };
const temporary = { ...longLived, sessionToken: "topSecretToken" };
const strict = { dangerouslyAllowBrowser: false };

const make = (credentials: typeof longLived | (() => Promise<typeof longLived>), options = {}): DynamoDBSaver =>
  new DynamoDBSaver({ tableName: "checkpoints", region: "us-east-1", credentials, ...options });

/** Where this test runs has these names instead of its own. */
function pretend(globals: Record<string, unknown>): void {
  for (const name of ["window", "WorkerGlobalScope", "navigator"]) vi.stubGlobal(name, globals[name]);
}

const page = { window: { document: {} }, navigator: { userAgent: "Mozilla/5.0 (X11; Linux x86_64)" } };
const worker = { WorkerGlobalScope: class {}, navigator: { userAgent: "Mozilla/5.0 (X11; Linux x86_64)" } };
const jsdom = {
  window: { document: {} },
  navigator: { userAgent: "Mozilla/5.0 (linux) AppleWebKit/537.36 (KHTML, like Gecko) jsdom/26.0.0" },
};

afterEach(() => {
  vi.unstubAllGlobals();
});

test("a saver whose options say everything reads nothing of the runtime's environment, whatever is wrong there", () => {
  const asked: PropertyKey[] = [];
  const env = new Proxy(
    { DYNAMODB_ALLOW_INSECURE_ENDPOINT: "perhaps" },
    { get: (all, name) => (asked.push(name), Reflect.get(all, name) as unknown) },
  );
  // Node's own work between two tests takes the rest of it.
  vi.stubGlobal("process", Object.create(process, { env: { value: env } }));

  make(temporary, { endpoint: "https://dynamodb.example", allowInsecureEndpoint: false });
  DynamoDBSaver.fromEnv({
    DYNAMODB_TABLE_NAME: "checkpoints",
    AWS_REGION: "us-east-1",
    AWS_ACCESS_KEY_ID: "a",
    AWS_SECRET_ACCESS_KEY: "b",
  });

  expect(asked).toEqual([]);
});

describe.each([
  ["a page", page],
  ["a browser's worker", worker],
  ["jsdom", jsdom],
])("in %s", (_, globals) => {
  test("long-lived keys are refused, with what to use instead", () => {
    pretend(globals);

    expect(() => make(longLived)).toThrow(
      expect.objectContaining({
        code: "INVALID_CONFIG",
        message: expect.stringMatching(/fromCognitoIdentityPool.*dangerouslyAllowBrowser: true/),
      }),
    );
  });

  test("they are taken with dangerouslyAllowBrowser", () => {
    pretend(globals);

    expect(make(longLived, { dangerouslyAllowBrowser: true })).toBeInstanceOf(DynamoDBSaver);
  });

  test("temporary ones are taken", () => {
    pretend(globals);

    expect(make(temporary)).toBeInstanceOf(DynamoDBSaver);
  });

  test("plain http to another host is refused, allowed or not, and to this machine it is taken", () => {
    pretend(globals);
    const allowed = { allowInsecureEndpoint: true };

    expect(() => make(temporary, { endpoint: "http://localstack:4566", ...allowed })).toThrow(
      /must be https.*A browser refuses it in any case/,
    );
    expect(() => make(temporary, { s3: { bucket: "large", endpoint: "http://localstack:4566" }, ...allowed })).toThrow(
      /s3\.endpoint.*A browser refuses it in any case/,
    );
    expect(make(temporary, { endpoint: "http://127.0.0.1:8000" })).toBeInstanceOf(DynamoDBSaver);
  });

  test("a function that gives long-lived keys ends in CREDENTIALS, and nothing is sent", async () => {
    const { saver, sent } = observedSaver(nothingFound, { credentials: () => Promise.resolve(longLived), ...strict });
    pretend(globals);

    expect(await errorOf(readNothing(saver))).toMatchObject({
      code: "CREDENTIALS",
      message: expect.stringMatching(/long-lived.*fromCognitoIdentityPool/),
    });
    expect(sent).toEqual([]);
  });

  test("long-lived master credentials are refused too", () => {
    pretend(globals);
    const options = { params: { RoleArn: ROLE }, clientConfig: { region: "us-east-1" } };

    expect(() => fromTemporaryCredentials({ ...options, masterCredentials: longLived })).toThrow(
      expect.objectContaining({ code: "INVALID_CONFIG" }),
    );
    expect(
      fromTemporaryCredentials({ ...options, masterCredentials: longLived, dangerouslyAllowBrowser: true }),
    ).toBeTypeOf("function");
    expect(fromTemporaryCredentials({ ...options, masterCredentials: MASTER })).toBeTypeOf("function");
  });
});

test.each<[where: string, globals: Record<string, unknown>]>([
  ["Node 20", {}],
  ["Node 24", { navigator: { userAgent: "Node.js/24" } }],
  ["Bun", { navigator: { userAgent: "Bun/1.4.4" } }],
  ["Deno 1", { window: {}, WorkerGlobalScope: class {}, navigator: { userAgent: "Deno/1.46.3" } }],
  ["Deno's workers", { WorkerGlobalScope: class {}, navigator: { userAgent: "Deno/2.9.6" } }],
  ["workerd", { WorkerGlobalScope: class {}, navigator: { userAgent: "Cloudflare-Workers" } }],
  ["workerd before it had a user agent", { WorkerGlobalScope: class {} }],
  ["React Native", { window: {}, navigator: { product: "ReactNative" } }],
])("long-lived keys are taken in what looks like %s", (_, globals) => {
  pretend(globals);

  expect(make(longLived)).toBeInstanceOf(DynamoDBSaver);
});
