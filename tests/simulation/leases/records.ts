import type { Moment } from "../model/records.js";

/** A run of an agent, with a lease or without. */
export interface RecordedRun {
  n: number;
  thread: string;
  holder: string;
  skewMs: number;
  /** 0 without a lease. */
  token: number;
  leaseSeconds: number;
  /** When it asked, and when it was told that it has the thread. */
  asked: Moment;
  granted: Moment | undefined;
  /** Whether the thread had a checkpoint for certain when it got its lease. */
  hasFirst: boolean;
  /** Until when the thread is its own for certain: from when it began to renew last. */
  sureUntilMs: number;
  /** Since when it has not asked for more: it has died, or is over. */
  silentMs: number;
  /** From this step on its lease may be free: a release, or a break, was begun. */
  mayBeFree: number;
  /** From this step on it is known to be broken. */
  broken: number;
  /** It has done all that it had to do, and its `withLease` has said so. */
  isDone: boolean;
  /** Of a thread that was deleted beside it, or before its end. */
  isUnsure: boolean;
  /** What it has read first as the latest, by namespace. */
  bases: Map<string, { base: RecordedPut | undefined; start: number; end: number }>;
  /** When it has begun to read a list first, by namespace. */
  listed: Map<string, Moment>;
  /** The writes that it has read first, by checkpoint. */
  shown: Map<RecordedPut, Set<RecordedTask>>;
}

export interface RecordedPut {
  thread: string;
  ns: string;
  id: string;
  parent: RecordedPut | undefined;
  run: RecordedRun;
  value: string;
  start: number;
  /** Infinity before the call has ended. */
  end: number;
  isAcknowledged: boolean;
  isUnsure: boolean;
  /** What its `DeltaChannel` has last, since the last checkpoint on its way that was put without a lease. */
  tail: string[];
  versions: Record<string, number>;
  counters: [number, number];
}

/** The writes of one call for a task. */
export interface RecordedTask {
  put: RecordedPut;
  task: string;
  run: RecordedRun;
  isSpecial: boolean;
  /** As they are read. */
  shown: string[];
  /** Whether its holder had the checkpoint as the latest. */
  claims: boolean;
  start: number;
  end: number;
  isAcknowledged: boolean;
  isUnsure: boolean;
}

/** What is known of a history. */
export class LeaseModel {
  readonly runs: RecordedRun[] = [];
  readonly puts: RecordedPut[] = [];
  readonly tasks: RecordedTask[] = [];
  /** By what they show. */
  readonly byText = new Map<string, RecordedTask>();
  /** Of which a deletion is under way. */
  readonly deleting = new Map<string, number>();
  /** Threads of which a lease is being broken: whichever it finds. */
  readonly breaking = new Map<string, number>();

  find(thread: string, ns: string, id: string): RecordedPut | undefined {
    return this.puts.find((one) => one.id === id && one.ns === ns && one.thread === thread);
  }

  /** The highest token that a checkpoint may have: without a lease that of the epoch that it goes on from. */
  tokenMax({ run, parent }: RecordedPut): number {
    return run.token > 0 ? run.token : parent ? this.epochMax(parent) : 0;
  }

  /** The youngest lease that may know it as the latest. */
  epochMax(put: RecordedPut): number {
    const claims = this.tasks.flatMap((task) => (task.put === put ? task.run.token : []));
    return Math.max(this.tokenMax(put), ...claims);
  }

  /** What is there of a namespace for certain, since before a step. */
  surePuts(thread: string, ns: string, step: number): RecordedPut[] {
    return this.puts.filter((one) => one.thread === thread && one.ns === ns && isSure(one, step));
  }

  /** A thread is being deleted: nothing that was begun before or beside it is certain any more. */
  beginDeletion(thread: string): void {
    this.deleting.set(thread, (this.deleting.get(thread) ?? 0) + 1);
    for (const one of this.runs) if (one.thread === thread) one.isUnsure = true;
    for (const one of this.puts) if (one.thread === thread) one.isUnsure = true;
    for (const one of this.tasks) if (one.put.thread === thread) one.isUnsure = true;
  }

  endDeletion(thread: string): void {
    // Also of what has begun meanwhile.
    this.beginDeletion(thread);
    this.deleting.set(thread, this.deleting.get(thread)! - 2);
  }
}

export const isSure = (one: { isAcknowledged: boolean; isUnsure: boolean; end: number }, step: number): boolean =>
  one.isAcknowledged && !one.isUnsure && one.end <= step;
