import { expect, test } from "vitest";
import { intercepted, operationsOf } from "../../lanes/stored/aws-requests.js";
import { errorOf } from "../../lanes/faults/faulty-fetch.js";
import { itemsWithPrefix, putRaw } from "../../lanes/stored/raw-table.js";
import { newPrefix } from "../../lanes/stored/requests.js";
import { binary, buildContainer, gzipped } from "../../lanes/stored/stored-bytes.js";
import { countedStore, createCache, createStore } from "../../lanes/savers/stores.js";

/* What a few kilobytes in the table, or an endless answer, can cost one who reads the store's items. */

/** An item that says its value is in so many segments, none of which is there. */
async function withSegments(count: number): Promise<ReturnType<typeof countedStore>> {
  const keyPrefix = newPrefix();
  const { store, log } = countedStore({ keyPrefix });
  await store.put(["n"], "k", { n: 1 });
  const hashes = Array.from({ length: count }, (_, i) => {
    const hash = new Uint8Array(32);
    new DataView(hash.buffer).setUint32(28, i);
    return hash;
  });
  const lengths = Array.from({ length: count }, () => 1);
  const container = buildContainer({ head: ["x"], entries: [["json", 0, ...lengths]], hashes, tails: [] });
  const item = (await itemsWithPrefix(keyPrefix)).find(({ SK }) => SK!.S === "I#k")!;
  await putRaw({ ...item, born: { S: "x" }, data: binary(gzipped(container)) });
  return { store, log };
}

test("an item that names more segments than it has room for is damaged, and none is asked for", async () => {
  const { store, log } = await withSegments(2_000);
  const { result, operations } = await log.during(() => errorOf(store.get(["n"], "k")));
  expect(result).toMatchObject({ code: "DAMAGED_DATA", key: "k" });
  expect(operations).toEqual(["GetItem"]);
  expect((await log.during(() => store.put(["n"], "k", { n: 2 }))).operations.length).toBeLessThan(12);
});

test("an item that nobody has put anew is read once more where its segments are missing", async () => {
  const { store, log } = await withSegments(1);
  const { result, operations } = await log.during(() => errorOf(store.get(["n"], "k")));
  expect(result).toMatchObject({ code: "MISSING_DATA", key: "k" });
  expect(operations.filter((operation) => operation === "GetItem")).toHaveLength(2);
  expect(operations.length).toBeLessThan(7);
});

test("many order pointers without an entry cost a search of few items some requests, and go in time", async () => {
  const keyPrefix = newPrefix();
  const { store, log } = countedStore({ keyPrefix });
  await store.put(["n"], "k", { n: 1 });
  const { PK } = (await itemsWithPrefix(keyPrefix)).find(({ SK }) => SK!.S === "I#k")!;
  const dead = (beginning: string): Promise<unknown> =>
    Promise.all(
      Array.from({ length: 60 }, (_, i) =>
        putRaw({ PK: PK!, SK: { S: `O#${beginning}${String(i).padStart(6, "0")}#${i}` } }),
      ),
    );
  // Just now, long ago, and in time to come.
  await Promise.all([dead(String(Date.now() - 60_000).slice(0, 10)), dead("1700000000"), dead("9000000000")]);

  const { result, operations } = await log.during(() => store.search(["n"], { limit: 1 }));
  expect(result).toHaveLength(1);
  expect(operations.length).toBeLessThan(30);

  for (let i = 0; i < 3; i++) await store.search(["n"]);
  const left = (await itemsWithPrefix(keyPrefix)).filter(({ SK }) => SK!.S!.startsWith("O#"));
  expect(left).toHaveLength(61);
});

test("a page that comes a second time ends what reads all of them", async () => {
  const key = { PK: { S: "p" }, SK: { S: "N#a/" } };
  const { fetch, sent } = intercepted(({ operation }) =>
    operation === "Query" ? Response.json({ Items: [], LastEvaluatedKey: key }) : undefined,
  );
  const store = createStore({ fetch });
  for (const call of [() => store.listNamespaces(), () => store.search(["a"]), () => createCache({ fetch }).clear([])])
    expect(await errorOf(call())).toMatchObject({ code: "SERVICE_ERROR", operation: "Query" });
  expect(operationsOf(sent).length).toBeLessThan(40);
});
