import { describe, expect, test } from "vitest";
import type { DynamoDBStore, Fetch } from "langgraph-checkpoint-dynamodb";
import { LettersEmbeddings } from "../../../lanes/savers/letters-embeddings.js";
import { openVectorIndex, storedVectors, VECTOR_KEYS } from "../../../lanes/savers/s3-vector-index.js";
import { createStore, SEARCHES, type StoreOptions } from "../../../lanes/savers/stores.js";
import { S3VectorsServer } from "../../../lanes/servers/s3-vectors.js";
import { newPrefix } from "../../../lanes/stored/requests.js";

const index = (): StoreOptions["index"] => ({
  dims: 8,
  embeddings: new LettersEmbeddings(),
  fields: ["text", "more[*]"],
});

/** A store whose vectors are in S3 Vectors, and the server that holds them. */
async function openStore(
  keyPrefix = newPrefix(),
  fetch?: (server: S3VectorsServer) => Fetch,
): Promise<{ store: DynamoDBStore; server: S3VectorsServer }> {
  const server = new S3VectorsServer(VECTOR_KEYS);
  const { vectorIndex } = await openVectorIndex({ keyPrefix, ...(fetch && { fetch: fetch(server) }) }, server);
  return { store: createStore({ keyPrefix, index: index(), vectorIndex }), server };
}

const vectorsOn = (server: S3VectorsServer): number => storedVectors(server).length;
const withoutTimes = (found: { score?: number }[]): object[] =>
  found.map(({ score, ...item }) => ({
    ...item,
    score: score === undefined ? undefined : expect.closeTo(score, 5),
    createdAt: expect.any(Date),
    updatedAt: expect.any(Date),
  }));

describe("a store with its vectors in S3 Vectors", () => {
  test("finds what the table's own search finds: by prefix, by filter, in pages, each item once", async () => {
    // No two of the same score, and none of 0: how an index orders those is its own affair.
    const texts = ["a", "ab", "abc", "ha", "aabe", "bad", "deafh", "cabbage", "eggh", "feddd"];
    const { store: inS3 } = await openStore();
    const inTable = createStore({ index: index() });
    for (const store of [inTable, inS3]) {
      await store.batch(
        texts.map((text, i) => ({
          namespace: ["users", i % 2 ? "ada" : "bob"],
          key: `${i}`,
          value: { i, text, even: i % 2 === 0, more: i % 3 === 0 ? ["hhhha", "ggggb"] : [] },
          ...(i === 5 && { index: false as const }),
        })),
      );
      await store.put(["users"], "above", { text: "abeb" });
      await store.put(["usersx"], "ab", { text: "ab" });
      await store.put(["users", "ada"], "3", { text: "bbbbba", i: 3, even: false });
      await store.delete(["users", "ada"], "1");
    }
    for (const prefix of [["users"], ["users", "ada"], []]) {
      for (const options of SEARCHES) {
        const expected = await inTable.search(prefix, { query: "abe", ...options });
        expect(await inS3.search(prefix, { query: "abe", ...options })).toEqual(withoutTimes(expected));
      }
    }
  });

  test("has no vectors left of an item that was deleted, or put again without an index", async () => {
    const { store, server } = await openStore();
    await store.put(["a"], "1", { text: "a", more: ["b", "c"] });
    await store.put(["a"], "2", { text: "a", more: ["b"] });
    expect(vectorsOn(server)).toBe(5);
    await store.delete(["a"], "1");
    await store.put(["a"], "2", { text: "a" }, false);

    expect(vectorsOn(server)).toBe(0);
    expect((await store.search(["a"], { query: "a" })).map(({ key, score }) => [key, score])).toEqual([
      ["2", undefined],
    ]);
  });

  test("keeps tenants of one index apart", async () => {
    const { store: ada, server } = await openStore("ada#");
    const { vectorIndex } = await openVectorIndex({ keyPrefix: "bob#" }, server);
    const bob = createStore({ keyPrefix: "bob#", index: index(), vectorIndex });
    await ada.put(["a"], "1", { text: "a", whose: "ada" });
    await bob.put(["a"], "1", { text: "b", whose: "bob" });
    await bob.put(["a"], "2", { text: "a", whose: "bob" });

    expect((await ada.search([], { query: "a" })).map(({ value, score }) => [value.whose, score])).toEqual([
      ["ada", expect.closeTo(1, 6)],
    ]);
  });

  test("stays the truth where a put has died between the two: the item is there, and found last", async () => {
    let isDown = false;
    const { store } = await openStore(undefined, (server) => async (url, init) => {
      if (isDown)
        return Response.json(
          { message: "no" },
          { status: 403, headers: { "x-amzn-errortype": "AccessDeniedException" } },
        );
      return server.fetch(url, init);
    });
    await store.put(["a"], "known", { text: "h" });
    isDown = true;
    await expect(store.put(["a"], "new", { text: "a" })).rejects.toMatchObject({ code: "ACCESS_DENIED" });
    isDown = false;

    const keys = async (): Promise<string[]> => (await store.search(["a"], { query: "ah" })).map(({ key }) => key);
    expect(await keys()).toEqual(["known", "new"]);
    await store.put(["a"], "new", { text: "ah" });
    expect(await keys()).toEqual(["new", "known"]);
  });
});

/** Loses the first request of an operation on its way, and has it arrive when it is told to. */
function losing(operation: string): { through: (server: S3VectorsServer) => Fetch; arrive: () => Promise<number> } {
  let late: (() => Promise<Response>) | undefined;
  return {
    through: (server) => async (url, init) => {
      if (late || !url.endsWith(`/${operation}`)) return server.fetch(url, init);
      late = () => server.fetch(url, init);
      throw new TypeError("The connection was lost.");
    },
    arrive: async () => (await late!()).status,
  };
}

describe("an attempt that arrives late", () => {
  test("of a put, after a later put, gives no old value back, and the next put undoes what it did", async () => {
    const { through, arrive } = losing("PutVectors");
    const { store } = await openStore(undefined, through);
    await store.put(["a"], "1", { text: "a" });
    await store.put(["a"], "1", { text: "b" });
    expect(await arrive()).toBe(200);

    // What the documents say of it: found by what it was, with what it is.
    expect(await store.search(["a"], { query: "a" })).toMatchObject([
      { key: "1", value: { text: "b" }, score: expect.closeTo(1, 6) },
    ]);
    await store.put(["a"], "1", { text: "b" });
    expect(await store.search(["a"], { query: "a" })).toMatchObject([
      { value: { text: "b" }, score: expect.closeTo(0, 6) },
    ]);
  });

  test("of a put, after a delete, brings nothing back", async () => {
    const { through, arrive } = losing("PutVectors");
    const { store, server } = await openStore(undefined, through);
    await store.put(["a"], "1", { text: "a" });
    await store.put(["a"], "2", { text: "b" });
    await store.delete(["a"], "1");
    expect(await arrive()).toBe(200);
    expect(vectorsOn(server)).toBe(2);

    expect((await store.search(["a"], { query: "a", limit: 1 })).map(({ key }) => key)).toEqual(["2"]);
    expect(await store.get(["a"], "1")).toBeNull();
  });

  test("of a delete, after a later put, loses no item: it is found last until it is put again", async () => {
    const { through, arrive } = losing("DeleteVectors");
    const { store } = await openStore(undefined, through);
    await store.delete(["a"], "1");
    await store.put(["a"], "1", { text: "a" });
    await store.put(["a"], "2", { text: "h" });
    expect(await arrive()).toBe(200);

    expect((await store.search(["a"], { query: "a" })).map(({ key }) => key)).toEqual(["2", "1"]);
    await store.put(["a"], "1", { text: "a" });
    expect((await store.search(["a"], { query: "a" })).map(({ key }) => key)).toEqual(["1", "2"]);
  });
});
