import type { Item, QueryInput } from "../aws/dynamodb.js";
import { stringOf } from "./attributes.js";
import { isVoid } from "./head.js";
import { bornOf } from "./incarnation.js";
import { CHECKPOINTS, idOf, namespacePrefix, parseSortKey, THREAD_MARKER, type KeyPart } from "./keys.js";
import { isEnded, isGone } from "./lifetime.js";
import type { Storage, Thread } from "./storage.js";

/** The items of one checkpoint. Nothing but its ids has been looked at: damage of one must not hide the others. */
export interface CheckpointItems {
  thread: Thread;
  ns: string;
  id: string;
  item: Item;
  writes: Item[];
}

/**
 * All namespaces, the root first: what its checkpoints refer to is there when the others are read. The marker follows it; then
 * come those whose names sort behind `$`, and those before `#`.
 */
export const NAMESPACE_ORDER: [from: string, to: string][] = [
  [`${CHECKPOINTS}#`, THREAD_MARKER],
  [THREAD_MARKER, "C$"],
  [CHECKPOINTS, `${CHECKPOINTS}"\u{10FFFF}`],
];

/** All checkpoints of a namespace; of the root namespace, after the thread's marker. */
export function namespaceRange(ns: KeyPart): Pick<QueryInput, "between" | "beginsWith"> {
  const prefix = namespacePrefix(ns);
  return ns.text === "" ? { between: [prefix, THREAD_MARKER] } : { beginsWith: prefix };
}

/**
 * Checkpoints with their writes, newest first, one array a page of the Query.
 * @param limits how many items the first pages ask for; later ones take what 1 MB holds
 * @param isPast which checkpoints are passed over: those that have ended, unless others are rebuilt from them
 */
export async function* checkpointPages(
  { db, incarnations, consistentRead }: Storage,
  thread: Thread,
  range: Pick<QueryInput, "between" | "beginsWith">,
  limits: number[] = [],
  isPast = isEnded,
): AsyncGenerator<CheckpointItems[], void, undefined> {
  const input: QueryInput = { partition: thread.partition, descending: true, consistent: consistentRead, ...range };
  let open: (CheckpointItems & { prefix: string }) | undefined;
  const endsWithMarker = range.between?.[1] === THREAD_MARKER;
  let born: string | undefined;
  for (let page = 0; ; page++) {
    const limit = limits[page];
    const { items, next } = await db.query({ ...input, ...(limit && { limit }) });
    if (endsWithMarker && page === 0) {
      const marker = items[0]?.SK.S === THREAD_MARKER && !isGone(items[0]) ? items[0] : undefined;
      born = marker && bornOf(marker);
      incarnations.note(thread.id, born);
      if (!marker) return; // deleted
    }
    const complete: CheckpointItems[] = [];
    for (const item of items) {
      if (item.SK.S === THREAD_MARKER) continue;
      const { prefix, ns, checkpoint, task } = parseSortKey(item.SK.S);
      if (task === undefined) {
        if (open) complete.push(open);
        const ids = { ns: idOf(ns, stringOf(item, "ns")), id: idOf(checkpoint, stringOf(item, "id")) };
        const isPassedOver = isVoid(item) || isPast(item) || (endsWithMarker && bornOf(item) !== born);
        open = isPassedOver ? undefined : { thread, ...ids, prefix, item, writes: [] };
      } else if (open?.prefix === prefix && !isGone(item)) {
        open.writes.push(item);
      } // else these writes have expired, or arrived before their checkpoint, which is not there yet
    }
    if (!next && open) complete.push(open);
    yield complete;
    if (!next) return;
    input.after = next;
  }
}
