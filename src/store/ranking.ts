import { compareCodePoints } from "../format/code-points.js";
import { createdOf } from "./entries.js";
import type { Found } from "./storage.js";

/** A candidate of a search. */
export interface Candidate extends Found {
  /** When its namespace was created. */
  namespaceCreated: () => number;
  score?: number;
  value?: Record<string, unknown>;
}

/** Keeps the first `most` candidates in an order, however many are added. */
export class Ranking {
  #kept: Candidate[] = [];

  constructor(
    private readonly most: number,
    private readonly order: (a: Candidate, b: Candidate) => number,
  ) {}

  add(candidate: Candidate): void {
    this.#kept.push(candidate);
    if (this.#kept.length > 2 * this.most + 1_000) this.#kept = this.sorted();
  }

  sorted(): Candidate[] {
    return this.#kept.sort(this.order).slice(0, this.most);
  }
}

/** Oldest first: namespaces by when they were created, and in each of them the items. */
export function oldestFirst(a: Candidate, b: Candidate): number {
  return (
    a.namespaceCreated() - b.namespaceCreated() ||
    compareCodePoints(a.namespace.sortKey, b.namespace.sortKey) ||
    createdOf(a.item) - createdOf(b.item) ||
    compareCodePoints(a.item.SK.S, b.item.SK.S)
  );
}

export const bestFirst = (a: Candidate, b: Candidate): number => b.score! - a.score! || oldestFirst(a, b);
