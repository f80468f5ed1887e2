import { fromBase64, toBase64 } from "../aws/base64.js";
import { forEachAtOnce } from "../aws/concurrency.js";
import type { AttributeValue, Condition, DynamoDB, Item, Key } from "../aws/dynamodb.js";
import { AwsRequestError } from "../errors.js";
import { ByteLru } from "./byte-lru.js";
import { compareCodePoints } from "./code-points.js";
import { placeOf, type Codec } from "./codec.js";
import { damaged, FormatError } from "./format-error.js";
import { key, parsePointer, pointerSortKey, pointersPrefix, segmentSortKey, type SegmentId } from "./keys.js";
import { expiry, goneAt, isGone, prolong, unlessLonger, type Lifetime } from "./lifetime.js";
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

/** The attribute of a pointer whose object is being deleted. */
const MARK = "deleting";
/** When a segment or pointer was last written, in seconds since 1970. What is older than any call can last is not being put. */
const WRITTEN_AT = "at";
/** Segments read at once where all of a thread's are: one BatchGetItem, and not too many bytes of state. */
const RAW_AT_ONCE = 100;
const RAW_BYTES_AT_ONCE = 4 * 1_024 * 1_024;
/** Segments deleted at once, each by a request of its own. */
const DELETES_AT_ONCE = 25;

/** The attribute with an item's bytes. */
export const DATA = "data";

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
  plan(partition: string, born: string): NewSegments {
    return new NewSegments(partition, born, this.codec, this.offload);
  }

  /** Stores what was planned. */
  async write({ partition, born, segments }: NewSegments, life: Lifetime | undefined): Promise<void> {
    const granted = life?.granted ?? Infinity;
    const all = [...segments].map(([name, segment]) => ({ id: { born, name }, ...segment }));
    const items = all
      .filter(({ external }) => !external)
      .map(({ id, stored }): Item => ({ ...key(partition, segmentSortKey(id)), [DATA]: { B: toBase64(stored) }, ...writtenNow(), ...expiry(granted) }));
    await Promise.all([
      this.#writeItems(items, granted),
      forEachAtOnce(AT_ONCE, all.filter(({ external }) => external), ({ id, stored }) => this.#writeObject(partition, id, stored, life)),
    ]);
    for (const { id, bytes } of all) this.#cache.set(id.name, bytes, bytes.length);
  }

  async #writeItems(items: Item[], granted: number): Promise<void> {
    if (granted === Infinity) {
      // One item costs the same either way, and a single put has no rest to wait for.
      await (items.length === 1 ? this.db.putItem(items[0]!) : this.db.batchPut(items));
    } else {
      // A segment of the same name that lives longer is left as it is. A batch has no conditions.
      await forEachAtOnce(AT_ONCE, items, async (item) => {
        if (await this.db.putItem(item, unlessLonger(granted))) return;
        if (!(await touch(this.db, item))) await this.db.putItem(item);
      });
    }
  }

  /** The pointer comes before its object, so that S3 holds nothing the table does not know. */
  async #writeObject(partition: string, id: SegmentId, stored: Uint8Array, life: Lifetime | undefined): Promise<void> {
    const offload = offloadOf(this.offload);
    let place = await offload.place(partition, id);
    let pointer = key(partition, pointerSortKey(id, offload.location));
    const expires = life !== undefined && offload.expires(life.ttlSeconds);
    let longer: Item | undefined;
    // Where an object is being deleted, nothing new is put: that would be deleted too. There is room beside it.
    for (const location of offload.locations()) {
      place = await offload.place(partition, id, location);
      pointer = key(partition, pointerSortKey(id, location));
      const until = expires ? life.granted : Infinity;
      longer = undefined;
      if (await this.db.putItem({ ...pointer, ...writtenNow(), ...expiry(until) }, unlessMarked(until))) break;
      longer = await this.db.getItem(pointer, true);
      if (longer && !(MARK in longer) && (await touch(this.db, pointer))) break;
    }
    if (!expires) await offload.putLasting(place, stored);
    else if (longer && goneAt(longer) === Infinity) await offload.putMissing(place, stored);
    else await offload.putExpiring(place, stored, async () => void (await prolong(this.db, pointer, Infinity)));
    // A deletion of the thread may have come between, and has not seen the object.
    const found = await this.db.getItem(pointer, true, ["PK", MARK]);
    if (!found || MARK in found) await this.db.putItem({ ...pointer, ...writtenNow() });
  }

  /**
   * Deletes objects, and then their pointers, without which nobody would find them again. A put of the same segment may
   * come between, so the pointers are marked first: then it goes to another place.
   */
  async deleteObjects(partition: string, pointers: Key[]): Promise<void> {
    await this.#deleteObjects(partition, pointers, { condition: "attribute_exists(PK)" });
  }

  /**
   * Deletes segments that nothing refers to, but not those that were written at `writtenBefore` or later, in seconds since
   * 1970: what is being put refers to them soon. Returns the keys that are gone.
   */
  async deleteUnused(partition: string, sortKeys: string[], writtenBefore: number): Promise<string[]> {
    const gone: string[] = [];
    const old = { condition: `attribute_not_exists(#at) OR #at < :before`, names: { "#at": WRITTEN_AT }, values: { ":before": { N: String(writtenBefore) } } };
    const pointers = sortKeys.filter((sortKey) => parsePointer(sortKey));
    await forEachAtOnce(DELETES_AT_ONCE, sortKeys.filter((sortKey) => !parsePointer(sortKey)), async (sortKey) => {
      if (await this.db.deleteItem(key(partition, sortKey), old)) gone.push(sortKey);
    });
    const marked = { ...old, condition: `attribute_exists(PK) AND (${old.condition})` };
    gone.push(...(await this.#deleteObjects(partition, pointers.map((sortKey) => key(partition, sortKey)), marked)));
    return gone;
  }

  async #deleteObjects(partition: string, pointers: Key[], only: Condition): Promise<string[]> {
    if (pointers.length === 0) return [];
    const offload = offloadOf(this.offload);
    const marking = { names: { "#mark": MARK }, values: { ":mark": { S: crypto.randomUUID() } } };
    const mark = { update: "SET #mark = :mark", condition: only.condition!, names: { ...only.names, ...marking.names }, values: { ...only.values, ...marking.values } };
    const ours = new Set<Key>();
    await forEachAtOnce(AT_ONCE, pointers, async (pointer) => void ((await this.db.updateItem({ ...mark, key: pointer })) && ours.add(pointer)));
    const marked = pointers.filter((pointer) => ours.has(pointer));
    const parsed = marked.map(({ SK }) => parsePointer(SK.S)!);
    await offload.delete(await Promise.all(parsed.map(({ id, location }) => offload.place(partition, id, location))));
    await forEachAtOnce(AT_ONCE, marked, async (pointer) => void (await this.db.deleteItem(pointer, { ...marking, condition: "#mark = :mark" })));
    return marked.map(({ SK }) => SK.S);
  }

  /** Gives stored segments a new life. False when one of them is not there any more. */
  async renew(partition: string, segments: Iterable<Segment>, life: Lifetime | undefined): Promise<boolean> {
    const distinct = new Map([...segments].map((segment) => [`${segmentSortKey(segment)}${segment.external}`, segment]));
    let complete = true;
    await forEachAtOnce(AT_ONCE, distinct.values(), async (segment) => {
      if (!complete) return;
      const granted = life?.granted ?? Infinity;
      const renewed = segment.external ? this.#renewObject(partition, segment, life) : prolong(this.db, key(partition, segmentSortKey(segment)), granted);
      if (!(await renewed)) complete = false;
    });
    return complete;
  }

  /** Written again: Ceph and R2 lose the tags of an object that is copied onto itself. */
  async #renewObject(partition: string, id: SegmentId, life: Lifetime | undefined): Promise<boolean> {
    const offload = offloadOf(this.offload);
    for (const pointer of await this.#pointers(partition, id)) {
      if (goneAt(pointer) === Infinity) return true;
      const place = await offload.place(partition, id, parsePointer(pointer.SK.S)!.location);
      const stored = await offload.get(place);
      if (!stored) continue;
      const pointerKey = key(partition, pointer.SK.S);
      const keep = async (): Promise<void> => void (await prolong(this.db, pointerKey, Infinity));
      if (life && offload.expires(life.ttlSeconds)) {
        await offload.putExpiring(place, stored, keep);
        return prolong(this.db, pointerKey, life.granted);
      }
      await keep();
      await offload.putLasting(place, stored);
      return true;
    }
    return false;
  }

  async #pointers(partition: string, id: SegmentId): Promise<Item[]> {
    const { items } = await this.db.query({ partition, beginsWith: pointersPrefix(id), consistent: true });
    return items.filter((item) => !isGone(item) && parsePointer(item.SK.S));
  }

  /** Segments as they are stored, each with its key; those that lie in S3 with their bytes and without a pointer. */
  async *raw(partition: string, segments: Segment[]): AsyncGenerator<Item, void, undefined> {
    const inline = segments.filter(({ external }) => !external).sort((a, b) => compareCodePoints(a.name, b.name));
    for (let from = 0; from < inline.length; ) {
      let to = from;
      for (let bytes = 0; to < inline.length && to - from < RAW_AT_ONCE && (to === from || bytes + inline[to]!.length <= RAW_BYTES_AT_ONCE); to++) bytes += inline[to]!.length;
      const items = await this.db.batchGet(inline.slice(from, to).map((segment) => key(partition, segmentSortKey(segment))), true);
      // The same order each time, so that a thread has one export.
      yield* items.sort((a, b) => compareCodePoints(a.SK.S, b.SK.S));
      from = to;
    }
    for (const segment of segments.filter(({ external }) => external)) {
      const stored = await this.#storedObject(partition, segment);
      if (stored) yield { ...key(partition, segmentSortKey(segment)), [DATA]: { B: toBase64(stored) } };
    }
  }

  async #storedObject(partition: string, id: SegmentId): Promise<Uint8Array | undefined> {
    const offload = offloadOf(this.offload);
    for (const { SK } of await this.#pointers(partition, id)) {
      const stored = await offload.get(await offload.place(partition, id, parsePointer(SK.S)!.location));
      if (stored) return stored;
    }
    return undefined;
  }

  /** Stores a segment in S3 as it is. */
  async writeRaw(partition: string, id: SegmentId, stored: Uint8Array, life: Lifetime | undefined): Promise<void> {
    await this.#writeObject(partition, id, stored, life);
  }

  /** Reads the segments of all `values` at once. A damaged one comes back as its error, a missing one not at all. */
  async load(partition: string, values: Iterable<Value>): Promise<LoadedSegments> {
    const loaded = new Map<string, Uint8Array | FormatError>();
    const missing = new Map<string, Segment>();
    for (const value of values) {
      for (const segment of value.segments) {
        const cached = loaded.get(segment.name) ?? this.#cache.get(segment.name);
        if (cached) loaded.set(segment.name, cached);
        else missing.set(segmentSortKey(segment), segment);
      }
    }
    if (missing.size === 0) return loaded;
    const external = [...missing.values()].filter((segment) => segment.external);
    const inline = [...missing.values()].filter((segment) => !segment.external);
    await Promise.all([
      forEachAtOnce(AT_ONCE, external, async (segment) => {
        const bytes = await this.#fetchObject(partition, segment);
        if (bytes) add(loaded, segment, bytes);
      }),
      this.#readItems(partition, inline, loaded),
    ]);
    return loaded;
  }

  /** Adds to `names` the segments of these values that a `load` would have to fetch. */
  countUncached(values: Iterable<Value>, names: Set<string>): void {
    for (const { segments } of values) {
      for (const { name } of segments) if (!this.#cache.get(name)) names.add(name);
    }
  }

  async #readItems(partition: string, segments: Segment[], into: Map<string, Uint8Array | FormatError>): Promise<void> {
    const bySortKey = new Map(segments.map((segment) => [segmentSortKey(segment), segment]));
    const keys = [...bySortKey.keys()].map((sortKey) => key(partition, sortKey));
    const items = await this.db.batchGet(keys, this.consistentRead);
    await forEachAtOnce(AT_ONCE, items, async (item) => {
      const segment = bySortKey.get(item.SK.S);
      if (segment && !isGone(item)) add(into, segment, await this.#open(segment, partition, () => binaryOf(item, DATA)));
    });
  }

  /** From where it should lie, without a look at its pointer; if it is not there, from where its pointers say. */
  async #fetchObject(partition: string, segment: Segment): Promise<Uint8Array | FormatError | undefined> {
    const offload = offloadOf(this.offload);
    let place = await offload.place(partition, segment);
    let refused: AwsRequestError | undefined;
    let stored = await offload.get(place).catch((error: unknown) => {
      // Without s3:ListBucket a missing object is reported as denied; a bucket of old may be gone.
      if (!(error instanceof AwsRequestError && (error.status === 403 || error.status === 404))) throw error;
      refused = error;
      return undefined;
    });
    if (!stored) {
      const elsewhere = (await this.#pointers(partition, segment)).map(({ SK }) => parsePointer(SK.S)!.location).filter((location) => location !== offload.location);
      for (const location of elsewhere) {
        place = await offload.place(partition, segment, location);
        stored = await offload.get(place);
        if (stored) break;
      }
      if (!stored && refused) throw refused;
    }
    if (!stored) return undefined;
    const found = stored;
    const opened = await this.#open(segment, partition, () => found);
    if (!(opened instanceof FormatError)) return opened;
    // S3's answers have no shape that shows one of another: what was changed on its way is read once more.
    const again = await offload.get(place);
    return again ? this.#open(segment, partition, () => again) : opened;
  }

  async #open(segment: Segment, partition: string, stored: () => Uint8Array): Promise<Uint8Array | FormatError> {
    try {
      const bytes = await this.codec.decodeSegment(segment, stored(), placeOf(key(partition, segmentSortKey(segment)), DATA));
      this.#cache.set(segment.name, bytes, bytes.length);
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
    readonly born: string,
    private readonly codec: Codec,
    private readonly offload: Offload | undefined,
  ) {
    this.maxSegmentBytes = offload ? MAX_OBJECT_SEGMENT_BYTES : MAX_ITEM_SEGMENT_BYTES;
  }

  nameOf(bytes: Uint8Array): Promise<string> {
    return this.codec.nameOf(bytes);
  }

  async add(bytes: Uint8Array): Promise<Segment> {
    const id = { born: this.born, name: await this.codec.nameOf(bytes) };
    const stored = await this.codec.encode(bytes, placeOf(key(this.partition, segmentSortKey(id)), DATA));
    const external = this.offload !== undefined && stored.length >= this.offload.thresholdBytes;
    this.segments.set(id.name, { bytes, stored, external });
    return { ...id, length: bytes.length, external };
  }

  /** These are stored already. */
  leaveOut(values: Iterable<Value>): void {
    for (const { segments } of values) for (const { name } of segments) this.segments.delete(name);
  }
}

export const writtenNow = (): Record<string, AttributeValue> => ({ [WRITTEN_AT]: { N: String(Math.floor(Date.now() / 1_000)) } });

/** Says of something stored that it was written now, because it would have been. False when it is not there, or is being deleted. */
async function touch(db: DynamoDB, { PK, SK }: Key): Promise<boolean> {
  const names = { "#at": WRITTEN_AT, "#mark": MARK };
  const condition = "attribute_exists(PK) AND attribute_not_exists(#mark)";
  return db.updateItem({ key: key(PK.S, SK.S), update: "SET #at = :at", names, values: { ":at": writtenNow()[WRITTEN_AT]! }, condition });
}

/** That a pointer does not live longer than `until`, and its object is not being deleted. */
function unlessMarked(until: number): Condition {
  const names = { "#mark": MARK };
  if (until === Infinity) return { condition: "attribute_not_exists(#mark)", names };
  const shorter = unlessLonger(until);
  return { ...shorter, condition: `attribute_not_exists(#mark) AND (${shorter.condition})`, names: { ...shorter.names, ...names } };
}

/** The same bytes can lie in several places, and one that can be read will do. */
function add(loaded: Map<string, Uint8Array | FormatError>, { name }: Segment, bytes: Uint8Array | FormatError): void {
  if (!(loaded.get(name) instanceof Uint8Array)) loaded.set(name, bytes);
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
