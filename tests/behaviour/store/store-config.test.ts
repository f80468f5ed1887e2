import { DynamoDBCache, DynamoDBStore, isDynamoDBSaverError } from "langgraph-checkpoint-dynamodb";
import { describe, expect, test } from "vitest";
import { credentials, endpoint, tableName } from "../../lanes/savers/harness.js";
import { LettersEmbeddings } from "../../lanes/savers/letters-embeddings.js";
import { ListVectorIndex } from "../../lanes/savers/list-vector-index.js";
import { newPrefix } from "../../lanes/stored/requests.js";
import { createCache, createStore } from "../../lanes/savers/stores.js";

const index = { dims: 8, embeddings: new LettersEmbeddings() };

describe("the options of a store", () => {
  const wrong: [Record<string, unknown>, string][] = [
    [{ ttlSeconds: 60 }, 'There is no option "ttlSeconds". The options are tableName'],
    [{ conflict: "reject" }, 'There is no option "conflict"'],
    [{ ttl: { seconds: 60 } }, 'There is no option "ttl.seconds". The options are defaultTtlSeconds, refreshOnRead.'],
    [{ ttl: 60 }, "ttl must be an object, for example { defaultTtlSeconds: 30 * 86_400 }, not a number."],
    [{ ttl: { defaultTtlSeconds: -1 } }, "ttl.defaultTtlSeconds must be a positive number of seconds"],
    [{ ttl: { refreshOnRead: 1 } }, "ttl.refreshOnRead must be a boolean, not a number."],
    [{ index: { dims: 0, embeddings: index.embeddings } }, "index.dims must be a whole number from 1 to 65535, not 0."],
    [{ index: { dims: 8 } }, "index.embeddings must have the methods embedDocuments and embedQuery"],
    [{ index: { ...index, fields: "text" } }, "index.fields must be an array of paths"],
    [{ vectorIndex: new ListVectorIndex() }, "vectorIndex needs index too"],
    [{ index, vectorIndex: {} }, "vectorIndex must be an object with the methods put, delete and search."],
    [{ tableName: "" }, "tableName is missing."],
  ];

  test.each(wrong)("%j is refused with what to write instead", (options, message) => {
    let error: unknown;
    try {
      createStore(options);
    } catch (thrown) {
      error = thrown;
    }
    expect(isDynamoDBSaverError(error)).toBe(true);
    expect(error).toMatchObject({ code: "INVALID_CONFIG", message: expect.stringContaining(message) });
  });

  test("of a cache are the saver's, but for what a cache has no use for", () => {
    expect(() => createCache({ refreshOnRead: true } as object)).toThrow('There is no option "refreshOnRead"');
    expect(() => createCache({ ttlSeconds: 0 })).toThrow("ttlSeconds must be a positive number");
  });
});

describe("fromEnv", () => {
  test("takes the table and the credentials from the environment, and the rest from the overrides", async () => {
    const { accessKeyId, secretAccessKey } = credentials();
    const env = {
      DYNAMODB_TABLE_NAME: tableName(),
      AWS_REGION: "us-east-1",
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      AWS_ENDPOINT_URL_DYNAMODB: endpoint(),
    };
    const keyPrefix = newPrefix();
    await DynamoDBStore.fromEnv(env, { keyPrefix, index, dangerouslyAllowBrowser: true }).put(["a"], "1", {
      text: "ab",
    });
    await DynamoDBCache.fromEnv(env, { keyPrefix, ttlSeconds: 60, dangerouslyAllowBrowser: true }).set([
      { key: [["a"], "1"], value: 1 },
    ]);

    expect(await createStore({ keyPrefix, index }).search(["a"], { query: "ab" })).toMatchObject([
      { key: "1", score: expect.any(Number) },
    ]);
    expect(await createCache({ keyPrefix }).get([[["a"], "1"]])).toEqual([{ key: [["a"], "1"], value: 1 }]);
    expect(() => DynamoDBStore.fromEnv({})).toThrow("tableName is missing. Set DYNAMODB_TABLE_NAME");
  });
});

test("a store can be started and stopped, as LangGraph's stores can, and works before, between and after", async () => {
  const store = createStore();
  await store.put(["a"], "1", { n: 1 });
  store.start();
  expect(await store.get(["a"], "1")).toMatchObject({ value: { n: 1 } });
  store.stop();
  expect(await store.search(["a"])).toHaveLength(1);
});

test("setup finds the table that the saver has made, and lets marks of deletions expire", async () => {
  for (const found of [createStore(), createCache()])
    expect(await found.setup()).toEqual({
      table: { name: tableName(), status: "existed" },
      timeToLive: expect.any(String),
    });
});
