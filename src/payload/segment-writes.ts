import { toBase64 } from "../aws/base64.js";
import { forEachAtOnce } from "../aws/client/for-each-at-once.js";
import type { DynamoDB } from "../aws/dynamodb/dynamodb.js";
import type { Item } from "../aws/dynamodb/items.js";
import { DATA, placeOf } from "../format/attributes.js";
import type { Backend } from "./backend.js";
import { key, segmentCopy, segmentSortKey } from "../format/keys.js";
import { expiry, prolong, unlessLonger, upsertLiving, type Lifetime } from "./lifetime.js";
import { objectDaysOf } from "./new-objects.js";
import { renewObject, writeObject } from "./segment-objects.js";
import type { SegmentPlan } from "../format/divide-value.js";
import { MAX_SEGMENT_BYTES, type Segment, type Value } from "../format/value.js";
import { touch, writtenAt } from "./segment-times.js";

/** With its codec byte and keys below DynamoDB's limit of 400 KB an item, compressed or not. */
const MAX_ITEM_SEGMENT_BYTES = 384 * 1_024;
/** Objects and renewals under way at once. */
const AT_ONCE = 6;

/** Segments of one thread that have to be stored before anything refers to them. */
export class NewSegments implements SegmentPlan {
  readonly segments = new Map<string, { segment: Segment; bytes: Uint8Array; stored: Uint8Array }>();
  readonly maxSegmentBytes: number;
  readonly #inherited = new Map<string, Segment>();

  /**
   * @param inherited values that share these segments: what they have is there already, and is taken from where they
   *   have it
   */
  constructor(
    private readonly backend: Pick<Backend, "codec" | "offload">,
    readonly partition: string,
    readonly born: string,
    private readonly life: Lifetime | undefined,
    inherited: Iterable<Value> = [],
  ) {
    for (const { segments } of inherited) for (const segment of segments) this.#inherited.set(segment.name, segment);
    this.maxSegmentBytes = backend.offload ? MAX_SEGMENT_BYTES : MAX_ITEM_SEGMENT_BYTES;
  }

  nameOf(bytes: Uint8Array): Promise<string> {
    return this.backend.codec.nameOf(bytes);
  }

  async add(bytes: Uint8Array): Promise<Segment> {
    const { codec, offload } = this.backend;
    const id = { born: this.born, name: await codec.nameOf(bytes) };
    const there = this.#inherited.get(id.name) ?? this.segments.get(id.name)?.segment;
    if (there) return there;
    const stored = await codec.encode(bytes, placeOf(key(this.partition, segmentSortKey(id)), DATA));
    const objectDays = objectDaysOf(offload, stored, this.life);
    const segment = { ...id, length: bytes.length, objectDays };
    this.segments.set(id.name, { segment, bytes, stored });
    return segment;
  }

  /** Segments of these values that are stored already, and are shared with others. */
  sharedBy(values: Iterable<Value>): Segment[] {
    return [...values].flatMap(({ segments }) => segments.filter(({ name }) => !this.segments.has(name)));
  }
}

/**
 * Stores what was planned.
 *
 * @param beside items that nobody else writes and that live as long
 */
export async function writeSegments(
  backend: Backend,
  { partition, segments }: NewSegments,
  life: Lifetime | undefined,
  beside: Item[] = [],
): Promise<void> {
  const granted = life?.granted ?? Infinity;
  const all = [...segments.values()];
  const at = writtenAt(backend.db.clock.now());
  const items = all
    .filter(({ segment }) => segment.objectDays === undefined)
    .map(({ segment, stored }): Item => ({
      ...key(partition, segmentSortKey(segment)),
      [DATA]: { B: toBase64(stored) },
      ...at,
    }));
  const objects = all.filter(({ segment }) => segment.objectDays !== undefined);
  await Promise.all([
    writeItems(backend.db, [...items, ...beside.map((item) => ({ ...item, ...at }))], granted),
    forEachAtOnce(AT_ONCE, objects, ({ segment, stored }) => writeObject(backend, partition, segment, stored, life)),
  ]);
  for (const { segment, bytes } of all) backend.segments.remember(segment.name, bytes);
}

async function writeItems(db: DynamoDB, items: Item[], granted: number): Promise<void> {
  if (granted === Infinity) {
    // One item costs the same either way, and a single put has no rest to wait for.
    await (items.length === 1 ? db.putItem(items[0]!) : db.batchPut(items));
  } else {
    // A segment of the same name that lives longer is left as it is. A batch has no conditions.
    await forEachAtOnce(AT_ONCE, items, async (item) => {
      const write = (until: number | undefined): Promise<boolean> =>
        until === undefined ? touch(db, item) : db.putItem({ ...item, ...expiry(until) }, unlessLonger(until));
      await upsertLiving(granted, write);
    });
  }
}

/** Gives stored segments a new life. False when one of them is not there any more. */
export async function renewSegments(
  backend: Pick<Backend, "db" | "offload">,
  partition: string,
  segments: Iterable<Segment>,
  life: Lifetime | undefined,
): Promise<boolean> {
  const distinct = new Map([...segments].map((segment) => [segmentCopy(segment), segment]));
  let complete = true;
  await forEachAtOnce(AT_ONCE, distinct.values(), async (segment) => {
    if (!complete) return;
    const granted = life?.granted ?? Infinity;
    const renewed =
      segment.objectDays === undefined
        ? prolong(backend.db, key(partition, segmentSortKey(segment)), granted)
        : renewObject(backend, partition, segment, life);
    if (!(await renewed)) complete = false;
  });
  return complete;
}
