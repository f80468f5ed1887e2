import { StoreDataError } from "langgraph-checkpoint-dynamodb";
import { describe, expect, inject, test, vi } from "vitest";
import { intercepted } from "../../lanes/stored/aws-requests.js";
import { noise } from "../../lanes/savers/checkpoints.js";
import { errorOf } from "../../lanes/faults/faulty-fetch.js";
import { mutateItem, type HostileItem } from "../../lanes/hostile/hostile-items.js";
import { judge, PAYLOAD } from "../../lanes/hostile/hostile-world.js";
import { LettersEmbeddings } from "../../lanes/savers/letters-embeddings.js";
import { Random } from "../../lanes/hostile/random.js";
import { itemsWithPrefix, putRaw, type RawItem } from "../../lanes/stored/raw-table.js";
import { newPrefix, RequestLog } from "../../lanes/stored/requests.js";
import { binary, buildContainer, plain, utf8 } from "../../lanes/stored/stored-bytes.js";
import { base64Url } from "../../lanes/stored/stored-format.js";
import { createCache, createStore } from "../../lanes/savers/stores.js";

/* What somebody who can write to the table makes of the store's items, of its registry, and of the cache's entries. */

const CASES = inject("effort") === "full" ? 50 : 20;
const index = { dims: 8, embeddings: new LettersEmbeddings() };

const store = (item: HostileItem): Promise<void> => putRaw(item);
const withSortKey = (items: RawItem[], beginning: string): RawItem =>
  items.find(({ SK }) => SK!.S!.startsWith(beginning))!;

describe("an expiry time that is none", () => {
  const TIMES: Record<string, unknown>[] = [
    { S: "x" }, { S: "" }, { B: "AQID" }, { BOOL: true }, { NULL: true }, { M: {} }, { L: [] }, { NS: ["1"] },
    { N: "-1" }, { N: "1e125" },
  ]; // prettier-ignore

  test.each(TIMES)("lets a put of its item end in two requests at most: %j", async (ttl) => {
    const keyPrefix = newPrefix();
    const log = new RequestLog();
    const memories = createStore({ keyPrefix, fetch: log.fetch });
    await memories.put(["memories"], "k", { n: 1 });
    await store({ ...withSortKey(await itemsWithPrefix(keyPrefix), "I#k"), ttl });

    const { operations } = await log.during(() => memories.put(["memories"], "k", { n: 2 }));

    expect(operations.length).toBeLessThanOrEqual(2);
    expect((await memories.get(["memories"], "k"))?.value).toEqual({ n: 2 });
  });

  test("does so in the cache", async () => {
    const keyPrefix = newPrefix();
    const log = new RequestLog();
    const cache = createCache({ keyPrefix, fetch: log.fetch });
    await cache.set([{ key: [["n"], "k"], value: 1 }]);
    await store({ ...withSortKey(await itemsWithPrefix(keyPrefix), "I#n"), ttl: { S: "x" } });

    const { operations } = await log.during(() => cache.set([{ key: [["n"], "k"], value: 2 }]));

    expect(operations).toEqual(["UpdateItem"]);
    expect(await cache.get([[["n"], "k"]])).toEqual([{ key: [["n"], "k"], value: 2 }]);
  });
});

test("a put whose item is in another state at every look ends with an error that says so", async () => {
  const keyPrefix = newPrefix();
  const { fetch, sent } = intercepted(({ body }) =>
    body.includes("#data = :data")
      ? Response.json({ __type: "ConditionalCheckFailedException" }, { status: 400 })
      : undefined,
  );

  // Who was first is waited for by chance, and up to half a minute in all.
  const random = vi.spyOn(Math, "random").mockReturnValue(0);
  expect(await errorOf(createStore({ keyPrefix, fetch }).put(["n"], "k", { n: 1 }))).toMatchObject({
    code: "SERVICE_ERROR",
    message: expect.stringContaining("An item was changed by others 20 times in a row"),
  });
  random.mockRestore();
  expect(sent.length).toBeLessThan(60);
});

// The text stands in no test's name: what is printed is searched for it.
test.each([
  ["null", "null"],
  ["a number", "5"],
  ["a text", `"${PAYLOAD}"`],
])("a value that is no object is damaged where it is read, and searches leave it out: %s", async (_, json) => {
  const keyPrefix = newPrefix();
  const data = binary(
    plain(buildContainer({ head: [""], entries: [["json", json.length]], hashes: [], tails: [utf8(json)] })),
  );
  const times = { created: { N: "1" }, updated: { N: "1" } };
  const PK = { S: `${keyPrefix}N#n/` };
  await store({ PK, SK: { S: "I#k" }, v: { N: "1" }, ...times, data });
  await store({ PK, SK: { S: "O#0000000000000001#k" } });
  const skipped: unknown[] = [];
  const memories = createStore({
    keyPrefix,
    index,
    onEvent: (event) => void (event.type === "warning" && skipped.push(event)),
  });

  const error = await errorOf(memories.get(["n"], "k"));
  expect(error).toBeInstanceOf(StoreDataError);
  expect(error).toMatchObject({ code: "DAMAGED_DATA", namespace: ["n"], key: "k" });
  judge(error);
  for (const options of [{}, { filter: { wanted: true } }, { query: "abc" }])
    expect(await memories.search(["n"], options)).toEqual([]);
  expect(skipped).toMatchObject(Array(3).fill({ code: "ITEM_SKIPPED" }));
  expect(JSON.stringify(skipped)).not.toContain(PAYLOAD);
});

test.each([
  { BOOL: true },
  { NULL: true },
  { M: { a: { S: "x" } } },
  { L: [{ N: "1" }] },
  { NS: ["1"] },
  { SS: ["a"] },
])("an attribute of a type that no item has harms no search: %j", async (odd) => {
  const keyPrefix = newPrefix();
  const memories = createStore({ keyPrefix, index });
  for (const key of ["good", "odd"]) await memories.put(["n"], key, { text: "abc" });
  const items = await itemsWithPrefix(keyPrefix);
  for (const beginning of ["I#odd", "V#"]) await store({ ...withSortKey(items, beginning), trash: odd, at: odd });

  for (const options of [{}, { query: "abc" }, { query: "abc", filter: { text: "abc" } }])
    expect((await createStore({ keyPrefix, index }).search(["n"], options)).map(({ key }) => key)).toEqual([
      "good",
      "odd",
    ]);
});

test("a filter by size finds no object and no list, and none makes the search fail", async () => {
  const memories = createStore();
  const values: unknown[] = [5, "6", true, null, [7], [], {}, { toString: null, valueOf: null }];
  for (const [i, size] of values.entries()) await memories.put(["n"], String(i), { size });

  const found = async (size: object): Promise<string> =>
    (await memories.search(["n"], { filter: { size } })).map(({ key }) => key).join();
  expect(await found({ $gt: 0 })).toBe("0,1,2");
  expect(await found({ $gte: null })).toBe("0,1,2,3");
  expect(await found({ $lt: 6, $lte: 1 })).toBe("2,3");
  expect(await found({ $gte: { valueOf: null, toString: null } })).toBe("");
});

test.each([{ S: "x" }, { N: "1e100" }, { N: "-5e30" }, { NULL: true }])(
  "a time that is none is a data error of its item, which searches leave out: %j",
  async (time) => {
    const keyPrefix = newPrefix();
    const memories = createStore({ keyPrefix });
    await memories.put(["n"], "k", { n: 1 });
    await memories.put(["n"], "other", { n: 2 });
    await store({ ...withSortKey(await itemsWithPrefix(keyPrefix), "I#k"), created: time });

    expect((await memories.search(["n"])).map(({ key }) => key)).toEqual(["other"]);
    expect(await errorOf(memories.get(["n"], "k"))).toMatchObject({
      name: "StoreDataError",
      code: "DAMAGED_DATA",
      key: "k",
    });
    expect((await memories.get(["n"], "other"))?.value).toEqual({ n: 2 });
  },
);

test("what only looks like a pointer beside an item is passed over when the item is replaced or deleted", async () => {
  const keyPrefix = newPrefix();
  const { fetch } = intercepted(({ operation }) => (operation === "PutObject" ? new Response() : undefined));
  const s3 = { bucket: "checkpoints", endpoint: "http://127.0.0.1:9", thresholdBytes: 380_000 };
  const memories = createStore({ keyPrefix, fetch, s3 });
  for (const [key, after] of [
    ["replaced", () => memories.put(["n"], "replaced", { n: 1 })],
    ["deleted", () => memories.delete(["n"], "deleted")],
  ] as const) {
    await memories.put(["n"], key, { text: base64Url(noise(100_000)) });
    const { PK, born } = withSortKey(await itemsWithPrefix(keyPrefix), `I#${key}`);
    for (const rest of ["x", "", "#", `${"A".repeat(43)}#UPPER/x/`])
      await store({ PK: PK!, SK: { S: `P#${born!.S!}#${rest}` } });

    await after();

    expect(await memories.get(["n"], key)).toEqual(
      key === "deleted" ? null : expect.objectContaining({ value: { n: 1 } }),
    );
  }
});

test("changed items of the store, its registry and the cache end in a result or in a data error", async () => {
  const keyPrefix = newPrefix();
  const memories = createStore({ keyPrefix, index, compression: "none" });
  const cache = createCache({ keyPrefix, compression: "none" });
  const long = "key".repeat(400);
  await memories.put(["n"], "k", { said: PAYLOAD, text: "abc" });
  await memories.put(["n", "below"], "k", { said: PAYLOAD, text: base64Url(noise(100_000)) });
  await memories.put(["n"], long, { said: PAYLOAD });
  await memories.put(["gone"], "k", { said: PAYLOAD });
  await memories.delete(["gone"], "k");
  await cache.set([{ key: [["n"], "k"], value: PAYLOAD }]);
  const items = await itemsWithPrefix(keyPrefix);
  const calls: Record<string, () => Promise<unknown>> = {
    get: () => createStore({ keyPrefix, index }).get(["n"], "k"),
    "get of a long key": () => createStore({ keyPrefix, index }).get(["n"], long),
    search: () => createStore({ keyPrefix, index }).search([]),
    "search with a filter": () => createStore({ keyPrefix, index }).search(["n"], { filter: { said: PAYLOAD } }),
    "search by meaning": () => createStore({ keyPrefix, index }).search(["n"], { query: "abc" }),
    "search that renews": () =>
      createStore({ keyPrefix, index, ttl: { defaultTtlSeconds: 60, refreshOnRead: true } }).search(["n"]),
    listNamespaces: () => createStore({ keyPrefix }).listNamespaces(),
    "cache.get": () => createCache({ keyPrefix }).get([[["n"], "k"]]),
    put: () => createStore({ keyPrefix, index }).put(["n", "below"], "k", { said: PAYLOAD }),
    delete: () => createStore({ keyPrefix, index }).delete(["n"], "k"),
    "cache.set": () => createCache({ keyPrefix }).set([{ key: [["n"], "k"], value: 2 }]),
  };
  const names = Object.keys(calls);
  let stored = 0;
  for (let number = 0; number < CASES; number++) {
    const random = new Random(`of the store ${number}`);
    const original = random.pick(items);
    const { item, what } = mutateItem(original, items, random);
    // DynamoDB does not take every item.
    if (await store(item).catch(() => true)) continue;
    stored++;
    for (const name of [random.pick(names), random.pick(names), random.pick(names)]) {
      try {
        await calls[name]!().catch(judge);
      } catch (error) {
        throw new Error(`${number}: ${name}, with ${what}: ${(error as Error).message}`, { cause: error });
      }
    }
    for (const one of items) await putRaw(one);
  }
  expect(stored).toBeGreaterThan(CASES / 2);
});
