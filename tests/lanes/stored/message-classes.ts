import * as messages from "@langchain/core/messages";

/* LangChain's messages, of every class, with all kinds of fields. */

type Json = Record<string, unknown>;
export type MessageClass = new (fields: unknown) => messages.BaseMessage;

/** `instanceof` would ask for a message itself. */
const isMessageClass = (value: unknown): value is MessageClass =>
  typeof value === "function" && Object.prototype.isPrototypeOf.call(messages.BaseMessage.prototype, value.prototype);

/** Every class of messages that this LangChain has. */
export const classes = Object.entries(messages).filter((entry): entry is [string, MessageClass] =>
  isMessageClass(entry[1]),
);

export const call = { name: "search", id: "call-1", type: "tool_call", args: { query: "tea", more: [1, { a: null }] } };
const usage = { input_tokens: 5, output_tokens: 7, total_tokens: 12, input_token_details: { cache_read: 3 } };
/** What the constructors of all classes are given. */
export const required = { content: "text", role: "user", name: "name", tool_call_id: "call-1", id: "1" };

export const fields: Record<string, Json> = {
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
