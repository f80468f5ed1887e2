import { InvalidNamespaceError } from "@langchain/langgraph-checkpoint";
import { describe, expect, test } from "vitest";
import { createStore } from "../../lanes/savers/stores.js";

describe("what is refused before anything is sent", () => {
  const fetch = (): never => {
    throw new Error("sent");
  };

  const newestRule = [
    [""],
    ["a", ""],
    ["a.b"],
    ["a", ":"],
    ["a:b"],
    ["a\u0000"],
    ["a", 1],
    [null],
    new Array(1),
  ] as string[][];
  const tooLarge = [new Array<string>(101).fill("a"), ["a".repeat(20_001)]];
  const inItems = (store: ReturnType<typeof createStore>, namespace: string[]): [string, () => Promise<unknown>][] => [
    ["get", () => store.get(namespace, "k")],
    ["delete", () => store.delete(namespace, "k")],
    ["get in a batch", () => store.batch([{ namespace, key: "k" }])],
    ["delete in a batch", () => store.batch([{ namespace, key: "k", value: null }])],
  ];
  const inPuts = (store: ReturnType<typeof createStore>, namespace: string[]): [string, () => Promise<unknown>][] => [
    ["put", () => store.put(namespace, "k", {})],
    ["put in a batch", () => store.batch([{ namespace, key: "k", value: {} }])],
  ];
  const inPrefixes = (store: ReturnType<typeof createStore>, path: string[]): [string, () => Promise<unknown>][] => [
    ["search", () => store.search(path)],
    ["listNamespaces by prefix", () => store.listNamespaces({ prefix: path })],
    ["listNamespaces by suffix", () => store.listNamespaces({ suffix: path })],
    ["search in a batch", () => store.batch([{ namespacePrefix: path }])],
    [
      "list in a batch",
      () => store.batch([{ matchConditions: [{ matchType: "prefix", path }], limit: 10, offset: 0 }]),
    ],
  ];

  test(
    "labels that the newest LangGraph refuses are INVALID_INPUT in every method, whatever its version, and so are " +
      "too many",
    async () => {
      const store = createStore({ fetch });
      for (const namespace of [...newestRule, ...tooLarge]) {
        for (const [name, call] of [
          ...inPuts(store, namespace),
          ...inItems(store, namespace),
          ...inPrefixes(store, namespace),
        ]) {
          const error: unknown = await call().catch((thrown: unknown) => thrown);
          expect(error, `${name} ${JSON.stringify(namespace).slice(0, 40)}`).toMatchObject({
            name: "DynamoDBSaverError",
            code: "INVALID_INPUT",
            cause: expect.any(InvalidNamespaceError),
          });
        }
      }
    },
  );

  test("no label at all is refused for an item, and means everything as a prefix", async () => {
    const refusing = createStore({ fetch });
    for (const [name, call] of [...inPuts(refusing, []), ...inItems(refusing, [])])
      await expect(call(), name).rejects.toMatchObject({ code: "INVALID_INPUT" });

    const store = createStore();
    await store.put(["a"], "k", {});
    for (const [name, call] of inPrefixes(store, []))
      expect(((await call()) as unknown[]).flat(), name).toHaveLength(1);
  });

  test('the first label "langgraph" is refused for puts alone', async () => {
    const refusing = createStore({ fetch });
    for (const [name, call] of inPuts(refusing, ["langgraph", "a"]))
      await expect(call(), name).rejects.toMatchObject({ code: "INVALID_INPUT" });

    const store = createStore();
    for (const [name, call] of [...inItems(store, ["langgraph"]), ...inPrefixes(store, ["langgraph"])])
      expect([await call()].flat(2).filter(Boolean), name).toEqual([]);
    await store.put(["a", "langgraph"], "k", {});
    expect(await store.listNamespaces()).toEqual([["a", "langgraph"]]);
  });

  test("of a batch takes nothing else with it, and is what the batch fails with", async () => {
    const store = createStore();
    await expect(
      store.batch([
        { namespace: ["a"], key: "k", value: { n: 1 } },
        { namespacePrefix: ["a"], limit: -1 },
        { namespace: ["a:b"], key: "k" },
        { namespace: ["a"], key: "big", value: { n: 1n } },
        { namespace: ["a"], key: "other", value: { n: 2 } },
      ]),
    ).rejects.toMatchObject({ code: "INVALID_INPUT", message: expect.stringContaining("limit must be") });

    expect((await store.search([])).map(({ key }) => key)).toEqual(["k", "other"]);
  });

  test("what cannot be meant is INVALID_INPUT", async () => {
    const store = createStore({ fetch });
    const calls: [() => Promise<unknown>, string][] = [
      [() => store.get("users" as never, "k"), 'namespace must be an array of strings, for example ["users", "ada"]'],
      [() => store.get(["users", 1 as never], "k"), "namespace[1] must be a string, not a number"],
      [
        () => store.put(["users", "ada@example.com"], "k", {}),
        "namespace[1] must not have a period in it, as in all stores of LangGraph. Write another sign for it, " +
          'for example "_".',
      ],
      [() => store.put(["users"], "k".repeat(20_001), {}), "The key of an item may have 20000 characters, not 20001"],
      [() => store.get(["users"], 1 as never), "The key of an item must be a string, not a number"],
      [
        () => store.put(["users"], "k", "text" as never),
        "The value of an item must be an object, or null to delete it, not a string",
      ],
      [() => store.put(["users"], "k", {}, "text" as never), "index must be false, or an array of paths"],
      [
        () => store.put(["users"], "k", {}, undefined, { ttlSeconds: 0 }),
        "ttlSeconds must be a positive number of seconds",
      ],
      [
        () => store.put(["users"], "k", {}, undefined, { ttl: 60 } as never),
        'put has no option "ttl". The options are ttlSeconds.',
      ],
      [() => store.put(["users"], "k", {}, undefined, null as never), "put needs its options as an object"],
      [() => store.listNamespaces({ prefix: "" as never }), "The path of a condition must be an array of strings"],
      [() => store.listNamespaces({ suffix: 1 as never }), "The path of a condition must be an array of strings"],
      [() => store.search("users" as never), "namespacePrefix must be an array of strings"],
      [() => store.search(["users"], { limit: -1 }), "limit must be a whole number from 0, not -1"],
      [() => store.search(["users"], { filter: "a" as never }), "filter must be an object"],
      [() => store.listNamespaces({ maxDepth: 0 }), "maxDepth must be a whole number from 1"],
      [() => store.listNamespaces({ prefix: "users" as never }), "The path of a condition must be an array of strings"],
      [() => store.batch([{ matchConditions: {} as never, limit: 1, offset: 0 }]), "matchConditions must be an array"],
      [
        () => store.batch([{ matchConditions: [null as never], limit: 1, offset: 0 }]),
        "The matchType of a condition must be",
      ],
      [() => store.batch([null as never]), "batch needs an array of operations"],
      [() => store.batch("a" as never), "batch needs an array of operations"],
    ];
    for (const [call, message] of calls) {
      await expect(call()).rejects.toThrow(message);
      await expect(call()).rejects.toMatchObject({ code: "INVALID_INPUT" });
    }
  });
});
