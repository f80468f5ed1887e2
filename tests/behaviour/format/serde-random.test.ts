import { MemorySaver, type SerializerProtocol } from "@langchain/langgraph-checkpoint";
import { DynamoDBReader } from "langgraph-checkpoint-dynamodb/reader";
import { describe, expect, test } from "vitest";
import { emptyThread, makeCheckpoint, metadataOf } from "../../lanes/savers/checkpoints.js";
import { createSaver, credentials, endpoint, tableName } from "../../lanes/savers/harness.js";
import { describeValue, hostileData, realObject } from "../../lanes/hostile/hostile-values.js";
import { Random } from "../../lanes/hostile/random.js";
import { newPrefix } from "../../lanes/stored/requests.js";
import { createCache, createStore } from "../../lanes/savers/stores.js";

/*
 * Random values: plain data that looks like LangChain's and LangGraph's objects, those objects, and all of it in one
 * another. Each test prints its seed in its name, and fails with the value.
 */

const ours = (): SerializerProtocol => createSaver().serde;
const langGraphs = (): SerializerProtocol => new MemorySaver().serde;
const textOf = ([type, bytes]: [string, Uint8Array]): string =>
  type === "json" ? new TextDecoder().decode(bytes) : `${type} ${bytes.join()}`;

describe.each([1, 2, 3, 4])("values of seed %i", (seed) => {
  test("come back as they were", async () => {
    const random = new Random(`serde ${seed}`);
    const serde = ours();
    for (let i = 0; i < 400; i++) {
      const value = hostileData(random, { depth: 5, others: realObject });
      const before = describeValue(value);
      const [type, bytes] = await serde.dumpsTyped(value);

      expect(describeValue(await serde.loadsTyped(type, bytes)), textOf([type, bytes])).toBe(before);
      expect(describeValue(value)).toBe(before); // serializing it has not changed it
    }
  });

  test("that look like nothing else are the bytes of LangGraph's own serde, and each reads the other's", async () => {
    const random = new Random(`bytes ${seed}`);
    const [serde, other] = [ours(), langGraphs()];
    for (let i = 0; i < 400; i++) {
      const value = hostileData(random, { depth: 5, others: realObject, harmless: true });
      const [type, bytes] = await serde.dumpsTyped(value);

      expect(textOf([type, bytes])).toBe(textOf(await other.dumpsTyped(value)));
      expect(describeValue(await serde.loadsTyped(type, bytes))).toBe(
        describeValue(await other.loadsTyped(type, bytes)),
      );
    }
  });
});

test(
  "as channels, metadata, writes, items of the store and values of the cache, they come back as " + "they were",
  async () => {
    const random = new Random("everywhere");
    const keyPrefix = newPrefix();
    const values = Object.fromEntries(
      Array.from({ length: 40 }, (_, i) => [`v${i}`, hostileData(random, { depth: 5, others: realObject })]),
    );
    const versions = Object.fromEntries(Object.keys(values).map((name) => [name, 1]));
    const writes = Object.entries(values);
    const config = await createSaver({ keyPrefix }).put(
      emptyThread("t").config,
      makeCheckpoint(values, versions),
      { ...metadataOf("loop"), values } as never,
      versions,
    );
    await createSaver({ keyPrefix }).putWrites(config, writes, "task");
    await createStore({ keyPrefix }).put(["a"], "1", values);
    const place: [string[], string] = [["a"], "1"];
    await createCache({ keyPrefix }).set([{ key: place, value: values }]);

    const tuple = (await createSaver({ keyPrefix }).getTuple(config))!;

    const expected = describeValue(values);
    expect(describeValue(tuple.checkpoint.channel_values)).toBe(expected);
    expect(describeValue((tuple.metadata as Record<string, unknown>).values)).toBe(expected);
    expect(describeValue(Object.fromEntries(tuple.pendingWrites!.map(([, name, value]) => [name, value])))).toBe(
      expected,
    );
    expect(describeValue((await createStore({ keyPrefix }).get(["a"], "1"))!.value)).toBe(expected);
    expect(
      describeValue(
        (await createStore({ keyPrefix }).search(["a"], { filter: { v0: { $ne: "no" } } })).map(({ value }) => value),
      ),
    ).toBe(`[${expected}]`);
    expect(describeValue((await createCache({ keyPrefix }).get([place]))[0]!.value)).toBe(expected);
  },
);

test("plain data is read as it was without LangChain too", async () => {
  const random = new Random("reader");
  const keyPrefix = newPrefix();
  const values = Object.fromEntries(
    Array.from({ length: 100 }, (_, i) => [`v${i}`, hostileData(random, { depth: 5 })]),
  );
  const versions = Object.fromEntries(Object.keys(values).map((name) => [name, 1]));
  const config = await createSaver({ keyPrefix }).put(
    emptyThread("t").config,
    makeCheckpoint(values, versions),
    { ...metadataOf("loop"), values } as never,
    versions,
  );
  const reader = new DynamoDBReader({
    tableName: tableName(),
    region: "us-east-1",
    credentials: credentials(),
    endpoint: endpoint(),
    dangerouslyAllowBrowser: true,
    keyPrefix,
  });

  const tuple = (await reader.getTuple(config))!;

  expect(describeValue(tuple.checkpoint.channel_values)).toBe(describeValue(values));
  expect(describeValue((tuple.metadata as Record<string, unknown>).values)).toBe(describeValue(values));
});
