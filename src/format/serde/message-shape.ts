import { ESCAPED } from "./arguments.js";
import type { Construction } from "./encode.js";

type Json = Record<string, unknown>;

/** The arguments that constructors of messages look into; of others they look at the kind alone. */
const isLookedInto = (name: string): boolean => name === "additional_kwargs" || name === "response_metadata";

/**
 * All that a constructor of LangChain's messages can fail by: its class, names and kinds of its arguments. Where
 * one message could be read back, so can every other one of its shape. `undefined` where one says nothing of others: a
 * prompt's constructor reads its texts, and what has a `length` could be taken for a list.
 */
export function messageShape({ id, record }: Construction): string | undefined {
  const { kwargs } = record as Json;
  if (!id.startsWith("langchain_core/messages/") || typeof kwargs !== "object" || kwargs === null) return undefined;
  let shape = id;
  for (const name of Object.keys(kwargs)) {
    const value = (kwargs as Json)[name];
    let kind = kindOf(value);
    if (kind === PLAIN && isLookedInto(name))
      for (const inner of Object.keys(value as Json)) {
        const found = (value as Json)[inner];
        kind += ` ${inner}:${found === "v1" ? found : (kindOf(found) ?? PLAIN)}`;
      }
    if (kind === undefined) return undefined;
    shape += `\n${name}:${kind}`;
  }
  return shape;
}

const PLAIN = "{}";

/** Of a list also what is in it: whoever walks through it fails by a `null`. */
function kindOf(value: unknown): string | undefined {
  if (Array.isArray(value)) {
    let kinds = "[";
    for (const one of value as unknown[]) {
      const kind = one === null ? "null" : typeof one;
      if (!kinds.includes(kind)) kinds += kind;
    }
    return kinds;
  }
  if (typeof value !== "object") return value === "" ? "empty" : typeof value;
  if (value === null) return "null";
  if ("length" in value || ESCAPED in value) return undefined;
  return "lc" in value ? `lc${String(value.lc)}` : PLAIN;
}
