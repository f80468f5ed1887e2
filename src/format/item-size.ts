import type { AttributeValue, Item } from "../aws/dynamodb/items.js";

/*
 * "DynamoDB item sizes and formats": the names of the attributes and their values, in UTF-8; a number takes a byte for
 * two digits and one more; bytes take their own length, and not that of their base64.
 */

const MAX_ITEM_BYTES = 400 * 1_024;
const MAX_SORT_KEY_BYTES = 1_024;

const encoder = new TextEncoder();

/** The size of an item as DynamoDB counts it, in bytes. */
export function itemSize(item: Item): number {
  return Object.entries(item).reduce((sum, [name, value]) => sum + utf8Length(name) + valueSize(value), 0);
}

/** Whether DynamoDB takes an item with this sort key, and of this size ("Constraints in Amazon DynamoDB"). */
export const isStorable = (item: Item): boolean =>
  utf8Length(item.SK.S) <= MAX_SORT_KEY_BYTES && itemSize(item) <= MAX_ITEM_BYTES;

function valueSize(value: AttributeValue): number {
  if ("S" in value) return utf8Length(value.S);
  if ("B" in value) return Math.floor((value.B.length * 3) / 4) - (/=*$/.exec(value.B)?.[0].length ?? 0);
  // Of a type that the package does not write but may meet: roughly.
  return "N" in value ? numberSize(value.N) : JSON.stringify(value).length;
}

/** Two significant digits are a byte; zeros at either end are none. */
function numberSize(text: string): number {
  const digits = text.replace(/^-|[eE].*$|\./g, "").replace(/^0+|0+$/g, "");
  return Math.ceil(digits.length / 2) + 1 + (text.startsWith("-") ? 1 : 0);
}

function utf8Length(text: string): number {
  // Most of it is ASCII, and an encoder costs a copy.
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 127) return encoder.encode(text).length;
  return text.length;
}
