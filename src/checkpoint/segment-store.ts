import { fromBase64, toBase64 } from "../aws/base64.js";
import type { DynamoDB, Item } from "../aws/dynamodb.js";
import { ByteLru } from "./byte-lru.js";
import { decodeStored, encodeStored, type Compression } from "./codec.js";
import { damaged, FormatError } from "./format-error.js";
import { key, segmentSortKey } from "./keys.js";
import { segmentName, type NewSegments, type Value } from "./value.js";

/** A Worker has 128 MB for everything. */
const CACHE_BYTES = 16 * 1_024 * 1_024;

export type LoadedSegments = ReadonlyMap<string, Uint8Array | FormatError>;

/** The segments of all threads: immutable and named by their content, so the cache can never be stale. */
export class SegmentStore {
  readonly #cache = new ByteLru<Uint8Array>(CACHE_BYTES);

  constructor(
    private readonly db: DynamoDB,
    private readonly compression: Compression,
    private readonly consistentRead: boolean,
  ) {}

  async write(partition: string, segments: NewSegments): Promise<void> {
    const items = [...segments].map(([name, bytes]): Item => ({
      ...key(partition, segmentSortKey(name)),
      data: { B: toBase64(encodeStored(bytes, this.compression)) },
    }));
    // One item costs the same either way, and a single put has no rest to wait for.
    await (items.length === 1 ? this.db.putItem(items[0]!) : this.db.batchPut(items));
    for (const [name, bytes] of segments) this.#cache.set(name, bytes, bytes.length);
  }

  /** Reads the segments of all `values` at once. A damaged one comes back as its error, a missing one not at all. */
  async load(partition: string, values: Iterable<Value>): Promise<LoadedSegments> {
    const loaded = new Map<string, Uint8Array | FormatError>();
    const missing = new Set<string>();
    for (const { segments } of values) {
      for (const { name } of segments) {
        const cached = loaded.get(name) ?? this.#cache.get(name);
        if (cached) loaded.set(name, cached);
        else missing.add(name);
      }
    }
    if (missing.size === 0) return loaded;
    const keys = [...missing].map((name) => key(partition, segmentSortKey(name)));
    const items = await this.db.batchGet(keys, this.consistentRead);
    await Promise.all(
      items.map(async (item) => {
        const name = item.SK.S.slice(segmentSortKey("").length);
        loaded.set(name, await this.#open(name, item));
      }),
    );
    return loaded;
  }

  /** How many segments of these values a `load` would have to fetch. */
  uncached(values: Iterable<Value>, counted: Set<string>): number {
    let count = 0;
    for (const { segments } of values) {
      for (const { name } of segments) {
        if (counted.has(name) || this.#cache.get(name)) continue;
        counted.add(name);
        count++;
      }
    }
    return count;
  }

  async #open(name: string, item: Item): Promise<Uint8Array | FormatError> {
    try {
      const bytes = decodeStored(binaryOf(item, "data"));
      if ((await segmentName(bytes)) !== name) throw damaged(`Segment ${name} does not have the bytes of its name`);
      this.#cache.set(name, bytes, bytes.length);
      return bytes;
    } catch (error) {
      if (error instanceof FormatError) return error;
      throw error;
    }
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
