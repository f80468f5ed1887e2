import { describe, expect, test } from "vitest";
import type { VectorIndex } from "langgraph-checkpoint-dynamodb";
import { LettersEmbeddings } from "../../lanes/savers/letters-embeddings.js";
import { ListVectorIndex } from "../../lanes/savers/list-vector-index.js";
import { intercepted } from "../../lanes/stored/aws-requests.js";
import { newPrefix } from "../../lanes/stored/requests.js";
import { countedStore, createStore, SEARCHES } from "../../lanes/savers/stores.js";

const keysOf = (found: { key: string }[]): string[] => found.map(({ key }) => key);

describe("an index", () => {
  test("ranks by the best of an item's vectors, and puts items without one last", async () => {
    const store = createStore({
      index: { dims: 8, embeddings: new LettersEmbeddings(), fields: ["title", "parts[*].text"] },
    });
    await store.put(["a"], "far", { title: "hhh" });
    await store.put(["a"], "near", { title: "hhh", parts: [{ text: "g" }, { text: "abab" }] });
    await store.put(["a"], "not indexed", { title: "ab" }, false);
    await store.put(["a"], "its own fields", { title: "hhh", other: "aab" }, ["other"]);
    await store.put(["a"], "no text", { n: 1 });

    const found = await store.search(["a"], { query: "ab" });
    expect(found.map(({ key, score }) => [key, score])).toEqual([
      ["near", expect.closeTo(1, 12)],
      ["its own fields", expect.closeTo(3 / Math.sqrt(10), 12)],
      ["far", 0],
      ["not indexed", undefined],
      ["no text", undefined],
    ]);
    expect(keysOf(await store.search(["a"], { query: "ab", limit: 1, offset: 1 }))).toEqual(["its own fields"]);
  });

  test(
    "forgets the vectors of a value that was replaced, and of an item that was deleted: InMemoryStore " + "keeps them",
    async () => {
      const store = createStore({ index: { dims: 8, embeddings: new LettersEmbeddings(), fields: ["text"] } });
      await store.put(["a"], "1", { text: "ab" });
      await store.put(["a"], "1", { text: "gh" });
      await store.put(["a"], "2", { text: "ab" });
      await store.delete(["a"], "2");
      await store.put(["a"], "2", { text: "ab" }, false);

      expect((await store.search(["a"], { query: "ab" })).map(({ key, score }) => [key, score])).toEqual([
        ["1", 0],
        ["2", undefined],
      ]);
    },
  );

  test("embeds all texts of a batch in one call, and each text once", async () => {
    const embeddings = new LettersEmbeddings();
    const store = createStore({ index: { dims: 8, embeddings, fields: ["text"] } });
    await store.batch(["ab", "cd", "ab"].map((text, i) => ({ namespace: ["a"], key: String(i), value: { text } })));

    expect(embeddings.calls).toEqual([["ab", "cd"]]);
  });

  test("of other dimensions than the model's is refused before anything is sent", async () => {
    const { store, log } = countedStore({ index: { dims: 7, embeddings: new LettersEmbeddings() } });
    const put = await log.during(() => store.put(["a"], "1", { text: "ab" }).catch((error: unknown) => error));
    expect(put).toMatchObject({
      operations: [],
      result: {
        code: "INVALID_INPUT",
        message: expect.stringContaining("index.dims is 7, but index.embeddings gave a vector of 8 numbers"),
      },
    });
  });

  test("of a model that gives numbers which are not finite is refused before anything is sent", async () => {
    for (const number of [NaN, Infinity, -Infinity, 1e39, "1", undefined]) {
      const vector = [...new Array<number>(7).fill(1), number as number];
      const embeddings = { embedDocuments: async () => [vector], embedQuery: async () => vector };
      const { store, log } = countedStore({ index: { dims: 8, embeddings: embeddings as never } });
      for (const call of [() => store.put(["a"], "1", { text: "ab" }), () => store.search(["a"], { query: "ab" })])
        expect(await log.during(() => call().catch((error: unknown) => error))).toMatchObject({
          operations: [],
          result: { code: "INVALID_INPUT", message: expect.stringContaining("not all are finite numbers") },
        });
    }
  });

  test("passes over vectors of another model, which had other dimensions", async () => {
    const keyPrefix = newPrefix();
    await createStore({ keyPrefix, index: { dims: 5, embeddings: new LettersEmbeddings(5) } }).put(["a"], "old", {
      text: "ab",
    });
    const store = createStore({ keyPrefix, index: { dims: 8, embeddings: new LettersEmbeddings() } });
    await store.put(["a"], "new", { text: "h" });
    expect((await store.search(["a"], { query: "ab" })).map(({ key, score }) => [key, score !== undefined])).toEqual([
      ["new", true],
      ["old", false],
    ]);
  });
});

test("pages of a search by meaning have every item once, those without a vector last", async () => {
  const store = createStore({ index: { dims: 8, embeddings: new LettersEmbeddings(), fields: ["text"] } });
  for (const [i, text] of ["abc", "ab", "a", "h"].entries()) await store.put(["a"], `s${i}`, { text });
  for (const i of [0, 1, 2]) await store.put(["a"], `n${i}`, {});
  const keys: string[][] = [];
  for (let offset = 0; offset < 9; offset += 3)
    keys.push((await store.search(["a"], { query: "abc", limit: 3, offset })).map(({ key }) => key));
  expect(keys).toEqual([["s0", "s1", "s2"], ["s3", "n0", "n1"], ["n2"]]);
});

test("a page by meaning is filled though its best are deleted before their values are read", async () => {
  const keyPrefix = newPrefix();
  const index = { dims: 8, embeddings: new LettersEmbeddings(), fields: ["text"] };
  const other = createStore({ keyPrefix, index });
  const texts = ["abc", "ab", "a", "h", "gh"];
  for (const [i, text] of texts.entries()) await other.put(["a"], `s${i}`, { text });
  for (const more of [{}, { filter: { text: { $ne: "none" } } }]) {
    let isFirst = true;
    const { fetch } = intercepted(async (request) => {
      if (!/GetItem/.test(request.operation) || !isFirst) return request.forward();
      isFirst = false;
      await Promise.all([other.delete(["a"], "s0"), other.delete(["a"], "s1")]);
      return request.forward();
    });
    const found = await createStore({ keyPrefix, index, fetch }).search(["a"], { query: "abc", limit: 3, ...more });
    expect(keysOf(found)).toEqual(["s2", "s3", "s4"]);
    expect(isFirst).toBe(false);
    await other.put(["a"], "s0", { text: "abc" });
    await other.put(["a"], "s1", { text: "ab" });
  }
});

describe("a vectorIndex", () => {
  test("finds what the table's own search finds", async () => {
    // No two of the same score: how an index orders those is its own affair.
    const texts = ["a", "ab", "abc", "h", "aabe", "bad", "deafh", "cabbage", "eggh", "feddd"];
    const stores = [undefined, new ListVectorIndex()].map((vectorIndex) =>
      createStore({ index: { dims: 8, embeddings: new LettersEmbeddings(), fields: ["text"] }, vectorIndex }),
    );
    for (const store of stores) {
      await store.batch(
        texts.map((text, i) => ({
          namespace: ["users", i % 2 ? "ada" : "bob"],
          key: `${i}`,
          value: { i, text, even: i % 2 === 0 },
          ...(i === 5 && { index: false as const }),
        })),
      );
      await store.put(["others"], "ab", { text: "ab" });
      await store.delete(["users", "ada"], "1");
    }
    for (const options of SEARCHES) {
      const [table, index] = await Promise.all(
        stores.map((store) => store.search(["users"], { query: "abe", ...options })),
      );
      expect(withoutTimes(index!)).toEqual(withoutTimes(table!));
    }
  });

  test("that finds what is not there any more costs nothing but time", async () => {
    const vectorIndex = new ListVectorIndex();
    const keyPrefix = newPrefix();
    const index = { dims: 8, embeddings: new LettersEmbeddings() };
    const store = createStore({ keyPrefix, index, vectorIndex });
    await store.put(["a"], "1", { text: "a" });
    await store.put(["a"], "2", { text: "b" });
    await createStore({ keyPrefix }).delete(["a"], "1");

    expect(keysOf(await store.search(["a"], { query: "a" }))).toEqual(["2"]);
  });

  test("that finds items of other namespaces is not believed", async () => {
    const inner = new ListVectorIndex();
    const wrong: VectorIndex = {
      put: (...put) => inner.put(...put),
      delete: (...place) => inner.delete(...place),
      search: (_, query, limit) => inner.search([], query, limit),
    };
    const store = createStore({ index: { dims: 8, embeddings: new LettersEmbeddings() }, vectorIndex: wrong });
    await store.put(["a"], "1", { text: "a" });
    await store.put(["b"], "2", { text: "a" });

    expect(keysOf(await store.search(["a"], { query: "a" }))).toEqual(["1"]);
  });
});

const withoutTimes = (found: object[]): object[] =>
  found.map((item) => ({ ...item, createdAt: undefined, updatedAt: undefined }));
