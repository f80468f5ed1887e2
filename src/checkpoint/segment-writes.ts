import { toBase64 } from "../aws/base64.js";
import { forEachAtOnce } from "../aws/concurrency.js";
import type { DynamoDB, Item } from "../aws/dynamodb.js";
import { DATA } from "./attributes.js";
import type { Backend } from "./backend.js";
import { placeOf } from "./codec.js";
import { key, segmentSortKey } from "./keys.js";
import { expiry, prolong, unlessLonger, type Lifetime } from "./lifetime.js";
import { renewObject, writeObject } from "./segment-objects.js";
import type { Segment, SegmentPlan, Value } from "./value.js";
import { touch, writtenNow } from "./written.js";

/** With its codec byte and keys below DynamoDB's limit of 400 KB an item, compressed or not. */
const MAX_ITEM_SEGMENT_BYTES = 384 * 1_024;
/** One PUT within `requestTimeoutMs`, also from a slow place. */
const MAX_OBJECT_SEGMENT_BYTES = 4 * 1_024 * 1_024;
/** Objects and renewals under way at once. */
const AT_ONCE = 6;

/** Segments of one thread that have to be stored before anything refers to them. */
export class NewSegments implements SegmentPlan {
  readonly segments = new Map<string, { bytes: Uint8Array; stored: Uint8Array; external: boolean }>();
  readonly maxSegmentBytes: number;

  constructor(
    private readonly backend: Pick<Backend, "codec" | "offload">,
    readonly partition: string,
    readonly born: string,
  ) {
    this.maxSegmentBytes = backend.offload ? MAX_OBJECT_SEGMENT_BYTES : MAX_ITEM_SEGMENT_BYTES;
  }

  nameOf(bytes: Uint8Array): Promise<string> {
    return this.backend.codec.nameOf(bytes);
  }

  async add(bytes: Uint8Array): Promise<Segment> {
    const id = { born: this.born, name: await this.backend.codec.nameOf(bytes) };
    const stored = await this.backend.codec.encode(bytes, placeOf(key(this.partition, segmentSortKey(id)), DATA));
    const external = this.backend.offload !== undefined && stored.length >= this.backend.offload.thresholdBytes;
    this.segments.set(id.name, { bytes, stored, external });
    return { ...id, length: bytes.length, external };
  }

  /** These are stored already. */
  leaveOut(values: Iterable<Value>): void {
    for (const { segments } of values) for (const { name } of segments) this.segments.delete(name);
  }
}

/** Stores what was planned. */
export async function writeSegments(backend: Backend, { partition, born, segments }: NewSegments, life: Lifetime | undefined): Promise<void> {
  const granted = life?.granted ?? Infinity;
  const all = [...segments].map(([name, segment]) => ({ id: { born, name }, ...segment }));
  const items = all
    .filter(({ external }) => !external)
    .map(({ id, stored }): Item => ({ ...key(partition, segmentSortKey(id)), [DATA]: { B: toBase64(stored) }, ...writtenNow(), ...expiry(granted) }));
  await Promise.all([
    writeItems(backend.db, items, granted),
    forEachAtOnce(AT_ONCE, all.filter(({ external }) => external), ({ id, stored }) => writeObject(backend, partition, id, stored, life)),
  ]);
  for (const { id, bytes } of all) backend.segments.remember(id.name, bytes);
}

async function writeItems(db: DynamoDB, items: Item[], granted: number): Promise<void> {
  if (granted === Infinity) {
    // One item costs the same either way, and a single put has no rest to wait for.
    await (items.length === 1 ? db.putItem(items[0]!) : db.batchPut(items));
  } else {
    // A segment of the same name that lives longer is left as it is. A batch has no conditions.
    await forEachAtOnce(AT_ONCE, items, async (item) => {
      if (await db.putItem(item, unlessLonger(granted))) return;
      if (!(await touch(db, item))) await db.putItem(item);
    });
  }
}

/** Gives stored segments a new life. False when one of them is not there any more. */
export async function renewSegments(backend: Pick<Backend, "db" | "offload">, partition: string, segments: Iterable<Segment>, life: Lifetime | undefined): Promise<boolean> {
  const distinct = new Map([...segments].map((segment) => [`${segmentSortKey(segment)}${segment.external}`, segment]));
  let complete = true;
  await forEachAtOnce(AT_ONCE, distinct.values(), async (segment) => {
    if (!complete) return;
    const granted = life?.granted ?? Infinity;
    const renewed = segment.external ? renewObject(backend, partition, segment, life) : prolong(backend.db, key(partition, segmentSortKey(segment)), granted);
    if (!(await renewed)) complete = false;
  });
  return complete;
}
