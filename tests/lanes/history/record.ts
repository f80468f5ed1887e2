import type { ChannelVersions, Checkpoint, CheckpointMetadata } from "@langchain/langgraph-checkpoint";
import type { Content } from "./values.js";

/*
 * What was done, in logical time: one number for every call that begins or ends. A call takes effect between the two,
 * if it does; one that failed may have taken effect or not.
 */

export interface Span {
  invoked: number;
  /** Infinity while it is under way. */
  ended: number;
  ok: boolean;
  /** It failed because of a conflict, and has taken no effect. */
  refused?: boolean;
}

/** A checkpoint that was put, once or, where the first attempts failed, again. */
export interface PutRecord {
  id: string;
  ns: string;
  parent: PutRecord | undefined;
  /** For a subgraph's first checkpoint: the one of its graph beside which it runs. */
  beside: PutRecord | undefined;
  contents: ReadonlyMap<string, Content>;
  versions: ChannelVersions;
  metadata: CheckpointMetadata;
  newVersions: ChannelVersions | undefined;
  /** The writes to its `DeltaChannel` that its ancestors had when it was put. */
  delta: readonly string[];
  attempts: Span[];
  /** The last time that a reader of the thread's latest checkpoint found it. */
  seen: Span | undefined;
}

/** A call of `putWrites`. */
export interface CallRecord extends Span {
  number: number;
  checkpointId: string;
  taskId: string;
  path: string;
  /** The instance that made it: one instance keeps the calls for a task in order. */
  by: object;
  /** What it stores, by index. */
  writes: Map<number, { channel: string; value: unknown }>;
}

/** All of a checkpoint but its values. */
export const bodyOf = ({ id, versions }: PutRecord): Omit<Checkpoint, "channel_values"> => ({
  v: 4,
  id,
  ts: "2026-01-01T00:00:00.000Z",
  channel_versions: versions,
  versions_seen: {},
});

export const ackOf = ({ attempts }: PutRecord): Span | undefined => attempts.find(({ ok }) => ok);

/** Everything that was done to one thread. */
export class ThreadRecord {
  /** By id, in the order in which they were put first: parents come before their children. */
  readonly puts = new Map<string, PutRecord>();
  readonly deletes: Span[] = [];
  readonly #calls = new Map<string, CallRecord[]>();
  readonly #log: string[] = [];

  constructor(readonly threadId: string) {}

  addCall(call: CallRecord): void {
    this.#calls.set(call.checkpointId, [...this.callsOf(call.checkpointId), call]);
  }

  callsOf(checkpointId: string): CallRecord[] {
    return this.#calls.get(checkpointId) ?? [];
  }

  /** Whether a deletion may have taken effect between two moments. */
  deletedBetween(from: number, to: number): boolean {
    return this.deletes.some(({ invoked, ended }) => ended > from && invoked < to);
  }

  /** Whether what had ended by then was deleted for good before a moment. */
  deletedSince(ended: number, before: number): boolean {
    return this.deletes.some((deletion) => deletion.ok && ended < deletion.invoked && deletion.ended < before);
  }

  /**
   * The last moment of which it is known that this checkpoint, or one that it descends from, was not deleted by then.
   */
  aliveAt(put: PutRecord): number {
    let alive = put.seen?.invoked ?? 0;
    let first = put;
    for (let next: PutRecord | undefined; (next = first.parent ?? first.beside); first = next)
      alive = Math.max(alive, next.seen?.invoked ?? 0);
    return Math.max(alive, (ackOf(first) ?? first.attempts[0]!).invoked);
  }

  note(line: string): void {
    // The beginning of a checkpoint's id is always the same.
    this.#log.push(line.replace(/1f0a0000-0000-6000-8000-0*/g, "#"));
  }

  /** What was done lately, for a failure's message. */
  recently(lines = 80): string {
    return this.#log.slice(-lines).join("\n");
  }
}

/** What must not be. */
export class Violation extends Error {
  constructor(thread: ThreadRecord, what: string) {
    super(
      `${what.replace(/1f0a0000-0000-6000-8000-0*/g, "#")}\nThread ${thread.threadId}, its last calls ` +
        `(begun..ended, in logical time):\n${thread.recently()}`,
    );
  }
}
