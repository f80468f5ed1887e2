import { fromBase64 } from "../aws/base64.js";
import type { AttributeValue, Item, Key } from "../aws/dynamodb/items.js";
import { damaged } from "./format-error.js";
import { withoutBorn } from "./keys.js";

/** The attribute with an item's bytes. */
export const DATA = "data";

/** The attribute of a checkpoint whose parent was pruned. */
export const FIRST = "first";

/** The attribute of a checkpoint that a copy or an import has stored, and no put. */
export const RESTORED = "restored";

/** The attribute of a task's writes with the namespaces of subgraphs where the question among them was asked. */
export const BELOW = "below";

/** A binary attribute's bytes. */
export function binaryOf(item: Item, attribute: string): Uint8Array {
  const value = item[attribute];
  if (!value || !("B" in value)) throw damaged(`The attribute ${attribute} is not there, or is not binary`);
  try {
    return fromBase64(value.B);
  } catch (cause) {
    throw damaged(`The attribute ${attribute} is not base64`, cause);
  }
}

/** A string attribute, if it is there. */
export function stringOf(item: Item, attribute: string): string | undefined {
  const value = item[attribute];
  return value && "S" in value ? value.S : undefined;
}

/** A number attribute, if it is there and is a number. */
export function numberOf(item: Readonly<Record<string, AttributeValue>>, attribute: string): number | undefined {
  const value = item[attribute];
  const number = value && "N" in value ? Number(value.N) : NaN;
  return Number.isFinite(number) ? number : undefined;
}

/**
 * A value's place, which encryption binds it to: the same in every incarnation of a thread, so that one is restored
 * without the key. Lengths come first, so that no two places read the same.
 */
export function placeOf({ PK, SK }: Key, attribute: string): string {
  const sortKey = withoutBorn(SK.S);
  return `${PK.S.length},${sortKey.length}:${PK.S}${sortKey}${attribute}`;
}
