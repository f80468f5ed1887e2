import type { Found } from "../storage.js";

/** Of the items with vectors, the nearest. */
export interface Matches {
  /** At most as many as were asked for, best first. Of their items, all or only the keys. */
  best: (Found & { score: number })[];
  /** Whether there are no others. */
  areAll: boolean;
}
