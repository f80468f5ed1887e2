import { AIMessage, HumanMessage } from "@langchain/core/messages";
import { Annotation, Command, MessagesAnnotation, Overwrite, Send, START, StateGraph } from "@langchain/langgraph";
import type { CacheFullKey } from "@langchain/langgraph-checkpoint";
import { describe, expect, test } from "vitest";
import { createCache } from "../../lanes/savers/stores.js";
import { newPrefix } from "../../lanes/stored/requests.js";

const KEY: CacheFullKey = [["a"], "1"];

const constructor = { type: "constructor", id: ["langchain_core", "messages", "AIMessage"], kwargs: { content: "x" } };

describe("what was put comes back", () => {
  const values: [string, unknown][] = [
    ["data that looks like a message", { lc: 1, ...constructor }],
    ["data that looks like a Set", { lc: 2, type: "constructor", id: ["Set"], args: [[1]] }],
    ["data that looks like undefined", { a: { lc: 2, type: "undefined" } }],
    ["data that looks escaped", { "~lc": 1, __lc_escaped__: { lc: 1 } }],
    ["a key __proto__", JSON.parse('{"__proto__":{"polluted":true},"constructor":1}')],
    ["bytes", { bytes: new Uint8Array([0, 255, 10]) }],
    ["bytes alone", new Uint8Array([0, 255, 10])],
    ["numbers that JSON lacks", [NaN, Infinity, -Infinity]],
    ["undefined, in and alone", [undefined, { a: undefined }]],
    ["nothing", undefined],
    ["null", null],
    ["a Map of Sets", new Map([["a", new Set([1])]])],
    ["messages", [new HumanMessage({ content: "hi", id: "1" }), new AIMessage({ content: "ho", id: "2" })]],
  ]; // prettier-ignore

  test.each(values)("as it was: %s", async (_, value) => {
    const keyPrefix = newPrefix();
    await createCache({ keyPrefix }).set([{ key: KEY, value }]);
    const found = await createCache({ keyPrefix }).get([KEY]);

    expect(found).toStrictEqual([{ key: KEY, value }]);
    expect(JSON.stringify(found)).toBe(JSON.stringify([{ key: KEY, value }]));
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });
});

test("what nodes give besides values is the same from the cache: commands, sends, overwrites, messages", async () => {
  const keyPrefix = newPrefix();
  const State = Annotation.Root({
    ...MessagesAnnotation.spec,
    list: Annotation<string[]>({ reducer: (a, b) => a.concat(b), default: () => [] }),
  });
  let runs = 0;
  const counted =
    <S, T>(node: (state: S) => T) =>
    (state: S): T => (runs++, node(state));
  const cachePolicy = { ttl: 60 };
  const goto = ["x", "y"].map((name) => new Send("each", { list: [name] }));
  const begin = counted(() => ({ list: ["begin"], messages: [new AIMessage({ content: "ho", id: "2" })] }));
  const spread = counted(() => new Command({ update: { list: ["spread"] }, goto }));
  const each = counted(({ list }: { list: string[] }) => ({ list: [`each ${list[0]}`] }));
  const end = counted(({ list }: { list: string[] }) => ({ list: new Overwrite([...list, "end"]) }));
  const graph = (cache: ReturnType<typeof createCache>) =>
    new StateGraph(State)
      .addNode("begin", begin, { cachePolicy })
      .addNode("spread", spread, { cachePolicy, ends: ["each"] })
      .addNode("each", each, { cachePolicy })
      .addNode("end", end, { cachePolicy })
      .addEdge(START, "begin")
      .addEdge("begin", "spread")
      .addEdge("each", "end")
      .compile({ cache });
  const answer = async (cache: ReturnType<typeof createCache>): Promise<unknown> => {
    const { list, messages } = await graph(cache).invoke({ messages: [new HumanMessage({ content: "hi", id: "1" })] });
    return [list, messages.map((message) => [message.getType(), message.content])];
  };

  const first = await answer(createCache({ keyPrefix }));
  const ran = runs;
  expect(ran).toBe(5);
  expect(first).toEqual([
    ["begin", "spread", "each x", "each y", "end"],
    [
      ["human", "hi"],
      ["ai", "ho"],
    ],
  ]);
  expect(await answer(createCache({ keyPrefix }))).toEqual(first);
  expect(runs).toBe(ran);
});
