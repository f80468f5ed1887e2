import { expect, test } from "vitest";
import { noiseText } from "../../../lanes/savers/checkpoints.js";
import { at, createStore } from "../../../lanes/savers/stores.js";
import { intercepted, type AwsRequest } from "../../../lanes/stored/aws-requests.js";
import { itemsWithPrefix, type RawItem } from "../../../lanes/stored/raw-table.js";
import { newPrefix } from "../../../lanes/stored/requests.js";

/* Late attempts of what comes before and after an item: its order pointer, and the end of what it has replaced. */

const NS = ["n"];
const MINUTE = 60;

/** A `fetch` that lets requests through, and keeps those that `isKept`, to be sent a second time. */
function keeping(isKept: (request: AwsRequest) => boolean): {
  fetch: ReturnType<typeof intercepted>["fetch"];
  kept: AwsRequest[];
} {
  const kept: AwsRequest[] = [];
  const { fetch } = intercepted((request) => {
    if (isKept(request)) kept.push(request);
    return undefined;
  });
  return { fetch, kept };
}

const again = async (requests: AwsRequest[]): Promise<void> => {
  for (const request of requests) await (await request.forward()).arrayBuffer();
};

test("that what was replaced is gone, said late, gives no item its former end back", async () => {
  const keyPrefix = newPrefix();
  const ttl = { defaultTtlSeconds: 120 * MINUTE, refreshOnRead: true };
  const { fetch, kept } = keeping(({ body }) => body.includes("REMOVE #trash"));
  const store = createStore({ keyPrefix, ttl, fetch });
  await store.put(NS, "k", { text: noiseText(80_000) });
  await store.put(NS, "k", { n: 1 });
  await at(13 * MINUTE, () => createStore({ keyPrefix, ttl }).get(NS, "k"));
  expect(kept).toHaveLength(1);
  await again(kept);

  expect(await at(125 * MINUTE, () => createStore({ keyPrefix }).get(NS, "k"))).toMatchObject({ value: { n: 1 } });
  const item = (await itemsWithPrefix(keyPrefix)).find(({ SK }) => SK!.S === "I#k")!;
  expect(Number(item.ttl!.N)).toBeGreaterThanOrEqual(Number(item.ends!.N));
  expect(item).not.toHaveProperty("trash");
});

test("an item that is renewed while what it replaced is freed is swept at its new end, and not before", async () => {
  const keyPrefix = newPrefix();
  const ttl = { defaultTtlSeconds: 120 * MINUTE, refreshOnRead: true };
  const { fetch } = intercepted(async (request) => {
    if (request.body.includes("REMOVE #trash"))
      await at(30 * MINUTE, () => createStore({ keyPrefix, ttl }).get(NS, "k"));
    return request.forward();
  });
  const store = createStore({ keyPrefix, ttl: { defaultTtlSeconds: 120 * MINUTE }, fetch });
  await store.put(NS, "k", { text: noiseText(80_000) });
  await store.put(NS, "k", { n: 1 });

  const item = (await itemsWithPrefix(keyPrefix)).find(({ SK }) => SK!.S === "I#k")!;
  expect(Number(item.ttl?.N ?? Infinity)).toBeGreaterThanOrEqual(Number(item.ends!.N));
  expect(await at(149 * MINUTE, () => createStore({ keyPrefix }).get(NS, "k"))).toMatchObject({ value: { n: 1 } });
});

test("an item that has ended is swept an hour after a search has freed what it had replaced", async () => {
  const keyPrefix = newPrefix();
  const { fetch } = intercepted(({ operation, body }) => {
    if (operation !== "BatchWriteItem" || !body.includes("S#")) return undefined;
    return new Response(JSON.stringify({ __type: "x#AccessDeniedException", message: "no" }), { status: 400 });
  });
  const there = async (): Promise<string[]> => (await itemsWithPrefix(keyPrefix)).map(({ SK }) => SK!.S!);
  const entry = async (): Promise<RawItem> => (await itemsWithPrefix(keyPrefix)).find(({ SK }) => SK!.S === "I#k")!;
  await createStore({ keyPrefix }).put(NS, "k", { text: noiseText(80_000) });
  await createStore({ keyPrefix, fetch }).put(NS, "k", { n: 1 }, undefined, { ttlSeconds: 60 * MINUTE });
  // It alone says which segments have to be deleted.
  expect(await entry()).toHaveProperty("trash");
  expect(await entry()).not.toHaveProperty("ttl");

  const late = 100 * 60 * MINUTE;
  const search = (): Promise<unknown> => at(late, () => createStore({ keyPrefix }).search([]));
  const earliest = Date.now() / 1_000 + late + 60 * MINUTE;
  expect(await search()).toEqual([]);
  const { trash, ttl } = await entry();
  expect(trash).toBeUndefined();
  expect(Number(ttl?.N)).toBeGreaterThanOrEqual(Math.floor(earliest));
  expect(Number(ttl?.N)).toBeLessThan(earliest + 5 * MINUTE);

  // The next one leaves nothing but the item, which goes by itself.
  expect(await search()).toEqual([]);
  expect(await there()).toEqual(["I#k"]);
});

test("order pointers that arrive after their items were deleted list no namespace, however many they are", async () => {
  for (const count of [8, 150]) {
    const keyPrefix = newPrefix();
    const { fetch, kept } = keeping(({ operation, body }) => operation === "PutItem" && body.includes("O#"));
    const store = createStore({ keyPrefix, fetch });
    const places = Array.from({ length: count }, (_, i) => ({ namespace: NS, key: `k${i}` }));
    await store.batch(places.map((place) => ({ ...place, value: {} })));
    await store.batch(places.map((place) => ({ ...place, value: null })));
    expect(kept).toHaveLength(count);
    await again(kept);

    const other = createStore({ keyPrefix });
    expect(await other.listNamespaces()).toEqual([]);
    expect(await other.search(NS)).toEqual([]);
    expect(await other.search([])).toEqual([]);
    expect(await other.listNamespaces()).toEqual([]);
    await other.put(NS, "k0", { n: 2 });
    expect(await createStore({ keyPrefix }).listNamespaces()).toEqual([NS]);
  }
});
