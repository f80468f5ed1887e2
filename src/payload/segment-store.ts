import { forEachAtOnce } from "../aws/client/for-each-at-once.js";
import type { DynamoDB } from "../aws/dynamodb/dynamodb.js";
import type { Key } from "../aws/dynamodb/items.js";
import { AwsRequestError, type DynamoDBSaverError } from "../errors.js";
import { binaryOf, DATA, placeOf } from "../format/attributes.js";
import { ByteLru } from "./byte-lru.js";
import type { Codec } from "../format/codec.js";
import { FormatError } from "../format/format-error.js";
import { key, parsePointer, segmentCopy, segmentSortKey, textOfKey } from "../format/keys.js";
import { isGone } from "./lifetime.js";
import { offloadOf, type Offload } from "./offload.js";
import { pointersOf } from "./segment-objects.js";
import { isObject, type Segment, type Value } from "../format/value.js";

/** A Worker has 128 MB for everything. */
const CACHE_BYTES = 16 * 1_024 * 1_024;
/** Objects read at once. */
const AT_ONCE = 6;
/** "BatchGetItem": keys of one request. */
const ITEMS_AT_ONCE = 100;

export type LoadedSegments = ReadonlyMap<string, Uint8Array | FormatError>;
/** The same, of values that have nothing to do with each other. */
export type LoadedApart = ReadonlyMap<string, Loaded>;
/** A segment, and where its thread or namespace has it. */
interface Placed {
  partition: string;
  segment: Segment;
}
/** What a segment is, or why it cannot be read. */
type Loaded = Uint8Array | FormatError | DynamoDBSaverError;

/** The segments of all threads: immutable and named by their content, so the cache can never be stale. */
export class SegmentStore {
  readonly #cache = new ByteLru<Uint8Array>(CACHE_BYTES);

  constructor(
    readonly db: DynamoDB,
    private readonly codec: Codec,
    readonly offload: Offload | undefined,
    private readonly consistentRead: boolean,
  ) {}

  /** A segment was stored, and need not be read. */
  remember(name: string, bytes: Uint8Array): void {
    this.#cache.set(name, bytes, bytes.length);
  }

  /**
   * Reads the segments of all `values` at once. A damaged one comes back as its error, a missing one not at all; and
   * behind one that is missing, such as are not where they were stored need not come back either.
   */
  load(partition: string, values: Iterable<Value>): Promise<LoadedSegments> {
    // Errors of objects are thrown.
    return this.loadAll([[partition, values]]) as Promise<LoadedSegments>;
  }

  /**
   * The same by partitions.
   *
   * @param isOfOne for values that have nothing to do with each other, so that each comes back that can be read:
   *   whether an error is about one object alone. Then it comes back in the object's place
   */
  async loadAll(
    values: Iterable<[string, Iterable<Value>]>,
    isOfOne?: (error: unknown) => error is DynamoDBSaverError,
  ): Promise<LoadedApart> {
    const loaded = new Map<string, Loaded>();
    const missing = new Map<string, Placed>();
    for (const [partition, some] of values) {
      for (const segment of [...some].flatMap(({ segments }) => segments)) {
        const cached = loaded.get(segment.name) ?? this.#cache.get(segment.name);
        if (cached) loaded.set(segment.name, cached);
        else missing.set(`${segmentCopy(segment)} ${partition}`, { partition, segment });
      }
    }
    if (missing.size === 0) return loaded;
    const isMissing = ({ segment }: Placed): boolean => !loaded.has(segment.name);
    const readItems = (placed: Placed[]): Promise<void> => this.#readItems(placed, loaded);
    const readObjects = async (all: Placed[], isExpected: boolean): Promise<void> => {
      // What is missing beside one that is nowhere needs no requests of its own: its checkpoint comes later.
      let isOver = false;
      await forEachAtOnce(AT_ONCE, all, async (placed) => {
        if (isOver) return;
        const bytes = await this.#fetchObject(placed, isExpected).catch((error: unknown) => {
          if (isOfOne?.(error)) return error;
          throw error;
        });
        if (bytes) add(loaded, placed.segment, bytes);
        // What is not where it was stored may lie in the other place: the same bytes will do.
        else if (isExpected) await readItems([placed]);
        isOver ||= !isOfOne && isMissing(placed);
      });
    };
    const all = [...missing.values()];
    const items = all.filter(({ segment }) => !isObject(segment));
    const objects = all.filter(({ segment }) => isObject(segment));
    await Promise.all([readObjects(objects, true), readItems(items)]);
    await readObjects(items.filter(isMissing), false);
    return loaded;
  }

  /** The segments of these values that a `load` would have to fetch, and how many bytes each has. */
  uncached(values: Iterable<Value>): Map<string, number> {
    const sizes = new Map<string, number>();
    for (const { segments } of values)
      for (const { name, length } of segments) if (!this.#cache.get(name)) sizes.set(name, length);
    return sizes;
  }

  async #readItems(all: Placed[], into: Map<string, Loaded>, consistent = this.consistentRead): Promise<void> {
    const keyOf = ({ partition, segment }: Placed): Key => key(partition, segmentSortKey(segment));
    const byKey = new Map(all.map((placed) => [textOfKey(keyOf(placed)), placed]));
    // One request after the other, so that no more than one answer is held beside what was made of them.
    const keys = Array.from(byKey.values(), keyOf);
    while (keys.length > 0) {
      const items = await this.db.batchGet(keys.splice(0, ITEMS_AT_ONCE), consistent);
      await forEachAtOnce(AT_ONCE, items, async (item) => {
        const placed = byKey.get(textOfKey(item));
        if (!placed || isGone(item)) return;
        add(into, placed.segment, await this.#open(placed, () => binaryOf(item, DATA)));
        byKey.delete(textOfKey(item));
      });
    }
    // A replica that lags for a segment does not show it, or shows a life that has been prolonged since.
    if (!consistent && byKey.size > 0) await this.#readItems([...byKey.values()], into, true);
  }

  /** @param isExpected whether it is said to lie in S3 */
  async #fetchObject(placed: Placed, isExpected: boolean): Promise<Uint8Array | FormatError | undefined> {
    const { partition, segment } = placed;
    let refused: AwsRequestError | undefined;
    for await (const location of this.#locations(placed, isExpected)) {
      const offload = offloadOf(this.offload);
      const place = await offload.place(partition, segment, location);
      const found = await offload.get(place).catch((error: unknown) => {
        // Without s3:ListBucket a missing object is reported as denied; a bucket of old may be gone.
        if (!(error instanceof AwsRequestError && (error.status === 403 || error.status === 404))) throw error;
        refused ??= error;
        return undefined;
      });
      if (!found) continue;
      const opened = await this.#open(placed, () => found);
      if (!(opened instanceof FormatError)) return opened;
      // S3's answers have no shape that shows one of another: what was changed on its way is read once more.
      const again = await offload.get(place);
      return again ? this.#open(placed, () => again) : opened;
    }
    if (refused) throw refused;
    return undefined;
  }

  /** Where it should lie, without a look at its pointers; then, where these say. */
  async *#locations({ partition, segment }: Placed, isExpected: boolean): AsyncGenerator<string, void, undefined> {
    const expected = isExpected ? offloadOf(this.offload).location(segment.objectDays!) : undefined;
    if (expected !== undefined) yield expected;
    for (const { SK } of await pointersOf(this, partition, segment)) {
      const { location } = parsePointer(SK.S)!;
      if (location !== expected) yield location;
    }
  }

  async #open({ partition, segment }: Placed, stored: () => Uint8Array): Promise<Uint8Array | FormatError> {
    try {
      const place = placeOf(key(partition, segmentSortKey(segment)), DATA);
      const bytes = await this.codec.decodeSegment(segment, stored(), place);
      this.remember(segment.name, bytes);
      return bytes;
    } catch (error) {
      if (error instanceof FormatError) return error;
      throw error;
    }
  }
}

/** The same bytes can lie in several places, and one that can be read will do. */
function add(loaded: Map<string, Loaded>, { name }: Segment, bytes: Loaded): void {
  if (!(loaded.get(name) instanceof Uint8Array)) loaded.set(name, bytes);
}
