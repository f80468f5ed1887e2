import { Annotation, START, StateGraph } from "@langchain/langgraph";
import { describe, expect, test } from "vitest";
import { awsError } from "../../lanes/faults/faulty-fetch.js";
import { createCache, type CacheOptions } from "../../lanes/savers/stores.js";
import { keyOf, namesIn, pairOf, watchedCache } from "../../lanes/savers/watched-cache.js";
import type { Intercept } from "../../lanes/stored/aws-requests.js";
import { newPrefix } from "../../lanes/stored/requests.js";

describe("requests that fail", () => {
  const aborted = new AbortController();
  aborted.abort();
  const failures: [string, string, Partial<CacheOptions>, Intercept?][] = [
    ["no permission", "ACCESS_DENIED", {}, () => awsError("AccessDeniedException")],
    ["no table", "TABLE_NOT_FOUND", {}, () => awsError("ResourceNotFoundException")],
    ["throttling", "THROTTLED", {}, () => awsError("ProvisionedThroughputExceededException")],
    ["a request that is not valid", "SERVICE_ERROR", {}, () => awsError("ValidationException")],
    ["no network", "NETWORK", {}, () => Promise.reject(new TypeError("told by the test"))],
    ["no credentials", "CREDENTIALS", { credentials: () => Promise.reject(new Error("none")) }],
    ["a signal that has fired", "ABORTED", { signal: aborted.signal }],
  ];

  test.each(failures)("%s: nothing is there, nothing is stored, and each is a warning", async (_, code, ...given) => {
    const { cache, warned } = watchedCache(...given);

    expect(await cache.get([keyOf("a"), keyOf("b")])).toEqual([]);
    expect(warned()).toEqual([`CACHE_READ_FAILED ${code}`]);
    await cache.set([pairOf("a"), pairOf("b"), { ...pairOf("c"), ttl: 0 }]);
    expect(warned()).toEqual([`CACHE_WRITE_FAILED ${code}`]);
  });

  test("clear says that it could not delete", async () => {
    const { cache, warned } = watchedCache({}, () => awsError("AccessDeniedException"));

    await expect(cache.clear([])).rejects.toMatchObject({ code: "ACCESS_DENIED" });
    await expect(cache.clear([["label"]])).rejects.toMatchObject({ code: "ACCESS_DENIED" });
    expect(warned()).toEqual([]);
  });

  test("one of several writes: the others are stored", async () => {
    const keyPrefix = newPrefix();
    const { cache, warned } = watchedCache({ keyPrefix }, ({ operation, body }) =>
      operation === "UpdateItem" && body.includes("I#label/#bad") ? awsError("AccessDeniedException") : undefined,
    );
    const names = ["a", "b", "bad", "c", "d"];
    await cache.set(names.map((name) => pairOf(name)));

    expect(await namesIn(cache, names)).toEqual(["a", "b", "c", "d"]);
    expect(warned()).toEqual(["CACHE_WRITE_FAILED ACCESS_DENIED"]);
  });
});

describe("a value that cannot be stored is a warning, and the others are stored", () => {
  const nested = (levels: number): object => (levels === 0 ? {} : { nested: nested(levels - 1) });
  const values: [string, string, unknown][] = [
    ["a BigInt", "INVALID_INPUT", { balance: 10n }],
    ["a promise", "INVALID_INPUT", { balance: Promise.resolve(1) }],
    ["a toJSON that throws", "INVALID_INPUT", { balance: { toJSON: () => { throw new Error("balance"); } } }],
    ["too many levels", "INVALID_INPUT", { balance: nested(1_500) }],
    ["over maxValueBytes", "VALUE_TOO_LARGE", { balance: "x".repeat(3_000) }],
  ]; // prettier-ignore

  test.each(values)("%s", async (_, code, value) => {
    const keyPrefix = newPrefix();
    const { cache, warned, events } = watchedCache({ keyPrefix, maxValueBytes: 2_000 });
    await cache.set([pairOf("a"), pairOf("bad", value), pairOf("b")]);

    expect(warned()).toEqual([`CACHE_WRITE_FAILED ${code}`]);
    expect(await namesIn(cache, ["a", "bad", "b"])).toEqual(["a", "b"]);
    expect(JSON.stringify(events)).not.toMatch(/balance|label/);
  });

  test.each([NaN, "60", true, []])("a ttl of %s, which a node's policy can have", async (ttl) => {
    const { cache, warned } = watchedCache({});
    await cache.set([pairOf("a"), { ...pairOf("bad"), ttl: ttl as number }]);

    expect(warned()).toEqual(["CACHE_WRITE_FAILED INVALID_INPUT"]);
    expect(await namesIn(cache, ["a", "bad"])).toEqual(["a"]);
  });

  test("what refers to itself is stored as elsewhere", async () => {
    const { cache, warned } = watchedCache({});
    const ring: Record<string, unknown> = {};
    ring.self = ring;
    await cache.set([pairOf("ring", ring)]);

    expect(await cache.get([keyOf("ring")])).toEqual([{ key: keyOf("ring"), value: { self: "[Circular]" } }]);
    expect(warned()).toEqual([]);
  });

  test("and of two for one key neither is, where that is the last", async () => {
    const { cache, warned } = watchedCache({});
    await cache.set([pairOf("a", 1), pairOf("a", 1n), pairOf("b", 1n), pairOf("b", 1)]);

    expect(await cache.get([keyOf("a"), keyOf("b")])).toEqual([{ key: keyOf("b"), value: 1 }]);
    expect(warned()).toEqual(["CACHE_WRITE_FAILED INVALID_INPUT"]);
  });
});

test("arguments of a wrong shape are refused before anything is sent", async () => {
  const { cache, sent, warned } = watchedCache({});
  const keys = [["a", "1"], [["a"], 1], [[1], "1"], [[new Array(1)], "1"], [new Array(1), "1"], undefined, null, "a"];
  const wrong: [string, () => Promise<unknown>][] = [
    ...keys.flatMap((key): typeof wrong => [
      [`get ${JSON.stringify(key)}`, () => cache.get([key as never])],
      [`set ${JSON.stringify(key)}`, () => cache.set([{ key: key as never, value: 1 }])],
    ]),
    ...[undefined, null, "a", {}, new Array(1), [undefined]].flatMap((all): typeof wrong => [
      [`get of ${JSON.stringify(all)}`, () => cache.get(all as never)],
      [`set of ${JSON.stringify(all)}`, () => cache.set(all as never)],
      [`clear of ${JSON.stringify(all)}`, () => cache.clear(all as never)],
    ]),
    ["clear of labels", () => cache.clear(["a"] as never)],
  ];
  for (const [what, call] of wrong) {
    const error: unknown = await call().catch((thrown: unknown) => thrown);
    expect(error, what).toMatchObject({ name: "DynamoDBSaverError", code: "INVALID_INPUT" });
  }
  expect(sent).toEqual([]);
  expect(warned()).toEqual([]);
});

test("a listener that throws changes nothing", async () => {
  const onEvent = (): never => {
    throw new Error("told by the test");
  };
  const cache = createCache({ onEvent, maxAttempts: 1, fetch: () => Promise.reject(new TypeError("no network")) });

  expect(await cache.get([keyOf("a")])).toEqual([]);
  await cache.set([pairOf("a")]);
});

test("a graph runs its nodes, each time, while the cache can neither read nor write", async () => {
  const { cache, warned } = watchedCache({}, () => awsError("AccessDeniedException"));
  let runs = 0;
  const graph = new StateGraph(Annotation.Root({ n: Annotation<number>, doubled: Annotation<number> }))
    .addNode("double", ({ n }) => ({ doubled: (runs++, n * 2) }), { cachePolicy: { ttl: 60 } })
    .addEdge(START, "double")
    .compile({ cache });

  expect(await graph.invoke({ n: 2 })).toEqual({ n: 2, doubled: 4 });
  expect(await graph.invoke({ n: 2 })).toEqual({ n: 2, doubled: 4 });
  expect(runs).toBe(2);
  expect(new Set(warned())).toEqual(new Set(["CACHE_READ_FAILED ACCESS_DENIED", "CACHE_WRITE_FAILED ACCESS_DENIED"]));
  await expect(graph.clearCache()).rejects.toMatchObject({ code: "ACCESS_DENIED" });
});

test("a pair that cannot be read is a wrong argument, and nothing of its call is stored", async () => {
  const { cache, warned } = watchedCache({});
  const pair = {
    key: keyOf("b"),
    get value(): never {
      throw new TypeError("told by the test");
    },
  };
  await expect(cache.set([pairOf("a"), pair])).rejects.toMatchObject({ code: "INVALID_INPUT" });
  expect(await cache.get([keyOf("a")])).toEqual([]);
  expect(warned()).toEqual([]);
});
