import type { CacheFullKey } from "@langchain/langgraph-checkpoint";
import { InMemoryCache } from "@langchain/langgraph-checkpoint";
import fc from "fast-check";
import { describe, expect, inject, test, vi } from "vitest";
import { noise, noiseText } from "../../lanes/savers/checkpoints.js";
import { itemsWithPrefix } from "../../lanes/stored/raw-table.js";
import { newPrefix } from "../../lanes/stored/requests.js";
import { createCache } from "../../lanes/savers/stores.js";
import { END, START, StateGraph, Annotation } from "@langchain/langgraph";

const thorough = inject("thorough");

test(
  "values come back by their keys, in the order of the keys, and those that are not there are " + "left out",
  async () => {
    const keyPrefix = newPrefix();
    const keys: CacheFullKey[] = [
      [["a", "b"], "1"],
      [["a", "b"], "2"],
      [["a"], "b"],
      [["a", "b", "c"], "1"],
      [[], ""],
      [["#/%"], "\ud800#"],
      [["x".repeat(2_000)], "y".repeat(2_000)],
    ];
    await createCache({ keyPrefix }).set(keys.map((key, i) => ({ key, value: { i, set: new Set([i]) } })));

    const cache = createCache({ keyPrefix });
    expect(await cache.get([[["none"], "1"], ...keys, keys[0]!])).toEqual(
      [...keys, keys[0]!].map((key, n) => ({ key, value: { i: n % keys.length, set: new Set([n % keys.length]) } })),
    );
    expect(await cache.get([])).toEqual([]);
  },
);

test("clear deletes the values of exactly these namespaces, and of all of them without any", async () => {
  const keyPrefix = newPrefix();
  const cache = createCache({ keyPrefix });
  const keys: CacheFullKey[] = [
    [["a"], "1"],
    [["a"], "2"],
    [["a", "b"], "1"],
    [["ab"], "1"],
  ];
  await cache.set(keys.map((key) => ({ key, value: noiseText(100_000) })));
  await createCache({ keyPrefix }).clear([["a"]]);

  expect((await cache.get(keys)).map(({ key }) => key)).toEqual(keys.slice(2));
  await cache.clear([]);
  expect(await cache.get(keys)).toEqual([]);
  const left = await itemsWithPrefix(keyPrefix);
  expect(left.every((item) => "gone" in item && "ttl" in item && !("data" in item))).toBe(true);
  expect(left).toHaveLength(keys.length);
});

test("values of any size come back, encrypted too", async () => {
  const keyPrefix = newPrefix();
  const options = { keyPrefix, encryption: { key: noise(32, 3) } };
  const sizes = [0, 10, 70_000, 900_000];
  const keyOf = (size: number): CacheFullKey => [["sizes"], String(size)];
  await createCache(options).set(sizes.map((size) => ({ key: keyOf(size), value: noiseText(size) })));

  expect((await createCache(options).get(sizes.map(keyOf))).map(({ value }) => value)).toEqual(
    sizes.map((size) => noiseText(size)),
  );
  await expect(createCache({ keyPrefix }).get([keyOf(10)])).rejects.toMatchObject({
    name: "StoreDataError",
    code: "DECRYPTION_FAILED",
    namespace: ["sizes"],
    key: "10",
  });
});

test("values expire by their ttl, or by that of the option", async () => {
  const keyPrefix = newPrefix();
  const cache = createCache({ keyPrefix, ttlSeconds: 3_600 });
  const keys: CacheFullKey[] = ["default", "short", "over"].map((name) => [["a"], name]);
  await cache.set([
    { key: keys[0]!, value: 1 },
    { key: keys[1]!, value: 2, ttl: 60 },
    { key: keys[2]!, value: 3, ttl: 0 },
  ]);
  const there = async (): Promise<string[]> => (await cache.get(keys)).map(({ key }) => key[1]);

  expect(await there()).toEqual(["default", "short"]);
  const now = Date.now();
  const clock = vi.spyOn(Date, "now").mockImplementation(() => now + 100_000);
  expect(await there()).toEqual(["default"]);
  clock.mockImplementation(() => now + 3_700_000);
  expect(await there()).toEqual([]);
  clock.mockRestore();
});

test("keys of another shape are refused before anything is sent", async () => {
  const cache = createCache({ fetch: () => Promise.reject(new Error("sent")) });
  await expect(cache.get([["a", "1"] as never])).rejects.toMatchObject({ code: "INVALID_INPUT" });
  await expect(cache.set([{ key: [["a"], 1 as never], value: 1 }])).rejects.toMatchObject({ code: "INVALID_INPUT" });
  await expect(cache.clear([1 as never])).rejects.toMatchObject({ code: "INVALID_INPUT" });
  await expect(cache.get([[new Array(1), "1"] as never])).rejects.toMatchObject({ code: "INVALID_INPUT" });
});

describe("any sequence of operations", () => {
  test("gives what it gives on InMemoryCache", async () => {
    // It takes ["a,b"] for ["a", "b"], so no label has a comma.
    const namespace = fc.array(fc.constantFrom("a", "b", "/"), { maxLength: 2 });
    const key: fc.Arbitrary<CacheFullKey> = fc.tuple(namespace, fc.constantFrom("1", "2", "#"));
    const step = fc.oneof(
      fc.record({
        set: fc.array(
          fc.record({
            key,
            value: fc.oneof(fc.integer(), fc.string(), fc.dictionary(fc.constantFrom("x", "y"), fc.integer())),
          }),
          { maxLength: 4 },
        ),
      }),
      fc.record({ get: fc.array(key, { maxLength: 4 }) }),
      fc.record({ clear: fc.array(namespace, { maxLength: 2 }) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 8 }), async (steps) => {
        const cache = createCache();
        const memory = new InMemoryCache();
        for (const one of steps) {
          if ("set" in one) await Promise.all([cache.set(one.set), memory.set(one.set)]);
          else if ("get" in one) expect(await cache.get(one.get)).toEqual(await memory.get(one.get));
          else await Promise.all([cache.clear(one.clear), memory.clear(one.clear)]);
        }
      }),
      { seed: inject("soak").seed, numRuns: thorough ? 20 : 5, endOnFailure: !thorough },
    );
  });
});

test("a node with a cache policy is not run again while its value is there, by any instance", async () => {
  const keyPrefix = newPrefix();
  let runs = 0;
  const graph = (): { invoke: (input: { n: number }) => Promise<unknown> } =>
    new StateGraph(Annotation.Root({ n: Annotation<number>, doubled: Annotation<number> }))
      .addNode("double", ({ n }) => ({ doubled: (runs++, n * 2) }), { cachePolicy: { ttl: 60 } })
      .addEdge(START, "double")
      .addEdge("double", END)
      .compile({ cache: createCache({ keyPrefix }) });

  expect(await graph().invoke({ n: 2 })).toEqual({ n: 2, doubled: 4 });
  expect(await graph().invoke({ n: 2 })).toEqual({ n: 2, doubled: 4 });
  expect(runs).toBe(1);
  expect(await graph().invoke({ n: 3 })).toEqual({ n: 3, doubled: 6 });
  await createCache({ keyPrefix }).clear([]);
  await graph().invoke({ n: 2 });
  expect(runs).toBe(3);
});
