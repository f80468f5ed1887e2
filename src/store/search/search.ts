import type { SearchItem } from "@langchain/langgraph-checkpoint";
import { refreshItems, searchItem } from "../open.js";
import type { StoreStorage } from "../storage.js";
import { nearest, type Ranked } from "./nearest.js";
import { oldest, type Search } from "./oldest.js";

/** The items under a prefix: oldest first, or those that are nearest to a query. */
export async function search(
  storage: StoreStorage,
  op: Search,
  query: Float32Array | undefined,
): Promise<SearchItem[]> {
  const found: Ranked[] = op.limit === 0 ? [] : query ? await nearest(storage, op, query) : await oldest(storage, op);
  await refreshItems(storage, found);
  return Promise.all(found.map((one) => searchItem(one, one.score)));
}
