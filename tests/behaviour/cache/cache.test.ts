import type { CacheFullKey } from "@langchain/langgraph-checkpoint";
import { InMemoryCache } from "@langchain/langgraph-checkpoint";
import fc from "fast-check";
import { describe, expect, inject, test, vi } from "vitest";
import { noise, noiseText } from "../../lanes/savers/checkpoints.js";
import { keyOf, pairOf, watchedCache } from "../../lanes/savers/watched-cache.js";
import { intercepted } from "../../lanes/stored/aws-requests.js";
import { itemsWithPrefix } from "../../lanes/stored/raw-table.js";
import { newPrefix } from "../../lanes/stored/requests.js";
import { at, createCache } from "../../lanes/savers/stores.js";
import { Annotation, END, Send, START, StateGraph } from "@langchain/langgraph";

const thorough = inject("effort") === "full";

test("values that are there come back by their keys, each once and in the order of the keys", async () => {
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
    keys.map((key, i) => ({ key, value: { i, set: new Set([i]) } })),
  );
  expect(await cache.get([])).toEqual([]);
});

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

test("clear of all deletes what a set that died has left an hour ago, and nothing that is needed", async () => {
  const keyPrefix = newPrefix();
  const dying = watchedCache({ keyPrefix }, (request) =>
    request.operation === "UpdateItem" ? Promise.reject(new TypeError("died")) : request.forward(),
  );
  await dying.cache.set([pairOf("a", noiseText(100_000))]);
  expect(dying.warned()).toEqual(["CACHE_WRITE_FAILED NETWORK"]);
  const left = async (): Promise<string[]> => (await itemsWithPrefix(keyPrefix)).map(({ SK }) => SK!.S![0]!);
  expect(await left()).toEqual(["S"]);
  const other = createCache({ keyPrefix, prefix: "other" });
  await other.set([pairOf("a", noiseText(100_000, 2))]);

  await createCache({ keyPrefix }).clear([]);
  expect(await left()).toHaveLength(3);
  await at(2 * 3_600, () => createCache({ keyPrefix }).clear([]));
  expect((await left()).sort()).toEqual(["I", "S"]);
  expect(await other.get([keyOf("a")])).toEqual([pairOf("a", noiseText(100_000, 2))]);
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

test("any lifetime that a node's policy can have is one: none that is over, and none that is too long", async () => {
  const keyPrefix = newPrefix();
  const cache = createCache({ keyPrefix, ttlSeconds: 3_600 });
  const ttls: [string, number][] = [
    ["none", null as never],
    ["now", 0],
    ["before", -Infinity],
    ["long", 1e12],
    ["ever", Infinity],
  ];
  const keys = ttls.map(([name]): CacheFullKey => [["a"], name]);
  await cache.set(keys.map((key) => ({ key, value: "before" })));
  await cache.set(ttls.map(([, ttl], i) => ({ key: keys[i]!, value: "after", ttl })));

  const there = async (): Promise<string[]> =>
    (await cache.get(keys)).map(({ key, value }) => `${key[1]}: ${String(value)}`);
  expect(await there()).toEqual(["none: after", "long: after", "ever: after"]);
  expect(await at(3_700, there)).toEqual(["long: after", "ever: after"]);
});

test("what is given is read as it is at the time of the call, and numbered in the order of calls", async () => {
  const keyPrefix = newPrefix();
  const serde = {
    dumpsTyped: async (value: unknown): Promise<[string, Uint8Array]> => {
      const bytes = new TextEncoder().encode(JSON.stringify(value));
      if ((value as { slow?: boolean }).slow) await createCache({ keyPrefix }).get([[["a"], "first"]]);
      return ["json", bytes];
    },
    loadsTyped: async (_: string, bytes: Uint8Array | string) =>
      JSON.parse(new TextDecoder().decode(bytes as Uint8Array)),
  };
  const cache = createCache({ keyPrefix, serde });
  const first = { key: [["a"], "first"] as CacheFullKey, value: { slow: true, n: 1 } };
  const calls = [cache.set([first]), cache.set([{ key: [["a"], "second"], value: { n: 2 } }])];
  first.value.n = 3;
  first.key[0][0] = "b";
  first.key[1] = "third";
  await Promise.all(calls);

  const found = await createCache({ keyPrefix }).get([
    [["a"], "first"],
    [["a"], "second"],
    [["b"], "third"],
  ]);
  expect(found.map(({ value }) => value)).toEqual([{ slow: true, n: 1 }, { n: 2 }]);
  const put = new Map((await itemsWithPrefix(keyPrefix)).map(({ SK, updated }) => [SK!.S, Number(updated!.N)]));
  expect(put.get("I#a/#first")).toBeLessThan(put.get("I#a/#second")!);
});

test("100 values are read by one request, and each is stored by one", async () => {
  const { fetch, sent } = intercepted();
  const cache = createCache({ fetch });
  const operations = (): string[] => sent.splice(0).map(({ operation }) => operation);
  const keys = Array.from({ length: 100 }, (_, i): CacheFullKey => [["a"], `${i}`]);

  await cache.set(keys.slice(0, 2).map((key) => ({ key, value: 1 })));
  expect(operations()).toEqual(["UpdateItem", "UpdateItem"]);
  expect(await cache.get([keys[0]!, keys[0]!])).toHaveLength(1);
  expect(operations()).toEqual(["GetItem"]);
  expect(await cache.get(keys)).toHaveLength(2);
  expect(operations()).toEqual(["BatchGetItem"]);
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
          else if ("get" in one) {
            // It gives a value as often as its key is asked for.
            const distinct = [...new Map(one.get.map((fullKey) => [JSON.stringify(fullKey), fullKey])).values()];
            expect(await cache.get(one.get)).toEqual(await memory.get(distinct));
          } else await Promise.all([cache.clear(one.clear), memory.clear(one.clear)]);
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

test("two tasks of one step with one key are worth two, whether their value is there or not", async () => {
  const keyPrefix = newPrefix();
  const State = Annotation.Root({ sum: Annotation<number>({ reducer: (a, b) => a + b, default: () => 0 }) });
  const graph = new StateGraph(State)
    .addNode("one", () => ({ sum: 1 }), { cachePolicy: { ttl: 60 } })
    .addConditionalEdges(START, () => [new Send("one", { x: 1 }), new Send("one", { x: 1 })])
    .compile({ cache: createCache({ keyPrefix }) });

  expect(await graph.invoke({})).toEqual({ sum: 2 });
  expect(await graph.invoke({})).toEqual({ sum: 2 });
});
