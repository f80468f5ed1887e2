import { describe, expect, test } from "vitest";
import { LettersEmbeddings } from "../../lanes/savers/letters-embeddings.js";
import { createCache, createStore } from "../../lanes/savers/stores.js";

/* What is refused of a batch takes nothing else with it. */

const NS = ["a"];

/** A model that gives no numbers for some texts. */
class Stumbling extends LettersEmbeddings {
  override async embedDocuments(texts: string[]): Promise<number[][]> {
    const vectors = await super.embedDocuments(texts);
    return vectors.map((vector, i) => (texts[i]!.includes("bad") ? vector.map(() => NaN) : vector));
  }
}

/** A model that refuses all texts of a call for one of them. */
class Refusing extends LettersEmbeddings {
  override async embedDocuments(texts: string[]): Promise<number[][]> {
    if (texts.some((text) => text.includes("bad"))) throw new Error("That text is too long");
    return super.embedDocuments(texts);
  }
}

test("a text that the model refuses takes no other item with it", async () => {
  const store = createStore({ index: { dims: 8, embeddings: new Refusing(), fields: ["text"] } });
  const batch = ["head", "bad", "cab"].map((text) => ({ namespace: NS, key: text, value: { text } }));
  await expect(store.batch(batch)).rejects.toThrow("That text is too long");
  const found = await store.search(NS, { query: "head" });
  expect(found.map(({ key, score }) => [key, typeof score])).toEqual([
    ["head", "number"],
    ["cab", "number"],
  ]);
});

describe("of several puts for one key, the last good one is stored", () => {
  test("where the last is refused for its value", async () => {
    const store = createStore();
    await expect(
      store.batch([
        { namespace: NS, key: "k", value: { n: 1 } },
        { namespace: NS, key: "k", value: { n: 2 } },
        { namespace: NS, key: "k", value: { n: 3n } },
        { namespace: NS, key: "k", value: 4 as never },
      ]),
    ).rejects.toMatchObject({ code: "INVALID_INPUT", message: expect.stringContaining("A BigInt") });
    expect((await store.get(NS, "k"))?.value).toEqual({ n: 2 });
  });

  test("where the model has no vector for the last", async () => {
    const embeddings = new Stumbling();
    const store = createStore({ index: { dims: 8, embeddings, fields: ["text"] } });
    await expect(
      store.batch([
        { namespace: NS, key: "k", value: { text: "head" } },
        { namespace: NS, key: "other", value: { text: "cab" } },
        { namespace: NS, key: "k", value: { text: "bad" } },
      ]),
    ).rejects.toMatchObject({ code: "INVALID_INPUT" });
    expect((await store.get(NS, "k"))?.value).toEqual({ text: "head" });
    expect(embeddings.calls).toEqual([["bad", "cab"], ["head"]]);
  });

  test("and where a deletion comes first, the item is deleted", async () => {
    const store = createStore();
    await store.put(NS, "k", { n: 1 });
    const batch = [null, { n: 3n }].map((value) => ({ namespace: NS, key: "k", value }));
    await expect(store.batch(batch)).rejects.toMatchObject({ code: "INVALID_INPUT" });
    expect(await store.get(NS, "k")).toBeNull();
  });
});

test("a text for which the model has no vector refuses its put alone", async () => {
  const store = createStore({ index: { dims: 8, embeddings: new Stumbling(), fields: ["text"] } });
  await expect(
    store.batch([
      { namespace: NS, key: "good", value: { text: "head" } },
      { namespace: NS, key: "bad", value: { text: "bad" } },
      { namespace: NS, key: "not indexed", value: { text: "bad" }, index: false },
    ]),
  ).rejects.toMatchObject({ code: "INVALID_INPUT", message: expect.stringContaining("not all are finite numbers") });
  expect((await store.search(NS)).map(({ key }) => key)).toEqual(["good", "not indexed"]);
  expect((await store.search(NS, { query: "head", limit: 1 }))[0]).toMatchObject({ key: "good", score: 1 });
});

describe("very many operations that fail end with the first error", () => {
  const COUNT = 150_000;
  const fetch = (): never => {
    throw new TypeError("told by the test");
  };

  test("in the store", async () => {
    const batch = new Array<{ namespace: string[]; key: string }>(COUNT).fill({ namespace: NS, key: "k" });
    await expect(createStore({ fetch, maxAttempts: 1 }).batch(batch)).rejects.toMatchObject({ code: "NETWORK" });
  });

  test("in the cache, which has nothing then", async () => {
    const keys = Array.from({ length: COUNT }, (_, i): [string[], string] => [["label"], String(i)]);
    const messages: string[] = [];
    const cache = createCache({
      fetch,
      maxAttempts: 1,
      onEvent: (event) => void (event.type === "warning" && messages.push(event.message)),
    });
    expect(await cache.get(keys)).toEqual([]);
    expect(messages).toEqual([expect.stringContaining(`${COUNT} (NETWORK)`)]);
  });
});
