import { fromBase64, toBase64 } from "../aws/base64.js";
import { forEachAtOnce } from "../aws/concurrency.js";
import type { DynamoDB, Item, Key } from "../aws/dynamodb.js";
import { ByteLru } from "./byte-lru.js";
import { placeOf, type Codec } from "./codec.js";
import { damaged, FormatError } from "./format-error.js";
import { key, segmentSortKey } from "./keys.js";
import { expiry, isExpired, TTL_ATTRIBUTE, type Lifetime } from "./lifetime.js";
import { offloadOf, type Offload } from "./offload.js";
import type { Segment, SegmentPlan, Value } from "./value.js";

/** A Worker has 128 MB for everything. */
const CACHE_BYTES = 16 * 1_024 * 1_024;
/** With its codec byte and keys below DynamoDB's limit of 400 KB an item, compressed or not. */
const MAX_ITEM_SEGMENT_BYTES = 384 * 1_024;
/** One PUT within `requestTimeoutMs`, also from a slow place. */
const MAX_OBJECT_SEGMENT_BYTES = 4 * 1_024 * 1_024;
/** Objects and renewals under way at once. */
const AT_ONCE = 6;

/** The attribute with an item's bytes, and the one with the place of an object that has them instead. */
export const DATA = "data";
export const OBJECT = "s3";

export type LoadedSegments = ReadonlyMap<string, Uint8Array | FormatError>;

/** The segments of all threads: immutable and named by their content, so the cache can never be stale. */
export class SegmentStore {
  readonly #cache = new ByteLru<Uint8Array>(CACHE_BYTES);

  constructor(
    private readonly db: DynamoDB,
    private readonly codec: Codec,
    private readonly offload: Offload | undefined,
    private readonly consistentRead: boolean,
  ) {}

  /** Starts a list of segments to be stored in a thread. */
  plan(partition: string): NewSegments {
    return new NewSegments(partition, this.codec, this.offload);
  }

  /** Stores what was planned. A pointer item comes before its object, so that S3 holds nothing the table does not know. */
  async write({ partition, segments }: NewSegments, life: Lifetime | undefined): Promise<void> {
    const items: Item[] = [];
    const objects: { pointer: string; itemKey: Key; stored: Uint8Array }[] = [];
    for (const [name, { stored, external }] of segments) {
      const itemKey = key(partition, segmentSortKey(name));
      if (external) {
        const pointer = await offloadOf(this.offload).pointer(partition, name);
        objects.push({ pointer, itemKey, stored });
        items.push({ ...itemKey, [OBJECT]: { S: pointer }, ...expiry(life?.granted) });
      } else {
        items.push({ ...itemKey, [DATA]: { B: toBase64(stored) }, ...expiry(life?.granted) });
      }
    }
    // One item costs the same either way, and a single put has no rest to wait for.
    await (items.length === 1 ? this.db.putItem(items[0]!) : this.db.batchPut(items));
    await forEachAtOnce(AT_ONCE, objects, async ({ pointer, itemKey, stored }) => {
      const expires = await offloadOf(this.offload).put(pointer, stored, life?.ttlSeconds);
      // The table must not forget an object that stays.
      if (!expires && life) await this.#setExpiry(itemKey, undefined);
    });
    for (const [name, { bytes }] of segments) this.#cache.set(name, bytes, bytes.length);
  }

  /** Gives stored segments a new life. False when one of them is not there any more. */
  async renew(partition: string, segments: Iterable<Segment>, life: Lifetime | undefined): Promise<boolean> {
    const distinct = new Map([...segments].map((segment) => [segment.name, segment]));
    let complete = true;
    await forEachAtOnce(AT_ONCE, distinct.values(), async ({ name, external }) => {
      if (!complete) return;
      const itemKey = key(partition, segmentSortKey(name));
      const renewed = !external || (await this.#renewObject(itemKey, life));
      // The table must not forget an object that stays.
      const until = external && !offloadOf(this.offload).expires ? undefined : life?.granted;
      if (!renewed || !(await this.#setExpiry(itemKey, until))) complete = false;
    });
    return complete;
  }

  async #renewObject(itemKey: Key, life: Lifetime | undefined): Promise<boolean> {
    const item = await this.db.getItem(itemKey, true);
    const pointer = item && stringOf(item, OBJECT);
    return pointer === undefined || offloadOf(this.offload).renew(pointer, life?.ttlSeconds);
  }

  async #setExpiry(itemKey: Key, until: number | undefined): Promise<boolean> {
    return this.db.updateItem({
      key: itemKey,
      names: { "#ttl": TTL_ATTRIBUTE },
      ...(until === undefined ? { update: "REMOVE #ttl" } : { update: "SET #ttl = :ttl", values: { ":ttl": { N: String(until) } } }),
      condition: "attribute_exists(PK)",
    });
  }

  /** Reads the segments of all `values` at once. A damaged one comes back as its error, a missing one not at all. */
  async load(partition: string, values: Iterable<Value>): Promise<LoadedSegments> {
    const loaded = new Map<string, Uint8Array | FormatError>();
    const missing = new Map<string, Segment>();
    for (const value of values) {
      for (const segment of value.segments) {
        const cached = loaded.get(segment.name) ?? this.#cache.get(segment.name);
        if (cached) loaded.set(segment.name, cached);
        else missing.set(segment.name, segment);
      }
    }
    if (missing.size === 0) return loaded;
    // What was stored in S3 is fetched from where it should lie, beside the items and not after them.
    const guessed = [...missing.values()].filter((segment) => segment.external && this.offload);
    const listed = [...missing.values()].filter((segment) => !guessed.includes(segment)).map((segment) => segment.name);
    const elsewhere: string[] = [];
    const put = async (name: string, open: () => Promise<Uint8Array | FormatError | undefined>): Promise<boolean> => {
      const bytes = await open();
      if (bytes !== undefined) loaded.set(name, bytes);
      return bytes !== undefined;
    };
    const fetchGuessed = forEachAtOnce(AT_ONCE, guessed, async ({ name }) => {
      const pointer = await offloadOf(this.offload).pointer(partition, name);
      if (!(await put(name, () => this.#openObject(partition, name, pointer)))) elsewhere.push(name);
    });
    const readListed = this.#readItems(partition, listed, put);
    await Promise.all([fetchGuessed, readListed]);
    await this.#readItems(partition, elsewhere, put);
    return loaded;
  }

  /** Adds to `names` the segments of these values that a `load` would have to fetch. */
  countUncached(values: Iterable<Value>, names: Set<string>): void {
    for (const { segments } of values) {
      for (const { name } of segments) if (!this.#cache.get(name)) names.add(name);
    }
  }

  async #readItems(
    partition: string,
    names: string[],
    put: (name: string, open: () => Promise<Uint8Array | FormatError | undefined>) => Promise<boolean>,
  ): Promise<void> {
    if (names.length === 0) return;
    const items = await this.db.batchGet(names.map((name) => key(partition, segmentSortKey(name))), this.consistentRead);
    await forEachAtOnce(AT_ONCE, items, async (item) => {
      if (isExpired(item)) return;
      const name = item.SK.S.slice(segmentSortKey("").length);
      const pointer = stringOf(item, OBJECT);
      await put(name, () => (pointer === undefined ? this.#open(name, item, () => binaryOf(item, DATA)) : this.#openObject(partition, name, pointer)));
    });
  }

  async #openObject(partition: string, name: string, pointer: string): Promise<Uint8Array | FormatError | undefined> {
    const stored = await offloadOf(this.offload).get(pointer);
    return stored && this.#open(name, key(partition, segmentSortKey(name)), () => stored);
  }

  async #open(name: string, itemKey: Key, stored: () => Uint8Array): Promise<Uint8Array | FormatError> {
    try {
      const bytes = await this.codec.decodeSegment(name, stored(), placeOf(itemKey, DATA));
      this.#cache.set(name, bytes, bytes.length);
      return bytes;
    } catch (error) {
      if (error instanceof FormatError) return error;
      throw error;
    }
  }
}

/** Segments of one thread that have to be stored before anything refers to them. */
export class NewSegments implements SegmentPlan {
  readonly segments = new Map<string, { bytes: Uint8Array; stored: Uint8Array; external: boolean }>();
  readonly maxSegmentBytes: number;

  constructor(
    readonly partition: string,
    private readonly codec: Codec,
    private readonly offload: Offload | undefined,
  ) {
    this.maxSegmentBytes = offload ? MAX_OBJECT_SEGMENT_BYTES : MAX_ITEM_SEGMENT_BYTES;
  }

  nameOf(bytes: Uint8Array): Promise<string> {
    return this.codec.nameOf(bytes);
  }

  async add(bytes: Uint8Array): Promise<Segment> {
    const name = await this.codec.nameOf(bytes);
    const stored = await this.codec.encode(bytes, placeOf(key(this.partition, segmentSortKey(name)), DATA));
    const external = this.offload !== undefined && stored.length >= this.offload.thresholdBytes;
    this.segments.set(name, { bytes, stored, external });
    return { name, length: bytes.length, external };
  }

  /** These are stored already. */
  leaveOut(values: Iterable<Value>): void {
    for (const { segments } of values) for (const { name } of segments) this.segments.delete(name);
  }
}

/** A binary attribute's bytes. */
export function binaryOf(item: Item, attribute: string): Uint8Array {
  const value = item[attribute];
  if (!value || !("B" in value)) throw damaged(`The attribute ${attribute} is not there, or is not binary`);
  try {
    return fromBase64(value.B);
  } catch (cause) {
    throw damaged(`The attribute ${attribute} is not base64`, cause);
  }
}

/** A string attribute, if it is there. */
export function stringOf(item: Item, attribute: string): string | undefined {
  const value = item[attribute];
  return value && "S" in value ? value.S : undefined;
}
