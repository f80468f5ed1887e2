import type { SearchOperation } from "@langchain/langgraph-checkpoint";
import { WHOLE, WITHOUT_VALUE } from "../entries/attributes.js";
import { Bounds, isReadable, openRows } from "../open.js";
import type { Found, Opened, StoreStorage } from "../storage.js";
import { passes } from "./filter.js";
import { walk } from "./walk.js";

export type Search = SearchOperation & { limit: number; offset: number };

/** "BatchGetItem": keys of one request. */
const AT_ONCE = 100;

/**
 * Reads in order until there are enough. Of what is skipped, values are not looked at, unless a filter needs them.
 *
 * @param isCandidate leaves out others
 */
export async function oldest(
  storage: StoreStorage,
  { namespacePrefix, filter, limit, offset }: Pick<Search, "namespacePrefix" | "filter" | "limit" | "offset">,
  isCandidate: (found: Found) => boolean = () => true,
): Promise<Opened[]> {
  const found: Opened[] = [];
  const bounds = new Bounds(storage);
  let toSkip = offset;
  const wanted = (): { count: number; only: string[] } => {
    const missing = limit - found.length;
    if (filter) return { count: AT_ONCE, only: WHOLE };
    return { count: toSkip + missing, only: toSkip >= AT_ONCE ? WITHOUT_VALUE : WHOLE };
  };
  for await (const chunk of walk(storage, namespacePrefix, wanted)) {
    let candidates = chunk.filter(isCandidate);
    if (!filter) {
      const skipped = Math.min(toSkip, candidates.length);
      toSkip -= skipped;
      candidates = candidates.slice(skipped);
    }
    for await (const row of openRows(storage, candidates)) {
      for (const one of row) {
        if (!isReadable(storage, one) || (filter && !passes(one.value, filter))) continue;
        if (toSkip > 0) {
          toSkip--;
          continue;
        }
        await bounds.add(one);
        found.push(one);
        if (found.length === limit) return found;
      }
    }
  }
  return found;
}
