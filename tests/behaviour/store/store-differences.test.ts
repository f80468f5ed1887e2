import { AIMessage, type BaseMessage, HumanMessage, ToolMessage } from "@langchain/core/messages";
import { InMemoryStore, type SearchOperation } from "@langchain/langgraph-checkpoint";
import { describe, expect, test } from "vitest";
import { LettersEmbeddings } from "../../lanes/savers/letters-embeddings.js";
import { createStore } from "../../lanes/savers/stores.js";

/* Where this store gives what InMemoryStore gives, and where docs/store.md says that it does not. */

const NS = ["a"];
const keysOf = (found: { key: string }[]): string[] => found.map(({ key }) => key);

class Point {
  x = 1;
  get y(): number {
    return 2;
  }
}
class Words extends Array<string> {}
class Table extends Map<string, number> {}
class Tags extends Set<string> {}
class Refused extends Error {
  override name = "Refused";
  code = 5;
}

describe("a value that comes back as something else", () => {
  const holes = new Array<number>(3);
  [holes[0], holes[2]] = [1, 3];
  const error = new Refused("no", { cause: new Error("why") });
  const values: [string, unknown, unknown][] = [
    ["an instance of a class is a plain object with its own properties", new Point(), { x: 1 }],
    ["a subclass of Array is an Array", Words.from(["a"]), ["a"]],
    ["a subclass of Map is a Map", new Table([["a", 1]]), new Map([["a", 1]])],
    ["a subclass of Set is a Set", new Tags(["a"]), new Set(["a"])],
    ["an error is an Error with its message alone", error, new Error("no")],
    ["a Date is its text", new Date(0), "1970-01-01T00:00:00.000Z"],
    ["a key that is a symbol is left out", { [Symbol("s")]: 1, a: 1 }, { a: 1 }],
    ["-0 is 0", -0, 0],
    ["a hole in a list is undefined", holes, [1, undefined, 3]],
    ["bytes of a subclass are a Uint8Array", new (class Bytes extends Uint8Array {})([1, 2]), new Uint8Array([1, 2])],
    ["a boxed number is a number", Object(5), 5],
    ["a getter is what it gave", { get a() { return 1; } }, { a: 1 }], // prettier-ignore
    ["a property of an object without a prototype is one", Object.assign(Object.create(null), { a: 1 }), { a: 1 }],
  ];

  test.each(values)("%s", async (_, value, expected) => {
    const [store, memory] = [createStore(), new InMemoryStore()];
    for (const one of [store, memory]) await one.put(NS, "k", { value });
    const found = (await store.get(NS, "k"))!.value.value as object;
    expect(found).toStrictEqual(expected);
    if (found instanceof Error) expect([found.name, found.cause, "code" in found]).toEqual(["Error", undefined, false]);
    expect((await memory.get(NS, "k"))!.value.value).toBe(value);
  });
});

test("an operand of a filter counts as in InMemoryStore, but for a date, which finds nothing", async () => {
  const [store, memory] = [createStore(), new InMemoryStore()];
  for (const one of [store, memory]) {
    await one.put(NS, "old", { at: Date.parse("2020-01-01") });
    await one.put(NS, "new", { at: Date.parse("2026-01-01") });
  }
  const date = new Date("2024-01-01");
  const found = async (one: { search: InMemoryStore["search"] }, at: object): Promise<string> =>
    keysOf(await one.search(NS, { filter: { at } })).join();
  for (const at of [{ $gt: +date }, { $lt: String(+date) }, { $gt: null }, {}, { $in: [+date] }])
    expect(await found(store, at)).toBe(await found(memory, at));
  expect(await found(store, { $gt: date })).toBe("");
  expect(await found(memory, { $gt: date })).toBe("new");
});

test("a namespace's place is when it was first put to, and there also when something was deleted in it", async () => {
  const [store, memory] = [createStore(), new InMemoryStore()];
  const found: string[] = [];
  for (const one of [store, memory]) {
    await one.delete(["a", "1"], "never there");
    await one.put(["a", "2"], "second", {});
    await one.put(["a", "1"], "first", {});
    found.push(keysOf(await one.search(["a"])).join());
  }
  expect(found).toEqual(["second,first", "first,second"]);
});

test("a limit or an offset that is no whole number from 0 is refused, and there cuts off something", async () => {
  const [store, memory] = [createStore(), new InMemoryStore()];
  for (const one of [store, memory]) for (const key of ["1", "2", "3"]) await one.put(NS, key, {});
  const odd: Omit<SearchOperation, "namespacePrefix">[] = [
    { limit: -1 },
    { limit: 1.5 },
    { limit: NaN },
    { limit: "2" as never },
    { offset: -1 },
    { offset: 0.5 },
  ];
  for (const options of odd) {
    await expect(store.search(NS, options)).rejects.toMatchObject({ code: "INVALID_INPUT" });
    expect((await memory.search(NS, options)).length).toBeLessThanOrEqual(3);
  }
});

describe("messages of LangChain's", () => {
  const set = <M extends BaseMessage>(message: M, later: object): M => Object.assign(message, later);
  const call = { name: "f", args: { a: 1 }, id: "1", type: "tool_call" as const };
  const messages: [string, () => BaseMessage][] = [
    ["name", () => set(new AIMessage("hi"), { name: "researcher" })],
    ["id", () => set(new HumanMessage("hi"), { id: "m1" })],
    ["id, where it had one", () => set(new HumanMessage({ content: "hi", id: "m0" }), { id: "m1" })],
    ["status", () => set(new ToolMessage({ content: "boom", tool_call_id: "1" }), { status: "error" })],
    ["artifact", () => set(new ToolMessage({ content: "r", tool_call_id: "1" }), { artifact: { lc: 1, rows: [{}] } })],
    ["metadata", () => set(new ToolMessage({ content: "r", tool_call_id: "1" }), { metadata: { a: 1 } })],
    [
      "usage_metadata",
      () => set(new AIMessage("hi"), { usage_metadata: { input_tokens: 1, output_tokens: 2, total_tokens: 3 } }),
    ],
    ["tool_calls", () => set(new AIMessage("hi"), { tool_calls: [call] })],
    ["content", () => set(new HumanMessage("hi"), { content: "changed" })],
    ["additional_kwargs", () => set(new AIMessage("hi"), { additional_kwargs: { a: { b: 1 } } })],
    ["response_metadata", () => set(new AIMessage("hi"), { response_metadata: { model: "x" } })],
  ];
  const stated = (message: unknown): object =>
    Object.fromEntries(Object.entries(message as object).filter(([name]) => !name.startsWith("lc_")));

  test.each(messages)("come back with what was set after they were made: %s", async (_, make) => {
    const [store, memory] = [createStore(), new InMemoryStore()];
    for (const one of [store, memory]) await one.put(NS, "k", { message: make(), list: [make()] });
    const [found, kept] = [(await store.get(NS, "k"))!.value, (await memory.get(NS, "k"))!.value];
    expect(found.message).toBeInstanceOf(make().constructor);
    expect(stated(found.message)).toEqual(stated(kept.message));
    expect(stated((found.list as unknown[])[0])).toEqual(stated(kept.message));
  });

  test("come back without a property that no constructor takes, and are not changed by being put", async () => {
    const store = createStore();
    const message = set(new HumanMessage("hi"), { mine: 1, name: "ada" });
    await store.put(NS, "k", { message });
    expect(stated((await store.get(NS, "k"))!.value.message)).toEqual(
      stated(new HumanMessage({ content: "hi", name: "ada" })),
    );
    expect(Object.keys(message.lc_kwargs)).not.toContain("name");
  });

  class Memory {
    kind = "memory";
    get text(): string {
      return "green tea";
    }
  }
  test.each([
    ["message.text", () => ({ message: new HumanMessage("green tea") })],
    ["{message.text}", () => ({ message: new AIMessage("green tea") })],
    ["message.contentBlocks[*].text", () => ({ message: new AIMessage("green tea") })],
    ["message.content", () => ({ message: new HumanMessage("green tea") })],
    ["memory.text", () => ({ memory: new Memory() })],
    ["memory.none", () => ({ memory: new Memory() })],
    ["memory", () => ({ memory: new Memory() })],
  ])("and other objects are indexed by the getters of their classes too: %s", async (field, make) => {
    const index = { dims: 26, embeddings: new LettersEmbeddings(26), fields: [field] };
    const scores: (number | undefined)[] = [];
    for (const one of [createStore({ index }), new InMemoryStore({ index })]) {
      await one.put(NS, "k", make());
      scores.push((await one.search(NS, { query: "green tea" }))[0]!.score);
    }
    expect(scores[0]).toBe(scores[1]);
  });
});
