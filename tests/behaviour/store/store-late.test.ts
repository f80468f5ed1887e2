import type { DynamoDBStore } from "langgraph-checkpoint-dynamodb";
import { describe, expect, test, vi } from "vitest";
import { noiseText } from "../../lanes/savers/checkpoints.js";
import { at, createStore, type StoreOptions } from "../../lanes/savers/stores.js";
import { intercepted, type AwsRequest } from "../../lanes/stored/aws-requests.js";
import { itemsWithPrefix } from "../../lanes/stored/raw-table.js";
import { newPrefix } from "../../lanes/stored/requests.js";

/*
 * Answers that get lost, and attempts that arrive late or twice: they change nothing that was acknowledged since,
 * revive nothing that was deleted, and leave nothing behind.
 */

const NS = ["users"];
const large = (n: number): Record<string, unknown> => ({ n, text: noiseText(80_000, n) });
const small = (n: number): Record<string, unknown> => ({ n });

const isWriteOf = (sortKey: string, { operation, body }: AwsRequest): boolean =>
  operation === "UpdateItem" && body.includes(`"SK":{"S":"${sortKey}"}`);

/** A store whose next write of an item goes as `meet` says. */
function meeting(
  options: Partial<StoreOptions>,
  meet: (request: AwsRequest) => Promise<Response>,
): { store: DynamoDBStore; arm: () => void } {
  let isArmed = false;
  const { fetch } = intercepted((request) => {
    if (!isArmed || !isWriteOf("I#k", request)) return request.forward();
    isArmed = false;
    return meet(request);
  });
  return { store: createStore({ ...options, fetch }), arm: () => void (isArmed = true) };
}

/** Its answer gets lost, after something else has happened. */
const losing = (options: Partial<StoreOptions>, meanwhile: () => Promise<unknown> = async () => undefined) =>
  meeting(options, async (request) => {
    await (await request.forward()).arrayBuffer();
    await meanwhile();
    throw new TypeError("reset");
  });

/** It is given up, and arrives when `arrive` is called. */
function late(options: Partial<StoreOptions>): ReturnType<typeof meeting> & { arrive: () => Promise<void> } {
  let held: AwsRequest | undefined;
  const met = meeting(options, async (request) => {
    held = request;
    throw new TypeError("timed out");
  });
  return { ...met, arrive: async () => void (await (await held!.forward()).arrayBuffer()) };
}

/** The sort keys that are left, but for what is random in them. */
const left = async (keyPrefix: string): Promise<string[]> =>
  (await itemsWithPrefix(keyPrefix)).map(({ SK }) => SK!.S!.replace(/^O#\d+/, "O").replace(/^([SP])#.*/, "$1")).sort();

describe.each([
  ["small", small],
  ["large", large],
])("a %s value", (name, value) => {
  const whole = name === "large" ? ["I#k", "N#users/", "O#k", "S"] : ["I#k", "N#users/", "O#k"];

  test("whose answer gets lost is put once, and leaves nothing of what it replaced", async () => {
    const keyPrefix = newPrefix();
    const { store, arm } = losing({ keyPrefix });
    for (const n of [1, 2, 3]) {
      arm();
      await store.put(NS, "k", value(n));
      expect((await createStore({ keyPrefix }).get(NS, "k"))?.value).toEqual(value(n));
      expect(await left(keyPrefix)).toEqual(whole);
    }
    arm();
    await store.delete(NS, "k");
    expect(await store.get(NS, "k")).toBeNull();
    expect(await left(keyPrefix)).toEqual(["I#k", "N#users/"]);
    expect(await createStore({ keyPrefix }).listNamespaces()).toEqual([]);
  });

  test("that another instance replaces or deletes before the lost answer is noticed is not put again", async () => {
    const keyPrefix = newPrefix();
    const other = createStore({ keyPrefix });
    const first = losing({ keyPrefix }, () => other.put(NS, "k", value(2)));
    first.arm();
    await first.store.put(NS, "k", value(1));
    expect((await createStore({ keyPrefix }).get(NS, "k"))?.value).toEqual(value(2));
    expect(await left(keyPrefix)).toEqual(whole);

    const second = losing({ keyPrefix }, () => other.delete(NS, "k"));
    await second.store.get(NS, "k");
    second.arm();
    await second.store.put(NS, "k", value(3));
    expect(await createStore({ keyPrefix }).get(NS, "k")).toBeNull();
    expect(await left(keyPrefix)).toEqual(["I#k", "N#users/"]);
  });

  test("whose answer gets lost undoes no put of others, however often they put meanwhile", async () => {
    const keyPrefix = newPrefix();
    const other = createStore({ keyPrefix });
    const { store, arm } = losing({ keyPrefix }, async () => {
      for (let n = 1; n <= 20; n++) await other.put(NS, "k", value(n));
    });
    arm();
    await store.put(NS, "k", value(0));
    expect((await createStore({ keyPrefix }).get(NS, "k"))?.value).toEqual(value(20));
    expect(await left(keyPrefix)).toEqual(whole);
  });

  test("that many instances put at once is stored by each, and nothing is left of what was replaced", async () => {
    const keyPrefix = newPrefix();
    const values = Array.from({ length: 20 }, (_, n) => value(n));
    await Promise.all(values.map((one) => createStore({ keyPrefix }).put(NS, "k", one)));
    expect(values).toContainEqual((await createStore({ keyPrefix }).get(NS, "k"))?.value);
    expect(await left(keyPrefix)).toEqual(whole);
  });

  test("that arrives late brings back neither itself nor what was deleted, and undoes no later put", async () => {
    const keyPrefix = newPrefix();
    const { store, arm, arrive } = late({ keyPrefix });
    arm();
    await store.put(NS, "k", value(1));
    await arrive();
    await createStore({ keyPrefix }).put(NS, "k", value(2));
    await arrive();
    expect((await createStore({ keyPrefix }).get(NS, "k"))?.value).toEqual(value(2));
    expect(await left(keyPrefix)).toEqual(whole);

    await createStore({ keyPrefix }).delete(NS, "k");
    await arrive();
    expect(await createStore({ keyPrefix }).get(NS, "k")).toBeNull();
    expect(await left(keyPrefix)).toEqual(["I#k", "N#users/"]);
  });

  test("is not deleted by a deletion that arrives late, after it was put", async () => {
    const keyPrefix = newPrefix();
    const { store, arm, arrive } = late({ keyPrefix });
    await createStore({ keyPrefix }).put(NS, "k", value(1));
    arm();
    await store.delete(NS, "k");
    await createStore({ keyPrefix }).put(NS, "k", value(2));
    await arrive();
    expect((await createStore({ keyPrefix }).get(NS, "k"))?.value).toEqual(value(2));
    expect((await createStore({ keyPrefix }).search(NS)).map((item) => item.value)).toEqual([value(2)]);
  });

  test("is what counts in the order of calls within an instance, whatever takes longer", async () => {
    const keyPrefix = newPrefix();
    const { fetch } = intercepted(async (request) => {
      if (/PutItem|BatchWriteItem/.test(request.operation)) await new Promise((resolve) => setTimeout(resolve, 60));
      return request.forward();
    });
    const store = createStore({ keyPrefix, fetch });
    await store.put(NS, "warm", {});
    await Promise.all([store.put(NS, "k", large(7)), store.put(NS, "k", value(8))]);
    expect((await store.get(NS, "k"))?.value).toEqual(value(8));
    await Promise.all([store.put(NS, "k", large(9)), store.delete(NS, "k")]);
    expect(await createStore({ keyPrefix }).get(NS, "k")).toBeNull();
    expect((await left(keyPrefix)).filter((key) => key !== "O#k")).toEqual(["I#k", "I#warm", "N#users/", "O#warm"]);
  });
});

test("clocks that are apart by minutes lose no acknowledged put", async () => {
  const keyPrefix = newPrefix();
  const ahead = createStore({ keyPrefix });
  await at(240, () => ahead.put(NS, "k", small(1)));
  await at(-240, () => createStore({ keyPrefix }).put(NS, "k", small(2)));
  expect((await createStore({ keyPrefix }).get(NS, "k"))?.value).toEqual(small(2));
  await at(240, () => ahead.delete(NS, "k"));
  await at(-240, () => createStore({ keyPrefix }).put(NS, "k", small(3)));
  expect((await createStore({ keyPrefix }).search(NS)).map(({ value }) => value)).toEqual([small(3)]);
});

test("a refresh beside a put with a shorter ttl does not prolong what was put", async () => {
  const keyPrefix = newPrefix();
  const ttl = { defaultTtlSeconds: 86_400, refreshOnRead: true };
  const writer = createStore({ keyPrefix, ttl });
  await writer.put(NS, "k", large(1));
  await at(20_000, async () => {
    const { store, arm } = meeting({ keyPrefix, ttl }, async (request) => {
      await writer.put(NS, "k", large(2), undefined, { ttlSeconds: 60 });
      return request.forward();
    });
    arm();
    await store.get(NS, "k");
  });
  expect(await at(20_030, () => createStore({ keyPrefix }).get(NS, "k"))).toMatchObject({ value: { n: 2 } });
  expect(await at(20_070, () => createStore({ keyPrefix }).get(NS, "k"))).toBeNull();
  expect(await at(20_070, () => createStore({ keyPrefix }).search(NS))).toEqual([]);
});

describe("a namespace", () => {
  const HOUR = 3_600;

  test("is not listed any more when what is left in it has expired, without a search", async () => {
    const keyPrefix = newPrefix();
    const store = createStore({ keyPrefix });
    await store.put(NS, "lasting", {});
    await store.put(NS, "short", {}, undefined, { ttlSeconds: HOUR });
    await store.delete(NS, "lasting");
    expect(await createStore({ keyPrefix }).listNamespaces()).toEqual([NS]);
    await store.put(["other"], "k", {});
    await store.put(["other"], "k", {}, undefined, { ttlSeconds: HOUR });
    expect(await at(3 * HOUR, () => createStore({ keyPrefix }).listNamespaces())).toEqual([]);
  });

  test("that a put has left half way is tidied up by a search, an hour later", async () => {
    const keyPrefix = newPrefix();
    const { fetch } = intercepted((request) =>
      request.operation === "UpdateItem" && !isWriteOf("N#users/", request)
        ? Promise.reject(new TypeError("died"))
        : request.forward(),
    );
    const dying = createStore({ keyPrefix, fetch, maxAttempts: 1 });
    await expect(dying.put(NS, "k", large(1))).rejects.toMatchObject({ code: "NETWORK" });
    expect(await left(keyPrefix)).toEqual(["N#users/", "O#k", "S"]);
    for (const hours of [2, 4]) await at(hours * HOUR, () => createStore({ keyPrefix }).search([]));
    expect(await left(keyPrefix)).toEqual([]);
  });

  test("is listed and searched by a role that may only read", async () => {
    const keyPrefix = newPrefix();
    const store = createStore({ keyPrefix });
    await store.put(["n", "a"], "k", {});
    await store.delete(["n", "a"], "k");
    await createStore({ keyPrefix }).put(["n", "a"], "again", {});
    await store.put(["n", "b"], "z", {});
    await store.put(["n", "c"], "gone", {});
    await createStore({ keyPrefix }).delete(["n", "c"], "gone");
    const write = vi.fn();
    const { fetch } = intercepted((request) => {
      if (/^(Query|GetItem|BatchGetItem)$/.test(request.operation)) return request.forward();
      write();
      const body = JSON.stringify({ __type: "x#AccessDeniedException", message: "no" });
      return Promise.resolve(new Response(body, { status: 400 }));
    });
    const reader = createStore({ keyPrefix, fetch });
    const namespaces = [
      ["n", "a"],
      ["n", "b"],
    ];
    expect(await reader.listNamespaces()).toEqual(namespaces);
    await at(2 * HOUR, async () => {
      expect((await reader.search(["n"])).map(({ namespace }) => namespace)).toEqual(namespaces);
    });
    expect(write).toHaveBeenCalled();
  });
});
