import { describe, expect, test } from "vitest";
import { itemsWithPrefix, putRaw, type RawItem } from "../../lanes/stored/raw-table.js";
import { newPrefix, RequestLog } from "../../lanes/stored/requests.js";
import { createCache, createStore } from "../../lanes/savers/stores.js";

/* Lists of what is to be freed, as somebody who can write to the table makes them. */

const MANY = { S: Array.from({ length: 2_000 }, (_, i) => i.toString(36)).join(" ") };
/** 8 names with 3 requests each, and some that an embedded server takes beside them. */
const SOME = 40;
const LONG_AGO = "1700000000000000";

const withSortKey = (items: RawItem[], beginning: string): RawItem =>
  items.find(({ SK }) => SK!.S!.startsWith(beginning))!;

describe("a list of thousands of names costs some requests", () => {
  test("a put, and a deletion", async () => {
    const keyPrefix = newPrefix();
    const log = new RequestLog();
    const memories = createStore({ keyPrefix, fetch: log.fetch });
    for (const write of [() => memories.put(["n"], "k", { n: 2 }), () => memories.delete(["n"], "k")]) {
      await createStore({ keyPrefix }).put(["n"], "k", { n: 1 });
      await putRaw({ ...withSortKey(await itemsWithPrefix(keyPrefix), "I#k"), trash: MANY });

      expect((await log.during(write)).operations.length).toBeLessThan(SOME);

      expect(withSortKey(await itemsWithPrefix(keyPrefix), "I#k")).not.toHaveProperty("trash");
    }
  });

  test("a search that meets the marks of deletions", async () => {
    const keyPrefix = newPrefix();
    const log = new RequestLog();
    const memories = createStore({ keyPrefix, fetch: log.fetch });
    await memories.put(["n"], "k", { n: 1 });
    const { PK } = withSortKey(await itemsWithPrefix(keyPrefix), "I#k");
    for (let i = 0; i < 20; i++) {
      const mark = { created: { N: LONG_AGO }, gone: { N: "1" }, ver: { S: "AAAAAAA00000" }, trash: MANY };
      await putRaw({ PK: PK!, SK: { S: `I#m${i}` }, ...mark });
      await putRaw({ PK: PK!, SK: { S: `O#${LONG_AGO}#m${i}` } });
    }

    const { operations, result } = await log.during(() => memories.search(["n"]));

    expect(result).toHaveLength(1);
    expect(operations.length).toBeLessThan(70);
  });

  test("a clear of the cache", async () => {
    const keyPrefix = newPrefix();
    const log = new RequestLog();
    const cache = createCache({ keyPrefix, fetch: log.fetch });
    await cache.set([{ key: [["n"], "k"], value: 1 }]);
    await putRaw({ ...withSortKey(await itemsWithPrefix(keyPrefix), "I#"), trash: MANY });

    const { operations } = await log.during(() => cache.clear([["n"]]));

    expect(operations.length).toBeLessThan(SOME + 10);
    expect(await cache.get([[["n"], "k"]])).toEqual([]);
  });
});

test("what cannot be freed fails no put and no deletion, and is told by an event", async () => {
  const keyPrefix = newPrefix();
  const warnings: unknown[] = [];
  const memories = createStore({
    keyPrefix,
    s3: { bucket: "checkpoints", endpoint: "http://127.0.0.1:9" },
    onEvent: (event) => void (event.type === "warning" && warnings.push(event)),
  });
  await memories.put(["n"], "k", { n: 1 });
  const item = withSortKey(await itemsWithPrefix(keyPrefix), "I#k");
  await putRaw({ ...item, trash: { S: "gone x" } });
  await putRaw({ PK: item.PK!, SK: { S: `P#x#${"A".repeat(43)}#another-bucket/` } });

  await memories.get(["n"], "k");
  await memories.put(["n"], "k", { n: 2 });
  expect((await memories.get(["n"], "k"))?.value).toEqual({ n: 2 });
  expect(withSortKey(await itemsWithPrefix(keyPrefix), "I#k").trash).toEqual({ S: "x" });

  await memories.delete(["n"], "k");
  expect(await memories.get(["n"], "k")).toBeNull();
  const message = expect.stringContaining("INVALID_CONFIG") as string;
  expect(warnings).toEqual(Array(2).fill({ type: "warning", code: "PRUNE_FAILED", message }));
  // By it, a search finds what is left.
  expect(withSortKey(await itemsWithPrefix(keyPrefix), "O#")).toBeDefined();
});
