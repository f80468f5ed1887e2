/** One of a {@link Shortlist}. */
export interface Listed<T> {
  readonly score: number;
  readonly item: T;
}

/**
 * Keeps those with the highest scores, of any number that come one after the other: never more than twice as many in
 * memory. The outcome does not depend on the order in which they come.
 */
export class Shortlist<T> {
  #kept: Listed<T>[] = [];
  /** What is below it cannot be among the best any more. */
  #least = -Infinity;

  /**
   * @param most how many are kept
   * @param order of those with the same score
   * @param after what comes before this one, or is this one, is left out
   */
  constructor(
    readonly most: number,
    private readonly order: (one: T, other: T) => number,
    private readonly after?: Listed<T>,
  ) {}

  /**
   * @param score one that is NaN has no place in any order, and is left out
   * @param make is called only if the score is high enough by now
   */
  add(score: number, make: () => T): void {
    const { after } = this;
    if (!(score >= this.#least) || this.most <= 0 || (after && score > after.score)) return;
    const item = make();
    if (after && score === after.score && this.order(item, after.item) <= 0) return;
    this.#kept.push({ score, item });
    if (this.#kept.length >= 2 * this.most) this.best();
  }

  /** The best of those that were added up to now, best first. */
  best(): readonly Listed<T>[] {
    this.#kept.sort((one, other) => other.score - one.score || this.order(one.item, other.item));
    this.#kept.length = Math.min(this.#kept.length, this.most);
    if (this.#kept.length === this.most) this.#least = this.#kept.at(-1)?.score ?? -Infinity;
    return this.#kept.slice();
  }

  /** Takes out so many of the best, or all there are, best first. What is left has the rest of the `most` best. */
  take(count: number): Listed<T>[] {
    this.best();
    return this.#kept.splice(0, count);
  }
}

/**
 * How many of the best by their sketches are compared exactly to find so many: ten times as many, rounded up to 100,
 * 200, 400 and so on.
 */
export function candidatesFor(wanted: number): number {
  let count = 100;
  while (count < 10 * wanted) count *= 2;
  return count;
}

/** How many are found together where so many are wanted: 10, 20, 40 and so on. */
export const placesFor = (wanted: number): number => candidatesFor(wanted) / 10;
