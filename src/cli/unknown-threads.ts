import { threadOf } from "../checkpoint/refs.js";
import { entryOf } from "../checkpoint/thread-entry.js";
import type { Context } from "./context.js";

/**
 * Which of these ids no thread has; says so, because it may be a slip. The command does the rest, and ends with 1 as
 * every one does that is given the name of what is not there: `FoundWrong`.
 */
export async function unknownAmong(
  { storage, output }: Pick<Context, "storage" | "output">,
  threads: readonly string[],
): Promise<Set<string>> {
  const unknown = new Set<string>();
  for (const id of threads) {
    const thread = await threadOf(storage, id);
    const [born, entry] = await Promise.all([storage.incarnations.current(thread), entryOf(storage, id)]);
    if (born !== undefined || entry) continue;
    unknown.add(id);
    output.warn(`There is no thread ${JSON.stringify(id)}.`);
  }
  return unknown;
}
