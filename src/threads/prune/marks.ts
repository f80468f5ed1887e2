import type { Item, Key } from "../../aws/dynamodb/items.js";
import { segmentCopy, taskOfKey } from "../../format/keys.js";
import { bytesInMemory } from "../../format/known-attributes.js";
import { costOfKey, type Meter } from "../../format/meter.js";
import type { Segment } from "../../format/value.js";
import type { WriteAttribute } from "../../format/writes.js";

/** A checkpoint that goes. */
export interface Dropped {
  /** Sort keys of its writes. */
  writes: string[];
  /** The checkpoint itself, with what its tombstone takes over. */
  item: Item;
  /** As stored, roughly. */
  bytes: number;
}

/** What goes of the writes of a task. */
interface Unwritten {
  items: Item[];
  /** The channels that these are to. */
  channels: Set<string>;
  /** Whether there are others: what is stored as a run is not looked into. */
  hasOthers: boolean;
}

/** What a segment that is kept in memory takes, roughly. */
const SEGMENT_BYTES = 150;

/** What a pruning would do to the checkpoints of a thread, and which segments these refer to. */
export class Marks {
  /** How many stay, for readers or for others. */
  left = 0;
  /** Checkpoints that go, with their writes: by the beginning of their sort keys. */
  readonly dropped = new Map<string, Dropped>();
  /** Those that go for readers, and stay because others are rebuilt from them, or may soon be. */
  readonly hidden: Key[] = [];
  /** Those that stay, and whose parent goes. */
  readonly first: Key[] = [];
  /** By task, the items with writes that go, of checkpoints that stay. */
  readonly unwritten = new Map<string, Unwritten>();
  /** The segments that what stays refers to, as `segmentCopy` calls them. */
  readonly marked = new Set<string>();
  /** The segments that writes without a checkpoint refer to: that may be under way. */
  readonly markedByStray = new Set<string>();
  /** The segments that what goes refers to, and their lengths; undefined when one of them cannot be read. */
  released: Map<string, number> | undefined = new Map();
  /**
   * Sort keys of what readers do not see: writes without a checkpoint, and what a deletion or an overtaken writer has
   * left.
   */
  readonly stray = new Set<string>();

  /** @param meter limits what is kept in memory to the end */
  constructor(readonly meter: Meter) {}

  /** Lets a checkpoint go. @throws FormatError where it is one too many for memory */
  drop(prefix: string, dropped: Dropped): void {
    for (const sortKey of [prefix, dropped.item.SK.S, ...dropped.writes]) this.meter.add(costOfKey(sortKey));
    this.dropped.set(prefix, dropped);
  }

  /**
   * Lets some writes of a checkpoint that stays go.
   *
   * @throws FormatError where it is one too many for memory
   */
  unwrite(item: Item, writes: WriteAttribute[]): void {
    this.meter.add(bytesInMemory(item));
    const task = taskOfKey(item.SK.S);
    const one = this.unwritten.get(task) ?? { items: [], channels: new Set(), hasOthers: false };
    this.unwritten.set(task, one);
    one.items.push(item);
    for (const write of writes)
      if (write.kind === "single") one.channels.add(write.channel);
      else one.hasOthers = true;
  }

  /** Leaves the writes of those tasks that have written to one of the channels: in part, they would be other ones. */
  leaveWrites(items: Key[], channels: ReadonlySet<string>): void {
    for (const task of items.map(({ SK }) => taskOfKey(SK.S))) {
      const one = this.unwritten.get(task);
      if (!one || !(one.hasOthers || [...one.channels].some((channel) => channels.has(channel)))) continue;
      this.unwritten.delete(task);
      for (const item of one.items) this.meter.add(-bytesInMemory(item));
    }
  }

  /** @throws FormatError where it is one too many for memory */
  addStray(sortKey: string): void {
    this.meter.add(costOfKey(sortKey));
    this.stray.add(sortKey);
  }

  /** Keeps a segment that something refers to. @throws FormatError where it is one too many for memory */
  hold(segments: Set<string> | Map<string, number>, segment: Segment): void {
    if (!segments.has(segmentCopy(segment))) this.meter.add(SEGMENT_BYTES);
    if (segments instanceof Set) segments.add(segmentCopy(segment));
    else segments.set(segmentCopy(segment), segment.length);
  }
}
