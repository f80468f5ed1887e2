import { DynamoDBCache, DynamoDBSaver, DynamoDBStore, type Fetch } from "langgraph-checkpoint-dynamodb";
import {
  fromCognitoIdentityPool,
  fromInstanceMetadata,
  fromTemporaryCredentials,
} from "langgraph-checkpoint-dynamodb/credentials";
import { DynamoDBReader } from "langgraph-checkpoint-dynamodb/reader";
import { describe, expect, test } from "vitest";
import { emptyThread, noise, putStep, valuesAt } from "../../lanes/savers/checkpoints.js";
import { instanceMetadata, issued, MASTER, ROLE, sts } from "../../lanes/servers/credential-services.js";
import { errorOf } from "../../lanes/faults/faulty-fetch.js";
import { createSaver, credentials, tableName, type SaverOptions } from "../../lanes/savers/harness.js";
import { fetchFromContainer, s3Options } from "../../lanes/savers/s3-options.js";
import { takesInsecureEndpoints } from "../../lanes/run/page.js";
import { onCeph } from "../../lanes/servers/real-servers.js";
import { dynamodbLocal, named } from "../../lanes/servers/insecure-endpoints.js";

/* Plain http to another host than this machine, as in a compose file. */

const base = {
  tableName: "checkpoints",
  region: "us-east-1",
  credentials: { ...MASTER },
  dangerouslyAllowBrowser: true,
};
const HOSTS = [
  "dynamodb-local:8000",
  "localstack:4566",
  "host.docker.internal:8000",
  "0.0.0.0:8000",
  "10.0.0.7:8000",
  "[fd00::7]:8000",
];
const classes = { DynamoDBSaver, DynamoDBReader, DynamoDBStore, DynamoDBCache };

describe.each(Object.entries(classes))("%s", (_, Class) => {
  test.each(HOSTS)("refuses http://%s, and names the option and the variable that allow it", (host) => {
    const make = (): unknown => new Class({ ...base, endpoint: `http://${host}` });
    const advice = takesInsecureEndpoints
      ? /allowInsecureEndpoint: true.*DYNAMODB_ALLOW_INSECURE_ENDPOINT=true/
      : /A browser refuses it in any case/;

    expect(make).toThrow(
      expect.objectContaining({
        code: "INVALID_CONFIG",
        message: expect.stringContaining(`endpoint http://${host} must be https`),
      }),
    );
    expect(make).toThrow(advice);
  });
});

if (!takesInsecureEndpoints) {
  describe("a page", () => {
    test.each(Object.entries(classes))("refuses it also where %s has the option", (_, Class) => {
      expect(() => new Class({ ...base, endpoint: "http://localstack:4566", allowInsecureEndpoint: true })).toThrow(
        /A browser refuses it in any case/,
      );
      expect(
        () =>
          new Class({
            ...base,
            s3: { bucket: "large", endpoint: "http://localstack:4566" },
            allowInsecureEndpoint: true,
          }),
      ).toThrow(/s3\.endpoint.*A browser refuses it in any case/);
    });
  });
} else {
  describe("with allowInsecureEndpoint", () => {
    const container = (overrides: Partial<SaverOptions> = {}): SaverOptions => ({
      tableName: tableName(),
      region: "us-east-1",
      credentials: credentials(),
      endpoint: dynamodbLocal(),
      allowInsecureEndpoint: true,
      fetch: fetchFromContainer,
      keyPrefix: `${crypto.randomUUID()}#`,
      ...overrides,
    });

    test("saver and reader work at a host of that network, and what they store is what others find", async () => {
      const options = container();
      const step = await putStep(createSaver(options), emptyThread("t"), { n: 1 });

      expect(await valuesAt(createSaver({ keyPrefix: options.keyPrefix }), step.config)).toEqual({ n: 1 });
      expect((await new DynamoDBReader(options).getTuple(step.config))?.checkpoint.channel_values).toEqual({ n: 1 });
    });

    test("store and cache do too", async () => {
      const options = container();
      const store = new DynamoDBStore(options);
      const cache = new DynamoDBCache(options);
      await store.put(["users", "1"], "tea", { likes: true });
      await cache.set([{ key: [["n"], "k"], value: 1 }]);

      expect((await store.get(["users", "1"], "tea"))?.value).toEqual({ likes: true });
      expect(await cache.get([[["n"], "k"]])).toEqual([{ key: [["n"], "k"], value: 1 }]);
    });

    onCeph(
      "the bucket may be at such a host, whose buckets have no names of their own: it is found by its path",
      async () => {
        const { bucket, prefix, region, endpoint: where } = s3Options();
        const asked: string[] = [];
        const fetch: Fetch = (url, init) => (asked.push(url), fetchFromContainer(url, init));
        const s3 = { bucket, prefix, region, endpoint: named("s3", where), thresholdBytes: 5_000 };
        const options = container({ s3, fetch });

        const step = await putStep(createSaver(options), emptyThread("t"), { large: noise(6_000) });

        expect(asked.some((url) => url.startsWith(`${s3.endpoint}/${bucket}/${prefix}`))).toBe(true);
        expect(
          await valuesAt(createSaver({ keyPrefix: options.keyPrefix, s3: { ...s3, endpoint: where } }), step.config),
        ).toEqual(step.checkpoint.channel_values);
      },
    );

    test.each([
      ["http://localhost:4566", true],
      ["http://host.docker.internal:9000", true],
      ["http://127.0.0.1:9000", true],
      ["https://minio:9000", true],
      ["https://10.0.0.7", true],
      ["https://[fd00::7]", true],
      ["https://s3.eu-west-1.amazonaws.com", false],
      ["https://account.r2.cloudflarestorage.com", false],
    ])("a bucket at %s is found by its path: %s", async (url, byPath) => {
      const asked: string[] = [];
      const fetch: Fetch = (to, init) => {
        if (new Headers(init.headers).has("x-amz-target")) return fetchFromContainer(to, init);
        asked.push(to);
        return Promise.resolve(new Response());
      };
      await putStep(
        createSaver(container({ s3: { bucket: "large", endpoint: url, thresholdBytes: 5_000 }, fetch })),
        emptyThread("t"),
        { large: noise(6_000) },
      );

      expect(asked.map((to) => new URL(to).hostname.startsWith("large."))).toEqual([!byPath]);
      expect(asked.map((to) => new URL(to).pathname.startsWith("/large/"))).toEqual([byPath]);
    });

    test("another scheme is refused all the same, and so is a value that is not a boolean", () => {
      expect(() => new DynamoDBSaver(container({ endpoint: "ftp://dynamodb-local:8000" }))).toThrow(
        /endpoint ftp:\/\/dynamodb-local:8000 must be https/,
      );
      expect(() => new DynamoDBSaver(container({ allowInsecureEndpoint: "yes" as never }))).toThrow(
        /allowInsecureEndpoint must be a boolean, not a string/,
      );
    });

    test("a redirect from there is followed nowhere", async () => {
      const asked: string[] = [];
      const fetch: Fetch = (url) => (
        asked.push(url),
        Promise.resolve(new Response(null, { status: 307, headers: { location: "http://elsewhere:8000/" } }))
      );

      expect(
        await errorOf(createSaver(container({ fetch })).getTuple({ configurable: { thread_id: "t" } })),
      ).toMatchObject({ code: "NETWORK" });
      expect(asked).toEqual([`${dynamodbLocal()}/`]);
    });
  });
}

describe("a credentials provider", () => {
  const metadata = (options: object) => {
    const service = instanceMetadata();
    return {
      service,
      provider: fromInstanceMetadata({
        env: {},
        fetch: service.fetch,
        endpoint: "http://ec2-metadata-mock:1338",
        ...options,
      }),
    };
  };
  const assumed = (more: object, fetch = sts().fetch) =>
    fromTemporaryCredentials({
      params: { RoleArn: ROLE },
      masterCredentials: MASTER,
      clientConfig: { region: "us-east-1", endpoint: "http://localstack:4566", ...more },
      fetch,
    });

  test("refuses plain http to another host, and names the option", async () => {
    const advice = takesInsecureEndpoints
      ? /must be https.*allowInsecureEndpoint: true/
      : /must be https.*A browser refuses it/;

    expect(() => assumed({})).toThrow(advice);
    expect(() =>
      fromCognitoIdentityPool({ identityPoolId: "us-east-1:1", clientConfig: { endpoint: "http://localstack:4566" } }),
    ).toThrow(advice);
    expect((await errorOf(metadata({}).provider())).message).toMatch(advice);
  });

  test("takes it with the option, or with the variable, but in a page", async () => {
    if (!takesInsecureEndpoints)
      return void expect(() => assumed({ allowInsecureEndpoint: true })).toThrow(/A browser refuses it in any case/);
    const service = sts();
    expect(await assumed({ allowInsecureEndpoint: true }, service.fetch)()).toMatchObject(issued(1));
    expect(service.asked).toEqual(["POST localstack:4566/ AssumeRole"]);

    for (const options of [{ allowInsecureEndpoint: true }, { env: { DYNAMODB_ALLOW_INSECURE_ENDPOINT: "1" } }]) {
      const mock = metadata(options);
      await mock.provider();
      expect(mock.service.asked[0]).toBe("PUT ec2-metadata-mock:1338/latest/api/token");
    }
  });
});
