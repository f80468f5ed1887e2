import type { Item, QueryInput } from "../../aws/dynamodb/items.js";
import { RESTORED, stringOf } from "../../format/attributes.js";
import { bytesInMemory, knownOf } from "../../format/known-attributes.js";
import type { Grants, Ranked } from "../fence.js";
import { grantsOf } from "../grants.js";
import { bornOf, LEASE, livingOf } from "../incarnation.js";
import {
  CHECKPOINTS,
  checkpointPrefix,
  idOf,
  namespacePrefix,
  parseSortKey,
  THREAD_MARKER,
  wholeCheckpointRange,
  type KeyPart,
} from "../../format/keys.js";
import { writeNames } from "../../format/writes.js";
import { isEnded, isGone } from "../../payload/lifetime.js";
import type { HeldLease, Storage } from "../storage.js";
import type { CheckpointRef, Thread } from "../refs.js";
import { isVoid } from "../tombstone.js";
import { rankOf } from "./rank.js";

/** The items of one checkpoint. Nothing but its ids has been looked at: damage of one must not hide the others. */
export interface CheckpointItems {
  thread: Thread;
  ns: string;
  id: string;
  item: Item;
  /** Of more than one call may hold, those that came first. */
  writes: Item[];
  /** What all of them take in memory, roughly. */
  writeBytes: number;
}

/** What a marker says of leases. */
export type AboutLeases = Partial<Grants> & { lease?: string | undefined; marker?: Item };

/** The same, with its place among those of its namespace. */
export type RankedItems = CheckpointItems & Ranked;

/**
 * All namespaces, the root first: what its checkpoints refer to is there when the others are read. The marker follows
 * it; then come those whose names sort behind `$`, and those before `#`.
 */
export const NAMESPACE_ORDER: [from: string, to: string][] = [
  [`${CHECKPOINTS}#`, THREAD_MARKER],
  [THREAD_MARKER, "C$"],
  [CHECKPOINTS, `${CHECKPOINTS}#`],
];

/** All checkpoints of a namespace; of the root namespace, after the thread's marker. */
export function namespaceRange(ns: KeyPart): Pick<QueryInput, "between" | "beginsWith"> {
  const prefix = namespacePrefix(ns);
  return ns.text === "" ? { between: [prefix, THREAD_MARKER] } : { beginsWith: prefix };
}

/** One checkpoint, in whatever incarnation, with its writes. */
export const oneCheckpoint = ({ nsPart, idPart }: CheckpointRef): Pick<QueryInput, "between"> => ({
  between: wholeCheckpointRange(checkpointPrefix(nsPart, idPart)),
});

/**
 * Checkpoints with their writes, newest first, one array a page of the Query. What belongs to the thread has the
 * incarnation of its marker. A Query of the root namespace meets that first. Another one relies on what this instance
 * has seen lately, until it meets something else, or looks at the marker side by side with its first page.
 *
 * @param limits how many items the first pages ask for; later ones take what 1 MB holds
 * @param isPast which checkpoints are passed over: those that have ended, unless others are rebuilt from them
 * @param of the incarnation, where it is known: what a marker says is not asked then
 * @param about is told what the marker says of leases, where the Query meets it
 */
export async function* checkpointPages(
  { db, codec, incarnations, consistentRead, lease }: Storage,
  thread: Thread,
  range: Pick<QueryInput, "between" | "beginsWith">,
  limits: number[] = [],
  isPast = isEnded,
  of?: string,
  about: AboutLeases = {},
): AsyncGenerator<RankedItems[], void, undefined> {
  const input: QueryInput = { partition: thread.partition, descending: true, consistent: consistentRead, ...range };
  let open: (RankedItems & { prefix: string }) | undefined;
  const meetsMarker = of === undefined && range.between?.[1] === THREAD_MARKER;
  // A list of all namespaces is never of a thread that is deleted.
  const looks = meetsMarker || range.beginsWith === CHECKPOINTS;
  let living = of ?? (looks ? undefined : incarnations.trusted(thread.id)?.born);
  let isSure = of !== undefined || living === undefined;
  for (let page = 0; ; page++) {
    const limit = limits[page];
    const query = db.query({ ...input, ...(limit && { limit }) });
    if (page === 0 && living === undefined && !meetsMarker)
      [, living] = await Promise.all([query, incarnations.current(thread)]);
    const { items, next } = await query;
    if (page === 0 && meetsMarker) {
      living = items[0]?.SK.S === THREAD_MARKER ? livingOf(items[0]) : undefined;
      incarnations.note(thread.id, living);
    } else if (!isSure && items.some((item) => ![living, ""].includes(bornOf(item)))) {
      living = await incarnations.current(thread);
      isSure = true;
    }
    if (living === undefined) return; // deleted, or not there yet
    const complete: RankedItems[] = [];
    const close = (): void => {
      // What an older holder puts after this one has read is absent to it.
      if (open && !lease?.reads.isLate(open.ns, open)) complete.push(open);
      open = undefined;
    };
    for (const item of items) {
      if (item.SK.S === THREAD_MARKER) {
        Object.assign(about, grantsOf(item), { lease: stringOf(item, LEASE), marker: item });
        continue;
      }
      const { prefix, ns, checkpoint, task, born, token, claims } = parseSortKey(item.SK.S);
      if (open?.prefix !== prefix) close();
      if (task === undefined) {
        if (born !== living || isVoid(item) || isPast(item)) continue;
        const ids = { ns: await idOf(ns, stringOf(item, "ns")), id: await idOf(checkpoint, stringOf(item, "id")) };
        open = { thread, ...ids, prefix, item: knownOf(item), writes: [], writeBytes: 0, ...rankOf(ids.id, item) };
      } else if (open && (born === living || (born === "" && !(RESTORED in open.item))) && !isGone(item)) {
        const claimed = claims ? token : 0;
        const isLate = lease?.reads.isLateClaim(open.ns, open, claimed);
        const known = isLate ? undefined : seenBy(lease, open, token, knownOf(item));
        if (!known) continue;
        open.claimed = Math.max(open.claimed, claimed);
        open.writeBytes += bytesInMemory(known);
        if (codec.meter().hasRoomFor(open.writeBytes)) open.writes.push(known);
      } // else these writes have expired, arrived before their checkpoint, which is not there yet, or are of a thread
      // that was deleted: of what was restored, none came while it was being put
    }
    if (!next) close();
    yield complete;
    if (!next) return;
    input.after = next;
  }
}

/** An item of writes as it was when this holder has read the checkpoint's first, if it is an older holder's. */
function seenBy(
  lease: HeldLease | undefined,
  { ns, id }: Ranked & { ns: string },
  token: number,
  item: Item,
): Item | undefined {
  if (!lease) return item;
  const sortKey = item.SK.S;
  const names = writeNames(item);
  const unseen = names.filter((name) => !lease.reads.seesWrite(ns, id, { sortKey, token }, name));
  if (unseen.length > 0 && unseen.length === names.length) return undefined;
  // What is not there any more was not replaced but taken away, with the run that had written it.
  const replaced = Object.entries(lease.reads.replaced(ns, id, sortKey) ?? {}).filter(([name]) => name in item);
  const seen = [...Object.entries(item).filter(([name]) => !unseen.includes(name)), ...replaced];
  return Object.fromEntries(seen) as Item;
}
