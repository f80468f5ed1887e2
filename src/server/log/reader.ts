import type { Thread } from "../../checkpoint/refs.js";
import { eventsAfter } from "../../checkpoint/agent-keys.js";
import { isGone } from "../../payload/lifetime.js";
import type { ServerEvent } from "../http/sse.js";
import { unsealed } from "../items.js";
import type { Scope } from "../scope.js";

/** What a client says that it has seen last; `-1`, and what is no id: nothing yet. */
export const idIn = (text: string | null): bigint => (text !== null && /^\d{1,20}$/.test(text) ? BigInt(text) : -1n);

/** The events of a run behind one of them, as far as they are stored. */
export async function* eventsBehind(
  scope: Scope,
  { partition }: Thread,
  run: string,
  after: bigint,
): AsyncGenerator<ServerEvent, void, undefined> {
  const query = { partition, between: eventsAfter(run, after), consistent: true };
  for await (const items of scope.storage.db.queryPages(query))
    for (const item of items.filter((one) => !isGone(one)))
      for (const [id, event, data] of (await unsealed(scope.storage, item)) as [string, string, string][])
        if (BigInt(id) > after) yield { id, event, data };
}
