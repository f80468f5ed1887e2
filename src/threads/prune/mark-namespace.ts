import type { Item, Key } from "../../aws/dynamodb/items.js";
import { CheckpointDataError } from "../../errors.js";
import { deltaChannels } from "../../checkpoint/delta-channels.js";
import { idIn, PARENT, RUN } from "../../format/id-attribute.js";
import { itemSize } from "../../format/item-size.js";
import { costOfKey } from "../../format/meter.js";
import { keyOf, parseSortKey } from "../../format/keys.js";
import { endOf, isEnded, isGone } from "../../payload/lifetime.js";
import { allValues, openCheckpoint, type StoredCheckpoint } from "../../checkpoint/read/open.js";
import { FIRST } from "../../format/attributes.js";
import { neededOfParent } from "../../checkpoint/read/needed-of-parent.js";
import { isAbove, type Ranked } from "../../checkpoint/fence.js";
import { readCheckpoint } from "../../checkpoint/read/query.js";
import { claimOf, rankOf } from "../../checkpoint/read/rank.js";
import { loadBody, loadMetadata } from "../../checkpoint/read/load.js";
import { type Storage } from "../../checkpoint/storage.js";
import { checkpointRef, type Thread } from "../../checkpoint/refs.js";
import { emptied, type Group, type Incarnation } from "./groups.js";
import type { Marks } from "./marks.js";
import { neededBelow, NeededChannels } from "./needed-channels.js";
import { ageOf, type Rule } from "./rule.js";
import { writesOfRuns } from "../../format/writes.js";

/** Which checkpoints are looked at, and what stays of them. */
export interface MarkOptions extends Incarnation {
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
 * One namespace, from its newest checkpoint to its oldest one. Parents come after their children, if no clock was
 * wrong.
 */
export class NamespaceMarker {
  #rank = 0;
  /** The latest one, of those that were passed. */
  #latest: Ranked | undefined;
  readonly #kept = new Set<string>();
  /** Ids that something that was passed goes on from. */
  readonly #parents = new Set<string>();
  /** What kept ones are rebuilt from, and what a run would be that goes on from a hidden one. */
  readonly #needed: NeededChannels;
  /** What kept ones are rebuilt from alone. */
  readonly #neededByKept: NeededChannels;
  /** Kept ones by their parent. */
  readonly #children = new Map<string, Key[]>();

  constructor(
    private readonly storage: Storage,
    private readonly thread: Thread,
    readonly ns: string,
    private readonly options: MarkOptions,
    private readonly marks: Marks,
  ) {
    this.#needed = new NeededChannels(marks.meter);
    this.#neededByKept = new NeededChannels(marks.meter);
  }

  /** One checkpoint after the other, newest first. */
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
    const isLatest = isVisible && this.#isLatest(group, item);
    const stays = isVisible && ((await this.#stays(item, id, isTip, open)) || isLatest);
    const channels = stays ? undefined : await this.#stoodOn(item, isVisible, isTip, open);
    if (channels) this.#needed.add(id, channels);
    if (stays) await this.#unwrite(id, writes as Item[]);
    if (stays) await this.#keep(await open(), item);
    else if (this.#needed.has(id) && !isGone(item)) await this.#hide(await open(), isVisible);
    else {
      this.marks.drop(prefix, {
        item: emptied(item),
        writes: writes.map(({ SK }) => SK.S),
        bytes: [item, ...writes].reduce((sum, one) => sum + itemSize(one as Item), 0),
      });
      const dropped = await open().catch(() => undefined);
      if (dropped) this.#release(dropped);
      else this.marks.released = undefined;
    }
    const parent = idIn(item, PARENT);
    for (const one of [id, parent ?? ""]) this.marks.meter.add(costOfKey(one));
    if (parent !== undefined) this.#parents.add(parent);
  }

  /**
   * Whether those with higher ids are below it all the same: then it may be the latest, of a younger lease on a machine
   * whose clock was behind.
   */
  #isLatest({ id, writes }: Group, item: Item): boolean {
    const claimed = writes.reduce((most, one) => Math.max(most, claimOf(one as Item)), 0);
    const ranked = { ...rankOf(id, item), claimed };
    const passed = this.#latest;
    if (passed && !isAbove(ranked, passed)) return false;
    this.#latest = ranked;
    // The one with the highest id is what the rule says of it.
    return passed !== undefined && this.options.runs === undefined;
  }

  /** After the oldest one. */
  async end(): Promise<void> {
    // What was passed before it was known to be needed.
    for (const needed of [this.#needed, this.#neededByKept]) {
      const rescued = new NeededChannels(this.marks.meter);
      for (const [id, channels] of needed)
        await this.#rescue(id, [...channels], rescued, needed === this.#neededByKept);
    }
    for (const [parent, children] of this.#children)
      if (!this.#kept.has(parent)) for (const child of children) this.marks.first.push(child);
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
    const { id, parentId } = stored;
    this.marks.left++;
    this.#kept.add(id);
    this.#use(stored);
    for (const needed of [this.#needed, this.#neededByKept]) needed.passOn(stored);
    if (parentId === undefined) return;
    if (!(FIRST in item)) {
      const children = this.#children.get(parentId) ?? [];
      this.#children.set(parentId, children);
      children.push(keyOf(item));
    }
    const channels = await neededOfParent(this.storage, stored);
    if (channels) for (const needed of [this.#needed, this.#neededByKept]) needed.add(parentId, channels);
  }

  /** What the runs have written goes, but for the tasks whose writes kept ones are rebuilt from. */
  async #unwrite(id: string, writes: Item[]): Promise<void> {
    const { runs } = this.options;
    if (!runs) return;
    for (const item of writes) {
      const removed = await writesOfRuns(this.storage.codec, item, runs);
      if (removed.length > 0) this.marks.unwrite(item, removed);
    }
    const needed = this.#neededByKept.get(id);
    if (needed) this.marks.leaveWrites(writes, needed);
  }

  async #hide(stored: StoredCheckpoint, isVisible: boolean): Promise<void> {
    this.marks.left++;
    this.#use(stored);
    for (const needed of [this.#needed, this.#neededByKept]) needed.passOn(stored);
    if (isVisible) this.marks.hidden.push(stored.keys[0]!);
  }

  /** @param isOfKept whether kept ones are rebuilt from it */
  async #rescue(id: string, channels: string[], rescued: NeededChannels, isOfKept: boolean): Promise<void> {
    const { storage, thread, ns, marks } = this;
    for (let at: string | undefined = id, left = channels; at !== undefined;) {
      left = rescued.add(at, left);
      if (left.length === 0) return;
      const stored = await readCheckpoint(
        { ...storage, consistentRead: true },
        await checkpointRef(thread, ns, at),
        isGone,
        this.options.born,
      );
      if (!stored) return;
      this.#use(stored);
      const { prefix } = parseSortKey(stored.keys[0]!.SK.S);
      if (marks.dropped.delete(prefix)) {
        marks.left++;
        marks.hidden.push(stored.keys[0]!);
      }
      if (isOfKept) marks.leaveWrites(stored.keys, new Set(left));
      left = neededBelow(stored, left);
      at = stored.parentId;
    }
  }

  #use(stored: StoredCheckpoint): void {
    for (const { segments } of allValues(stored))
      for (const segment of segments) this.marks.hold(this.marks.marked, segment);
  }

  #release(stored: StoredCheckpoint): void {
    const { released } = this.marks;
    for (const { segments } of released ? allValues(stored) : [])
      for (const segment of segments) this.marks.hold(released!, segment);
  }
}
