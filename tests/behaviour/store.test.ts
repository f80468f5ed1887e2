import { InvalidNamespaceError } from "@langchain/langgraph-checkpoint";
import { describe, expect, test } from "vitest";
import { onDynamoDBLocal } from "../lanes/real-servers.js";
import { newPrefix } from "../lanes/requests.js";
import { createStore } from "../lanes/stores.js";

describe("an item", () => {
  test("comes back as it was put, with the times of its first put and its last", async () => {
    const keyPrefix = newPrefix();
    await createStore({ keyPrefix }).put(["users", "ada"], "tea", { text: "likes tea", tags: ["drink"] });
    const first = await createStore({ keyPrefix }).get(["users", "ada"], "tea");
    await new Promise((resolve) => setTimeout(resolve, 5));
    await createStore({ keyPrefix }).put(["users", "ada"], "tea", { text: "likes green tea" });
    const second = await createStore({ keyPrefix }).get(["users", "ada"], "tea");

    expect(first).toEqual({ namespace: ["users", "ada"], key: "tea", value: { text: "likes tea", tags: ["drink"] }, createdAt: expect.any(Date), updatedAt: first!.createdAt });
    expect(second).toMatchObject({ value: { text: "likes green tea" }, createdAt: first!.createdAt });
    expect(second!.updatedAt.getTime()).toBeGreaterThan(first!.updatedAt.getTime());
  });

  test("is gone when it was deleted, or put as null in a batch", async () => {
    const store = createStore();
    await store.batch([
      { namespace: ["a"], key: "1", value: { n: 1 } },
      { namespace: ["a"], key: "2", value: { n: 2 } },
    ]);
    await store.delete(["a"], "1");
    await store.batch([{ namespace: ["a"], key: "2", value: null }]);
    await store.delete(["never"], "there");

    expect(await store.get(["a"], "1")).toBeNull();
    expect(await store.search(["a"])).toEqual([]);
    expect(await store.listNamespaces()).toEqual([]);
  });

  test("is stored as it was when put was called", async () => {
    const store = createStore();
    const value = { n: 1 };
    const put = store.put(["a"], "1", value);
    value.n = 2;
    await put;

    expect((await store.get(["a"], "1"))?.value).toEqual({ n: 1 });
  });
});

describe("labels and keys", () => {
  const odd = ["#", "%", "/", "%2F", "%23", ":", "*", " ", "ü", "😀", "\ud800", "__proto__", "constructor", "a".repeat(2_000), "é".repeat(1_000), "I", "N#", "\u0000"];

  onDynamoDBLocal("are data, whatever stands in them and however long they are", async () => {
    const store = createStore();
    const pairs = odd.map((label, i): [string[], string] => [["odd", label, odd[(i + 1) % odd.length]!], label]);
    await store.batch(pairs.map(([namespace, key], i) => ({ namespace, key, value: { i } })));

    const got = await store.batch(pairs.map(([namespace, key]) => ({ namespace, key })));
    expect(got.map((item) => ({ namespace: item?.namespace, key: item?.key, i: item?.value.i as number }))).toEqual(pairs.map(([namespace, key], i) => ({ namespace, key, i })));
    for (const [i, [namespace, key]] of pairs.entries()) expect((await store.search(namespace)).map((item) => [item.key, item.value])).toEqual([[key, { i }]]);
    for (const [i, label] of odd.entries()) expect((await store.search(["odd", label])).map((item) => item.value)).toEqual([{ i }]);
    expect(await store.search(["odd"], { limit: 100 })).toHaveLength(odd.length);
    expect(new Set((await store.listNamespaces()).map((labels) => JSON.stringify(labels)))).toEqual(new Set(pairs.map(([namespace]) => JSON.stringify(namespace))));
  });

  test("of one name do not meet those of another: InMemoryStore takes some for the same", async () => {
    const store = createStore();
    const namespaces = [["a", "b"], ["a:b"], ["a"], ["ab"], ["a", ""], [""], ["", ""], []];
    await store.batch(namespaces.map((namespace, i) => ({ namespace, key: "k", value: { i } })));

    for (const [i, namespace] of namespaces.entries()) expect((await store.get(namespace, "k"))?.value).toEqual({ i });
    expect((await store.search(["a"])).map(({ value }) => value.i as number).sort()).toEqual([0, 2, 4]);
    expect(await store.search([], { limit: 100 })).toHaveLength(namespaces.length);
    expect(await store.listNamespaces()).toHaveLength(namespaces.length);
    expect(await store.listNamespaces({ prefix: ["a"] })).toEqual([["a"], ["a", ""], ["a", "b"]]);
  });

  test("of two tenants do not meet", async () => {
    const [one, other] = [createStore(), createStore()];
    await one.put(["a"], "1", { n: 1 });

    expect(await other.get(["a"], "1")).toBeNull();
    expect(await other.search([])).toEqual([]);
    expect(await other.listNamespaces()).toEqual([]);
  });
});

describe("what is refused before anything is sent", () => {
  const fetch = (): never => {
    throw new Error("sent");
  };

  test("put refuses the namespaces that every LangGraph store refuses", async () => {
    const store = createStore({ fetch });
    for (const namespace of [[], [""], ["a", ""], ["a.b"], ["langgraph"], ["langgraph", "a"]]) {
      await expect(store.put(namespace, "k", {})).rejects.toThrow(InvalidNamespaceError);
    }
  });

  test("what cannot be meant is INVALID_INPUT", async () => {
    const store = createStore({ fetch });
    const calls: [() => Promise<unknown>, string][] = [
      [() => store.get("users" as never, "k"), 'namespace must be an array of strings, for example ["users", "ada"], not a string'],
      [() => store.get(["users", 1 as never], "k"), "namespace must be an array of strings"],
      [() => store.get(["users"], 1 as never), "The key of an item must be a string, not a number"],
      [() => store.put(["users"], "k", "text" as never), "The value of an item must be an object, or null to delete it, not a string"],
      [() => store.put(["users"], "k", {}, "text" as never), "index must be false, or an array of paths"],
      [() => store.put(["users"], "k", {}, undefined, { ttlSeconds: 0 }), "ttlSeconds must be a positive number of seconds"],
      [() => store.search("users" as never), "namespacePrefix must be an array of strings"],
      [() => store.search(["users"], { limit: -1 }), "limit must be a whole number from 0, not -1"],
      [() => store.search(["users"], { filter: "a" as never }), "filter must be an object"],
      [() => store.listNamespaces({ maxDepth: 0 }), "maxDepth must be a whole number from 1"],
      [() => store.batch([null as never]), "batch needs an array of operations"],
      [() => store.batch("a" as never), "batch needs an array of operations"],
    ];
    for (const [call, message] of calls) {
      await expect(call()).rejects.toThrow(message);
      await expect(call()).rejects.toMatchObject({ code: "INVALID_INPUT" });
    }
  });
});
