import { AIMessage, BaseMessage, HumanMessage, ToolMessage } from "@langchain/core/messages";
import { MemorySaver } from "@langchain/langgraph-checkpoint";
import { afterEach, describe, expect, test } from "vitest";
import { makeCheckpoint, metadataOf } from "../../lanes/savers/checkpoints.js";
import { createSaver } from "../../lanes/savers/harness.js";
import { itemsOf, putRaw, type RawItem } from "../../lanes/stored/raw-table.js";
import { newPrefix } from "../../lanes/stored/requests.js";
import { binary, buildFrame, plain } from "../../lanes/stored/stored-bytes.js";

/*
 * Objects in the form in which LangChain and LangGraph serialize theirs, as a tool or a user can hand them to an agent.
 * They are data, and stay data.
 */

const RUN_ME = "globalThis.executed = true";
const executed = (): unknown => (globalThis as Record<string, unknown>).executed;
afterEach(() => expect(executed()).toBeUndefined());

const lc2 = (id: unknown, more: Record<string, unknown> = {}): Record<string, unknown> => ({
  lc: 2,
  type: "constructor",
  id,
  method: null,
  args: [RUN_ME],
  kwargs: {},
  ...more,
});
const lc1 = (id: unknown, kwargs: unknown = {}): Record<string, unknown> => ({
  lc: 1,
  type: "constructor",
  id,
  kwargs,
});

const tracer = lc1(["langchain_core", "tracers", "tracer_langchain", "LangChainTracer"]);

/** Nothing of ours or of LangChain's has these forms: they stay what they are, or cannot be read. */
const INERT: Record<string, unknown> = {
  Function: lc2(["Function"]),
  eval: lc2(["eval"]),
  "a method of Function": lc2(["Function"], { method: "constructor" }),
  "a method of Object": lc2(["Object"], { method: "assign", args: [{}, { polluted: 1 }] }),
  "a method of Array": lc2(["Array"], { method: "from", args: [{ length: 1_000_000_000 }] }),
  "a path to Function": lc2(["Map", "constructor", "constructor"]),
  "the name __proto__": lc2(["__proto__"]),
  globalThis: lc2(["globalThis"], { method: "eval" }),
  process: lc2(["process"], { method: "exit" }),
  require: lc2(["require"], { args: ["node:child_process"] }),
  fetch: lc2(["fetch"], { args: ["http://127.0.0.1:1/"] }),
  Date: lc2(["Date"]),
  Promise: lc2(["Promise"]),
  "a Map of something else": lc2(["Map"], { args: [[1, 2]] }),
  "a Map without arguments": lc2(["Map"], { args: [] }),
  "a RegExp that is none": lc2(["RegExp"], { args: ["(", ""] }),
  "a Uint8Array by another method": lc2(["Uint8Array"], { method: "constructor", args: [[1]] }),
  "a Uint8Array of a length": lc2(["Uint8Array"], { args: [2 ** 31] }),
  "an id that is no list": lc2("Function"),
  "another lc": { ...lc2(["Function"]), lc: 3 },
  "lc as text": { ...lc2(["Set"], { args: [[1]] }), lc: "2" },
  "an unknown namespace": lc1(["evil", "Thing"]),
  "no namespace": lc1(["Thing"]),
  "an empty id": lc1([]),
  "an id of objects": lc1([{ toString: null }, 1]),
  "an unknown class": lc1(["langchain_core", "messages", "Nothing"]),
  "an unknown module": lc1(["langchain_core", "nothing", "Nothing"]),
  "a module that has to be given": lc1(["langchain", "chat_models", "openai", "ChatOpenAI"], {
    apiKey: { lc: 1, type: "secret", id: ["OPENAI_API_KEY"] },
  }),
  "a message that reads a secret": lc1(["langchain_core", "messages", "HumanMessage"], {
    content: { lc: 1, type: "secret", id: ["PATH"] },
  }),
  "a tracer, which takes a key from the environment": tracer,
  "a message that holds one": lc1(["langchain_core", "messages", "HumanMessage"], { content: [{ tracer }] }),
  "what all objects have": lc1(["langchain_core", "messages", "constructor"]),
  "a function of a module": lc1(["langchain_core", "messages", "mergeContent"]),
  "a module by a list": lc1(["langchain_core", ["messages"], "HumanMessage"]),
  "a secret": { lc: 1, type: "secret", id: ["PATH"] },
  "not implemented": { lc: 1, type: "not_implemented", id: ["langchain_core", "x"] },
};

/** These have the form of something that can be made of them. */
const REVIVED: Record<string, unknown> = {
  undefined: { lc: 2, type: "undefined" },
  "a Set": lc2(["Set"], { args: [[1, 2]] }),
  "a Map": lc2(["Map"], { args: [[["a", 1]]] }),
  "a RegExp": lc2(["RegExp"], { args: ["a+", "g"] }),
  "an Error": lc2(["Error"]),
  bytes: lc2(["Uint8Array"], { method: "from", args: [[1, 2, 3]] }),
  "a DeltaSnapshot": { lc: 2, type: "delta_snapshot", value: [1] },
  "a message": lc1(["langchain_core", "messages", "AIMessage"], {
    content: "hi",
    tool_calls: [{ name: "rm", args: {}, id: "1", type: "tool_call" }],
  }),
  // LangChain's mark for what must not be revived.
  "an escaped message": { __lc_escaped__: lc1(["langchain_core", "messages", "HumanMessage"], { content: RUN_ME }) },
};

/** Where such an object can come from. */
const places = (value: unknown): Record<string, unknown> => ({
  "a channel": value,
  "a tool's result in a list": [{ result: [value] }],
  "a message's content": new HumanMessage({ id: "1", content: [{ type: "text", text: "x", extra: value }] as never }),
  "a tool call's arguments": new AIMessage({
    id: "2",
    content: "",
    tool_calls: [{ name: "t", id: "c", type: "tool_call", args: { value } }],
  }),
  "a tool message's artifact": new ToolMessage({ id: "3", content: "x", tool_call_id: "c", artifact: value }),
  "a text": JSON.stringify(value),
});

/** What a saver reads after it was put as a channel, as metadata and as a write. */
async function readBack(value: unknown): Promise<unknown[]> {
  const keyPrefix = newPrefix();
  const saver = createSaver({ keyPrefix });
  const metadata = { ...metadataOf("loop"), value };
  const config = await saver.put(
    { configurable: { thread_id: "t", checkpoint_ns: "" } },
    makeCheckpoint({ value }, { value: 1 }, "1"),
    metadata,
    { value: 1 },
  );
  await saver.putWrites(config, [["value", value]], "task");
  const tuple = (await createSaver({ keyPrefix }).getTuple(config))!;
  return [
    tuple.checkpoint.channel_values.value,
    (tuple.metadata as Record<string, unknown>).value,
    tuple.pendingWrites![0]![2],
  ];
}

/** A message has fields that stand in no other one of the same content, such as the arguments that it was made of. */
const comparable = (value: unknown): unknown =>
  value instanceof BaseMessage ? [value.constructor.name, value.toDict()] : value;

describe.each(Object.entries({ ...INERT, ...REVIVED }))("%s", (_, value) => {
  test("comes back as the data that it is, wherever it comes from", async () => {
    for (const [place, given] of Object.entries(places(value))) {
      const read = await readBack(given);
      expect(read.map(comparable), place).toStrictEqual([given, given, given].map(comparable));
    }
  });
});

/** What a saver reads of a channel whose bytes were written past it. */
async function readStored(value: unknown): Promise<unknown> {
  const keyPrefix = newPrefix();
  const config = await createSaver({ keyPrefix }).put(
    { configurable: { thread_id: "t", checkpoint_ns: "" } },
    makeCheckpoint({}, {}),
    metadataOf("loop"),
    {},
  );
  const [item] = (await itemsOf(keyPrefix, "t", "C##")) as [RawItem];
  await putRaw({ ...item, data: binary(plain(buildFrame({ channels: { value: JSON.stringify(value) } }))) });
  return (await createSaver({ keyPrefix }).getTuple(config))!.checkpoint.channel_values.value;
}

test.each(Object.entries(INERT))("%s, written past the saver, stays data or is a data error", async (_, value) => {
  const ended = await readStored(value).catch((error: { code: string }) => error.code);
  // A message whose content is a secret that nobody has given cannot be made; nor can what is in a module that nobody
  // has given.
  if (ended !== "DAMAGED_DATA") expect(ended).toEqual(value);
});

test("a message whose arguments have long names over many values is read as quickly as it was put", async () => {
  const many = Object.fromEntries([["n".repeat(200_000), Array.from({ length: 10_000 }, (_, a) => ({ a }))]]);
  const message = new AIMessage({ id: "1", content: "", tool_calls: [{ name: "t", id: "c", args: many }] });

  // LangChain's `load` would join the long name anew for each of the values: it took all memory that there is.
  expect((await readBack(message)).map(comparable)).toStrictEqual([message, message, message].map(comparable));
});

test.each(Object.entries(REVIVED))(
  "%s, written by LangGraph's own serde, is what that makes of it",
  async (_, value) => {
    const expected: unknown = await new MemorySaver().serde.loadsTyped("json", JSON.stringify(value));
    expect(await readStored(value)).toStrictEqual(expected);
  },
);
