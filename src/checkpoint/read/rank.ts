import type { Item } from "../../aws/dynamodb/items.js";
import { BELOW, stringOf } from "../../format/attributes.js";
import { idIn, PARENT } from "../../format/id-attribute.js";
import { parseSortKey } from "../../format/keys.js";
import { indexOf, writeNames } from "../../format/writes.js";
import { OVER, SEEN, type Ranked } from "../fence.js";
import type { TaskWrites } from "../first-reads.js";
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
export const overOf = (item: Item): ReadonlySet<string> | undefined => namesIn(item, OVER);

/** In which namespaces of subgraphs a question was asked that is among a task's writes. */
export const belowOf = (writes: Item): string[] => [...(namesIn(writes, BELOW) ?? [])];

/** What leases go by of a task's writes. */
export function taskWrites(item: Item): TaskWrites {
  const { task = "", token, claims } = parseSortKey(item.SK.S);
  const names = writeNames(item);
  const special = Object.fromEntries(names.filter((name) => indexOf(name) < 0).map((name) => [name, item[name]!]));
  return { sortKey: item.SK.S, task, token, names, seen: claims ? namesIn(item, SEEN) : undefined, special };
}

function namesIn(item: Item, attribute: string): ReadonlySet<string> | undefined {
  try {
    const names: unknown = JSON.parse(stringOf(item, attribute) ?? "null");
    return Array.isArray(names) ? new Set(names.map(String)) : undefined;
  } catch {
    return undefined;
  }
}
