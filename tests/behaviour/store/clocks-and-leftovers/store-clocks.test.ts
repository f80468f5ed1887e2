import type { DynamoDBStore } from "langgraph-checkpoint-dynamodb";
import { describe, expect, test } from "vitest";
import { noiseText } from "../../../lanes/savers/checkpoints.js";
import { at, createCache, createStore, skewed } from "../../../lanes/savers/stores.js";
import { intercepted, type AwsRequest } from "../../../lanes/stored/aws-requests.js";
import { itemsWithPrefix } from "../../../lanes/stored/raw-table.js";
import { newPrefix } from "../../../lanes/stored/requests.js";

/*
 * Machines whose clocks are wrong by hours, and processes that are stopped in the middle of a put: what was
 * acknowledged is there, found and listed.
 */

const NS = ["users", "ada"];
const MINUTE = 60;
const HOUR = 3_600;
const large = { text: noiseText(80_000, 1) };
const small = { n: 1 };

const isEntry = ({ operation, body }: AwsRequest): boolean => operation === "UpdateItem" && body.includes("I#");

/** A store of which something else happens before its next item is written. */
function interrupted(keyPrefix: string, meanwhile: () => Promise<unknown>): DynamoDBStore {
  let isOver = false;
  const { fetch } = intercepted(async (request) => {
    if (isEntry(request) && !isOver) {
      isOver = true;
      await meanwhile();
    }
    return request.forward();
  });
  return createStore({ keyPrefix, fetch });
}

async function isAllThere(keyPrefix: string, items: Record<string, object>): Promise<void> {
  const store = createStore({ keyPrefix });
  for (const [key, value] of Object.entries(items)) expect((await store.get(NS, key))?.value).toEqual(value);
  for (const prefix of [NS, NS.slice(0, 1), []])
    expect((await createStore({ keyPrefix }).search(prefix)).map(({ key }) => key)).toEqual(Object.keys(items));
  expect(await createStore({ keyPrefix }).listNamespaces()).toEqual([NS]);
}

describe.each([
  ["a reader that is ahead", 0, 2 * HOUR],
  ["a reader that is behind", 0, -2 * HOUR],
  ["a writer that is ahead", 2 * HOUR, 0],
  ["a writer that is behind", -2 * HOUR, 0],
  ["both wrong, by 61 minutes together", -30.5 * MINUTE, 30.5 * MINUTE],
])("with %s by hours", (_, writer, reader) => {
  const look = (keyPrefix: string): Promise<unknown> =>
    skewed(reader, async () => {
      const store = createStore({ keyPrefix });
      for (const prefix of [NS, []]) await store.search(prefix);
      await store.listNamespaces();
      await store.search([]);
    });

  test.each([
    ["a small", small],
    ["a long", large],
  ])("%s value that is searched for while it is put is there, found and listed", async (_size, value) => {
    const keyPrefix = newPrefix();
    await skewed(writer, () => interrupted(keyPrefix, () => look(keyPrefix)).put(NS, "first", value));
    await isAllThere(keyPrefix, { first: value });
    await skewed(writer, () => interrupted(keyPrefix, () => look(keyPrefix)).put(NS, "second", value));
    await look(keyPrefix);
    await isAllThere(keyPrefix, { first: value, second: value });
  });

  test("a namespace that one of them empties while the other puts into it is listed", async () => {
    const keyPrefix = newPrefix();
    const store = createStore({ keyPrefix });
    await skewed(writer, () => store.put(NS, "first", small));
    await skewed(reader, () => createStore({ keyPrefix }).delete(NS, "first"));
    await look(keyPrefix);
    await skewed(writer, () => store.put(NS, "second", small));
    await look(keyPrefix);
    await isAllThere(keyPrefix, { second: small });
  });

  test("a long value that is set in a cache while that is cleared is there or absent, and not lost", async () => {
    const keyPrefix = newPrefix();
    let isOver = false;
    const { fetch } = intercepted(async (request) => {
      if (isEntry(request) && !isOver) {
        isOver = true;
        await skewed(reader, () => createCache({ keyPrefix }).clear([]));
      }
      return request.forward();
    });
    const warnings: unknown[] = [];
    const onEvent = (event: { type: string }): void => void (event.type === "warning" && warnings.push(event));
    await skewed(writer, () => createCache({ keyPrefix, fetch, onEvent }).set([{ key: [["n"], "k"], value: large }]));
    const found = await createCache({ keyPrefix, onEvent }).get([[["n"], "k"]]);
    expect(found).toEqual([{ key: [["n"], "k"], value: large }]);
    expect(warnings).toEqual([]);
  });

  test("an item lives for its ttl, by the clock of the service, and is tidied up by nobody before", async () => {
    const keyPrefix = newPrefix();
    await skewed(writer, () => createStore({ keyPrefix }).put(NS, "first", small, undefined, { ttlSeconds: HOUR }));
    await look(keyPrefix);
    await at(HOUR - 2 * MINUTE, async () => {
      await look(keyPrefix);
      await isAllThere(keyPrefix, { first: small });
    });
    expect(await at(HOUR + 2 * MINUTE, () => createStore({ keyPrefix }).get(NS, "first"))).toBeNull();
  });
});

test("a late attempt of a machine whose clock is behind sets no time of a namespace back", async () => {
  const keyPrefix = newPrefix();
  let held: AwsRequest | undefined;
  const { fetch } = intercepted((request) => {
    if (held || !request.body.includes("NAMESPACES#0")) return undefined;
    held = request;
    return Promise.reject(new TypeError("timed out"));
  });
  const behind = createStore({ keyPrefix, fetch });
  await skewed(-3 * HOUR, () => behind.put(NS, "first", small));
  await held!.forward();

  await createStore({ keyPrefix }).delete(NS, "first");
  await createStore({ keyPrefix }).listNamespaces();
  await skewed(-3 * HOUR, () => behind.put(NS, "second", small));
  await isAllThere(keyPrefix, { second: small });
});

test.each([
  ["a small", small],
  ["a long", large],
])("%s value whose put was stopped for hours is there, found and listed", async (_, value) => {
  const keyPrefix = newPrefix();
  let begun!: () => void;
  let goOn!: () => void;
  const isStopped = new Promise<void>((resolve) => (begun = resolve));
  const isOver = new Promise<void>((resolve) => (goOn = resolve));
  const put = interrupted(keyPrefix, () => (begun(), isOver)).put(NS, "first", value);
  await isStopped;
  await at(3 * HOUR, async () => {
    for (let i = 0; i < 3; i++) await createStore({ keyPrefix }).search([]);
    expect(await itemsWithPrefix(keyPrefix)).toEqual([]);
    goOn();
    await put;
    await isAllThere(keyPrefix, { first: value });
  });
});

test("where no answer tells the time, nothing is tidied up, and all else goes on", async () => {
  const keyPrefix = newPrefix();
  const { fetch } = intercepted(async (request) => {
    const { body, status } = await request.forward();
    return new Response(body, { status });
  });
  const untold = createStore({ keyPrefix, fetch });
  await untold.put(NS, "first", large);
  await untold.put(NS, "second", small);
  await untold.delete(NS, "second");
  await isAllThere(keyPrefix, { first: large });
  await untold.delete(NS, "first");
  await skewed(5 * HOUR, async () => {
    expect(await untold.search([])).toEqual([]);
    expect(await untold.listNamespaces()).toEqual([]);
  });
  const rows = (await itemsWithPrefix(keyPrefix)).filter(({ PK }) => PK!.S!.endsWith("NAMESPACES#0"));
  expect(rows).toHaveLength(1);
});
