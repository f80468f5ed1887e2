import type { SearchOperation } from "@langchain/langgraph-checkpoint";
import type { Key } from "../../aws/dynamodb/items.js";
import { WHOLE, WITHOUT_VALUE } from "../entries/attributes.js";
import type { StoreStorage } from "../storage.js";
import type { Page } from "./page.js";
import { walk, type Wanted } from "./walk.js";

export type Search = SearchOperation & { limit: number; offset: number };

/** "BatchGetItem": keys of one request. */
const AT_ONCE = 100;

/**
 * Reads in order until the page is full.
 *
 * @param passesOver entries that are not wanted, and not read
 */
export async function fillWithOldest(
  storage: StoreStorage,
  page: Page,
  { namespacePrefix, filter }: Pick<Search, "namespacePrefix" | "filter">,
  passesOver?: (entry: Key) => boolean,
): Promise<void> {
  const wanted = (): Wanted => {
    if (filter) return { count: AT_ONCE, only: WHOLE };
    return { count: page.toSkip + page.missing, only: page.toSkip >= AT_ONCE ? WITHOUT_VALUE : WHOLE };
  };
  for await (const chunk of walk(storage, namespacePrefix, wanted, passesOver)) {
    await page.add(chunk);
    if (page.missing === 0) return;
  }
}
