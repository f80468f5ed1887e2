import { DynamoDBSaver, DynamoDBSaverError, type Fetch } from "langgraph-checkpoint-dynamodb";
import { expect, test } from "vitest";
import { canaries } from "../../scripts/lib/testing/secrets.js";

/** Each of these gives out a secret, and would pass if nobody looked. */

const saverOn = (fetch: Fetch): DynamoDBSaver =>
  new DynamoDBSaver({
    tableName: "leaky",
    region: "us-east-1",
    credentials: { accessKeyId: "local", ...canaries },
    endpoint: "http://127.0.0.1:1",
    maxAttempts: 1,
    fetch,
  });

const config = { configurable: { thread_id: "t", checkpoint_ns: "" } }; // of which one request is sent

test("an error's cause quotes the request", async () => {
  const fetch: Fetch = async (_, { headers }) => {
    throw new TypeError(`could not send ${JSON.stringify([...new Headers(headers)])}`);
  };
  await expect(saverOn(fetch).getTuple(config)).rejects.toMatchObject({ code: "NETWORK" });
});

test("an error that is no one's business", async () => {
  new DynamoDBSaverError("NETWORK", `the token was ${canaries.sessionToken}`);
  await Promise.resolve();
});

test("an error in a list", async () => {
  const saver = saverOn(() => Promise.reject(new Error(canaries.secretAccessKey)));
  await expect(saver.list(config).next()).rejects.toThrow();
});

test("an object on the console", () => {
  console.error({ options: { credentials: canaries } });
});

test("nothing", async () => {
  await expect(saverOn(() => Promise.reject(new Error("refused"))).getTuple(config)).rejects.toThrow();
});
