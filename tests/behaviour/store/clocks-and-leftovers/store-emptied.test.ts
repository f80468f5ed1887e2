import { describe, expect, test } from "vitest";
import { countedStore, at, createStore } from "../../../lanes/savers/stores.js";
import { itemsWithPrefix } from "../../../lanes/stored/raw-table.js";
import { newPrefix } from "../../../lanes/stored/requests.js";

/* What namespaces that were emptied cost those who search above them. */

const MINUTE = 60;

/** Namespaces, of which those are emptied that `isEmptied`. */
async function emptied(keyPrefix: string, count: number, isEmptied: (i: number) => boolean): Promise<string[][]> {
  const store = createStore({ keyPrefix });
  const all = Array.from({ length: count }, (_, i) => ["users", String(i).padStart(4, "0")]);
  for (const namespace of all.slice(0, 3)) await store.put(namespace, "k", {});
  await store.batch(all.map((namespace) => ({ namespace, key: "k", value: {} })));
  const gone = all.filter((_, i) => isEmptied(i));
  await store.batch(gone.map((namespace) => ({ namespace, key: "k", value: null })));
  return all.filter((_, i) => !isEmptied(i));
}

const rowsOf = async (keyPrefix: string): Promise<number> =>
  (await itemsWithPrefix(keyPrefix)).filter(({ PK }) => PK!.S!.endsWith("NAMESPACES#0")).length;

describe("above hundreds of namespaces that were emptied", () => {
  test("a search whose page is full sends 15 requests at most, at once and later", async () => {
    const keyPrefix = newPrefix();
    const living = await emptied(keyPrefix, 250, (i) => i % 5 !== 0);
    for (const minutes of [0, 10, 40, 50]) {
      const { store, log } = countedStore({ keyPrefix });
      await at(minutes * MINUTE, async () => {
        const { operations, result } = await log.during(() => store.search(["users"]));
        expect(result).toHaveLength(10);
        for (const { namespace } of result) expect(living).toContainEqual(namespace);
        expect(operations.length).toBeLessThanOrEqual(15);
      });
    }
  });

  test("a search that finds few looks into each, and later removes a hundred", async () => {
    const keyPrefix = newPrefix();
    const [one] = await emptied(keyPrefix, 150, (i) => i !== 149);
    const search = async (minutes: number): Promise<number> => {
      const { store, log } = countedStore({ keyPrefix });
      const { operations, result } = await at(minutes * MINUTE, () => log.during(() => store.search(["users"])));
      expect(result.map(({ namespace }) => namespace)).toEqual([one]);
      return operations.length;
    };
    expect(await search(0)).toBeLessThanOrEqual(154);
    expect(await search(31)).toBeLessThanOrEqual(154 + 2 * 100);
    expect(await rowsOf(keyPrefix)).toBe(50);
    expect(await search(32)).toBeLessThanOrEqual(54 + 2 * 49);
    expect(await rowsOf(keyPrefix)).toBe(1);
    expect(await search(33)).toBe(4);
  });
});

test("a namespace that is put into again has its old place at once, whoever had emptied it", async () => {
  for (const isSame of [true, false]) {
    const keyPrefix = newPrefix();
    const store = createStore({ keyPrefix });
    for (const name of ["a", "b", "c"]) await store.put([name], "k", {});
    await (isSame ? store : createStore({ keyPrefix })).delete(["a"], "k");
    const { store: next, log } = countedStore({ keyPrefix });
    const again = isSame ? store : next;
    const { operations } = await log.during(() => again.put(["a"], "k", {}));
    if (!isSame) expect(operations.filter((operation) => operation !== "GetItem").length).toBeLessThanOrEqual(6);

    const found = await createStore({ keyPrefix }).search([], { limit: 2 });
    expect(found.map(({ namespace: [name] }) => name)).toEqual(["a", "b"]);
  }
});

test("a mark that is wrong goes when a search or a list meets it", async () => {
  for (const look of ["search", "list"]) {
    const keyPrefix = newPrefix();
    const [stale, other] = [createStore({ keyPrefix }), createStore({ keyPrefix })];
    for (const name of ["a", "b", "c"]) await stale.put([name], "k", {});
    await other.delete(["a"], "k");
    await stale.put(["a"], "k2", {});
    await (look === "list" ? createStore({ keyPrefix }).listNamespaces() : createStore({ keyPrefix }).search([]));
    const found = await createStore({ keyPrefix }).search([], { limit: 2 });
    expect(found.map(({ namespace: [name] }) => name)).toEqual(["a", "b"]);
  }
});
