import type { Found } from "../storage.js";

/** Of the items with vectors, the nearest. */
export interface Matches {
  /**
   * As many as were asked for or some more, best first; fewer only if there are no others. Of their items, all or only
   * the keys.
   */
  best: (Found & { score: number })[];
  /** Whether there are no others. */
  areAll: boolean;
}
