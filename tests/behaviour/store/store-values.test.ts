import { describe, expect, inject, test } from "vitest";
import { noise, noiseText } from "../../lanes/savers/checkpoints.js";
import { LettersEmbeddings } from "../../lanes/savers/letters-embeddings.js";
import { itemsWithPrefix, putRaw, withBytes } from "../../lanes/stored/raw-table.js";
import { newPrefix } from "../../lanes/stored/requests.js";
import { objectKeys } from "../../lanes/stored/s3-client.js";
import { s3Options } from "../../lanes/savers/s3-options.js";
import { createStore, type StoreOptions } from "../../lanes/savers/stores.js";

/** Values of any size, compressed or not, encrypted or not, in DynamoDB or in S3: in the store and in the cache. */

const s3 = { ...s3Options(), thresholdBytes: 20_000 };
const sizes = [0, 10, 3_000, 70_000, 800_000];
const ways: { name: string; options: Partial<StoreOptions> }[] = [
  { name: "gzip", options: {} },
  { name: "no compression", options: { compression: "none" } },
  { name: "encryption", options: { encryption: { key: noise(32, 7) } } },
  { name: "s3 and encryption", options: { s3, encryption: { key: noise(32, 7) } } },
  { name: "an index", options: { index: { dims: 8, embeddings: new LettersEmbeddings(), fields: ["title"] } } },
];

describe.each(ways)("with $name", ({ options }) => {
  test("values of any size come back, and are found", async () => {
    const world = { ...options, keyPrefix: newPrefix() };
    const value = (size: number): Record<string, unknown> => ({
      size,
      title: "a bad cab",
      text: noiseText(size, size + 1),
    });
    await createStore(world).batch(sizes.map((size) => ({ namespace: ["a"], key: String(size), value: value(size) })));

    const store = createStore(world);
    for (const size of sizes) expect((await store.get(["a"], String(size)))?.value).toEqual(value(size));
    expect((await store.search(["a"], { filter: { size: { $gt: 10 } } })).map((item) => item.value)).toEqual(
      sizes.slice(2).map(value),
    );
    expect((await store.search(["a"], { query: "abc", limit: 2 })).map((item) => item.value)).toEqual(
      sizes.slice(0, 2).map(value),
    );
  });

  test("what a put replaces and a delete takes leaves nothing, in the table or in S3", async () => {
    const world = {
      ...options,
      keyPrefix: newPrefix(),
      ...(options.s3 && { s3: { ...s3, prefix: `${crypto.randomUUID()}/` } }),
    };
    const store = createStore(world);
    const stored = async (): Promise<number> =>
      (await itemsWithPrefix(world.keyPrefix)).length +
      ("s3" in world ? (await objectKeys(inject("s3"), world.s3!.prefix!)).length : 0);
    await store.put(["a"], "1", { text: noiseText(900_000, 1) });
    const large = await stored();
    await createStore(world).put(["a"], "1", { text: noiseText(900_000, 2) });
    const again = await stored();
    await store.put(["a"], "1", { text: "short" });

    expect(large).toBeGreaterThan(3);
    expect(again).toBe(large);
    expect(await keysLeft(world.keyPrefix)).toEqual(["I#1", "N#a/", "O#1"]);
    await store.put(["a"], "1", { text: noiseText(900_000, 3) });
    await store.delete(["a"], "1");
    // The mark of the deletion, for an hour, and the row of the namespace.
    expect(await keysLeft(world.keyPrefix)).toEqual(["I#1", "N#a/"]);
    expect(await stored()).toBe(2);
    expect(await store.listNamespaces()).toEqual([]);
  });
});

const keysLeft = async (keyPrefix: string): Promise<string[]> =>
  (await itemsWithPrefix(keyPrefix)).map(({ SK }) => SK!.S!.replace(/^O#\d{16}/, "O")).sort();

describe("what is encrypted", () => {
  const key = noise(32, 9);

  test("shows neither values nor vectors to who reads the table, and is bound to its place", async () => {
    const world = {
      keyPrefix: newPrefix(),
      encryption: { key },
      compression: "none" as const,
      index: { dims: 8, embeddings: new LettersEmbeddings() },
    };
    const store = createStore(world);
    await store.put(["a"], "1", { text: "cab" });
    await store.put(["a"], "2", { text: "bed" });
    const items = await itemsWithPrefix(world.keyPrefix);
    const [first, second] = ["I#1", "I#2"].map((sortKey) => items.find(({ SK }) => SK!.S === sortKey)!);

    for (const attribute of ["data", "vectors"]) expect(atob(first![attribute]!.B!).charCodeAt(0)).toBe(3);
    await putRaw({ ...first!, data: second!.data! });
    await expect(createStore(world).get(["a"], "1")).rejects.toMatchObject({
      name: "StoreDataError",
      code: "DECRYPTION_FAILED",
      namespace: ["a"],
      key: "1",
    });
  });

  test("is read with an older key, and not without it", async () => {
    const keyPrefix = newPrefix();
    await createStore({ keyPrefix, encryption: { key } }).put(["a"], "1", { text: "cab" });

    const rotated = createStore({ keyPrefix, encryption: { key: noise(32, 10), olderKeys: [key] } });
    expect((await rotated.get(["a"], "1"))?.value).toEqual({ text: "cab" });
    await expect(createStore({ keyPrefix }).get(["a"], "1")).rejects.toMatchObject({ code: "DECRYPTION_FAILED" });
    await expect(createStore({ keyPrefix, encryption: { key: noise(32, 10) } }).get(["a"], "1")).rejects.toMatchObject({
      code: "DECRYPTION_FAILED",
    });
  });
});

describe("what cannot be read", () => {
  test("is an error that names the item, and takes no other with it: searches leave it out, and say so", async () => {
    const keyPrefix = newPrefix();
    const warnings: string[] = [];
    const index = { dims: 8, embeddings: new LettersEmbeddings() };
    const store = createStore({
      keyPrefix,
      index,
      onEvent: (event) => void (event.type === "warning" && warnings.push(event.code)),
    });
    await store.put(["a"], "1", { n: 1 });
    await store.put(["a"], "2", { n: 2 });
    const item = (await itemsWithPrefix(keyPrefix)).find(({ SK }) => SK!.S === "I#1")!;
    await putRaw(withBytes(item, "data", (bytes) => bytes.subarray(0, bytes.length - 3)));

    await expect(store.get(["a"], "1")).rejects.toMatchObject({
      name: "StoreDataError",
      code: "DAMAGED_DATA",
      namespace: ["a"],
      key: "1",
    });
    expect((await store.get(["a"], "2"))?.value).toEqual({ n: 2 });
    for (const options of [{}, { filter: { n: 2 } }, { query: "n" }, { query: "n", filter: { n: 2 } }])
      expect((await store.search(["a"], options)).map(({ key }) => key)).toEqual(["2"]);
    expect(warnings).toEqual(Array<string>(4).fill("ITEM_SKIPPED"));
    await expect(
      store.batch([
        { namespace: ["a"], key: "1" },
        { namespace: ["b"], key: "1", value: { n: 4 } },
      ]),
    ).rejects.toMatchObject({ code: "DAMAGED_DATA", key: "1" });
    expect((await store.get(["b"], "1"))?.value).toEqual({ n: 4 });
    await store.put(["a"], "1", { n: 3 });
    expect((await store.get(["a"], "1"))?.value).toEqual({ n: 3 });
  });

  test("is refused where a newer version wrote it", async () => {
    const keyPrefix = newPrefix();
    await createStore({ keyPrefix }).put(["a"], "1", { n: 1 });
    const item = (await itemsWithPrefix(keyPrefix)).find(({ SK }) => SK!.S === "I#1")!;
    await putRaw({ ...item, v: { N: "2" } });
    await expect(createStore({ keyPrefix }).get(["a"], "1")).rejects.toMatchObject({
      code: "UNSUPPORTED_FORMAT",
      key: "1",
    });
  });

  test("cannot be stored: a value over maxValueBytes is refused", async () => {
    const keyPrefix = newPrefix();
    const store = createStore({ keyPrefix, maxValueBytes: 2_000 });
    await expect(store.put(["a"], "1", { text: noiseText(3_000) })).rejects.toMatchObject({
      code: "VALUE_TOO_LARGE",
      key: "1",
    });
    await createStore({ keyPrefix }).put(["a"], "1", { text: noiseText(300_000) });
    await expect(store.get(["a"], "1")).rejects.toMatchObject({ code: "VALUE_TOO_LARGE", key: "1" });
  });
});

test("many vectors of one item go beyond what an item of the table holds", async () => {
  const store = createStore({ index: { dims: 4_000, embeddings: new LettersEmbeddings(4_000), fields: ["parts[*]"] } });
  const parts = Array.from({ length: 40 }, (_, i) => `${"a".repeat(i + 1)}b`);
  await store.put(["a"], "many", { parts });
  await store.put(["a"], "few", { parts: ["c"] });

  const found = await store.search(["a"], { query: "ab" });
  expect(found.map(({ key, score }) => [key, score])).toEqual([
    ["many", expect.closeTo(1, 10)],
    ["few", 0],
  ]);
});

test("a reader that comes between a put and the deletion of what it replaced reads the new value", async () => {
  const keyPrefix = newPrefix();
  const writer = createStore({ keyPrefix });
  await writer.put(["a"], "1", { text: noiseText(100_000, 1) });
  let puts = 0;
  const reader = createStore({
    keyPrefix,
    fetch: async (url, init) => {
      const answer = await fetch(url, init);
      const isFirst = new Headers(init.headers).get("x-amz-target")!.endsWith("GetItem") && puts++ === 0;
      if (isFirst) await writer.put(["a"], "1", { text: noiseText(100_000, 2) });
      return answer;
    },
  });

  expect((await reader.get(["a"], "1"))?.value).toEqual({ text: noiseText(100_000, 2) });
});

test(
  "puts of one key by several instances at once leave one whole value, and readers meet nothing else " + "meanwhile",
  async () => {
    const keyPrefix = newPrefix();
    const texts = Array.from({ length: 4 }, (_, i) => noiseText(80_000, i + 1));
    let going = true;
    const reading = (async () => {
      for (const reader = createStore({ keyPrefix }); going;) {
        const found = await reader.search(["a"]);
        expect([undefined, ...texts]).toContain(found[0]?.value.text);
      }
    })();
    for (let round = 0; round < 3; round++)
      await Promise.all(texts.map((text) => createStore({ keyPrefix }).put(["a"], "1", { text })));
    going = false;
    await reading;
    const left = (await itemsWithPrefix(keyPrefix)).map(({ SK }) => SK!.S!);

    expect(texts).toContain((await createStore({ keyPrefix }).get(["a"], "1"))?.value.text);
    expect(left.filter((sortKey) => sortKey.startsWith("S#"))).toHaveLength(1);
  },
);
