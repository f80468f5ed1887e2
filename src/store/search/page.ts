import { Bounds, isReadable, openRows } from "../open.js";
import type { Found, Opened, StoreStorage } from "../storage.js";
import { passes, type Filter } from "./filter.js";

/** What a search finds. */
export type Ranked = Opened & { score?: number | undefined };

/** What a search gives back: it is filled in order. */
export class Page {
  readonly found: Ranked[] = [];
  /** How many that are found come before it. */
  toSkip: number;
  readonly #filter: Filter | undefined;
  readonly #limit: number;
  readonly #bounds: Bounds;

  constructor(
    private readonly storage: StoreStorage,
    /** Items that cannot be read, and of which that was said. */
    private readonly skipped: Set<string>,
    { filter, limit, offset }: { filter?: Filter | undefined; limit: number; offset: number },
  ) {
    this.#filter = filter;
    this.#limit = limit;
    this.toSkip = offset;
    this.#bounds = new Bounds(storage);
  }

  get missing(): number {
    return this.#limit - this.found.length;
  }

  /** Takes what passes the filter and can be read, as far as it is missing. Of what is skipped, no value is read. */
  async add(candidates: (Found & { score?: number | undefined })[]): Promise<void> {
    let at = this.#filter ? 0 : Math.min(this.toSkip, candidates.length);
    this.toSkip -= at;
    // What cannot be read leaves its place to those that come after it.
    while (at < candidates.length && this.missing > 0) {
      const wanted = this.#filter ? candidates : candidates.slice(at, at + this.missing);
      at += wanted.length;
      await this.#take(wanted);
    }
  }

  async #take(wanted: (Found & { score?: number | undefined })[]): Promise<void> {
    let at = 0;
    for await (const row of openRows(this.storage, wanted)) {
      for (const one of row) {
        const candidate = wanted[at++]!;
        if (
          !isReadable(this.storage, candidate, one, this.skipped) ||
          (this.#filter && !passes(one.value, this.#filter))
        )
          continue;
        if (this.toSkip > 0) {
          this.toSkip--;
          continue;
        }
        await this.#bounds.add(one);
        this.found.push({ ...one, score: candidate.score });
        if (this.missing === 0) return;
      }
    }
  }
}
