import type { SearchItem } from "@langchain/langgraph-checkpoint";
import { refreshItems, searchItem } from "../open.js";
import type { StoreStorage } from "../storage.js";
import { nearest } from "./nearest.js";
import { fillWithOldest, type Search } from "./oldest.js";
import { Page } from "./page.js";

/** The items under a prefix: oldest first, or those that are nearest to a query. */
export async function search(
  storage: StoreStorage,
  op: Search,
  query: Float32Array | undefined,
): Promise<SearchItem[]> {
  if (op.limit === 0) return [];
  let page = new Page(storage, new Set(), op);
  if (query) page = await nearest(storage, op, query);
  else await fillWithOldest(storage, page, op);
  await refreshItems(storage, page.found);
  return page.found.map((one) => searchItem(one, one.score));
}
