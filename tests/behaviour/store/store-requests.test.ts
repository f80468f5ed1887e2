import { describe, expect, test } from "vitest";
import { noise } from "../../lanes/savers/checkpoints.js";
import { LettersEmbeddings } from "../../lanes/savers/letters-embeddings.js";
import { newPrefix } from "../../lanes/stored/requests.js";
import { countedStore, createStore } from "../../lanes/savers/stores.js";

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
  test("sends two requests, and one once its namespace is known", async () => {
    const keyPrefix = newPrefix();
    const { store, log } = countedStore({ keyPrefix });
    expect((await log.during(() => store.put(["users"], "1", { n: 1 }))).operations).toEqual([
      "UpdateItem",
      "UpdateItem",
    ]);
    expect((await log.during(() => store.put(["users"], "2", { n: 1 }))).operations).toEqual(["UpdateItem"]);
    expect((await log.during(() => store.put(["users"], "1", { n: 2 }))).operations).toEqual(["UpdateItem"]);
  });

  test("sends a third one side by side with the first, when it is the instance's first below a parent", async () => {
    const { store, log } = countedStore();
    const first = await log.during(() => store.put(["users", "ada"], "1", { n: 1 }));
    expect(first).toMatchObject({ operations: ["PutItem", "UpdateItem", "UpdateItem"], roundTrips: 2 });
    expect((await log.during(() => store.put(["users", "bob"], "1", { n: 1 }))).operations).toEqual([
      "UpdateItem",
      "UpdateItem",
    ]);
  });

  test("with an index sends no more", async () => {
    const { store, log } = countedStore({ index: { dims: 8, embeddings: new LettersEmbeddings() } });
    await store.put(["users"], "1", { text: "a" });
    expect((await log.during(() => store.put(["users"], "2", { text: "b" }))).operations).toEqual(["UpdateItem"]);
  });

  test("of many in a batch sends them side by side, and each namespace's entry once", async () => {
    const { store, log } = countedStore();
    const operations = Array.from({ length: 20 }, (_, i) => ({
      namespace: [`user ${i % 2}`],
      key: String(i),
      value: { i },
    }));
    const many = await log.during(() => store.batch(operations));
    expect(many).toMatchObject({ operations: Array<string>(22).fill("UpdateItem"), roundTrips: 2 });
  });
});

describe("search", () => {
  test("of one namespace sends one request, by any instance, with and without a filter", async () => {
    const keyPrefix = newPrefix();
    const writer = createStore({ keyPrefix });
    await writer.batch(
      Array.from({ length: 30 }, (_, i) => ({ namespace: ["users", "ada"], key: String(i), value: { i } })),
    );
    await writer.put(["users", "bob"], "1", { i: 0 });
    const { store, log } = countedStore({ keyPrefix });
    expect((await log.during(() => store.search(["users", "ada"]))).operations).toEqual(["Query"]);
    const filtered = await log.during(() => store.search(["users", "ada"], { filter: { i: { $gte: 28 } } }));
    expect(filtered.operations).toEqual(["Query"]);
    expect(filtered.result.map(({ value }) => value.i as number)).toEqual([28, 29]);
  });

  test("sends one request for each megabyte of a namespace", async () => {
    const { store, log } = countedStore({ compression: "none" });
    const text = String.fromCharCode(...noise(50_000).map((byte) => 97 + (byte % 26)));
    await store.batch(
      Array.from({ length: 50 }, (_, i) => ({ namespace: ["large"], key: String(i), value: { text } })),
    );
    const { operations, result } = await log.during(() => store.search(["large"], { limit: 3 }));
    expect(operations).toEqual(["Query", "Query", "Query"]);
    expect(result).toHaveLength(3);
  });

  test("above other namespaces asks for the registry, and then for each of them", async () => {
    const { store, log } = countedStore();
    for (const user of ["ada", "bob", "eve"]) await store.put(["users", user], "1", { user });
    const { operations, result, roundTrips } = await log.during(() => store.search(["users"]));
    expect(operations).toEqual(Array<string>(5).fill("Query"));
    expect(roundTrips).toBe(3);
    expect(result.map(({ value }) => value.user as string)).toEqual(["ada", "bob", "eve"]);
  });

  test("by meaning sends one request for each megabyte of vectors, and one for the values of the best", async () => {
    const { store, log } = countedStore({ index: { dims: 8, embeddings: new LettersEmbeddings() } });
    await store.batch(
      Array.from({ length: 30 }, (_, i) => ({
        namespace: ["a"],
        key: String(i),
        value: { text: "abc".repeat(i + 1) },
      })),
    );
    const { operations, result } = await log.during(() => store.search(["a"], { query: "abc", limit: 5 }));
    expect(operations).toEqual(["BatchGetItem", "Query"]);
    expect(result).toHaveLength(5);
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
  test("sends two requests, and a third when the item was the last of its namespace", async () => {
    const { store, log } = countedStore();
    for (const key of ["1", "2"]) await store.put(["a"], key, {});
    expect((await log.during(() => store.delete(["a"], "1"))).operations).toEqual(["DeleteItem", "Query"]);
    expect((await log.during(() => store.delete(["a"], "2"))).operations).toEqual([
      "DeleteItem",
      "Query",
      "UpdateItem",
    ]);
  });
});
