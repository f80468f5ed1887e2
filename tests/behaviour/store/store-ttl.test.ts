import { describe, expect, test } from "vitest";
import { noiseText } from "../../lanes/savers/checkpoints.js";
import { LettersEmbeddings } from "../../lanes/savers/letters-embeddings.js";
import { itemsWithPrefix } from "../../lanes/stored/raw-table.js";
import { at, countedStore, createStore, skewed, type StoreOptions } from "../../lanes/savers/stores.js";
import { newPrefix } from "../../lanes/stored/requests.js";

/*
 * The clock of these tests is that of the store, moved by hand: DynamoDB does not see it, so whatever has expired lies
 * in the table still, as it does for days with DynamoDB's own sweeping.
 */

const HOUR = 3_600;

function newWorld(ttl: StoreOptions["ttl"], options: Partial<StoreOptions> = {}): () => ReturnType<typeof createStore> {
  const keyPrefix = newPrefix();
  return () => createStore({ keyPrefix, ttl, ...options });
}

describe("an item with a ttl", () => {
  test("is there until then, and absent to every reader afterwards", async () => {
    const newStore = newWorld({ defaultTtlSeconds: HOUR }, { index: { dims: 8, embeddings: new LettersEmbeddings() } });
    await newStore().put(["a"], "1", { text: "abc" });
    const looks = async (): Promise<unknown[]> => {
      const store = newStore();
      const lists = [
        await store.search(["a"]),
        await store.search([]),
        await store.search(["a"], { query: "abc" }),
        await store.search(["a"], { filter: { text: "abc" } }),
      ];
      return [await store.get(["a"], "1"), ...lists.map((list) => list.length)];
    };

    expect(await at(HOUR - 5, looks)).toEqual([expect.objectContaining({ key: "1" }), 1, 1, 1, 1]);
    expect(await at(HOUR + 5, looks)).toEqual([null, 0, 0, 0, 0]);
  });

  test("lives for as long as its own put says, or for good with null", async () => {
    const newStore = newWorld({ defaultTtlSeconds: HOUR });
    await newStore().put(["a"], "short", {}, undefined, { ttlSeconds: 60 });
    await newStore().put(["a"], "for good", {}, undefined, { ttlSeconds: null });
    await newStore().batch([{ namespace: ["a"], key: "in a batch", value: {}, ttlSeconds: 2 * HOUR } as never]);
    const keysAt = (seconds: number): Promise<string[]> =>
      at(seconds, async () => (await newStore().search(["a"])).map(({ key }) => key));

    expect(await keysAt(30)).toEqual(["short", "for good", "in a batch"]);
    expect(await keysAt(HOUR + 60)).toEqual(["for good", "in a batch"]);
    expect(await keysAt(3 * HOUR)).toEqual(["for good"]);
    expect(await at(100 * HOUR, () => newStore().listNamespaces())).toEqual([["a"]]);
  });

  test("begins anew when it is put after its end, and stays when it is put without one", async () => {
    const newStore = newWorld(undefined);
    await newStore().put(["a"], "1", { n: 1 }, undefined, { ttlSeconds: HOUR });
    await newStore().put(["a"], "2", { n: 1 }, undefined, { ttlSeconds: HOUR });
    await newStore().put(["a"], "2", { n: 2 });
    const before = await newStore().get(["a"], "2");
    await at(2 * HOUR, () => newStore().put(["a"], "1", { n: 2 }));
    const [first, second] = await at(50 * HOUR, () =>
      newStore().batch([
        { namespace: ["a"], key: "1" },
        { namespace: ["a"], key: "2" },
      ]),
    );

    expect(first).toMatchObject({ value: { n: 2 }, updatedAt: first!.createdAt });
    expect(second).toMatchObject({ value: { n: 2 }, createdAt: before!.createdAt });
  });

  test("has its segments for as long as it lives, and its namespace is listed", async () => {
    const newStore = newWorld({ defaultTtlSeconds: HOUR });
    await newStore().put(["a"], "1", { text: noiseText(200_000) });

    expect(await at(HOUR - 5, () => newStore().get(["a"], "1"))).toMatchObject({ value: { text: noiseText(200_000) } });
    expect(await at(HOUR - 5, () => newStore().listNamespaces())).toEqual([["a"]]);
    expect(await at(2 * HOUR, () => newStore().listNamespaces())).toEqual([]);
  });

  test("keeps its namespace listed also when another put its own there before", async () => {
    const newStore = newWorld({ defaultTtlSeconds: HOUR });
    const store = newStore();
    await store.put(["a"], "1", {});
    await store.put(["a"], "2", {}, undefined, { ttlSeconds: 10 * HOUR });
    await store.put(["a"], "3", {});
    expect(await at(9 * HOUR, () => newStore().listNamespaces())).toEqual([["a"]]);
    await store.put(["a"], "4", {}, undefined, { ttlSeconds: null });
    await newStore().put(["a"], "5", {});
    expect(await at(90 * HOUR, () => newStore().listNamespaces())).toEqual([["a"]]);
  });
});

describe("with refreshOnRead", () => {
  const ttl = { defaultTtlSeconds: HOUR, refreshOnRead: true };

  test.each([
    ["get", (store: ReturnType<typeof createStore>): Promise<unknown> => store.get(["a"], "1")],
    ["search", (store: ReturnType<typeof createStore>): Promise<unknown> => store.search(["a"])],
    [
      "search by meaning",
      (store: ReturnType<typeof createStore>): Promise<unknown> => store.search(["a"], { query: "abc" }),
    ],
  ])(
    "%s gives an item its whole life again, with its segments and its place in the list, and does not change its times",
    async (_, read) => {
      const newStore = newWorld(ttl, { index: { dims: 8, embeddings: new LettersEmbeddings() } });
      const value = { text: noiseText(100_000) };
      await newStore().put(["a"], "1", value);
      const before = await newStore().get(["a"], "1");
      for (const part of [0.8, 1.6, 2.4, 3.2]) await at(part * HOUR, () => read(newStore()));

      expect(await at(4.1 * HOUR, () => newStore().get(["a"], "1"))).toEqual(before);
      expect(await at(4.1 * HOUR, () => newStore().listNamespaces())).toEqual([["a"]]);
      expect(await at(5.3 * HOUR, () => newStore().get(["a"], "1"))).toBeNull();
    },
  );

  test("an item stays while a machine reads it whose clock is behind", async () => {
    const newStore = newWorld(ttl);
    await newStore().put(["a"], "1", { n: 1 });
    for (const part of [0.8, 1.6, 2.4]) await at(part * HOUR, () => skewed(-HOUR, () => newStore().get(["a"], "1")));
    expect((await at(3.3 * HOUR, () => newStore().get(["a"], "1")))?.value).toEqual({ n: 1 });
  });

  test("a read does not bring back what has expired, or was deleted meanwhile", async () => {
    const newStore = newWorld(ttl);
    await newStore().put(["a"], "1", { n: 1 });
    expect(await at(2 * HOUR, () => newStore().get(["a"], "1"))).toBeNull();
    expect(await at(2.1 * HOUR, () => newStore().get(["a"], "1"))).toBeNull();

    const keyPrefix = newPrefix();
    const deleting = createStore({ keyPrefix, ttl });
    await deleting.put(["b"], "1", { n: 1 });
    const reader = createStore({
      keyPrefix,
      ttl,
      fetch: async (url, init) => {
        if (new Headers(init.headers).get("x-amz-target")!.endsWith("UpdateItem")) await deleting.delete(["b"], "1");
        return fetch(url, init);
      },
    });
    await at(0.5 * HOUR, () => reader.get(["b"], "1"));
    const left = await itemsWithPrefix(keyPrefix);
    expect(left.find(({ SK }) => SK!.S === "I#1")).toMatchObject({ gone: expect.anything() });
    expect(await createStore({ keyPrefix, ttl }).search(["b"])).toEqual([]);
  });

  test("is not asked for more often than every tenth of a life, and an item without a ttl never", async () => {
    const { store, log } = countedStore({ ttl });
    await store.put(["a"], "1", {});
    await store.put(["a"], "2", {}, undefined, { ttlSeconds: null });
    const reading = ["BatchGetItem", "Query", "Query"];
    expect((await log.during(() => at(0.05 * HOUR, () => store.search(["a"])))).operations).toEqual(reading);
    const later = await log.during(() => at(0.2 * HOUR, () => store.search(["a"])));
    expect(later.operations.filter((operation) => operation === "UpdateItem").length).toBeGreaterThan(0);
    expect((await log.during(() => at(0.25 * HOUR, () => store.search(["a"])))).operations).toEqual(reading);
  });
});

test("setup turns on DynamoDB's own sweeping, also without ttl: marks of deletions end after an hour", async () => {
  expect(await createStore().setup()).toHaveProperty("timeToLive");
  expect(await createStore({ ttl: { defaultTtlSeconds: HOUR } }).setup()).toHaveProperty("timeToLive");
});
