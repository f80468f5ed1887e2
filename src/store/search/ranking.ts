import type { Item } from "../../aws/dynamodb/items.js";
import { compareCodePoints } from "../../format/code-points.js";
import { CREATED, createdOf } from "../entries/attributes.js";
import type { Found } from "../storage.js";

/** A candidate of a search. */
export interface Candidate extends Found {
  /** When its namespace was created. */
  namespaceCreated: number;
  score?: number | undefined;
}

/** Of items that are kept as they were read. What is over is read again if it is found. */
const KEPT_BYTES = 8 * 1_024 * 1_024;

/** Keeps the first `most` candidates in an order, however many are added. */
export class Ranking {
  #kept: Candidate[] = [];
  #bytes = 0;

  constructor(
    private readonly most: number,
    private readonly order: (a: Candidate, b: Candidate) => number,
  ) {}

  add(candidate: Candidate): void {
    this.#kept.push(candidate);
    this.#bytes += sizeOf(candidate);
    if (this.#kept.length <= 2 * this.most + 1_000 && this.#bytes <= KEPT_BYTES) return;
    this.#kept = this.sorted();
    this.#count();
    if (this.#bytes <= KEPT_BYTES / 2) return;
    this.#kept = this.#kept.map(({ item, ...rest }) => ({ ...rest, item: rankedBy(item) }));
    this.#count();
  }

  #count(): void {
    this.#bytes = this.#kept.reduce((sum, one) => sum + sizeOf(one), 0);
  }

  sorted(): Candidate[] {
    return this.#kept.sort(this.order).slice(0, this.most);
  }
}

/** Of any attributes, also of types that the package does not write. */
const sizeOf = ({ item }: Candidate): number => JSON.stringify(item).length;

/** What the order needs of an item. */
const rankedBy = ({ PK, SK, [CREATED]: created }: Item): Item => ({ PK, SK, ...(created && { [CREATED]: created }) });

/** Oldest first: namespaces by when they were created, and in each of them the items. */
export function oldestFirst(a: Candidate, b: Candidate): number {
  return (
    a.namespaceCreated - b.namespaceCreated ||
    compareCodePoints(a.namespace.sortKey, b.namespace.sortKey) ||
    createdOf(a.item) - createdOf(b.item) ||
    compareCodePoints(a.item.SK.S, b.item.SK.S)
  );
}

export const bestFirst = (a: Candidate, b: Candidate): number => b.score! - a.score! || oldestFirst(a, b);
