import { describe, expect, test } from "vitest";
import { noiseText } from "../../lanes/savers/checkpoints.js";
import { LettersEmbeddings } from "../../lanes/savers/letters-embeddings.js";
import { newPrefix } from "../../lanes/stored/requests.js";
import { at, countedStore, createStore } from "../../lanes/savers/stores.js";

/** What each operation of the store may send. */

describe("get", () => {
  test("sends one request", async () => {
    const { store, log } = countedStore();
    await store.put(["users", "ada"], "1", { n: 1 });
    expect((await log.during(() => store.get(["users", "ada"], "1"))).operations).toEqual(["GetItem"]);
    expect((await log.during(() => store.get(["users", "ada"], "2"))).operations).toEqual(["GetItem"]);
  });

  test("of many in a batch sends one request for each 100, whatever their namespaces", async () => {
    const { store, log } = countedStore();
    const keys = Array.from({ length: 120 }, (_, i) => ({ namespace: ["users", String(i % 7)], key: String(i) }));
    await store.batch(keys.map((place, i) => ({ ...place, value: { i } })));
    const { result, operations } = await log.during(() => store.batch([...keys, ...keys]));
    expect(operations).toEqual(["BatchGetItem", "BatchGetItem"]);
    expect(result.map((item) => item?.value.i as number)).toEqual([...keys, ...keys].map((_, i) => i % 120));
  });
});

describe("put", () => {
  test("of a new key sends two requests, and a third before them in a namespace that is not known", async () => {
    const { store, log } = countedStore();
    expect(await log.during(() => store.put(["users", "ada"], "1", { n: 1 }))).toMatchObject({
      operations: ["PutItem", "UpdateItem", "UpdateItem"],
      roundTrips: 3,
    });
    expect((await log.during(() => store.put(["users", "ada"], "2", { n: 1 }))).operations).toEqual([
      "PutItem",
      "UpdateItem",
    ]);
  });

  test("over what the instance has put, got or found sends one request", async () => {
    const keyPrefix = newPrefix();
    await createStore({ keyPrefix }).batch(
      ["1", "2", "3"].map((key) => ({ namespace: ["users"], key, value: { n: 1 } })),
    );
    const { store, log } = countedStore({ keyPrefix });
    await store.put(["users"], "4", { n: 1 });
    await store.get(["users"], "1");
    await store.search(["users"]);
    for (const key of ["4", "1", "2", "4", "1"])
      expect((await log.during(() => store.put(["users"], key, { n: 2 }))).operations).toEqual(["UpdateItem"]);
  });

  test("over what it does not know sends four: the pointer, two attempts, and the pointer's deletion", async () => {
    const keyPrefix = newPrefix();
    await createStore({ keyPrefix }).put(["users"], "1", { n: 1 });
    const { store, log } = countedStore({ keyPrefix });
    await store.put(["users"], "2", { n: 1 });
    const { operations } = await log.during(() => store.put(["users"], "1", { n: 2 }));
    // An embedded server does not say what is there, and is asked.
    expect(operations.filter((operation) => operation !== "GetItem")).toEqual([
      "BatchWriteItem",
      "PutItem",
      "UpdateItem",
      "UpdateItem",
    ]);
  });

  test("of a long value sends its segments first, and deletes those of the value before by their names", async () => {
    const { store, log } = countedStore();
    await store.put(["users"], "1", { text: noiseText(70_000, 1) });
    const { operations } = await log.during(() => store.put(["users"], "1", { text: noiseText(70_000, 2) }));
    expect(operations).toEqual(["BatchWriteItem", "PutItem", "UpdateItem", "UpdateItem"]);
  });

  test.each([
    [8, "PutItem"],
    [400, "BatchWriteItem"],
  ])(
    "with an index of %i dimensions sends a sketch of the vectors before, and deletes the one before",
    async (dims, first) => {
      const { store, log } = countedStore({ index: { dims, embeddings: new LettersEmbeddings(dims) } });
      await store.put(["users"], "1", { text: "a" });
      expect(await log.during(() => store.put(["users"], "2", { text: "b" }))).toMatchObject({
        operations: [first, "PutItem", "UpdateItem"].sort(),
        roundTrips: 2,
      });
      expect((await log.during(() => store.put(["users"], "1", { text: "c" }))).operations).toEqual(
        ["BatchWriteItem", first, "UpdateItem", "UpdateItem"].sort(),
      );
    },
  );

  test("of many in a batch sends them side by side, and each namespace's entry once", async () => {
    const { store, log } = countedStore();
    const operations = Array.from({ length: 20 }, (_, i) => ({
      namespace: [`user ${i % 2}`],
      key: String(i),
      value: { i },
    }));
    const many = await log.during(() => store.batch(operations));
    expect(many).toMatchObject({
      operations: [...Array<string>(20).fill("PutItem"), ...Array<string>(22).fill("UpdateItem")],
    });
  });
});

describe("search", () => {
  test("of one namespace sends three requests in two round trips, with and without a filter", async () => {
    const keyPrefix = newPrefix();
    const writer = createStore({ keyPrefix });
    await writer.batch(
      Array.from({ length: 30 }, (_, i) => ({ namespace: ["users", "ada"], key: String(i), value: { i } })),
    );
    await writer.put(["users", "bob"], "1", { i: 0 });
    const { store, log } = countedStore({ keyPrefix });
    expect(await log.during(() => store.search(["users", "ada"]))).toMatchObject({
      operations: ["BatchGetItem", "Query", "Query"],
      roundTrips: 2,
    });
    const filtered = await log.during(() => store.search(["users", "ada"], { filter: { i: { $gte: 28 } } }));
    expect(filtered.operations).toEqual(["BatchGetItem", "Query", "Query"]);
    expect(filtered.result.map(({ value }) => value.i as number)).toEqual([28, 29]);
  });

  test("of a page reads what it returns, however much its namespace holds", async () => {
    const { store, log } = countedStore({ compression: "none" });
    await store.batch(
      Array.from({ length: 400 }, (_, i) => ({
        namespace: ["large"],
        key: String(i),
        value: { text: noiseText(1_000, i) },
      })),
    );
    const page = await log.during(() => store.search(["large"], { limit: 10 }));
    expect(page).toMatchObject({ operations: ["BatchGetItem", "Query", "Query"], roundTrips: 2 });
    expect(page.readUnits).toBeLessThanOrEqual(25);
    const later = await log.during(() => store.search(["large"], { limit: 10, offset: 200 }));
    expect(later.result.map(({ key }) => key)).toEqual(Array.from({ length: 10 }, (_, i) => String(200 + i)));
    expect(later.operations).toEqual(["BatchGetItem", "BatchGetItem", "BatchGetItem", "Query", "Query"]);
    const filtered = await log.during(() =>
      store.search(["large"], { limit: 10, filter: { text: { $ne: noiseText(1_000, 1) } } }),
    );
    expect(filtered.operations).toEqual(["BatchGetItem", "Query", "Query"]);
  });

  test("above other namespaces reads those that come first, and passes over those that were emptied", async () => {
    const keyPrefix = newPrefix();
    const writer = createStore({ keyPrefix });
    const users = Array.from({ length: 60 }, (_, i) => ["users", String(i)]);
    await writer.batch(users.map((namespace) => ({ namespace, key: "1", value: { user: namespace[1]! } })));
    await writer.batch(users.slice(0, 30).map((namespace) => ({ namespace, key: "1", value: null })));
    const { store, log } = countedStore({ keyPrefix });
    // Once nobody can rely on their rows any more, the first who meets them removes them.
    await at(3_600, () => store.listNamespaces());
    const { operations, result, roundTrips } = await log.during(() => store.search(["users"]));
    expect(result.map(({ namespace }) => namespace)).toEqual(users.slice(30, 40));
    expect(operations.length).toBeLessThanOrEqual(15);
    expect(roundTrips).toBeLessThanOrEqual(6);
  });
});

describe("listNamespaces", () => {
  test("sends one request", async () => {
    const keyPrefix = newPrefix();
    const writer = createStore({ keyPrefix });
    await writer.batch(
      Array.from({ length: 150 }, (_, i) => ({ namespace: ["users", String(i)], key: "1", value: {} })),
    );
    const { store, log } = countedStore({ keyPrefix });
    const { operations, result } = await log.during(() => store.listNamespaces({ prefix: ["users"], limit: 120 }));
    expect(operations).toEqual(["Query"]);
    expect(result).toHaveLength(120);
    expect((await log.during(() => store.listNamespaces({ maxDepth: 1 }))).result).toEqual([["users"]]);
  });
});

describe("delete", () => {
  test("of one of many sends three requests, and one more if the instance does not know it", async () => {
    const keyPrefix = newPrefix();
    const writer = createStore({ keyPrefix });
    await writer.batch(
      Array.from({ length: 200 }, (_, i) => ({
        namespace: ["a"],
        key: String(i),
        value: { text: noiseText(5_000, i) },
      })),
    );
    const { store, log } = countedStore({ keyPrefix });
    await store.get(["a"], "7");
    const known = await log.during(() => store.delete(["a"], "7"));
    expect(known.operations).toEqual(["BatchWriteItem", "Query", "UpdateItem"]);
    expect(known.readUnits).toBeLessThanOrEqual(2);
    const unknown = await log.during(() => store.delete(["a"], "8"));
    expect(unknown.operations).toEqual(["BatchWriteItem", "GetItem", "Query", "UpdateItem"]);
  });

  test("of the last one of a namespace marks its row, too", async () => {
    const { store, log } = countedStore();
    await store.put(["a"], "1", {});
    expect((await log.during(() => store.delete(["a"], "1"))).operations).toEqual([
      "BatchWriteItem",
      "Query",
      "UpdateItem",
      "UpdateItem",
    ]);
  });

  test("of the last one beside many that have expired and were not swept yet reads three pages at most", async () => {
    const { store, log } = countedStore();
    await store.batch(
      Array.from({ length: 300 }, (_, i) => ({ namespace: ["a"], key: String(i), value: {}, ttlSeconds: 60 })),
    );
    await store.put(["a"], "x", {});
    const { operations } = await log.during(() => at(36_000, () => store.delete(["a"], "x")));
    // Two of order pointers, and what is left of the namespace before its row is removed.
    expect(operations.filter((operation) => operation === "Query")).toHaveLength(3);
    expect(operations).toHaveLength(7);
  });

  test("of many in a batch looks once for what is left in each namespace", async () => {
    const { store, log } = countedStore();
    const places = Array.from({ length: 20 }, (_, i) => ({ namespace: [`user ${i % 2}`], key: String(i) }));
    await store.batch(places.map((place) => ({ ...place, value: {} })));
    const { operations } = await log.during(() => store.batch(places.map((place) => ({ ...place, value: null }))));
    expect(operations.filter((operation) => operation === "Query")).toHaveLength(2);
    expect(operations.filter((operation) => operation === "BatchWriteItem")).toHaveLength(1);
  });
});
