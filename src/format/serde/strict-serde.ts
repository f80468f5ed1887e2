import type { SerializerProtocol } from "@langchain/langgraph-checkpoint";
import { isObject } from "./arguments.js";
import { serdeOf } from "./serde.js";

/**
 * For what has to come back as it was put: functions, symbols and what contains itself are an error, too. Bytes within
 * a value are stored as Base64, and messages with what was set after they were made.
 */
export const strictSerde: SerializerProtocol = /* @__PURE__ */ serdeOf({ wholeOf: withLaterArguments });

/** What a message's constructor takes, and LangChain's `toJSON` leaves out where it was set later. */
const LATER = [
  "id",
  "name",
  "status",
  "artifact",
  "metadata",
  "usage_metadata",
  "tool_calls",
  "invalid_tool_calls",
  "tool_call_chunks",
];

/** A message with all that it has among its arguments; anything else as it is. */
function withLaterArguments(object: object): object {
  const { lc_namespace: namespace, lc_kwargs: given } = object as Record<string, unknown>;
  if (!Array.isArray(namespace) || namespace[1] !== "messages" || !isObject(given)) return object;
  const valueOf = (name: string): unknown => (object as Record<string, unknown>)[name];
  const later = LATER.filter((name) => Object.hasOwn(object, name) && !(name in given) && isSet(valueOf(name)));
  if (later.length === 0) return object;
  const all = { ...given, ...Object.fromEntries(later.map((name) => [name, valueOf(name)])) };
  return Object.create(object, { lc_kwargs: { value: all } }) as object;
}

const isSet = (value: unknown): boolean => value !== undefined && !(Array.isArray(value) && value.length === 0);
