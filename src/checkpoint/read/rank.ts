import type { Item } from "../../aws/dynamodb/items.js";
import { numberOf, stringOf } from "../../format/attributes.js";
import { idIn, PARENT } from "../../format/id-attribute.js";
import { parseSortKey } from "../../format/keys.js";
import { OVER, PRIOR, SINCE, TOKEN, type Ranked } from "../fence.js";

/** The token of a checkpoint's item, or of a marker. */
export function tokenOf(item: Item | undefined): number {
  const token = (item && numberOf(item, TOKEN)) ?? 0;
  return Number.isSafeInteger(token) && token > 0 ? token : 0;
}

/** What a marker says of the leases that were granted last. */
export interface Grants {
  token: number;
  /** When the youngest was granted, and the one before it, in milliseconds since 1970. */
  since: number | undefined;
  prior: number | undefined;
}

export const grantsOf = (marker: Item): Grants => ({
  token: tokenOf(marker),
  since: numberOf(marker, SINCE),
  prior: numberOf(marker, PRIOR),
});

/** What of a checkpoint's item puts it in its place; `claimed` comes from its writes. */
export const rankOf = (id: string, item: Item): Ranked => ({
  id,
  parentId: idIn(item, PARENT),
  token: tokenOf(item),
  claimed: 0,
});

/** The token that an item of writes claims its checkpoint for; 0 for none. */
export function claimOf(item: Item): number {
  const { token, claims } = parseSortKey(item.SK.S);
  return claims ? token : 0;
}

/** Which writes of older tokens a checkpoint is rebuilt from; `undefined` where it does not say. */
export function overOf(item: Item): ReadonlySet<string> | undefined {
  try {
    const names: unknown = JSON.parse(stringOf(item, OVER) ?? "");
    return Array.isArray(names) ? new Set(names.map(String)) : undefined;
  } catch {
    return undefined;
  }
}
