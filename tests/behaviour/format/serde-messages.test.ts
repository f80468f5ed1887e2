import * as messages from "@langchain/core/messages";
import { MemorySaver } from "@langchain/langgraph-checkpoint";
import { describe, expect, test } from "vitest";
import { createSaver } from "../../lanes/savers/harness.js";
import { classes, fields, required } from "../../lanes/stored/message-classes.js";

/*
 * Messages are read without LangChain's `load` where that gives the same. LangGraph's own serde, which asks it for each
 * of them, is the judge.
 */

type Json = Record<string, unknown>;

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

test("the classes of messages are found", () => {
  const names = classes.map(([name]) => name);
  expect(names).toEqual(expect.arrayContaining(["AIMessage", "AIMessageChunk", "HumanMessage", "SystemMessage"]));
  expect(names).toEqual(expect.arrayContaining(["ToolMessage", "ToolMessageChunk", "RemoveMessage", "ChatMessage"]));
});

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

test("a message is an object of its own, with nothing of it shared", async () => {
  const json = JSON.stringify([core("AIMessage"), core("AIMessage")]);
  const { value } = (await compare(json)) as { value: messages.AIMessage[] };
  expect(value[0]).not.toBe(value[1]);
  expect(value[0]!.additional_kwargs).not.toBe(value[1]!.additional_kwargs);
});
