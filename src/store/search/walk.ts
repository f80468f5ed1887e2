import { forEachAtOnce } from "../../aws/client/for-each-at-once.js";
import type { Item, Key } from "../../aws/dynamodb/items.js";
import { textOfKey } from "../../format/keys.js";
import { endOf, isGone, TTL_ATTRIBUTE } from "../../payload/lifetime.js";
import { WRITTEN_AT } from "../../payload/segment-times.js";
import { createdOf, GONE, isLive, TRASH } from "../entries/attributes.js";
import { readItems } from "../entries/parts.js";
import { isSurelyOver, parseOrderPointer, POINTERS, SURELY_OVER_MS, type OrderPointer } from "../entries/pointers.js";
import { emptySomeTrash } from "../entries/trash.js";
import { namespaceOf, type Namespace } from "../namespaces.js";
import type { Found, StoreStorage } from "../storage.js";
import { oldestRows } from "./oldest-rows.js";
import { keep, Walked } from "./walked.js";

/** So many items more than are wanted are asked for at once: some may not count. */
const SOME_MORE = 3;
const POINTERS_AT_ONCE = 1_000;
/** "BatchGetItem": keys of one request. */
const ENTRIES_AT_ONCE = 100;
/** What a search tidies up on its way: what items and pointers have left, 3 requests each or so. */
const CHORES_AT_ONCE = 6;
const MOST_CHORES = 12;
const ROWS_AT_ONCE = 25;

type Chore = () => Promise<void>;

/** What the one who reads wants next. */
export interface Wanted {
  count: number;
  /** These attributes. */
  only: string[];
}

interface Pointer extends OrderPointer {
  namespace: Namespace;
  pointer: Key;
}

/**
 * The entries under a prefix, oldest first, in chunks of at most 100: the registry, and the first pointers of the
 * prefix's own namespace beside it; then the pointers of one namespace after the other, and the entries. Namespaces
 * that
 * may be empty come last. It reads no further than it is asked to.
 *
 * @param passesOver entries that are there and are not wanted
 */
export async function* walk(
  storage: StoreStorage,
  prefix: readonly string[],
  wanted: () => Wanted,
  passesOver: (entry: Key) => boolean = () => false,
): AsyncGenerator<Found[], void, undefined> {
  const chores: Chore[] = [];
  const met: Pointer[] = [];
  const walked = new Walked();
  const { clock } = storage.entries.backend.db;
  /** Where some do not count, more are asked for each time. */
  let atOnce = 1;
  const missing = (): number => Math.max(wanted().count, atOnce) - met.length;
  const pages = pointersUnder(storage, prefix, missing, walked);
  try {
    for (let isOver = false; !isOver || met.length > 0;) {
      while (!isOver && missing() > 0) {
        const { value, done } = await pages.next();
        for (const pointer of value ?? []) {
          if (passesOver(pointer.entry)) walked.holds(pointer.namespace);
          else met.push(pointer);
        }
        isOver = done === true;
        walked.forget(met, clock.told());
      }
      const { count, only } = wanted();
      if (count <= 0) return;
      const some = met.splice(0, Math.min(Math.max(count, atOnce), ENTRIES_AT_ONCE));
      const found = await entriesOf(storage, some, only, chores);
      for (const { namespace } of found) walked.holds(namespace);
      yield found;
      atOnce = count - wanted().count < some.length ? Math.min(2 * some.length, ENTRIES_AT_ONCE) : 1;
    }
  } finally {
    // What is found to be over is tidied up, and then the namespaces that held nothing else. Who may only read goes
    // without.
    walked.forget(met, clock.told());
    await forEachAtOnce(CHORES_AT_ONCE, chores, (chore) => chore().catch(() => undefined));
    await forEachAtOnce(ROWS_AT_ONCE, walked.unsettled, async ({ row, isHolding }) => {
      await storage.registry.settle(row, isHolding).catch(() => undefined);
    });
  }
}

/** Those that are there, were created when their pointer says, and have not expired. */
async function entriesOf(
  { entries, consistentRead }: StoreStorage,
  pointers: Pointer[],
  only: string[],
  chores: Chore[],
): Promise<Found[]> {
  const { db } = entries.backend;
  const keys = new Map(pointers.map(({ entry }) => [textOfKey(entry), entry]));
  const items = new Map(
    (await readItems(db, [...keys.values()], consistentRead, only)).map((item) => [textOfKey(item), item]),
  );
  if (only.includes("data")) for (const item of items.values()) entries.known.note(item);
  const toldMs = db.clock.told();
  const longAgo = (toldMs - SURELY_OVER_MS) / 1_000;
  const isOver = (item: Item | undefined, { created, writtenMs }: Pointer): boolean =>
    isSurelyOver(writtenMs, toldMs) && (!item || GONE in item || createdOf(item) !== created || endOf(item) < longAgo);
  const found: Found[] = [];
  const dead: Key[] = [];
  for (const met of pointers) {
    const { namespace, entry, created, pointer } = met;
    const item = items.get(textOfKey(entry));
    if (isLive(item) && createdOf(item) === created) found.push({ namespace, item });
    else if (consistentRead && isOver(item, met)) {
      // An entry that has segments to be deleted does not go by itself. Its pointer stays as long.
      if (item && TRASH in item) keep(chores, () => emptySomeTrash(entries.backend, item), MOST_CHORES);
      else dead.push(pointer);
    }
  }
  if (dead.length > 0) keep(chores, () => db.batchDelete(dead), MOST_CHORES);
  return found;
}

/**
 * The pointers of all namespaces under a prefix, oldest first, as far as they are asked for.
 *
 * @param walked is given the namespaces of which there are no more pointers
 */
async function* pointersUnder(
  storage: StoreStorage,
  prefix: readonly string[],
  missing: () => number,
  walked: Walked,
): AsyncGenerator<Pointer[], void, undefined> {
  const own = prefix.length > 0 ? await namespaceOf(storage.keyPrefix, prefix) : undefined;
  const [ahead, first] = await Promise.all([
    own && pointerPage(storage, own, missing()),
    oldestRows(storage.registry, prefix, undefined),
  ]);
  let rows = first;
  // Its row may have been removed, or have expired, a moment ago.
  if (own && rows.isWhole && !rows.all.some(({ namespace }) => namespace.sortKey === own.sortKey) && ahead)
    yield* pagesFrom(storage, own, ahead);
  let wave = 1;
  for (;;) {
    const marked = rows.all.filter(({ isMarked }) => isMarked);
    walked.aside = marked[Math.floor(Math.random() * marked.length)];
    for (let at = 0; at < rows.all.length;) {
      const next = rows.all.slice(at, (at += Math.max(1, Math.min(wave, missing(), storage.maxConcurrency))));
      wave *= 2;
      const pages = await Promise.all(
        next.map(async ({ namespace }) =>
          namespace.sortKey === own?.sortKey ? ahead! : pointerPage(storage, namespace, missing()),
        ),
      );
      for (const [i, row] of next.entries()) {
        yield* pagesFrom(storage, row.namespace, pages[i]!);
        walked.over.push(row);
      }
    }
    if (rows.isWhole) {
      walked.aside = undefined;
      return;
    }
    rows = await oldestRows(storage.registry, prefix, rows.all.at(-1));
  }
}

interface PointerPage {
  pointers: Pointer[];
  next: Key | undefined;
}

async function* pagesFrom(
  storage: StoreStorage,
  namespace: Namespace,
  first: PointerPage,
): AsyncGenerator<Pointer[], void, undefined> {
  for (let page = first; ; page = await pointerPage(storage, namespace, POINTERS_AT_ONCE, page.next)) {
    yield page.pointers;
    if (!page.next) return;
  }
}

async function pointerPage(
  { entries, consistentRead }: StoreStorage,
  namespace: Namespace,
  count: number,
  after?: Key,
): Promise<PointerPage> {
  const { items, next } = await entries.backend.db.query({
    partition: namespace.partition,
    beginsWith: POINTERS,
    only: ["PK", "SK", WRITTEN_AT, TTL_ATTRIBUTE],
    consistent: consistentRead,
    limit: Math.min(Math.max(1, count) + SOME_MORE, POINTERS_AT_ONCE),
    after,
  });
  const pointers = items.flatMap((item) => {
    const parsed = isGone(item) ? undefined : parseOrderPointer(item);
    return parsed ? [{ namespace, ...parsed, pointer: { PK: item.PK, SK: item.SK } }] : [];
  });
  return { pointers, next };
}
