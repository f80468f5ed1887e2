import type { Item, SearchItem } from "@langchain/langgraph-checkpoint";
import { timesOf, wholeOf } from "./entries.js";
import { itemKeyOf } from "./namespaces.js";
import type { Opened } from "./storage.js";

/** An item as LangGraph has it. */
export const storeItem = async ({ namespace, item, value }: Omit<Opened, "bytes">): Promise<Item> => ({
  value,
  key: await itemKeyOf(item.SK.S, wholeOf(item)),
  namespace: [...namespace.labels],
  ...timesOf(item),
});

/** @param score `undefined` where nothing was ranked, or the item has no vector */
export const searchItem = async (opened: Omit<Opened, "bytes">, score: number | undefined): Promise<SearchItem> =>
  ({ ...(await storeItem(opened)), score }) as SearchItem;
