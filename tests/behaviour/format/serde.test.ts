import { Document } from "@langchain/core/documents";
import {
  AIMessage,
  AIMessageChunk,
  HumanMessage,
  RemoveMessage,
  SystemMessage,
  ToolMessage,
} from "@langchain/core/messages";
import { StringPromptValue } from "@langchain/core/prompt_values";
import { Command, Overwrite, Send } from "@langchain/langgraph";
import { DeltaSnapshot, MemorySaver, type SerializerProtocol } from "@langchain/langgraph-checkpoint";
import { describe, expect, test } from "vitest";
import { emptyThread, makeCheckpoint, metadataOf, putStep, valuesAt } from "../../lanes/savers/checkpoints.js";
import { createSaver } from "../../lanes/savers/harness.js";
import { describeValue } from "../../lanes/hostile/hostile-values.js";
import { newPrefix } from "../../lanes/stored/requests.js";
import { decoder, textOf } from "../../lanes/stored/nested-values.js";

function circular(): Record<string, unknown> {
  const value: Record<string, unknown> = { name: "a", list: [1] };
  (value.list as unknown[]).push(value);
  return { value, same: value };
}

class Money {
  constructor(readonly amount: number) {}
  format(): string {
    return `${this.amount}`;
  }
}

describe("what LangChain, LangGraph and JavaScript have objects of", () => {
  const values: Record<string, () => unknown> = {
    messages: () => [
      new SystemMessage("s"),
      new HumanMessage({ content: "h", name: undefined as never }),
      new AIMessage({ content: "", tool_calls: [{ name: "t", id: "1", args: {}, type: "tool_call" }] }),
    ],
    "a chunk, a removal and a tool's message": () => [
      new AIMessageChunk("c"),
      new RemoveMessage({ id: "1" }),
      new ToolMessage({ content: "x", tool_call_id: "1", artifact: { rows: [1] }, status: "error" }),
    ],
    "a message with what looks like another": () =>
      new ToolMessage({
        content: "x",
        tool_call_id: "1",
        artifact: { lc: 1, "~lc": 2, type: "constructor", id: ["langchain_core", "messages", "AIMessage"] },
      }),
    "a message that refers to itself": () => {
      const artifact: Record<string, unknown> = {};
      artifact.self = artifact;
      return [new ToolMessage({ content: "x", tool_call_id: "1", artifact })];
    },
    "a document": () => [new Document({ pageContent: "p", metadata: { source: "s", at: new Date(0) } })],
    "a prompt's value": () => new StringPromptValue("p"),
    Sends: () => [new Send("node", { n: 1, message: new HumanMessage("h") }), new Send("other", [undefined])],
    "a Command": () => [
      new Command({ update: { a: new Set([1]) }, goto: [new Send("node", { n: 1 }), "other"], resume: "yes" }),
      new Command({ goto: new Send("node", {}) }),
      new Command({ goto: "end" }),
    ],
    "an Overwrite": () => ({ list: new Overwrite([1, new Map([["a", undefined]])]) }),
    "an Interrupt": () => [{ id: "1", value: { question: "May I?", options: [undefined, null] } }],
    "a DeltaSnapshot": () => new DeltaSnapshot([new HumanMessage("h"), new Map([["a", 1]])]),
    collections: () => ({
      map: new Map<unknown, unknown>([
        ["a", new Set([new Map([[1, [undefined]]])])],
        [{ k: 1 }, 2],
      ]),
      set: new Set([[1], new Date(0)]),
    }),
    "an expression, an error and bytes": () => [/a\/b/gi, new RangeError("too far"), { bytes: new Uint8Array([1, 2]) }],
    undefined: () => [undefined, { a: undefined, b: [undefined] }],
    "dates and addresses": () => ({ date: new Date(1e12), url: new URL("https://example.com/a?b") }),
    "instances of a class": () => [new Money(5), { price: new Money(7) }],
    "functions and symbols": () => ({ f: () => 1, s: Symbol("s"), list: [() => 1, Symbol("t")], [Symbol("u")]: 1 }),
    "boxed values": () => [Object(1), Object("text"), Object(true)],
    "what refers to itself": circular,
    "what stands twice": () => {
      const same = { a: [undefined] };
      return [same, same, { same }];
    },
    "what JSON has names for": () => ({ "10": 1, "2": 2, b: null, "": "", "x\u2028": "\ud800" }),
  };

  test.each(Object.entries(values))(
    "%s: the bytes are those of LangGraph's own serde, and each reads the other's",
    async (_, make) => {
      const [serde, other] = [createSaver().serde, new MemorySaver().serde];
      const text = await textOf(serde, make());

      expect(text).toBe(await textOf(other, make()));
      // LangGraph's own revives what LangChain has escaped in a message, and then has to make data of it again.
      expect(describeValue(await serde.loadsTyped("json", text))).toBe(
        describeValue(await other.loadsTyped("json", text)),
      );
    },
  );

  test("serializing does not change what is given, though it is frozen", async () => {
    const value = Object.freeze({
      list: Object.freeze([undefined, Object.freeze({ lc: 1 })]),
      map: new Map([["a", undefined]]),
    });

    expect(await textOf(createSaver().serde, value)).toContain('"~lc":1');
    expect(value).toStrictEqual({ list: [undefined, { lc: 1 }], map: new Map([["a", undefined]]) });
  });
});

test("a serde of one's own is asked as it is, and what it refuses is its own error", async () => {
  const given = new RangeError("mine");
  const seen: unknown[] = [];
  const serde: SerializerProtocol = {
    dumpsTyped: async (value) => {
      seen.push(value);
      if (typeof value === "bigint") throw given;
      return ["mine", new TextEncoder().encode(JSON.stringify(value))];
    },
    loadsTyped: async (_, data) => JSON.parse(decoder.decode(data as Uint8Array)) as unknown,
  };
  const saver = createSaver({ serde, keyPrefix: newPrefix() });
  const record = { lc: 1, type: "constructor", id: ["a", "b"], n: null };
  const { config } = await putStep(saver, emptyThread(), { record });

  expect(seen).toContain(record);
  expect((await valuesAt(saver, config))?.record).toEqual(record);
  await expect(
    saver.put(emptyThread().config, makeCheckpoint({ n: 1n }, { n: 1 }), metadataOf("loop"), { n: 1 }),
  ).rejects.toBe(given);
});
