import type { RunnableConfig } from "@langchain/core/runnables";
import {
  DeltaSnapshot,
  type ChannelVersions,
  type Checkpoint,
  type CheckpointMetadata,
} from "@langchain/langgraph-checkpoint";
import { nextId } from "../savers/checkpoints.js";
import type { Random } from "../hostile/random.js";
import { Judge } from "./judge.js";
import { ackOf, bodyOf, ThreadRecord, type CallRecord, type PutRecord } from "./record.js";
import { DELTA, Values, type Content } from "./values.js";

/** Who writes to a thread: one run at a time, two at once (branches), or one that uses a `DeltaChannel`. */
export type StoryKind = "single" | "branches" | "delta";

/**
 * What LangGraph gives to `put`: the changed channels by name; everything, on a fork; everything, where a wrapper for
 * the older signature drops the names. Besides, where versions are texts, a copy of the state under another checkpoint;
 * where they are numbers, an update, which applies pending writes without a new version.
 */
const USUAL = { loop: 88, fork: 4, unnamed: 4 };

/** After how many supersteps a `DeltaChannel` is stored in full. */
const SNAPSHOT_EVERY = 4;

/** What happens to one thread, and what must be true of it. */
export class Story {
  readonly threadId = `thread ${crypto.randomUUID()}`;
  readonly record = new ThreadRecord(this.threadId);
  readonly values = new Values(this.threadId);
  readonly judge = new Judge(this.record, this.values);
  /** Runs under way. */
  runs = 0;
  /** Calls under way. */
  calls = 0;
  /** No more calls begin. */
  isOver = false;

  /** LangGraph's versions are numbers, which two branches share, or texts that are never the same. */
  readonly #hasTextVersions: boolean;

  constructor(
    readonly kind: StoryKind,
    random: Random,
  ) {
    this.#hasTextVersions = random.chance(0.5);
  }

  /** Whether another run may begin. */
  get isFree(): boolean {
    return !this.isOver && this.runs < (this.kind === "branches" ? 2 : 1);
  }

  configOf({ ns, id }: { ns: string; id?: string | undefined }): RunnableConfig {
    return {
      configurable: { thread_id: this.threadId, checkpoint_ns: ns, ...(id !== undefined && { checkpoint_id: id }) },
    };
  }

  /** The next superstep after `parent`, or the first one of a namespace. */
  superstep(
    random: Random,
    { parent, ns, beside }: { parent?: PutRecord | undefined; ns: string; beside?: PutRecord | undefined },
  ): PutRecord {
    const id = nextId();
    const contents = new Map(parent?.contents);
    const versions: ChannelVersions = { ...parent?.versions };
    const newVersions: ChannelVersions = {};
    const kind =
      parent && this.kind !== "delta"
        ? random.weighted(this.#hasTextVersions ? { ...USUAL, copy: 4, update: 0 } : { ...USUAL, copy: 0, update: 4 })
        : "loop";
    const bump = (name: string): void => {
      const next = parseInt(String(versions[name] ?? 0), 10) + 1;
      if (kind !== "update")
        newVersions[name] = versions[name] = this.#hasTextVersions ? `${String(next).padStart(8, "0")}.${id}` : next;
    };
    const change = (name: string, content: Content | undefined): void => {
      bump(name);
      if (content) contents.set(name, content);
      else contents.delete(name);
    };

    const metadata: CheckpointMetadata = {
      source: kind === "fork" || kind === "update" ? kind : "loop",
      step: this.record.puts.size,
      parents: {},
    };
    if (kind !== "fork") {
      change("state", { kind: "state", from: id });
      const messages = contents.get("messages");
      if (!parent || random.chance(0.6))
        change("messages", {
          kind: "messages",
          from: messages?.kind === "messages" && random.chance(0.95) ? [...messages.from, id] : [id],
        });
      if (random.chance(parent ? 0.08 : 0.7)) change("document", { kind: "document", variant: random.below(3) });
      if (random.chance(0.05))
        change("blob", {
          kind: "blob",
          from: id,
          length: random.chance(0.05) ? 450_000 : 5_000 + random.below(30_000),
        });
      else if (contents.has("blob") && random.chance(0.1)) change("blob", undefined);
    }
    const delta = this.kind === "delta" && ns === "" ? this.#delta(parent, { contents, metadata, bump }) : [];
    const under = kind === "copy" ? random.pick(this.known(ns)) : parent;
    return {
      id,
      ns,
      parent: under,
      beside,
      contents,
      versions,
      metadata,
      newVersions: kind === "unnamed" ? undefined : newVersions,
      delta,
      attempts: [],
      seen: undefined,
    };
  }

  /** What `put` is called with. */
  argumentsOf(put: PutRecord): [RunnableConfig, Checkpoint, CheckpointMetadata, ChannelVersions | undefined] {
    const value = (content: Content): unknown =>
      content.kind === "snapshot" ? new DeltaSnapshot(this.values.of(content)) : this.values.of(content);
    // A snapshot is given once; until the next write, the saver takes it over.
    const given = [...put.contents].filter(
      ([, content]) => content.kind !== "snapshot" || put.parent?.contents.get(DELTA) !== content,
    );
    const channel_values = Object.fromEntries(given.map(([name, content]) => [name, value(content)]));
    return [
      this.configOf({ ns: put.ns, id: put.parent?.id }),
      { ...bodyOf(put), channel_values },
      put.metadata,
      put.newVersions,
    ];
  }

  /** Checkpoints that a run can go on from: those that were acknowledged or found. */
  known(ns: string): PutRecord[] {
    return [...this.record.puts.values()].filter((put) => put.ns === ns && (ackOf(put) || put.seen));
  }

  /** What was written to the `DeltaChannel` of one checkpoint, in the order in which it counts. */
  writtenTo(put: PutRecord): string[] {
    const calls = this.record.callsOf(put.id).filter(({ ok }) => ok);
    const byTask = calls.toSorted((a, b) => (`${a.path} ${a.taskId}` < `${b.path} ${b.taskId}` ? -1 : 1));
    return byTask.flatMap(({ writes }) =>
      [...writes.values()].filter(({ channel }) => channel === DELTA).map(({ value }) => value as string),
    );
  }

  /** The write of a task to the `DeltaChannel`. */
  deltaWrite(call: number, random: Random): CallRecord["writes"] {
    return new Map([[0, { channel: DELTA, value: this.values.delta(call, random.chance(0.05) ? 70_000 : 100) }]]);
  }

  /** Puts the snapshot where one is due, as LangGraph counts; returns what the channel is rebuilt from. */
  #delta(
    parent: PutRecord | undefined,
    {
      contents,
      metadata,
      bump,
    }: { contents: Map<string, Content>; metadata: CheckpointMetadata; bump: (name: string) => void },
  ): readonly string[] {
    const written = parent ? this.writtenTo(parent) : [];
    const delta = parent ? [...parent.delta, ...written] : [];
    const [updates, supersteps] = parent?.metadata.counters_since_delta_snapshot?.[DELTA] ?? [0, 0];
    if (written.length > 0) {
      bump(DELTA);
      contents.delete(DELTA);
    }
    if (supersteps + 1 < SNAPSHOT_EVERY)
      metadata.counters_since_delta_snapshot = { [DELTA]: [updates + Number(written.length > 0), supersteps + 1] };
    else {
      if (written.length === 0) bump(DELTA);
      contents.set(DELTA, { kind: "snapshot", of: delta });
    }
    return delta;
  }
}
