import { forEachAtOnce } from "../aws/concurrency.js";
import { ByteLru } from "./byte-lru.js";
import { key, parsePointer, pointersPrefix, segmentSortKey } from "./keys.js";
import { isGone, TTL_ATTRIBUTE } from "./lifetime.js";
import type { Storage, Thread } from "./storage.js";
import type { Segment } from "./value.js";

/** Remembers some ten thousand segments: checkpoints that follow one another share most of them. */
const KNOWN_BYTES = 2 * 1_024 * 1_024;
const AT_ONCE = 6;

/** Tells which segments of a thread are not stored, without reading their bytes. Of those in S3, whether the table has a pointer. */
export class MissingSegments {
  readonly #present = new ByteLru<true>(KNOWN_BYTES);

  constructor(
    private readonly storage: Storage,
    private readonly thread: Thread,
  ) {}

  /** Those that are missing, as `segmentSortKey` calls them: 1 request for 100 that were not looked for before. */
  async among(segments: Iterable<Segment>): Promise<Set<string>> {
    const missing = new Map<string, Segment>();
    for (const segment of segments) if (!this.#present.get(segmentSortKey(segment))) missing.set(segmentSortKey(segment), segment);
    const found = (sortKey: string): void => {
      missing.delete(sortKey);
      this.#present.set(sortKey, true, 3 * sortKey.length);
    };
    const { db } = this.storage;
    const { partition } = this.thread;
    const [external, inline] = [[...missing.values()].filter((one) => one.external), [...missing.values()].filter((one) => !one.external)];
    const items = await db.batchGet(inline.map((segment) => key(partition, segmentSortKey(segment))), true, ["PK", "SK", TTL_ATTRIBUTE]);
    for (const item of items) if (!isGone(item)) found(item.SK.S);
    await forEachAtOnce(AT_ONCE, external, async (segment) => {
      const { items } = await db.query({ partition, beginsWith: pointersPrefix(segment), consistent: true, only: ["PK", "SK", TTL_ATTRIBUTE] });
      if (items.some((item) => !isGone(item) && parsePointer(item.SK.S))) found(segmentSortKey(segment));
    });
    return new Set(missing.keys());
  }
}
