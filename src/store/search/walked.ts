import type { Namespace } from "../namespaces.js";
import type { Registered } from "../registry/registry.js";

/** Of namespaces that it has looked into, a search settles so many rows: 1 to 4 requests each. */
const MOST_ROWS = 100;

export interface Unsettled {
  row: Registered;
  isHolding: boolean;
}

/** Namespaces as a walk goes through them, and what their rows should say instead. */
export class Walked {
  /** Of which there are no more pointers to be met. */
  readonly over: Registered[] = [];
  /** One that may be empty, of those that nobody may come to look into. */
  aside: Registered | undefined;
  readonly #holding = new Set<string>();
  readonly #unsettled: Unsettled[] = [];

  holds({ sortKey }: Namespace): void {
    this.#holding.add(sortKey);
  }

  /**
   * Of namespaces that were walked, only those are kept of which something is still to be read.
   *
   * @param toldMs the time, as the service tells it
   */
  forget(unread: { namespace: Namespace }[], toldMs: number): void {
    if (this.over.length === 0) return;
    const names = new Set(unread.map(({ namespace }) => namespace.sortKey));
    for (const row of this.over.splice(0)) {
      const { sortKey } = row.namespace;
      if (names.has(sortKey)) {
        this.over.push(row);
        continue;
      }
      const isHolding = this.#holding.delete(sortKey);
      // A mark that is wrong goes. What is empty is marked, and goes when nobody relies on it any more.
      const isUnsettled = isHolding ? row.isMarked : !row.isMarked || row.until < toldMs;
      if (isUnsettled) keep(this.#unsettled, { row, isHolding }, MOST_ROWS);
    }
  }

  /** Where every page is full before those that may be empty, one in passing is looked into all the same. */
  get unsettled(): Unsettled[] {
    if (this.#unsettled.length > 0 || !this.aside) return this.#unsettled;
    return [{ row: this.aside, isHolding: false }];
  }
}

/** What is too much is left to the next search. Chance says what, so that what fails keeps nothing else waiting. */
export function keep<T>(some: T[], one: T, most: number): void {
  some[some.length < most ? some.length : Math.floor(Math.random() * most)] = one;
}
