import { expect, test } from "vitest";
import { LettersEmbeddings } from "../../lanes/savers/letters-embeddings.js";
import { at, countedStore, createStore } from "../../lanes/savers/stores.js";
import { intercepted } from "../../lanes/stored/aws-requests.js";
import { itemsWithPrefix, putRaw, withBytes } from "../../lanes/stored/raw-table.js";
import { newPrefix } from "../../lanes/stored/requests.js";

/* A search by meaning reads a sketch of each vector, and compares exactly what looks nearest. */

const NS = ["a"];
const index = { dims: 64, embeddings: new LettersEmbeddings(64), fields: ["text"] };
const keysOf = (found: { key: string }[]): string[] => found.map(({ key }) => key);
const sketches = async (keyPrefix: string): Promise<string[]> =>
  (await itemsWithPrefix(keyPrefix)).map(({ SK }) => SK!.S!).filter((sortKey) => sortKey.startsWith("V#"));

/** Texts whose vectors are all different. */
const textOf = (i: number): string =>
  `${"abcdefgh"[i % 8]!.repeat(1 + (i % 5))}${"ijklmnop"[i % 7]!.repeat(1 + (i % 11))}${"q".repeat(i % 13)}`;

test("finds what a comparison with all vectors finds, page by page, with and without a filter", async () => {
  const keyPrefix = newPrefix();
  const store = createStore({ keyPrefix, index });
  const exact = createStore({ keyPrefix, index: { ...index, exact: true } });
  await store.batch(
    Array.from({ length: 260 }, (_, i) => ({ namespace: NS, key: `k${i}`, value: { text: textOf(i), i, odd: i % 2 } })),
  );
  const scoresOf = (found: { score?: number }[]): (number | undefined)[] => found.map(({ score }) => score);
  for (const options of [{}, { filter: { odd: 1 } }, { filter: { i: 7 } }, { filter: { i: -1 } }]) {
    for (const [limit, offset] of [
      [10, 0],
      [10, 10],
      [3, 251],
    ] as const) {
      const query = { query: textOf(3), limit, offset, ...options };
      const found = await store.search(NS, query);
      expect(scoresOf(found)).toEqual(scoresOf(await exact.search(NS, query)));
    }
  }
});

test("compares about a hundred, however many there are", async () => {
  const { store, log } = countedStore({ index });
  await store.batch(
    Array.from({ length: 400 }, (_, i) => ({ namespace: NS, key: `k${i}`, value: { text: textOf(i) } })),
  );
  const { operations } = await log.during(() => store.search(NS, { query: textOf(3) }));
  expect(operations.filter((operation) => operation === "BatchGetItem").length).toBeLessThanOrEqual(2);
  expect(operations.filter((operation) => operation === "Query")).toHaveLength(2);
});

test("a sketch goes with the vectors that it is of", async () => {
  const keyPrefix = newPrefix();
  const store = createStore({ keyPrefix, index });
  await store.put(NS, "1", { text: "ab" });
  await store.put(NS, "1", { text: "cd" });
  expect(await sketches(keyPrefix)).toHaveLength(1);
  expect(keysOf(await store.search(NS, { query: "cd" }))).toEqual(["1"]);
  await createStore({ keyPrefix }).put(NS, "1", {});
  expect(await sketches(keyPrefix)).toEqual([]);
  await store.put(NS, "1", { text: "ef" });
  await createStore({ keyPrefix }).delete(NS, "1");
  expect(await sketches(keyPrefix)).toEqual([]);
  expect((await itemsWithPrefix(keyPrefix)).map(({ SK }) => SK!.S).sort()).toEqual(["I#1", "N#a/"]);
});

test("a sketch that is left over misleads nobody, and goes with its namespace", async () => {
  const keyPrefix = newPrefix();
  const dying = createStore({
    keyPrefix,
    index,
    maxAttempts: 1,
    fetch: intercepted((request) =>
      request.operation === "UpdateItem" && request.body.includes('"SK":{"S":"I#')
        ? Promise.reject(new TypeError("died"))
        : request.forward(),
    ).fetch,
  });
  await expect(dying.put(NS, "dead", { text: "ab" })).rejects.toMatchObject({ code: "NETWORK" });
  await createStore({ keyPrefix, index }).put(NS, "1", { text: "cd" });
  await expect(dying.put(NS, "1", { text: "ab" })).rejects.toMatchObject({ code: "NETWORK" });
  expect(await sketches(keyPrefix)).toHaveLength(3);

  const store = createStore({ keyPrefix, index });
  const [found, ...more] = await store.search(NS, { query: "cd" });
  expect(found).toMatchObject({ key: "1", value: { text: "cd" } });
  expect(found!.score).toBeCloseTo(1, 5);
  expect(more).toEqual([]);
  await store.delete(NS, "1");
  for (const hours of [2, 4]) await at(hours * 3_600, () => createStore({ keyPrefix, index }).search(NS));
  expect(await sketches(keyPrefix)).toEqual([]);
});

test.each([{ exact: true }, { exact: false }])(
  "an item is found once that has a sketch of an earlier version, however far those are from each other: %o",
  async (options) => {
    const keyPrefix = newPrefix();
    const store = createStore({ keyPrefix, index: { ...index, ...options } });
    await store.put(NS, "changed", { text: "abc" });
    const [old] = (await itemsWithPrefix(keyPrefix)).filter(({ SK }) => SK!.S!.startsWith("V#"));
    await store.batch(
      Array.from({ length: 230 }, (_, i) => ({ namespace: NS, key: `k${i}`, value: { text: textOf(i) } })),
    );
    await store.put(NS, "changed", { text: "xyz" });
    await putRaw(old!);
    const found = keysOf(await store.search(NS, { query: "abc", limit: 1_000 }));
    expect(found).toHaveLength(231);
    expect(new Set(found).size).toBe(231);
  },
);

test.each<[string, (bytes: Uint8Array) => Uint8Array]>([
  ["cut off", (bytes) => bytes.subarray(0, 1)],
  ["longer than any that is kept", () => Uint8Array.from([0, 1, 64, 0, ...new Uint8Array(308_000)])],
  ["of a scale that is no number", () => Uint8Array.from([0, 1, 64, 0, 0, 0, 0xc0, 0x7f, ...new Uint8Array(64)])],
])("an item is found whose sketch is %s", async (_, change) => {
  const keyPrefix = newPrefix();
  const store = createStore({ keyPrefix, index });
  for (const [key, text] of [
    ["1", "ab"],
    ["2", "ef"],
  ] as const)
    await store.put(NS, key, { text });
  const isOfFirst = ({ SK }: { SK?: { S?: string } }): boolean => SK!.S!.startsWith("V#") && SK!.S!.endsWith("#1");
  const sketch = (await itemsWithPrefix(keyPrefix)).find(isOfFirst)!;
  await putRaw(withBytes(sketch, "data", change));
  expect(keysOf(await store.search(NS, { query: "ab" }))).toEqual(["1", "2"]);
});

test("a sketch lives as long as its item, also when that is read", async () => {
  const keyPrefix = newPrefix();
  const store = createStore({ keyPrefix, index, ttl: { defaultTtlSeconds: 10_000, refreshOnRead: true } });
  await store.put(NS, "1", { text: "ab" });
  await at(9_000, () => store.search(NS, { query: "ab" }));
  const now = Date.now() / 1_000;
  const [ttl] = (await itemsWithPrefix(keyPrefix))
    .filter(({ SK }) => SK!.S!.startsWith("V#"))
    .map((item) => item.ttl!.N);
  expect(Number(ttl)).toBeGreaterThan(now + 18_000);
  expect(await at(18_000, () => createStore({ keyPrefix, index }).search(NS, { query: "ab" }))).toHaveLength(1);
  expect(await at(30_000, () => createStore({ keyPrefix, index }).search(NS, { query: "ab" }))).toEqual([]);
});

test("items with very many vectors are compared by each search", async () => {
  const many = { dims: 64, embeddings: new LettersEmbeddings(64), fields: ["texts[*]"] };
  const store = createStore({ index: many });
  const count = 4_800;
  const texts = Array.from(
    { length: count },
    (_, i) => `${"a".repeat(1 + (i % 70))}${"b".repeat(1 + Math.floor(i / 70))}`,
  );
  await store.put(NS, "many", { texts });
  await store.put(NS, "one", { texts: ["z"] });
  expect(keysOf(await store.search(NS, { query: "aab" }))).toEqual(["many", "one"]);
});

test("a search sends one request for each megabyte of sketches, and one for those that are compared", async () => {
  const { store, log } = countedStore({ index: { dims: 8, embeddings: new LettersEmbeddings() } });
  await store.batch(
    Array.from({ length: 30 }, (_, i) => ({
      namespace: ["a"],
      key: String(i),
      value: { text: "abc".repeat(i + 1) },
    })),
  );
  const { operations, result } = await log.during(() => store.search(["a"], { query: "abc", limit: 5 }));
  expect(operations).toEqual(["BatchGetItem", "Query", "Query"]);
  expect(result).toHaveLength(5);
});

test("a search for more than there is also asks for those without vectors", async () => {
  const { store, log } = countedStore({ index: { dims: 8, embeddings: new LettersEmbeddings(), fields: ["text"] } });
  for (const i of [0, 1, 2]) await store.put(["a"], String(i), { text: "abc".repeat(i + 1) });
  const { operations, result } = await log.during(() => store.search(["a"], { query: "abc" }));
  expect(operations).toEqual(["BatchGetItem", "Query", "Query", "Query", "Query"]);
  expect(result).toHaveLength(3);
  await store.put(["a"], "none", {});
  const all = await log.during(() => store.search(["a"], { query: "abc" }));
  expect(all.operations).toEqual(["BatchGetItem", "GetItem", "Query", "Query", "Query", "Query"]);
  expect(all.result).toHaveLength(4);
});
