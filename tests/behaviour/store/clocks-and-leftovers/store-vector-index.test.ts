import type { DynamoDBStore, VectorIndex, VectorMatch } from "langgraph-checkpoint-dynamodb";
import { expect, test } from "vitest";
import { LettersEmbeddings } from "../../../lanes/savers/letters-embeddings.js";
import { createStore } from "../../../lanes/savers/stores.js";

/* Two writes of one item at once, by one instance: what the later call says counts, in a vector index as well. */

const NS = ["n"];

/** A user's own index. Each write takes as long as the test says, and is done at its end. */
class SlowIndex implements VectorIndex {
  readonly vectors = new Map<string, Float32Array[]>();
  delays: number[] = [];

  async #wait(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, this.delays.shift() ?? 0));
  }

  async put(_namespace: string[], key: string, vectors: Float32Array[]): Promise<void> {
    await this.#wait();
    this.vectors.set(key, vectors);
  }

  async delete(_namespace: string[], key: string): Promise<void> {
    await this.#wait();
    this.vectors.delete(key);
  }

  async search(): Promise<VectorMatch[]> {
    return [...this.vectors.keys()].map((key) => ({ namespace: NS, key, score: 1 }));
  }
}

const a = { text: "aaa" };
const b = { text: "bbb" };

test.each<[string, (store: DynamoDBStore) => Promise<unknown>[], string | undefined]>([
  ["two puts", (store) => [store.put(NS, "k", a), store.put(NS, "k", b)], "bbb"],
  ["a put and a deletion", (store) => [store.put(NS, "k", a), store.delete(NS, "k")], undefined],
  ["a deletion and a put", (store) => [store.delete(NS, "k"), store.put(NS, "k", b)], "bbb"],
  ["three puts", (store) => [store.put(NS, "k", b), store.put(NS, "k", b), store.put(NS, "k", a)], "aaa"],
])("after %s, the index has what the item has", async (_, write, wanted) => {
  const letters = new LettersEmbeddings();
  for (const delays of [
    [0, 0, 0],
    [150, 0, 0],
    [0, 150, 0],
    [150, 80, 0],
  ]) {
    const vectorIndex = new SlowIndex();
    const store = createStore({ index: { dims: 8, embeddings: letters, fields: ["text"] }, vectorIndex });
    await store.put(NS, "k", { text: "abc" });
    vectorIndex.delays = [...delays];
    await Promise.all(write(store));
    expect((await store.get(NS, "k"))?.value.text).toBe(wanted);
    const vectors = wanted === undefined ? undefined : [Float32Array.from(await letters.embedQuery(wanted))];
    expect(vectorIndex.vectors.get("k")).toEqual(vectors);
  }
});

test("what an index finds by each of its vectors is given once, and an index that gives no list is told", async () => {
  const vectorIndex = new SlowIndex();
  const index = { dims: 8, embeddings: new LettersEmbeddings(), fields: ["text"] };
  const store = createStore({ index, vectorIndex });
  await store.put(NS, "k", a);
  vectorIndex.search = async () => [1, 0.5].map((score) => ({ namespace: NS, key: "k", score }));
  expect(await store.search(NS, { query: "a" })).toMatchObject([{ key: "k", score: 1 }]);
  vectorIndex.search = async () => null as never;
  await expect(store.search(NS, { query: "a" })).rejects.toMatchObject({ code: "INVALID_INPUT" });
});
