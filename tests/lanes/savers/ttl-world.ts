import { DeltaSnapshot } from "@langchain/langgraph-checkpoint";
import type { DynamoDBSaver } from "langgraph-checkpoint-dynamodb";
import { expect } from "vitest";
import { makeCheckpoint, noiseText } from "./checkpoints.js";
import { createSaver, type SaverOptions } from "./harness.js";
import { deleteRaw, itemsOf, MARKER, type RawItem } from "../stored/raw-table.js";
import { frameOf, goneAt, segmentsOfWrites } from "../stored/stored-format.js";
import { isWrites } from "../stored/sort-keys.js";
import { deltaValue, endAt, expectSame, sortKeyOf, writesOf, writtenTo, type Put, type Step } from "./ttl-puts.js";

/** After how many supersteps a `DeltaChannel` is stored in full. */
type Snapshots = Partial<Record<"fast" | "slow", number>>;

const now = (): number => Date.now() / 1_000;

/** One thread, what was put into it, and what must be alive of it. */
export class TtlWorld {
  readonly threadId = crypto.randomUUID();
  readonly #puts: Put[] = [];
  readonly #savers: Record<"warm" | "other", Record<"true" | "false", DynamoDBSaver>>;
  /** When each item was last needed by a checkpoint that was put or refreshed, or was written; by sort key. */
  readonly #lastUse = new Map<string, number>();
  /** What is stored, by sort key. */
  #items = new Map<string, RawItem>();
  #values = 0;

  constructor(
    private readonly keyPrefix: string,
    private readonly ttlSeconds: number,
    private readonly longestTtl: number,
    private readonly snapshots: Snapshots,
  ) {
    const pair = (): Record<"true" | "false", DynamoDBSaver> => ({ true: this.#cold(true), false: this.#cold(false) });
    this.#savers = { warm: pair(), other: pair() };
  }

  /** Does one step, and checks what is stored. */
  async step(step: Step): Promise<void> {
    await this.#look();
    const living = this.ends().map(({ put }) => put);
    const chosen = step.checkpoint < 0 ? living.at(-1) : living[step.checkpoint % Math.max(1, living.length)];
    const saver =
      step.ttl === 0
        ? this.#saver({})
        : step.saver === "cold"
          ? this.#cold(step.refresh)
          : this.#savers[step.saver][`${step.refresh}`];
    if (step.kind === "put") await this.#put(saver, step, chosen);
    else if (chosen) await this.#read(saver, step, chosen);
    this.#check();
  }

  /** Deletes what has expired, as DynamoDB does some time later. */
  async sweep(): Promise<void> {
    const expired = (await itemsOf(this.keyPrefix, this.threadId)).filter((item) => goneAt(item) <= now());
    for (const item of expired) await deleteRaw(item);
  }

  /** What every living checkpoint needs must be there until its end, and nothing may stay for long. */
  #check(): void {
    const items = this.#items;
    for (const put of this.#puts) {
      const end = endAt(items, put);
      if (end <= now()) continue;
      for (const [sortKey, why] of this.#needs(items, put)) {
        expect(items.has(sortKey), `${why} of a living checkpoint is there`).toBe(true);
        expect(
          goneAt(items.get(sortKey)!),
          `the end of ${why} of a checkpoint that lives for another ${end - now()} s`,
        ).toBeGreaterThanOrEqual(end);
      }
    }
    for (const [sortKey, item] of items) {
      const gone = goneAt(item);
      if (gone < Infinity)
        expect(
          gone - this.#lastUse.get(sortKey)!,
          `seconds that ${sortKey} lives after its last use`,
        ).toBeLessThanOrEqual(2 * this.longestTtl);
    }
  }

  /** The living checkpoints, as of the last step, and when they end. */
  ends(): { put: Put; end: number }[] {
    return this.#puts.map((put) => ({ put, end: endAt(this.#items, put) })).filter(({ end }) => end > now());
  }

  /** A checkpoint as an instance reads it that has nothing cached. */
  async readCold(put: Put): Promise<void> {
    await this.#expectReadable(this.#cold(false), put);
  }

  async #put(saver: DynamoDBSaver, step: Step, parent: Put | undefined): Promise<void> {
    const ttl = step.ttl > 0 ? { ttl_seconds: step.ttl } : {};
    const versions = { ...parent?.checkpoint.channel_versions };
    const newVersions: Record<string, number> = {};
    const bump = (channel: string): void =>
      void (newVersions[channel] = versions[channel] = ((versions[channel] as number | undefined) ?? 0) + 1);

    const values: Record<string, unknown> = { ...parent?.checkpoint.channel_values };
    for (const name of Object.keys(this.snapshots)) delete values[name];
    if (step.document !== "keep") {
      bump("document");
      // Values of old have the same segments, which are stored once a thread.
      values.document = step.document === "replace" ? this.#newText(2_500) : noiseText(2_500, 7);
    }
    if (step.list === "append") {
      bump("list");
      values.list = [...((values.list as string[] | undefined) ?? []), this.#newText(1_500)];
    }

    // LangGraph reads where it starts from.
    if (parent) {
      expectSame(await saver.getTuple({ configurable: { ...parent.config.configurable, ...ttl } }), parent);
      if (step.refresh && step.ttl > 0) this.#use(parent);
    }
    // A task of the parent writes, and the checkpoint that follows counts it.
    const writes = parent ? step.writes.filter(({ channel }) => channel in this.snapshots) : [];
    if (parent && writes.length > 0) {
      const written = writes.map(({ channel, large }) => ({ channel, value: this.#newText(large ? 70_000 : 10) }));
      // Writes are read in the order of their tasks' ids.
      const taskId = `task ${String(this.#values).padStart(6, "0")}`;
      const config = { configurable: { ...parent.config.configurable, ...ttl } };
      await saver.putWrites(
        config,
        written.map(({ channel, value }) => [channel, value]),
        taskId,
      );
      parent.written.push(...written);
      for (const { channel } of writes) if (!(channel in newVersions)) bump(channel);
      await this.#look();
      const writesItem = [...this.#items].find(([, item]) => isWrites(item, taskId))!;
      for (const name of [writesItem[0], ...segmentsOfWrites(writesItem[1]).map((name) => `S#${name}`)])
        this.#lastUse.set(name, now());
    }

    const counters: Record<string, [number, number]> = {};
    const full = new Map<string, string[]>();
    for (const [channel, frequency] of Object.entries(this.snapshots)) {
      const before = parent?.metadata.counters_since_delta_snapshot?.[channel] ?? [0, 0];
      const [updates, supersteps] = [before[0] + Number(channel in newVersions), before[1] + 1];
      if (supersteps < frequency) counters[channel] = [updates, supersteps];
      else {
        if (!(channel in newVersions)) bump(channel);
        full.set(channel, parent ? [...deltaValue(parent, channel), ...writtenTo(parent, channel)] : []);
        values[channel] = new DeltaSnapshot(full.get(channel)!);
      }
    }
    const checkpoint = makeCheckpoint(values, versions);
    const metadata = {
      source: "loop" as const,
      step: this.#puts.length,
      parents: {},
      ...(Object.keys(counters).length > 0 && { counters_since_delta_snapshot: counters }),
    };
    const parentIds = parent?.config.configurable ?? { thread_id: this.threadId, checkpoint_ns: "" };
    const config = await saver.put({ configurable: { ...parentIds, ...ttl } }, checkpoint, metadata, newVersions);
    // One that was not written keeps its version, and is taken over.
    for (const [channel, value] of parent?.full ?? []) if (!(channel in newVersions)) full.set(channel, value);
    const put: Put = { config, checkpoint, metadata, parent, written: [], full };
    this.#puts.push(put);
    await this.#look();
    this.#use(put);
  }

  async #read(saver: DynamoDBSaver, step: Step, put: Put): Promise<void> {
    const tuple = await saver.getTuple({
      configurable: { ...put.config.configurable, ...(step.ttl > 0 && { ttl_seconds: step.ttl }) },
    });
    expectSame(tuple, put);
    await this.#look();
    if (step.refresh && step.ttl > 0) this.#use(put);
  }

  async #expectReadable(saver: DynamoDBSaver, put: Put): Promise<void> {
    expectSame(await saver.getTuple(put.config), put);
    const channels = Object.keys(this.snapshots).filter((channel) => !put.full.has(channel));
    const histories = await saver.getDeltaChannelHistory({ config: put.config, channels });
    for (const channel of channels) {
      const { seed, writes } = histories[channel]!;
      const value = [
        ...(((seed as DeltaSnapshot | undefined)?.value as string[] | undefined) ?? []),
        ...writes.map(([, , written]) => written),
      ];
      expect(value).toEqual(deltaValue(put, channel));
    }
  }

  /** Notes that everything this checkpoint needs is used now. */
  #use(put: Put): void {
    const writes = writesOf(this.#items, put).flatMap(([sortKey, item]) => [
      sortKey,
      ...segmentsOfWrites(item).map((name) => `S#${name}`),
    ]);
    for (const sortKey of [sortKeyOf(this.#items, put), ...writes, ...this.#needs(this.#items, put).keys()])
      this.#lastUse.set(sortKey, now());
  }

  /** Sort keys of what a checkpoint needs beside itself, each with a word for it. */
  #needs(items: ReadonlyMap<string, RawItem>, put: Put): Map<string, string> {
    const needs = new Map([[MARKER, "the thread's marker"]]);
    const needSegments = (names: string[], of: string): void =>
      names.forEach((name) => needs.set(`S#${name}`, `a segment of ${of}`));
    const own = items.get(sortKeyOf(items, put))!;
    needSegments([...frameOf(own).segments.values()].flat(), "the checkpoint");
    for (const channel of Object.keys(this.snapshots)) {
      for (let at = put; !at.full.has(channel) && at.parent;) {
        at = at.parent;
        needs.set(sortKeyOf(items, at), "an ancestor");
        const item = items.get(sortKeyOf(items, at));
        if (item) needSegments(frameOf(item).segments.get(channel) ?? [], `the ${channel} channel's seed`);
        const writes = writesOf(items, at);
        if (at.written.some((write) => write.channel === channel))
          expect(writes, "items of an ancestor's writes").not.toEqual([]);
        for (const [sortKey, writesItem] of writes) {
          needs.set(sortKey, "an ancestor's writes");
          needSegments(segmentsOfWrites(writesItem, channel), "an ancestor's writes");
        }
      }
    }
    return needs;
  }

  async #look(): Promise<void> {
    this.#items = new Map((await itemsOf(this.keyPrefix, this.threadId)).map((item) => [item.SK!.S!, item]));
  }

  #newText(length: number): string {
    return noiseText(length, (this.#values += 1) + 1_000);
  }

  #cold(refreshOnRead: boolean): DynamoDBSaver {
    return this.#saver({ refreshOnRead, ttlSeconds: this.ttlSeconds });
  }

  #saver(options: Partial<SaverOptions>): DynamoDBSaver {
    return createSaver({ keyPrefix: this.keyPrefix, compression: "none", ...options });
  }
}
