import { Embeddings } from "@langchain/core/embeddings";
import type { DynamoDBStore } from "langgraph-checkpoint-dynamodb";
import { describe, expect, test } from "vitest";
import { LettersEmbeddings } from "../../lanes/savers/letters-embeddings.js";
import { createStore } from "../../lanes/savers/stores.js";
import { intercepted } from "../../lanes/stored/aws-requests.js";
import { itemsWithPrefix } from "../../lanes/stored/raw-table.js";
import { newPrefix } from "../../lanes/stored/requests.js";

/* All pages of a search by meaning are parts of one order, however little sketches tell vectors apart. */

const NS = ["a"];

/** Numbers in which nothing is near anything, the same for each text in every run. */
class NoiseEmbeddings extends Embeddings {
  constructor(readonly dims: number) {
    super({});
  }

  async embedDocuments(texts: string[]): Promise<number[][]> {
    return texts.map((text) => this.#noise(text));
  }

  async embedQuery(text: string): Promise<number[]> {
    return this.#noise(text);
  }

  #noise(text: string): number[] {
    let state = 7;
    for (const sign of text) state = (Math.imul(state, 31) + sign.codePointAt(0)!) | 0;
    return Array.from({ length: this.dims }, () => {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      return state / 2 ** 31;
    });
  }
}

/** Keys that are in another order than the items are put in. */
const keyOf = (i: number): string => `${(i * 7_919) % 10_007}`;

async function putAll(store: DynamoDBStore, texts: string[]): Promise<void> {
  for (let from = 0; from < texts.length; from += 100)
    await store.batch(
      texts.slice(from, from + 100).map((text, i) => ({ namespace: NS, key: keyOf(from + i), value: { text } })),
    );
}

async function pages(store: DynamoDBStore, query: string, limit: number, most: number): Promise<string[]> {
  const keys: string[] = [];
  for (let offset = 0; offset < most; offset += limit)
    for (const { key } of await store.search(NS, { query, limit, offset })) keys.push(key);
  return keys;
}

test.each([8, 64])("each have an item once, oldest first, where all have one score: %i dimensions", async (dims) => {
  const store = createStore({ index: { dims, embeddings: new LettersEmbeddings(dims), fields: ["text"] } });
  await putAll(store, new Array<string>(250).fill("food"));
  const inOrder = Array.from({ length: 250 }, (_, i) => keyOf(i));
  expect(await pages(store, "food", 25, 250)).toEqual(inOrder);
  expect((await store.search(NS, { query: "food", limit: 7, offset: 99 })).map(({ key }) => key)).toEqual(
    inOrder.slice(99, 106),
  );
});

test("have each item once, and the same ones whatever their length, in noise", async () => {
  const dims = 520;
  const store = createStore({ index: { dims, embeddings: new NoiseEmbeddings(dims), fields: ["text"] } });
  await putAll(
    store,
    Array.from({ length: 900 }, (_, i) => `text ${i}`),
  );
  for (const query of ["one", "two"]) {
    const keys = await pages(store, query, 10, 120);
    expect(new Set(keys).size).toBe(120);
    expect(await pages(store, query, 24, 120)).toEqual(keys);
    expect(await pages(store, query, 120, 120)).toEqual(keys);
  }
});

describe("a search above many namespaces", () => {
  test("reads few whole pages of sketches at once, and asks for a few sketches of each namespace first", async () => {
    const keyPrefix = newPrefix();
    const index = { dims: 8, embeddings: new LettersEmbeddings(), fields: ["text"] };
    const writer = createStore({ keyPrefix, index });
    const namespaces = Array.from({ length: 12 }, (_, n) => ["users", String(n)]);
    for (const namespace of namespaces)
      await writer.batch(
        Array.from({ length: 60 }, (_, i) => ({ namespace, key: String(i), value: { text: "a".repeat(1 + (i % 9)) } })),
      );
    expect((await itemsWithPrefix(keyPrefix)).filter(({ SK }) => SK!.S!.startsWith("V#"))).toHaveLength(720);

    let whole = 0;
    const most = { whole: 0, all: 0 };
    let all = 0;
    const { fetch, sent } = intercepted(async (request) => {
      if (request.operation !== "Query" || !request.body.includes('"V#"')) return request.forward();
      const isWhole = !request.body.includes('"Limit"');
      whole += isWhole ? 1 : 0;
      all++;
      most.whole = Math.max(most.whole, whole);
      most.all = Math.max(most.all, all);
      try {
        return await request.forward();
      } finally {
        whole -= isWhole ? 1 : 0;
        all--;
      }
    });
    const found = await createStore({ keyPrefix, index, fetch }).search(["users"], { query: "a", limit: 720 });

    expect(found).toHaveLength(720);
    // Two for each namespace, and one for the prefix's own.
    expect(sent.filter(({ body }) => body.includes('"V#"'))).toHaveLength(25);
    expect(most.whole).toBeLessThanOrEqual(5);
    expect(most.all).toBeGreaterThan(5);
  });
});
