import type { DynamoDBStore } from "langgraph-checkpoint-dynamodb";
import { describe, expect, inject, test } from "vitest";
import { noise, noiseText } from "../../lanes/savers/checkpoints.js";
import { cutEverywhere, type Cutting } from "../../lanes/faults/cuts.js";
import { itemsWithPrefix } from "../../lanes/stored/raw-table.js";
import { newPrefix } from "../../lanes/stored/requests.js";
import { at, createStore, type StoreOptions } from "../../lanes/savers/stores.js";

/*
 * A process dies in the middle of a put or a delete, wherever it can. A namespace that holds items is listed at every
 * moment, every item that can be found can be read, and once the last one was deleted, the namespace is not listed.
 */

const NS = ["users", "ada"];
const small = { text: "small" };
const large = { text: noiseText(70_000, 1) };
const other = { text: noiseText(80_000, 2) };

const thorough = inject("effort") === "full";
const optionSets: { name: string; options: Partial<StoreOptions>; maxCuts: number }[] = [
  { name: "plain", options: {}, maxCuts: thorough ? 8 : 4 },
  {
    name: "with a ttl and encryption",
    options: { ttl: { defaultTtlSeconds: 1_000 }, encryption: { key: noise(32, 5) } },
    maxCuts: thorough ? 4 : 2,
  },
];

/** Whatever happened: what holds items is listed, above it too, and can be read. */
async function look(world: Partial<StoreOptions>, allowed: object[]): Promise<void> {
  const store = createStore(world);
  const found = await store.search(NS);
  const namespaces = await store.listNamespaces();
  if (found.length > 0) {
    expect(namespaces).toContainEqual(NS);
    expect((await store.search(NS.slice(0, 1))).map(({ key }) => key)).toEqual(
      expect.arrayContaining(found.map(({ key }) => key)),
    );
  }
  for (const { value } of found) expect(allowed).toContainEqual(value);
}

interface Case {
  name: string;
  prepare?: (store: DynamoDBStore) => Promise<unknown>;
  run: (store: DynamoDBStore) => Promise<unknown>;
  goOn?: (store: DynamoDBStore) => Promise<unknown>;
  /** The values that may be there in the end, also when what was under way arrives last. */
  end: object[][];
  minPlaces: number;
}

const put =
  (value: Record<string, unknown>, key = "1") =>
  (store: DynamoDBStore) =>
    store.put(NS, key, value);
const remove = (store: DynamoDBStore): Promise<unknown> => store.delete(NS, "1");

const cases: Case[] = [
  { name: "the first put of a namespace", run: put(small), end: [[small]], minPlaces: 2 },
  { name: "a large put", run: put(large), end: [[large]], minPlaces: 2 },
  { name: "a put over a large value", prepare: put(large), run: put(other), end: [[other]], minPlaces: 2 },
  { name: "the deletion of the last item", prepare: put(large), run: remove, end: [[]], minPlaces: 2 },
  {
    name: "the deletion of an item while another comes",
    prepare: put(small),
    run: remove,
    goOn: put(small, "2"),
    end: [[small], [small, small]],
    minPlaces: 2,
  },
  {
    name: "a put that is taken back",
    run: put(large),
    goOn: remove,
    end: [[]],
    minPlaces: 2,
  },
  {
    name: "a deletion that is followed by a put",
    prepare: put(small),
    run: remove,
    goOn: put(large),
    end: [[large]],
    minPlaces: 2,
  },
];

describe.each(optionSets)("$name", ({ options, maxCuts }) => {
  test.each(cases)("$name can be cut anywhere", async ({ prepare, run, goOn, end, minPlaces }) => {
    await cutEverywhere<DynamoDBStore>(
      () => ({ ...options, keyPrefix: newPrefix() }),
      (given): Cutting<DynamoDBStore> => {
        const world = given as Partial<StoreOptions>;
        return {
          ...(prepare && { prepare }),
          cold: prepare !== undefined,
          run,
          ...(goOn && { goOn }),
          look: () => look(world, [small, large, other]),
          check: async () => {
            const store = createStore(world);
            const values = (await store.search(NS)).map(({ value }) => value);
            expect(end).toContainEqual(values);
            await look(world, [small, large, other]);
            expect(await store.listNamespaces()).toEqual(values.length > 0 ? [NS] : []);
          },
        };
      },
      { maxCuts, minPlaces, create: (world) => createStore(world) },
    );
  });
});

describe("an instance that thinks a namespace is listed", () => {
  test("puts an item into it after another has emptied it, and it is listed", async () => {
    const keyPrefix = newPrefix();
    const stale = createStore({ keyPrefix });
    await stale.put(NS, "1", small);
    await createStore({ keyPrefix }).delete(NS, "1");
    expect(await stale.listNamespaces()).toEqual([]);
    await stale.put(NS, "2", small);

    expect(await createStore({ keyPrefix }).listNamespaces()).toEqual([NS]);
    expect((await createStore({ keyPrefix }).search(["users"])).map(({ key }) => key)).toEqual(["2"]);
  });

  test(
    "does not think so for long: an entry is removed hours after the namespace was emptied, and comes back with " +
      "the next put",
    async () => {
      const keyPrefix = newPrefix();
      const [store, stale] = [createStore({ keyPrefix }), createStore({ keyPrefix })];
      await stale.put(NS, "1", small);
      await store.delete(NS, "1");
      const entries = async (): Promise<unknown[]> =>
        (await itemsWithPrefix(keyPrefix)).filter(({ PK }) => PK!.S!.endsWith("NAMESPACES#0"));
      await store.listNamespaces();
      expect(await entries()).toHaveLength(1);

      await at(2 * 3_600, async () => {
        expect(await store.listNamespaces()).toEqual([]);
        expect(await entries()).toEqual([]);
        await stale.put(NS, "2", small);
        expect(await store.listNamespaces()).toEqual([NS]);
      });
    },
  );
});
