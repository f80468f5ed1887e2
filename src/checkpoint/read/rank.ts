import type { Item } from "../../aws/dynamodb/items.js";
import { BELOW, stringOf } from "../../format/attributes.js";
import { idIn, PARENT } from "../../format/id-attribute.js";
import { parseSortKey } from "../../format/keys.js";
import { OVER, type Ranked } from "../fence.js";
import { tokenOf } from "../grants.js";

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
  const names = namesIn(item, OVER);
  return names && new Set(names);
}

/** In which namespaces of subgraphs a question was asked that is among a task's writes. */
export const belowOf = (writes: Item): string[] => namesIn(writes, BELOW) ?? [];

function namesIn(item: Item, attribute: string): string[] | undefined {
  try {
    const names: unknown = JSON.parse(stringOf(item, attribute) ?? "");
    return Array.isArray(names) ? names.map(String) : undefined;
  } catch {
    return undefined;
  }
}
