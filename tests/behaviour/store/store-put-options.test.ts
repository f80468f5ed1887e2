import { InMemoryStore, type Operation } from "@langchain/langgraph-checkpoint";
import { Annotation, END, START, StateGraph, type LangGraphRunnableConfig } from "@langchain/langgraph";
import { withPutOptions, type DynamoDBStore, type ValuePutOptions } from "langgraph-checkpoint-dynamodb";
import { describe, expect, test } from "vitest";
import { LettersEmbeddings } from "../../lanes/savers/letters-embeddings.js";
import { itemsWithPrefix } from "../../lanes/stored/raw-table.js";
import { newPrefix } from "../../lanes/stored/requests.js";
import { at, createStore, type StoreOptions } from "../../lanes/savers/stores.js";

/* What stands beside a value: a node's store passes on namespace, key and value, and nothing else. */

const HOUR = 3_600;
const index = { dims: 8, embeddings: new LettersEmbeddings(), fields: ["text"] };
const State = Annotation.Root({ done: Annotation<boolean> });

const keysAt = (store: DynamoDBStore, seconds: number): Promise<string[]> =>
  at(seconds, async () => (await store.search(["a"])).map(({ key }) => key).sort());

/** The keys of the items that have vectors, nearest first. */
async function indexed(store: DynamoDBStore, query: string): Promise<string[]> {
  return (await store.search(["a"], { query })).filter(({ score }) => score !== undefined).map(({ key }) => key);
}

async function putInNode(
  store: DynamoDBStore | InMemoryStore,
  values: Record<string, Record<string, unknown>>,
): Promise<void> {
  const graph = new StateGraph(State)
    .addNode("put", async (_state, config: LangGraphRunnableConfig) => {
      await Promise.all(Object.entries(values).map(([key, value]) => config.store!.put(["a"], key, value)));
      return { done: true };
    })
    .addEdge(START, "put")
    .addEdge("put", END)
    .compile({ store });
  await graph.invoke({});
}

describe("withPutOptions", () => {
  test("says in a node how long an item lives and what is embedded of it", async () => {
    const store = createStore({ index, ttl: { defaultTtlSeconds: HOUR } });
    await putInNode(store, {
      plain: { text: "abc" },
      short: withPutOptions({ text: "abc" }, { ttlSeconds: 60 }),
      "for good": withPutOptions({ text: "abc" }, { ttlSeconds: null }),
      unindexed: withPutOptions({ text: "abc" }, { index: false }),
      title: withPutOptions({ text: "fff", title: "abc" }, { index: ["title"] }),
    });

    expect(await keysAt(store, 30)).toEqual(["for good", "plain", "short", "title", "unindexed"]);
    expect(await keysAt(store, 90)).toEqual(["for good", "plain", "title", "unindexed"]);
    expect(await keysAt(store, HOUR + 60)).toEqual(["for good"]);
    expect((await indexed(store, "abc")).sort()).toEqual(["for good", "plain", "short", "title"]);
    expect((await store.search(["a"], { query: "abc" })).find(({ key }) => key === "title")!.score).toBeCloseTo(1);
  });

  test("counts for put and in a batch, where what they say themselves comes first", async () => {
    const store = createStore({ index });
    const value = (): { text: string } => withPutOptions({ text: "abc" }, { ttlSeconds: 60, index: false });
    await store.put(["a"], "put", value());
    await store.put(["a"], "longer put", value(), ["text"], { ttlSeconds: HOUR });
    await store.put(["a"], "put for good", value(), undefined, { ttlSeconds: null });
    await store.batch([
      { namespace: ["a"], key: "batch", value: value() },
      { namespace: ["a"], key: "longer batch", value: value(), index: ["text"], ttlSeconds: HOUR },
      { namespace: ["a"], key: "batch by default", value: value(), index: undefined, ttlSeconds: undefined },
    ] as Operation[]);

    expect(await keysAt(store, 90)).toEqual(["longer batch", "longer put", "put for good"]);
    expect(await keysAt(store, HOUR + 60)).toEqual(["put for good"]);
    expect((await indexed(store, "abc")).sort()).toEqual(["longer batch", "longer put"]);
  });

  test("can be said twice: of each option the later word counts", async () => {
    const store = createStore({ index });
    const once = withPutOptions({ text: "abc" }, { ttlSeconds: 60, index: false });
    await store.put(["a"], "twice", withPutOptions(once, { ttlSeconds: HOUR, index: undefined }));

    expect(await keysAt(store, 90)).toEqual(["twice"]);
    expect(await keysAt(store, HOUR + 60)).toEqual([]);
    expect(await indexed(store, "abc")).toEqual([]);
  });

  test("leaves the value alone, which may be frozen, and says nothing about it that lasts", async () => {
    const store = createStore();
    const value = Object.freeze({ text: "abc", tags: ["a"] });
    const paths = ["text"];
    const put = withPutOptions(value, { ttlSeconds: 60, index: paths });
    paths.push("tags");
    await store.put(["a"], "with", put);
    await store.put(["a"], "without", value);

    expect(Reflect.ownKeys(value)).toEqual(["text", "tags"]);
    expect(put).toEqual(value);
    expect({ ...put }).toStrictEqual({ ...value });
    expect(JSON.stringify(put)).toBe(JSON.stringify(value));
    expect(await keysAt(store, 90)).toEqual(["without"]);
  });

  test("is never stored: no serde, filter or reader meets it, and the bytes are those of the plain value", async () => {
    const seen: PropertyKey[][] = [];
    const encoder = new TextEncoder();
    const serde: StoreOptions["serde"] = {
      dumpsTyped: async (value: unknown) => {
        seen.push(Reflect.ownKeys(value as object));
        return ["json", encoder.encode(JSON.stringify(value))];
      },
      loadsTyped: async (_type: string, data: Uint8Array | string) =>
        JSON.parse(typeof data === "string" ? data : new TextDecoder().decode(data)) as unknown,
    };
    const keyPrefix = newPrefix();
    const store = createStore({ keyPrefix, serde });
    await store.put(["a"], "with", withPutOptions({ n: 1 }, { ttlSeconds: 54_321, index: ["n"] }));
    await store.put(["a"], "without", { n: 1 });

    const items = (await itemsWithPrefix(keyPrefix)).filter(({ SK }) => SK!.S!.startsWith("I#"));
    expect(items.map(({ data }) => data)).toEqual([items[0]!.data, items[0]!.data]);
    expect(items).toHaveLength(2);
    expect(seen).toEqual([["n"], ["n"]]);
    expect((await store.search(["a"], { filter: { n: 1 } })).map(({ value }) => Reflect.ownKeys(value))).toEqual([
      ["n"],
      ["n"],
    ]);
  });

  test("is heard by another copy of the package, as a bundle of ESM and CommonJS has it", async () => {
    const store = createStore();
    // What the other copy leaves: a mark that is found in the global registry of symbols.
    const marked = Object.defineProperty({ n: 1 }, Symbol.for("langgraph-checkpoint-dynamodb.putOptions"), {
      value: { ttlSeconds: 60 },
    });
    await store.put(["a"], "other copy", marked);

    expect(await keysAt(store, 90)).toEqual([]);
    expect(Reflect.ownKeys(withPutOptions({}, {}))).toEqual(Reflect.ownKeys(marked).slice(1));
  });

  test("is nothing to other stores, which put the plain value", async () => {
    const memory = new InMemoryStore();
    await putInNode(memory, { k: withPutOptions({ text: "abc" }, { ttlSeconds: 60, index: false }) });

    expect((await memory.get(["a"], "k"))!.value).toStrictEqual({ text: "abc" });
    expect((await memory.search(["a"], { filter: { text: "abc" } })).map(({ key }) => key)).toEqual(["k"]);
  });

  test("refuses at once what cannot be meant", () => {
    const refusals: [unknown, unknown, string][] = [
      [{}, { ttl: 60 }, 'withPutOptions has no option "ttl". The options are ttlSeconds, index.'],
      [{}, { ttlSeconds: 0 }, "ttlSeconds must be a positive number of seconds"],
      [{}, { ttlSeconds: "60" }, "ttlSeconds must be a positive number of seconds"],
      [{}, { index: "text" }, "index must be false, or an array of paths"],
      [{}, { index: new Array(1) }, "index must be false, or an array of paths"],
      [{}, [], "withPutOptions needs its options as an object"],
      [{}, undefined, "withPutOptions needs its options as an object"],
      ...[null, "text", ["a"], new Map(), new Date()].map((value): [unknown, unknown, string] => [
        value,
        {},
        "withPutOptions needs a plain object as its value",
      ]),
    ];
    for (const [value, options, message] of refusals) {
      const call = (): unknown => withPutOptions(value as object, options as ValuePutOptions);
      expect(call, message).toThrow(message);
      expect(call, message).toThrow(expect.objectContaining({ code: "INVALID_INPUT" }));
    }
    expect(withPutOptions(Object.assign(Object.create(null) as object, { n: 1 }), {})).toEqual({ n: 1 });
  });
});
