import { forEachAtOnce } from "../aws/client/for-each-at-once.js";
import { ByteLru } from "../payload/byte-lru.js";
import { key, parsePointer, pointersPrefix, segmentCopy, segmentSortKey } from "../format/keys.js";
import { isGone, TTL_ATTRIBUTE } from "../payload/lifetime.js";
import type { Storage } from "../checkpoint/storage.js";
import type { Thread } from "../checkpoint/refs.js";
import type { Segment } from "../format/value.js";

/** Remembers some ten thousand segments: checkpoints that follow one another share most of them. */
const KNOWN_BYTES = 2 * 1_024 * 1_024;
const AT_ONCE = 6;

/**
 * Tells which segments of a thread are not stored, without reading their bytes. Of those in S3, whether the table has a
 * pointer.
 */
export class MissingSegments {
  readonly #present = new ByteLru<true>(KNOWN_BYTES);

  constructor(
    private readonly storage: Storage,
    private readonly thread: Thread,
  ) {}

  /** Those that are missing, as `segmentCopy` calls them: 1 request for 100 that were not looked for before. */
  async among(segments: Iterable<Segment>): Promise<Set<string>> {
    const missing = new Map<string, Segment>();
    for (const segment of segments)
      if (!this.#present.get(segmentCopy(segment))) missing.set(segmentCopy(segment), segment);
    await this.#look(missing, missing);
    // A reader looks in the other place too.
    await this.#look(
      missing,
      new Map(
        [...missing].map(([copy, segment]) => [
          copy,
          { ...segment, objectDays: segment.objectDays === undefined ? 0 : undefined },
        ]),
      ),
    );
    return new Set(missing.keys());
  }

  /** Takes off `missing` what is there. */
  async #look(missing: Map<string, Segment>, places: ReadonlyMap<string, Segment>): Promise<void> {
    const found = (copy: string): void => {
      missing.delete(copy);
      this.#present.set(copy, true, 3 * copy.length);
    };
    const [objects, items] = [
      [...places].filter(([, one]) => one.objectDays !== undefined),
      [...places].filter(([, one]) => one.objectDays === undefined),
    ];
    const { db } = this.storage;
    const { partition } = this.thread;
    const copies = new Map(items.map(([copy, segment]) => [segmentSortKey(segment), copy]));
    const stored = await db.batchGet(
      [...copies.keys()].map((sortKey) => key(partition, sortKey)),
      true,
      ["PK", "SK", TTL_ATTRIBUTE],
    );
    for (const item of stored) if (!isGone(item)) found(copies.get(item.SK.S)!);
    await forEachAtOnce(AT_ONCE, objects, async ([copy, segment]) => {
      const { items } = await db.query({
        partition,
        beginsWith: pointersPrefix(segment),
        consistent: true,
        only: ["PK", "SK", TTL_ATTRIBUTE],
      });
      if (items.some((item) => !isGone(item) && parsePointer(item.SK.S))) found(copy);
    });
  }
}
