import type { CheckpointMetadata } from "@langchain/langgraph-checkpoint";
import type { Item, Key } from "../../aws/dynamodb/items.js";
import { CheckpointDataError } from "../../errors.js";
import { bytesInMemory } from "../../format/known-attributes.js";
import { locate } from "../../format/format-error.js";
import { deltaChannels } from "../../checkpoint/delta-channels.js";
import { idIn, PARENT, RUN } from "../../format/id-attribute.js";
import { itemSize } from "../../format/item-size.js";
import { key, parseSortKey, segmentCopy } from "../../format/keys.js";
import { endOf, isEnded, isGone } from "../../payload/lifetime.js";
import { allValues, openCheckpoint, type StoredCheckpoint } from "../../checkpoint/read/open.js";
import { FIRST } from "../../format/attributes.js";
import { readCheckpoint } from "../../checkpoint/read/query.js";
import { loadBody, loadMetadata } from "../../checkpoint/read/load.js";
import type { Segment } from "../../format/value.js";
import { type Storage } from "../../checkpoint/storage.js";
import { checkpointRef, type Thread } from "../../checkpoint/refs.js";
import { groupPages, segmentsOf, type Group, type Incarnation } from "./survey-groups.js";
import { ORDER, orderOf } from "../../format/write-order.js";
import { writesOfRuns } from "../../format/writes.js";

/** A checkpoint that readers see, as a rule judges it. */
export interface Candidate {
  ns: string;
  id: string;
  /** 1 is the newest of its namespace. */
  rank: number;
  /** Whether no other one goes on from it. */
  isTip: boolean;
  /** The run that has put it, if its caller said so. */
  runId: string | undefined;
  /** Its age by its own `ts`, in seconds; 0 where that is not a time. */
  ageSeconds: () => Promise<number>;
  metadata: () => Promise<CheckpointMetadata>;
}

/** Whether a checkpoint stays. */
export type Rule = (candidate: Candidate) => boolean | Promise<boolean>;

/** What a pruning would do to the checkpoints of a thread, and what they refer to. */
export interface Survey {
  /** How many stay, for readers or for others. */
  left: number;
  /** Checkpoints that go, with their writes: by the beginning of their sort keys. */
  dropped: Map<string, Dropped>;
  /** Those that go for readers, and stay because others are rebuilt from them, or may soon be. */
  hidden: Key[];
  /** Those that stay, and whose parent goes. */
  first: Key[];
  /** Items with writes that go, of checkpoints that stay. */
  unwritten: Item[];
  /** The segments that what stays refers to, as `segmentCopy` calls them. */
  used: Set<string>;
  /** The segments that writes without a checkpoint refer to: that may be under way. */
  usedByStray: Set<string>;
  /** The segments that what goes refers to, and their lengths; undefined when one of them cannot be read. */
  released: Map<string, number> | undefined;
  /**
   * Sort keys of what readers do not see: writes without a checkpoint, and what a deletion or an overtaken writer has
   * left.
   */
  stray: Set<string>;
}

export interface Dropped {
  /** Sort keys of its writes. */
  writes: string[];
  /** The checkpoint itself. */
  item: Item;
  /** As stored, roughly. */
  bytes: number;
}

/** What is looked at, and how. */
export interface Surveying extends Incarnation {
  rule: Rule;
  /** Runs whose writes to checkpoints that stay go too. */
  runs?: ReadonlySet<unknown> | undefined;
  /**
   * What was seen after this, in seconds since 1970, a run that is under way may stand on. Infinity where there is
   * none.
   */
  oldest: number;
}

/**
 * Reads all checkpoints of a thread, newest first, and judges them. Nothing is kept in memory of those that stay but
 * their ids.
 */
export async function* survey(
  storage: Storage,
  thread: Thread,
  options: Surveying,
): AsyncGenerator<number, Survey, undefined> {
  const found: Survey = {
    left: 0,
    dropped: new Map(),
    hidden: [],
    first: [],
    unwritten: [],
    used: new Set(),
    usedByStray: new Set(),
    released: new Map(),
    stray: new Set(),
  };
  const meter = storage.codec.meter();
  /** Bytes of what is kept to the end. */
  const count = (bytes: number): void => {
    try {
      meter.add(bytes);
    } catch (error) {
      throw locate(error, { threadId: thread.id, checkpointNs: "", checkpointId: "" });
    }
  };
  const hold: Hold = (segments, segment) => {
    if (!segments.has(segmentCopy(segment))) count(SEGMENT_BYTES);
    if (segments instanceof Set) segments.add(segmentCopy(segment));
    else segments.set(segmentCopy(segment), segment.length);
  };
  let namespace: Namespace | undefined;
  let read = 0;
  for await (const groups of groupPages(storage, thread, options)) {
    for (const group of groups) {
      const { item, writes, strays } = group;
      for (const { SK } of strays) found.stray.add(SK.S);
      if (!item) {
        for (const { SK } of writes) found.stray.add(SK.S);
        for await (const segment of segmentsOf(storage, group, () => (found.released = undefined)))
          hold(found.usedByStray, segment);
        continue;
      }
      if (namespace?.ns !== group.ns) {
        await namespace?.end();
        namespace = new Namespace(storage, thread, group.ns, options, found, hold, count);
      }
      await namespace.judge(group, item);
      read++;
    }
    yield read;
  }
  await namespace?.end();
  return found;
}

/** Keeps a segment that something refers to. */
type Hold = (segments: Set<string> | Map<string, number>, segment: Segment) => void;

/** What a segment that is kept takes, roughly. */
const SEGMENT_BYTES = 150;
/** Of an id. What is over this is counted: others are no longer than a key lets them be. */
const USUAL_ID = 250;

/**
 * One namespace, from its newest checkpoint to its oldest one. Parents come after their children, if no clock was
 * wrong.
 */
class Namespace {
  #rank = 0;
  readonly #kept = new Set<string>();
  /** Ids that something that was passed goes on from. */
  readonly #parents = new Set<string>();
  /** What kept ones are rebuilt from: ids, and the channels they are needed for. */
  readonly #needed = new Map<string, Set<string>>();
  /** Kept ones by their parent. */
  readonly #children = new Map<string, Key[]>();

  constructor(
    private readonly storage: Storage,
    private readonly thread: Thread,
    readonly ns: string,
    private readonly options: Surveying,
    private readonly found: Survey,
    private readonly hold: Hold,
    private readonly count: (bytes: number) => void,
  ) {}

  async judge(group: Group, item: Item): Promise<void> {
    const { id, writes, prefix } = group;
    const isTip = !this.#parents.delete(id);
    const isVisible = !isEnded(item);
    let opened: Promise<StoredCheckpoint> | undefined;
    const open = (): Promise<StoredCheckpoint> =>
      (opened ??= openCheckpoint(this.storage, {
        ...group,
        thread: this.thread,
        item,
        writes: group.writes as Item[],
      }));
    const stays = isVisible && (await this.#stays(item, id, isTip, open));
    const channels = stays ? undefined : await this.#stoodOn(item, isVisible, isTip, open);
    if (channels) this.#need(id, channels);
    if (stays) await this.#unwrite(writes as Item[]);
    if (stays) await this.#keep(await open(), item);
    else if (this.#needed.has(id) && !isGone(item)) await this.#hide(await open(), isVisible);
    else {
      this.found.dropped.set(prefix, {
        item: emptied(item),
        writes: writes.map(({ SK }) => SK.S),
        bytes: [item, ...writes].reduce((sum, one) => sum + itemSize(one as Item), 0),
      });
      const dropped = await open().catch(() => undefined);
      if (dropped) this.#release(dropped);
      else this.found.released = undefined;
    }
    const parent = idIn(item, PARENT);
    for (const one of [id, parent ?? ""]) this.count(Math.max(0, one.length - USUAL_ID));
    if (parent !== undefined) this.#parents.add(parent);
  }

  /** After the oldest one. */
  async end(): Promise<void> {
    // What was passed before it was known to be needed.
    for (const [id, channels] of this.#needed) await this.#rescue(id, channels);
    for (const [parent, children] of this.#children) if (!this.#kept.has(parent)) this.found.first.push(...children);
  }

  async #stays(item: Item, id: string, isTip: boolean, open: () => Promise<StoredCheckpoint>): Promise<boolean> {
    const { storage, thread, ns } = this;
    const loading = async <T>(
      part: "checkpoint" | "metadata",
      load: (stored: StoredCheckpoint, segments: Awaited<ReturnType<Storage["segments"]["load"]>>) => Promise<T>,
    ): Promise<T> => {
      const stored = await open();
      return load(stored, await storage.segments.load(thread.partition, [stored.frame[part]]));
    };
    return this.options.rule({
      ns,
      id,
      rank: ++this.#rank,
      isTip,
      runId: idIn(item, RUN),
      ageSeconds: () =>
        loading("checkpoint", async (stored, segments) => ageOf((await loadBody(storage, stored, segments)).ts)),
      metadata: () => loading("metadata", (stored, segments) => loadMetadata(storage, stored, segments)),
    });
  }

  /**
   * The channels that a run which goes on from this one would be rebuilt with; undefined if there is no such run: a run
   * goes on from the newest one of a branch, and not for long after that has ended for readers.
   */
  async #stoodOn(
    item: Item,
    isVisible: boolean,
    isTip: boolean,
    open: () => Promise<StoredCheckpoint>,
  ): Promise<string[] | undefined> {
    if (this.options.oldest === Infinity || (isVisible ? !isTip : endOf(item) <= this.options.oldest)) return undefined;
    try {
      const stored = await open();
      const metadata = await loadMetadata(
        this.storage,
        stored,
        await this.storage.segments.load(this.thread.partition, [stored.frame.metadata]),
      );
      return metadata.counters_since_delta_snapshot || stored.frame.needsAncestors
        ? deltaChannels(metadata, stored.frame)
        : undefined;
    } catch (error) {
      if (error instanceof CheckpointDataError) return undefined; // Nobody goes on from one that cannot be read.
      throw error;
    }
  }

  async #keep(stored: StoredCheckpoint, item: Item): Promise<void> {
    const { storage, thread, found } = this;
    const { id, parentId, frame } = stored;
    found.left++;
    this.#kept.add(id);
    this.#use(stored);
    this.#passOn(stored);
    if (parentId === undefined) return;
    if (!(FIRST in item)) this.#children.set(parentId, [...(this.#children.get(parentId) ?? []), keyOf(item)]);
    const segments = await storage.segments.load(thread.partition, [frame.checkpoint, frame.metadata]);
    const channels = deltaChannels(await loadMetadata(storage, stored, segments), frame);
    const { v } = await loadBody(storage, stored, segments);
    // Checkpoints before format 4 take their sends from the parent's writes.
    if (channels.length > 0 || v < 4) this.#need(parentId, channels);
  }

  async #unwrite(writes: Item[]): Promise<void> {
    const { runs } = this.options;
    if (!runs) return;
    for (const item of writes) {
      if ((await writesOfRuns(this.storage.codec, item, runs)).length === 0) continue;
      this.count(bytesInMemory(item));
      this.found.unwritten.push(item);
    }
  }

  async #hide(stored: StoredCheckpoint, isVisible: boolean): Promise<void> {
    this.found.left++;
    this.#use(stored);
    this.#passOn(stored);
    if (isVisible) this.found.hidden.push(stored.keys[0]!);
  }

  /** What is needed of this one and not stored in it is needed of its parent. */
  #passOn({ id, parentId, frame }: StoredCheckpoint): void {
    const channels = [...(this.#needed.get(id) ?? [])].filter((channel) => !frame.channels.has(channel));
    this.#needed.delete(id);
    if (parentId !== undefined && channels.length > 0) this.#need(parentId, channels);
  }

  #need(id: string, channels: string[]): void {
    this.#needed.set(id, new Set([...(this.#needed.get(id) ?? []), ...channels]));
  }

  async #rescue(id: string, channels: ReadonlySet<string>): Promise<void> {
    const { storage, thread, ns, found } = this;
    const seen = new Set<string>();
    for (let at: string | undefined = id, left = [...channels]; at !== undefined && !seen.has(at);) {
      seen.add(at);
      const stored = await readCheckpoint(
        { ...storage, consistentRead: true },
        await checkpointRef(thread, ns, at),
        isGone,
        this.options.born,
      );
      if (!stored) return;
      this.#use(stored);
      const sortKey = stored.keys[0]!.SK.S;
      if (found.dropped.delete(parseSortKey(sortKey).prefix)) {
        found.left++;
        found.hidden.push(stored.keys[0]!);
      }
      left = left.filter((channel) => !stored.frame.channels.has(channel));
      at = left.length > 0 ? stored.parentId : undefined;
    }
  }

  #use(stored: StoredCheckpoint): void {
    for (const { segments } of allValues(stored)) for (const segment of segments) this.hold(this.found.used, segment);
  }

  #release(stored: StoredCheckpoint): void {
    const { released } = this.found;
    for (const { segments } of released ? allValues(stored) : [])
      for (const segment of segments) this.hold(released!, segment);
  }
}

/** What a tombstone takes over: a thread can have many. */
const emptied = (item: Item): Item => {
  const order = orderOf(item);
  return { ...keyOf(item), ...(order !== undefined && { [ORDER]: { N: order } }) };
};

const keyOf = ({ PK, SK }: Key): Key => key(PK.S, SK.S);

/** What says no time is taken for new: it stays. */
function ageOf(ts: unknown): number {
  const time = typeof ts === "string" ? Date.parse(ts) : NaN;
  return Number.isNaN(time) ? 0 : (Date.now() - time) / 1_000;
}
