import { describe, expect, test } from "vitest";
import { createCache, type CacheOptions } from "../../lanes/savers/stores.js";
import { noise, noiseText } from "../../lanes/savers/checkpoints.js";
import { s3Options } from "../../lanes/savers/s3-options.js";
import { keyOf, namesIn, pairOf, watchedCache } from "../../lanes/savers/watched-cache.js";
import { deleteRaw, itemsWithPrefix, putRaw, withBytes, type RawItem } from "../../lanes/stored/raw-table.js";
import { newPrefix } from "../../lanes/stored/requests.js";

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
    const s3 = { ...s3Options(), thresholdBytes: 20_000 };
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
    const s3 = { ...s3Options(), thresholdBytes: 20_000 };
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

test("a value that is set anew between the two requests of a get is given as it is then", async () => {
  const keyPrefix = newPrefix();
  const writer = createCache({ keyPrefix });
  await writer.set([pairOf("a", noiseText(100_000, 1)), pairOf("b")]);
  let isFirst = true;
  const { cache, warned } = watchedCache({ keyPrefix }, async (request) => {
    const answer = await request.forward();
    if (isFirst) await writer.set([pairOf("a", noiseText(100_000, 2))]);
    isFirst = false;
    return answer;
  });

  expect((await cache.get([keyOf("a"), keyOf("b")])).map(({ value }) => value)).toEqual([noiseText(100_000, 2), "b"]);
  expect(warned()).toEqual([]);
});
