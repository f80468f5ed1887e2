import type { Item } from "../aws/dynamodb/items.js";
import { numberOf } from "../format/attributes.js";
import { SHARED, SINCE, STORED, STORED_FROM, TOKEN, type Grants } from "./fence.js";

/** The token of a checkpoint's item, or of a marker. */
export function tokenOf(item: Item | undefined): number {
  const token = (item && numberOf(item, TOKEN)) ?? 0;
  return Number.isSafeInteger(token) && token > 0 ? token : 0;
}

export const grantsOf = (marker: Item): Grants => ({
  token: tokenOf(marker),
  since: numberOf(marker, SINCE),
  stored: numberOf(marker, STORED),
  storedFrom: numberOf(marker, STORED_FROM),
  shared: numberOf(marker, SHARED),
});
