import type { Item } from "../../aws/dynamodb/items.js";
import { compareCodePoints } from "../../format/code-points.js";
import { itemSize } from "../../format/item-size.js";
import { textOfKey } from "../../format/keys.js";
import { CREATED, createdOf, VECTORS } from "../entries/attributes.js";
import { isUnreadable, readEntries, readParts } from "../entries/parts.js";
import { isReadable, openRows } from "../open.js";
import { Shortlist } from "../vectors/shortlist.js";
import type { Found, StoreStorage } from "../storage.js";
import { Scorer } from "../vectors/scorer.js";
import { passes } from "./filter.js";
import type { Search } from "./oldest.js";
import type { Candidate } from "./sketched.js";

/** An entry that was compared. */
export type Match = Found & { namespaceCreated: number };

/** Of entries that are kept as they were read, in bytes. What is over is read again if it is found. */
const KEPT_BYTES = 4 * 1_024 * 1_024;

/** Compares a query with the vectors of entries, exactly. */
export class Comparison {
  readonly best: Shortlist<Match>;
  readonly #scorer: Scorer;
  readonly #keep = keeping();

  constructor(
    private readonly storage: StoreStorage,
    private readonly op: Search,
    query: Float32Array,
    count: number,
    /** Items that cannot be read, and of which that was said. */
    private readonly skipped: Set<string>,
  ) {
    this.best = new Shortlist(count, oldestFirst);
    this.#scorer = new Scorer(query);
  }

  /** @returns how many were compared, which pass the filter */
  async take(candidates: readonly Candidate[]): Promise<number> {
    const { entries, consistentRead, maxValueBytes } = this.storage;
    const byName = new Map(candidates.map((one) => [textOfKey(one.entry), one]));
    const keys = Array.from(byName.values(), ({ entry }) => entry);
    const items = await readEntries(entries, keys, consistentRead);
    const found = await this.#passing(
      items.filter((item) => VECTORS in item).map((item): Match => ({ ...byName.get(textOfKey(item))!, item })),
    );
    let at = 0;
    for await (const row of readParts(
      entries.backend,
      found.map(({ item }) => item),
      VECTORS,
      maxValueBytes,
    )) {
      for (const vectors of row) {
        const match = found[at++]!;
        // What cannot be read has no score. Its value may be readable.
        const score = isUnreadable(vectors) ? undefined : this.#scorer.best(vectors);
        if (score !== undefined) this.best.add(score, () => ({ ...match, item: this.#keep(match.item) }));
      }
    }
    return found.length;
  }

  async #passing(found: Match[]): Promise<Match[]> {
    const { filter } = this.op;
    if (!filter) return found;
    const passed: Match[] = [];
    let at = 0;
    for await (const row of openRows(this.storage, found)) {
      for (const one of row) {
        const match = found[at++]!;
        if (isReadable(this.storage, match, one, this.skipped) && passes(one.value, filter))
          passed.push({ ...match, item: one.item });
      }
    }
    return passed;
  }
}

/** Of an item, all as long as there is room, and then what the order needs. */
function keeping(): (item: Item) => Item {
  let bytes = 0;
  return (item) => {
    bytes += itemSize(item);
    if (bytes <= KEPT_BYTES) return item;
    const { PK, SK, [CREATED]: created } = item;
    return { PK, SK, ...(created && { [CREATED]: created }) };
  };
}

/** Oldest first: namespaces by when they were created, and in each of them the items. */
const oldestFirst = (a: Match, b: Match): number =>
  a.namespaceCreated - b.namespaceCreated ||
  compareCodePoints(a.namespace.sortKey, b.namespace.sortKey) ||
  createdOf(a.item) - createdOf(b.item) ||
  compareCodePoints(a.item.SK.S, b.item.SK.S);
