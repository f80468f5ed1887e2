import * as messages from "@langchain/core/messages";
import { MemorySaver } from "@langchain/langgraph-checkpoint";
import { describe, expect, test } from "vitest";
import { createSaver } from "../../lanes/savers/harness.js";

/*
 * Messages are read without LangChain's `load` where that gives the same. LangGraph's own serde, which asks it for each
 * of them, is the judge.
 */

type Json = Record<string, unknown>;
type MessageClass = new (fields: unknown) => messages.BaseMessage;

const encoder = new TextEncoder();

/** All that a value is, or that it cannot be read. */
async function read(serde: { loadsTyped(type: string, data: Uint8Array): Promise<unknown> }, json: string) {
  try {
    return { value: await serde.loadsTyped("json", encoder.encode(json)) };
  } catch {
    return "cannot be read";
  }
}

async function compare(json: string): Promise<unknown> {
  const ours = await read(createSaver().serde, json);
  const langGraphs = await read(new MemorySaver().serde, json);
  expect(ours, json).toStrictEqual(langGraphs);
  if (typeof ours === "object" && typeof langGraphs === "object") sameOrder(ours.value, langGraphs.value, json);
  return ours;
}

/** Also the order of names, and what an object is an instance of. */
function sameOrder(one: unknown, other: unknown, json: string): void {
  if (typeof one !== "object" || one === null) return;
  expect(Object.getOwnPropertyNames(one), json).toEqual(Object.getOwnPropertyNames(other));
  expect(Object.getPrototypeOf(one), json).toBe(Object.getPrototypeOf(other));
  for (const name of Object.keys(one)) sameOrder((one as Json)[name], (other as Json)[name], json);
}

/** `instanceof` would ask for a message itself. */
const isMessageClass = (value: unknown): value is MessageClass =>
  typeof value === "function" && Object.prototype.isPrototypeOf.call(messages.BaseMessage.prototype, value.prototype);

/** Every class of messages that this LangChain has. */
const classes = Object.entries(messages).filter((entry): entry is [string, MessageClass] => isMessageClass(entry[1]));

test("the classes of messages are found", () => {
  const names = classes.map(([name]) => name);
  expect(names).toEqual(expect.arrayContaining(["AIMessage", "AIMessageChunk", "HumanMessage", "SystemMessage"]));
  expect(names).toEqual(expect.arrayContaining(["ToolMessage", "ToolMessageChunk", "RemoveMessage", "ChatMessage"]));
});

const call = { name: "search", id: "call-1", type: "tool_call", args: { query: "tea", more: [1, { a: null }] } };
const usage = { input_tokens: 5, output_tokens: 7, total_tokens: 12, input_token_details: { cache_read: 3 } };
/** What the constructors of all classes are given. */
const required = { content: "text", role: "user", name: "name", tool_call_id: "call-1", id: "1" };

const fields: Record<string, Json> = {
  "a text": {},
  "no text": { content: "" },
  blocks: {
    content: [
      { type: "text", text: "a" },
      { type: "image_url", image_url: { url: "data:," } },
    ],
  },
  "content blocks of version 1": { content: undefined, contentBlocks: [{ type: "text", text: "a" }] },
  "tool calls": { tool_calls: [call, { ...call, id: undefined }] },
  "calls that failed": {
    invalid_tool_calls: [{ name: "a", args: "{", id: "1", error: "cut", type: "invalid_tool_call" }],
  },
  "calls in pieces": { tool_call_chunks: [{ name: "a", args: '{"q', index: 0, id: "1", type: "tool_call_chunk" }] },
  "a provider's calls": {
    additional_kwargs: { tool_calls: [{ id: "1", type: "function", function: { name: "a", arguments: '{"b":1}' } }] },
  },
  "a provider's call that failed": {
    additional_kwargs: { tool_calls: [{ id: "1", type: "function", function: { name: "a", arguments: "{" } }] },
  },
  usage: { usage_metadata: usage, response_metadata: { model: "m", finish_reason: "stop", usage } },
  "the version of its answer": { response_metadata: { output_version: "v1" }, content: [{ type: "text", text: "a" }] },
  artifacts: { artifact: { rows: [1, { deep: [[]] }], at: "now" }, status: "error", metadata: { took: 3 } },
  "what is undefined": { name: undefined, id: undefined, example: undefined },
  "names of its own": { custom_field: 1, anotherField: { some_key: 2 }, CAPITALS: 3, with_2_digits: 4, "a-b": 5 },
  "a message inside": { additional_kwargs: { cause: new messages.HumanMessage({ content: "inside", id: "i" }) } },
  "what looks like a message": {
    artifact: { lc: 1, type: "constructor", id: ["langchain_core", "messages", "AIMessage"], kwargs: { content: "x" } },
  },
  "what looks like LangGraph's": { artifact: { lc: 2, type: "undefined" }, additional_kwargs: { a: { lc: 2 } } },
};

const looksLike = (what: string): boolean => what.startsWith("what looks like");

describe.each(classes)("%s", (name, made) => {
  const ofClass = Object.entries(fields).filter(([what]) => !looksLike(what));
  test.each(ofClass)("with %s", async (_what, own) => {
    let message: messages.BaseMessage;
    try {
      message = new made({ ...required, ...own });
    } catch {
      return expect(["AIMessage", "AIMessageChunk", "ToolMessageChunk"], "LangChain takes no such message").toContain(
        name,
      );
    }
    const [, bytes] = await new MemorySaver().serde.dumpsTyped({ messages: [message, message], one: message });
    await compare(new TextDecoder().decode(bytes));
    const written = await createSaver()
      .serde.dumpsTyped([message])
      .catch(() => undefined);
    if (written) await compare(new TextDecoder().decode(written[1]));
  });
});

// LangChain escapes nothing in a removal.
const withData = classes.filter(([, made]) => made !== messages.RemoveMessage);
test.each(withData)(
  "%s gives back data that looks like an object, where LangGraph makes one of it",
  async (_name, made) => {
    for (const [, own] of Object.entries(fields).filter(([what]) => looksLike(what))) {
      const { serde } = createSaver();
      const { lc_kwargs: read } = (await serde.loadsTyped(
        ...(await serde.dumpsTyped(new made({ ...required, ...own }))),
      )) as {
        lc_kwargs: Json;
      };
      expect(read).toMatchObject(own);
    }
  },
);

/** A record as no class has written it. */
const record = (id: unknown, kwargs: unknown): Json => ({ lc: 1, type: "constructor", id, kwargs });
const core = (name: string, kwargs: unknown = { content: "x" }): Json =>
  record(["langchain_core", "messages", name], kwargs);

const records: Record<string, unknown> = {
  "a class that there is not": core("NewMessage"),
  "a class of another name": core("MessageOfAI"),
  "Python's name of its module": record(["langchain_core", "messages", "ai", "AIMessage"], { content: "x" }),
  "the older package": record(["langchain", "schema", "messages", "AIMessage"], { content: "x" }),
  "a base class": core("BaseMessage"),
  "no arguments": core("AIMessage", {}),
  "arguments that are a list": core("AIMessage", ["x"]),
  "arguments that are a text": core("AIMessage", "x"),
  "no arguments at all": { lc: 1, type: "constructor", id: ["langchain_core", "messages", "AIMessage"] },
  "an argument of a name of all objects": core("AIMessage", { content: "x", constructor: 1, valueOf: 2 }),
  "names in other cases": core("AIMessage", {
    content: "x",
    responseMetadata: { a: 1 },
    Response_Metadata: 2,
    _a: 3,
    a_: 4,
    a__b: 5,
  }),
  "two names of one argument": core("AIMessage", { content: "x", more_here: 1, moreHere: 2 }),
  "a Set, a Map and undefined as arguments": core("ToolMessage", {
    content: "x",
    tool_call_id: "1",
    artifact: [
      { lc: 2, type: "constructor", id: ["Set"], method: null, args: [[1]] },
      { lc: 2, type: "undefined" },
      { a: { lc: 2, type: "undefined" } },
    ],
    name: { lc: 2, type: "undefined" },
  }),
  "an escaped argument": core("AIMessage", { content: "x", additional_kwargs: { __lc_escaped__: { lc: 1, a: 2 } } }),
  "escaped arguments": core("AIMessage", { __lc_escaped__: { content: "x", tool_calls: [] } }),
  "what is escaped twice": core("AIMessage", {
    content: "x",
    additional_kwargs: { a: { __lc_escaped__: { __lc_escaped__: 1 } } },
  }),
  "a secret": core("AIMessage", { content: "x", additional_kwargs: { a: { lc: 1, type: "secret", id: ["PATH"] } } }),
  "a message as the text of another": core("AIMessage", { content: [core("HumanMessage")] }),
  "a removal": core("RemoveMessage", { id: "1" }),
  "calls that are no list": core("AIMessage", { content: "x", tool_calls: "none" }),
  "a number for its text": core("AIMessage", { content: 5 }),
  "null for its text": core("HumanMessage", { content: null }),
};

test.each(Object.entries(records))(
  "a record with %s is read as LangGraph reads it, or not at all",
  async (_what, one) => {
    await compare(JSON.stringify({ list: [one], one }));
  },
);

/** The same message, of which `toJSON` is asked: it has one of its own. */
function asked<T extends object>(message: T): T {
  const { toJSON } = message as unknown as Json;
  return Object.defineProperty(message, "toJSON", { value: toJSON });
}

/** What is stored of a message, or why it is not. */
async function written(value: unknown): Promise<string> {
  try {
    const [type, bytes] = await createSaver().serde.dumpsTyped({ list: [value, { more: value }], value });
    return `${type} ${new TextDecoder().decode(bytes)}`;
  } catch (error) {
    return String(error);
  }
}

const circular: Json = { a: 1 };
circular.again = circular;
let deep: unknown = "end";
for (let i = 0; i < 300; i++) deep = i % 2 ? [deep] : { deep };

const odd: Record<string, Json> = {
  ...fields,
  "numbers that JSON has not": { custom: NaN, additional_kwargs: { a: Infinity, b: -0, c: [NaN] } },
  "undefined within": { additional_kwargs: { a: undefined, b: [undefined] } },
  "a list with holes": { additional_kwargs: { a: [1, , 3] } }, // eslint-disable-line no-sparse-arrays
  "a BigInt": { additional_kwargs: { a: 1n } },
  "a function and a symbol": { additional_kwargs: { a: () => 1, b: Symbol("b") }, custom: () => 1 },
  "a Date, a Map, a Set, an Error and bytes": {
    additional_kwargs: { a: new Date(0), b: new Map([[1, 2]]), c: new Set([1]), e: new Error("e") },
    artifact: new Uint8Array([1, 2]),
  },
  "what says itself what is stored": {
    additional_kwargs: { toJSON: () => "said" },
    artifact: { a: { toJSON: () => 1 } },
  },
  "an object without a prototype": { additional_kwargs: Object.assign(Object.create(null) as Json, { a: { b: 1 } }) },
  "an instance of a class": {
    artifact: new (class Report {
      rows = [1];
    })(),
  },
  "what contains itself": { artifact: circular },
  "what is in two places": { artifact: [call, call], additional_kwargs: { call } },
  "what is nested deeply": { artifact: deep },
  "what looks escaped": { artifact: { __lc_escaped__: { lc: 1 } }, additional_kwargs: { __lc_escaped__: 1, a: 2 } },
  "names of all objects": { constructor: 1, valueOf: 2, additional_kwargs: { constructor: 3 } },
  "names in all cases": { aB: 1, aBC: 2, a2B: 3, HTMLText: 4, "a b": 5, a__b: 6, _a: 7, a_: 8, a_B: 9, é: 10 },
  "two names for one": { moreHere: 1, more_here: 2 },
  "a name of a prototype": JSON.parse('{"__proto__":{"a":1},"additional_kwargs":{"__proto__":{"b":2}}}') as Json,
  "a getter": { additional_kwargs: Object.defineProperty({}, "a", { get: () => "got", enumerable: true }) as Json },
  "text beyond ASCII": { content: "Grüße, 你好, \u{1f600}, \ud800" },
};

describe.each(classes)("%s", (_name, made) => {
  test.each(Object.entries(odd))("with %s is stored as LangChain says", async (_what, own) => {
    const make = (): object | undefined => {
      try {
        return new made({ ...required, ...own });
      } catch {
        return undefined;
      }
    };
    const [one, other] = [make(), make()];
    if (!one || !other) return expect(one).toBe(other);
    expect(await written(one)).toBe(await written(asked(other)));
  });
});

test.each<[string, (message: messages.HumanMessage) => object]>([
  ["is of a class of its own", ({ content }) => new (class Mine extends messages.HumanMessage {})({ content })],
  ["has names of its own", (message) => Object.defineProperty(message, "lc_aliases", { value: { content: "said" } })],
  ["has an id of its own", (message) => Object.defineProperty(message, "lc_id", { value: ["langchain_core", "x"] })],
  ["has secrets", (message) => Object.defineProperty(message, "lc_secrets", { value: { content: "KEY" } })],
  ["is closed", (message) => Object.assign(message, { lc_serializable: false })],
  ["is of another package", (message) => Object.assign(message, { lc_namespace: ["langchain", "schema"] })],
  ["has lost its arguments", (message) => Object.assign(message, { lc_kwargs: undefined })],
  ["has a list for its arguments", (message) => Object.assign(message, { lc_kwargs: [1] })],
  ["has changed since", (message) => Object.assign(message, { content: "changed", additional_kwargs: { a: 1 } })],
])("a message that %s is stored as LangChain says", async (_what, change) => {
  const make = () => change(new messages.HumanMessage({ content: "x", id: "1" }));
  expect(await written(make())).toBe(await written(asked(make())));
});

test("a message is an object of its own, with nothing of it shared", async () => {
  const json = JSON.stringify([core("AIMessage"), core("AIMessage")]);
  const { value } = (await compare(json)) as { value: messages.AIMessage[] };
  expect(value[0]).not.toBe(value[1]);
  expect(value[0]!.additional_kwargs).not.toBe(value[1]!.additional_kwargs);
});
