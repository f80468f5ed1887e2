import type { SerializerProtocol } from "@langchain/langgraph-checkpoint";
import { hasEscapes, isConstruction, unescapeKeys } from "./escape.js";

const decoder = new TextDecoder();
/** Plain data with a key `lc` of its own, among what was read. */
const lookAlikes = new WeakSet<object>();

/** Whether it is plain data, however much it looks like one of LangChain's objects in its serialized form. */
export const isLookAlike = (value: object): boolean => lookAlikes.has(value);

/**
 * Reads what the saver's serde wrote as the JSON that it is: messages and other LangChain objects stay in their
 * serialized form. Making objects of them takes all of LangChain core.
 */
export const plainSerde: SerializerProtocol = {
  async loadsTyped(type, data) {
    if (type === "bytes") return data;
    if (type === "json") return parse(typeof data === "string" ? data : decoder.decode(data));
    throw new TypeError("Only the types of the saver's own serde are known here.");
  },
  dumpsTyped: () => Promise.reject(new TypeError("What only reads has nothing to write.")),
};

function parse(json: string): unknown {
  const value: unknown = JSON.parse(json);
  if (hasEscapes(json)) unescape(value);
  return value;
}

function unescape(value: unknown): void {
  if (typeof value !== "object" || value === null) return;
  if (!Array.isArray(value)) {
    const object = value as Record<string, unknown>;
    if (unescapeKeys(object)) lookAlikes.add(object);
    else if (isConstruction(object)) return;
  }
  Object.values(value).forEach(unescape);
}
