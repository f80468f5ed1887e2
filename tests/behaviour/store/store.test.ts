import { describe, expect, test } from "vitest";
import { deleteRaw, itemsWithPrefix, putRaw } from "../../lanes/stored/raw-table.js";
import { onDynamoDBLocal } from "../../lanes/servers/real-servers.js";
import { newPrefix } from "../../lanes/stored/requests.js";
import { countedStore, createStore } from "../../lanes/savers/stores.js";

describe("an item", () => {
  test("comes back as it was put, with the times of its first put and its last", async () => {
    const keyPrefix = newPrefix();
    await createStore({ keyPrefix }).put(["users", "ada"], "tea", { text: "likes tea", tags: ["drink"] });
    const first = await createStore({ keyPrefix }).get(["users", "ada"], "tea");
    await new Promise((resolve) => setTimeout(resolve, 5));
    await createStore({ keyPrefix }).put(["users", "ada"], "tea", { text: "likes green tea" });
    const second = await createStore({ keyPrefix }).get(["users", "ada"], "tea");

    expect(first).toEqual({
      namespace: ["users", "ada"],
      key: "tea",
      value: { text: "likes tea", tags: ["drink"] },
      createdAt: expect.any(Date),
      updatedAt: first!.createdAt,
    });
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
  const odd = [
    "#",
    "%",
    "/",
    "%2F",
    "%23",
    "*",
    " ",
    "ü",
    "😀",
    "\ud800",
    "__proto__",
    "constructor",
    "a".repeat(2_000),
    "é".repeat(1_000),
    "I",
    "N#",
  ];

  onDynamoDBLocal("are data, whatever stands in them and however long they are", async () => {
    const store = createStore();
    const pairs = odd.map((label, i): [string[], string] => [["odd", label, odd[(i + 1) % odd.length]!], label]);
    await store.batch(pairs.map(([namespace, key], i) => ({ namespace, key, value: { i } })));

    const got = await store.batch(pairs.map(([namespace, key]) => ({ namespace, key })));
    expect(got.map((item) => ({ namespace: item?.namespace, key: item?.key, i: item?.value.i as number }))).toEqual(
      pairs.map(([namespace, key], i) => ({ namespace, key, i })),
    );
    for (const [i, [namespace, key]] of pairs.entries())
      expect((await store.search(namespace)).map((item) => [item.key, item.value])).toEqual([[key, { i }]]);
    for (const [i, label] of odd.entries())
      expect((await store.search(["odd", label])).map((item) => item.value)).toEqual([{ i }]);
    expect(await store.search(["odd"], { limit: 100 })).toHaveLength(odd.length);
    expect(new Set((await store.listNamespaces()).map((labels) => JSON.stringify(labels)))).toEqual(
      new Set(pairs.map(([namespace]) => JSON.stringify(namespace))),
    );
  });

  test("of an item may hold what labels may not, if they are keys", async () => {
    const store = createStore();
    const keys = ["", ".", ":", "a:b", "\u0000", "langgraph", "k".repeat(20_000)];
    await store.batch(keys.map((key, i) => ({ namespace: ["a"], key, value: { i } })));

    for (const [i, key] of keys.entries()) expect(await store.get(["a"], key)).toMatchObject({ key, value: { i } });
    for (const key of keys) await store.delete(["a"], key);
    expect(await store.search(["a"])).toEqual([]);
  });

  test("of one name do not meet those of another", async () => {
    const store = createStore();
    const namespaces = [["a", "b"], ["a/b"], ["a"], ["ab"], ["a%2Fb"], ["a", "b", "c"], ["b"]];
    await store.batch(namespaces.map((namespace, i) => ({ namespace, key: "k", value: { i } })));

    for (const [i, namespace] of namespaces.entries()) expect((await store.get(namespace, "k"))?.value).toEqual({ i });
    expect((await store.search(["a"])).map(({ value }) => value.i as number).sort()).toEqual([0, 2, 5]);
    expect(await store.search([], { limit: 100 })).toHaveLength(namespaces.length);
    expect(await store.listNamespaces()).toHaveLength(namespaces.length);
    expect(await store.listNamespaces({ prefix: ["a"] })).toEqual([["a"], ["a", "b"], ["a", "b", "c"]]);
    expect(await store.listNamespaces({ prefix: ["*", "b"] })).toEqual([
      ["a", "b"],
      ["a", "b", "c"],
    ]);
    expect(await store.listNamespaces({ suffix: ["b", "*"] })).toEqual([["a", "b", "c"]]);
  });

  test("count as they were when the method was called", async () => {
    const store = createStore();
    const namespace = ["a", "b"];
    const put = store.put(namespace, "k", { n: 1 });
    namespace[1] = "c";
    await put;
    const looking = ["a", "b"];
    const calls = [store.get(looking, "k"), store.search(looking), store.listNamespaces({ prefix: looking })];
    looking[1] = "c";

    expect(await Promise.all(calls)).toMatchObject([
      { namespace: ["a", "b"] },
      [{ namespace: ["a", "b"] }],
      [["a", "b"]],
    ]);
  });

  test("that are refused today are found from above, and can be put under others", async () => {
    const keyPrefix = newPrefix();
    await createStore({ keyPrefix }).put(["users", "aXb"], "k", { n: 1 });
    for (const item of await itemsWithPrefix(keyPrefix)) {
      const renamed = (key: { S?: string } | undefined): { S: string } => ({ S: key!.S!.replace("aXb", "a:b") });
      await deleteRaw(item);
      await putRaw({ ...item, PK: renamed(item.PK), SK: renamed(item.SK) });
    }
    const store = createStore({ keyPrefix });
    const [old] = await store.search(["users"]);
    await store.put(
      old!.namespace.map((label) => label.replaceAll(":", "_")),
      old!.key,
      old!.value,
    );

    expect(old).toMatchObject({ namespace: ["users", "a:b"], key: "k", value: { n: 1 } });
    expect(await store.get(["users", "a_b"], "k")).toMatchObject({ value: { n: 1 } });
    expect(await store.listNamespaces()).toEqual([
      ["users", "a_b"],
      ["users", "a:b"],
    ]);
  });

  test("of two tenants do not meet", async () => {
    const [one, other] = [createStore(), createStore()];
    await one.put(["a"], "1", { n: 1 });

    expect(await other.get(["a"], "1")).toBeNull();
    expect(await other.search([])).toEqual([]);
    expect(await other.listNamespaces()).toEqual([]);
  });
});

test("null as a limit or an offset is as if it were left out", async () => {
  const store = createStore();
  await store.batch(Array.from({ length: 12 }, (_, i) => ({ namespace: ["a"], key: String(i), value: { i } })));
  expect(await store.search(["a"], { limit: null as never, offset: null as never })).toHaveLength(10);
  expect(await store.listNamespaces({ limit: null as never, offset: null as never })).toEqual([["a"]]);
});

test("a search of more namespaces than it can hold finds the items of all, oldest first", async () => {
  const { store, log } = countedStore();
  const count = 80;
  // Escaped, a name has 60 KB, and the order of names is not that of age.
  const namespace = (i: number): string[] => [`${(i * 37) % count}`, "%".repeat(19_900)];
  await store.batch(Array.from({ length: count }, (_, i) => ({ namespace: namespace(i), key: "k", value: { i } })));

  const { result, operations } = await log.during(() => store.search([], { limit: 2 * count }));

  expect(result.map(({ value }) => value.i as number)).toEqual(Array.from({ length: count }, (_, i) => i));
  // 5 pages of the registry, three times, beside a request for each namespace.
  expect(operations.filter((operation) => operation === "Query").length).toBeLessThan(count + 20);
});
