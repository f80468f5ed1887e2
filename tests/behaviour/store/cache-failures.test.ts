import { Annotation, START, StateGraph } from "@langchain/langgraph";
import type { CacheFullKey } from "@langchain/langgraph-checkpoint";
import type { DynamoDBCache, DynamoDBSaverEvent, WarningEvent } from "langgraph-checkpoint-dynamodb";
import { describe, expect, test } from "vitest";
import { awsError } from "../../lanes/faults/faulty-fetch.js";
import { noise, noiseText } from "../../lanes/savers/checkpoints.js";
import { s3Options } from "../../lanes/savers/s3-options.js";
import { createCache, type CacheOptions } from "../../lanes/savers/stores.js";
import { intercepted, type AwsRequest, type Intercept } from "../../lanes/stored/aws-requests.js";
import { deleteRaw, itemsWithPrefix, putRaw, withBytes, type RawItem } from "../../lanes/stored/raw-table.js";
import { newPrefix } from "../../lanes/stored/requests.js";

interface WatchedCache {
  cache: DynamoDBCache;
  sent: AwsRequest[];
  /** The warnings since the last look, as `code error`. */
  warned: () => string[];
  events: WarningEvent[];
}

function watchedCache(options: Partial<CacheOptions>, intercept?: Intercept): WatchedCache {
  const { fetch, sent } = intercepted(intercept);
  const events: WarningEvent[] = [];
  let seen = 0;
  const onEvent = (event: DynamoDBSaverEvent): void => void (event.type === "warning" && events.push(event));
  const warned = (): string[] => {
    const news = events.slice(seen);
    seen = events.length;
    return news.map(({ code, error }) => `${code} ${error}`);
  };
  return { cache: createCache({ maxAttempts: 1, ...options, fetch, onEvent }), sent, warned, events };
}

const keyOf = (name: string): CacheFullKey => [["label"], name];
const pairOf = (name: string, value: unknown = name) => ({ key: keyOf(name), value });
const namesIn = async (cache: DynamoDBCache, names: string[]): Promise<string[]> =>
  (await cache.get(names.map(keyOf))).map(({ key }) => key[1]);

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

describe("an entry that cannot be read is a warning, and the others are given", () => {
  const key = noise(32, 3);
  const changed = (item: RawItem): RawItem =>
    withBytes(item, "data", (bytes) => bytes.map((byte, i) => (i === 0 ? byte : byte ^ 0x55)));
  const ways: [string, string, Partial<CacheOptions>, (item: RawItem) => RawItem][] = [
    ["damaged", "DAMAGED_DATA", { compression: "none" }, changed],
    ["without its bytes", "DAMAGED_DATA", {}, ({ data: _, ...item }) => item],
    ["changed, though encrypted", "DECRYPTION_FAILED", { encryption: { key } }, (item) =>
      withBytes(item, "data", (bytes) => bytes.map((byte, i) => (i === 30 ? byte ^ 1 : byte)))],
    ["of a newer version", "UNSUPPORTED_FORMAT", {}, (item) => ({ ...item, v: { N: "99" } })],
  ]; // prettier-ignore

  test.each(ways)("%s", async (_, code, options, change) => {
    const keyPrefix = newPrefix();
    const { cache, warned } = watchedCache({ keyPrefix, ...options });
    await cache.set([pairOf("a"), pairOf("bad"), pairOf("c"), pairOf("d", noiseText(100_000))]);
    const [item] = (await itemsWithPrefix(keyPrefix)).filter(({ SK }) => SK!.S!.endsWith("#bad"));
    await putRaw(change(item!));

    expect(await namesIn(cache, ["a", "bad", "c", "d"])).toEqual(["a", "c", "d"]);
    expect(warned()).toEqual([`CACHE_READ_FAILED ${code}`]);
    expect(await cache.get([keyOf("bad")])).toEqual([]);
    await cache.set([pairOf("bad", "again")]);
    expect(await cache.get([keyOf("bad")])).toEqual([{ key: keyOf("bad"), value: "again" }]);
  });

  test("of another key, and plain although encryption is on", async () => {
    const keyPrefix = newPrefix();
    await createCache({ keyPrefix }).set([pairOf("plain")]);
    await createCache({ keyPrefix, encryption: { key: noise(32, 4) } }).set([pairOf("other"), pairOf("another")]);
    const { cache, warned, events } = watchedCache({ keyPrefix, encryption: { key } });
    await cache.set([pairOf("own")]);

    expect(await namesIn(cache, ["plain", "other", "own", "another"])).toEqual(["own"]);
    expect(warned().toSorted()).toEqual(["CACHE_READ_FAILED DECRYPTION_FAILED", "CACHE_READ_FAILED PLAINTEXT_REFUSED"]);
    expect(events.find(({ error }) => error === "DECRYPTION_FAILED")!.message).toContain(": 2 ");
  });

  test("without a segment that it needs", async () => {
    const keyPrefix = newPrefix();
    const { cache } = watchedCache({ keyPrefix });
    await cache.set([pairOf("bad", noiseText(100_000))]);
    for (const item of await itemsWithPrefix(keyPrefix)) if (item.SK!.S!.startsWith("S#")) await deleteRaw(item);
    await cache.set([pairOf("a"), pairOf("b", noiseText(100_000, 2))]);

    const { cache: reader, warned } = watchedCache({ keyPrefix });
    expect(await namesIn(reader, ["a", "bad", "b"])).toEqual(["a", "b"]);
    expect(warned()).toEqual(["CACHE_READ_FAILED MISSING_DATA"]);
  });

  test("in S3, for a cache that has no option s3", async () => {
    const keyPrefix = newPrefix();
    const names = ["a", "in S3", "b", "c", "also in S3", "d"];
    const isInS3 = (name: string): boolean => name.endsWith("in S3");
    const s3 = s3Options({ thresholdBytes: 20_000 });
    await createCache({ keyPrefix, s3 }).set(names.filter(isInS3).map((name) => pairOf(name, noiseText(100_000))));
    const { cache, warned } = watchedCache({ keyPrefix });
    await cache.set([pairOf("a"), pairOf("b", noiseText(100_000, 2)), pairOf("c", noiseText(80_000)), pairOf("d")]);

    const { cache: reader, warned: warnedOfReader } = watchedCache({ keyPrefix });
    expect(await namesIn(reader, names)).toEqual(["a", "b", "c", "d"]);
    expect(warnedOfReader()).toEqual(["CACHE_READ_FAILED INVALID_CONFIG"]);
    expect(warned()).toEqual([]);
  });

  test("in S3, which is away: it is asked for none of them again", async () => {
    const keyPrefix = newPrefix();
    const s3 = s3Options({ thresholdBytes: 20_000 });
    const names = ["1", "2", "3", "4"];
    await createCache({ keyPrefix, s3 }).set([
      ...names.map((name) => pairOf(name, noiseText(100_000, Number(name)))),
      pairOf("small"),
    ]);
    const { cache, warned, sent } = watchedCache({ keyPrefix, s3 }, ({ operation }) =>
      operation === "GetObject" ? Promise.reject(new TypeError("told by the test")) : undefined,
    );

    expect(await namesIn(cache, [...names, "small"])).toEqual(["small"]);
    expect(warned()).toEqual(["CACHE_READ_FAILED NETWORK"]);
    const objects = sent.filter(({ operation }) => operation === "GetObject").map(({ url }) => url.pathname);
    expect(objects).not.toEqual([]);
    expect(objects).toEqual([...new Set(objects)]);
  });

  test("that its serde cannot read", async () => {
    const keyPrefix = newPrefix();
    await createCache({ keyPrefix }).set([pairOf("a"), pairOf("bad"), pairOf("b")]);
    const serde = {
      dumpsTyped: () => Promise.reject(new RangeError("a secret")),
      loadsTyped: async (_: string, bytes: Uint8Array | string): Promise<unknown> => {
        const text = new TextDecoder().decode(bytes as Uint8Array);
        if (text.includes("bad")) throw new Error("a secret");
        return JSON.parse(text);
      },
    };
    const { cache, warned, events } = watchedCache({ keyPrefix, serde });

    expect(await namesIn(cache, ["a", "bad", "b"])).toEqual(["a", "b"]);
    await cache.set([pairOf("c")]);
    expect(warned()).toEqual(["CACHE_READ_FAILED DAMAGED_DATA", "CACHE_WRITE_FAILED RangeError"]);
    expect(JSON.stringify(events)).not.toContain("secret");
  });

  test("over maxValueBytes, or too much for one call", async () => {
    const keyPrefix = newPrefix();
    const large = Array.from({ length: 6 }, (_, i) => `large ${i}`);
    await createCache({ keyPrefix }).set([
      ...large.map((name) => pairOf(name, "x".repeat(1_000))),
      pairOf("over", "x".repeat(2_000)),
      pairOf("small"),
    ]);
    const { cache, warned } = watchedCache({ keyPrefix, maxValueBytes: 1_024 });

    expect(await namesIn(cache, ["over", "small"])).toEqual(["small"]);
    expect(warned()).toEqual(["CACHE_READ_FAILED VALUE_TOO_LARGE"]);
    // Four values of the largest size are held at once.
    const found = await namesIn(cache, [...large, "small"]);
    expect(found).toHaveLength(5);
    expect(found).toContain("small");
    expect(warned()).toEqual(["CACHE_READ_FAILED VALUE_TOO_LARGE"]);
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
