import { fromBase64, toBase64 } from "../aws/base64.js";
import type { AttributeValue, Item } from "../aws/dynamodb/items.js";
import { escapeId, unescapeId } from "./keys.js";

/*
 * An id that stands in an attribute. LangGraph's ids are UUIDs: those take their 16 bytes there, in place of 36
 * characters.
 */

/** The attribute of a checkpoint with the id of the one that it was put under. */
export const PARENT = "parent";
/** The attribute of a checkpoint with the id of the run that has put it. */
export const RUN = "run";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const UUID_BYTES = 16;

export function idAttribute(id: string): AttributeValue {
  if (!UUID.test(id)) return { S: escapeId(id) };
  const digits = id.replaceAll("-", "");
  return {
    B: toBase64(Uint8Array.from({ length: UUID_BYTES }, (_, i) => parseInt(digits.slice(2 * i, 2 * i + 2), 16))),
  };
}

/** The id that an item has in this attribute, if it has one. */
export function idIn(item: Partial<Item>, attribute: typeof PARENT | typeof RUN): string | undefined {
  const value = item[attribute];
  if (value && "S" in value) return unescapeId(value.S);
  const bytes = value && "B" in value ? fromBase64(value.B) : [];
  if (bytes.length !== UUID_BYTES) return undefined;
  return [...bytes]
    .map((byte, i) => ([4, 6, 8, 10].includes(i) ? "-" : "") + byte.toString(16).padStart(2, "0"))
    .join("");
}
