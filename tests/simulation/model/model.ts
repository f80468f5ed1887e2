import type { Actor, PruneScope } from "../calls/actors.js";
import {
  certain,
  possible,
  RecordedThread,
  type Moment,
  type RecordedCheckpoint,
  type RecordedWrites,
  type Span,
} from "./records.js";
import { Removals } from "./removals.js";

const SLACK_MS = 1_000;
/** How long an instance may go on from what it has in its cache; a little less than it says. */
const SURELY_CACHED_MS = 240_000;

/**
 * A plain model of the contract: what LangGraph's savers promise, and this one's documentation. It knows nothing of how
 * anything is stored. Where calls overlap, or have failed, it knows what may have happened.
 */
export class Model {
  readonly threads = new Map<string, RecordedThread>();
  readonly removals = new Removals();

  /**
   * @param hasLateArrivals whether a request has arrived after its caller had given it up: a part of what was deleted
   *   may be there
   */
  constructor(readonly hasLateArrivals: () => boolean) {}

  thread(id: string): RecordedThread {
    let thread = this.threads.get(id);
    if (!thread) this.threads.set(id, (thread = new RecordedThread(id)));
    return thread;
  }

  /** Whether it must be seen by a read. */
  mustSee(checkpoint: RecordedCheckpoint, read: Span): boolean {
    return certain(checkpoint, read) && !this.removals.touch(checkpoint);
  }

  /** Whether it may be removed before a read of several pages ends. */
  mayGo(checkpoint: RecordedCheckpoint, read: Span): boolean {
    return checkpoint.mayGo <= read.end.step || this.removals.touch(checkpoint);
  }

  beginPut(checkpoint: RecordedCheckpoint): void {
    const thread = this.thread(checkpoint.thread);
    if (!thread.checkpoints.includes(checkpoint)) thread.checkpoints.push(checkpoint);
    thread.lastStored = Infinity;
  }

  /**
   * @param stoodOn what the new checkpoint goes on from: its parent, or for the first one of a subgraph the root's
   * @param ttlSeconds undefined: it never expires
   */
  endPut(
    checkpoint: RecordedCheckpoint,
    stoodOn: RecordedCheckpoint | undefined,
    span: Span,
    isAcknowledged: boolean,
    actor: Actor,
    ttlSeconds: number | undefined,
  ): void {
    const thread = this.thread(checkpoint.thread);
    const { start, end } = span;
    thread.lastStored = end.step;
    checkpoint.putEnd = end.step;
    if (ttlSeconds !== undefined) {
      checkpoint.livesMs = start.ms + ttlSeconds * 1_000 - SLACK_MS;
      // Where reads renew what they find, it may be given half as much again at once.
      checkpoint.endsMs = end.ms + ttlSeconds * (actor.plan.refreshOnRead ? 1_500 : 1_000) + SLACK_MS;
    }
    if (isAcknowledged) this.#touch(actor, checkpoint, end);
    else actor.tried.add(checkpoint);
    // A parent that is stored beside it is found, and is perhaps of a thread that was deleted before.
    const isBeside = stoodOn !== undefined && stoodOn.putEnd > start.step && thread.deletions.length > 0;
    if (thread.deletedSince(start.step) || isBeside || (stoodOn && this.#mayMistake(actor, stoodOn, start))) {
      [checkpoint.mayGo, checkpoint.dead] = [checkpoint.from, "maybe"];
    } else if (stoodOn && stoodOn.dead !== "no") {
      const fate =
        stoodOn.dead === "yes" && stoodOn.mustGo <= start.step
          ? this.#fateOnDead(stoodOn, checkpoint, actor, start)
          : "maybe";
      checkpoint.dead = fate;
      if (fate !== "no") checkpoint.mayGo = checkpoint.from;
      if (fate === "yes") checkpoint.mustGo = 0;
    }
    if (isAcknowledged) checkpoint.sure = Math.min(checkpoint.sure, end.step);
    if (actor.plan.history === "latest") this.#supersede(checkpoint, span, isAcknowledged);
  }

  /**
   * Whether an instance may take what was restored for what it remembers of the thread before: what another call of it
   * reads beside the put may come too late.
   */
  #mayMistake({ touched, tried }: Actor, { thread, ns, id }: RecordedCheckpoint, start: Moment): boolean {
    const all = this.thread(thread).all(ns, id);
    const knowsLast = (touched.get(all.at(-1)!) ?? Infinity) <= start.ms;
    return all.length > 1 && !knowsLast && all.some((one) => touched.has(one) || tried.has(one));
  }

  /**
   * What goes on from a deleted thread is deleted too, where the instance remembers that thread. One that does not
   * stores the whole state as the begin of a new thread.
   */
  #fateOnDead(
    parent: RecordedCheckpoint,
    checkpoint: RecordedCheckpoint,
    actor: Actor,
    start: Moment,
  ): "no" | "maybe" | "yes" {
    const isRestored = this.thread(parent.thread).checkpoints.some(
      (one) => one !== parent && one.id === parent.id && one.ns === parent.ns,
    );
    const mayBeMistaken = actor.tried.has(parent) || actor.plan.lagSteps !== undefined || this.hasLateArrivals();
    // Where lives differ, what the parent shares is looked after first, and found to be gone.
    const looksFirst = parent.livesMs < Infinity || checkpoint.livesMs < Infinity;
    if (isRestored || mayBeMistaken || checkpoint.ns !== parent.ns) return "maybe";
    const touchedMs = actor.touched.get(parent);
    if (touchedMs === undefined) return "no";
    if (looksFirst) return "maybe";
    return start.ms - touchedMs < SURELY_CACHED_MS && checkpoint.parentId !== undefined ? "yes" : "maybe";
  }

  /** With `history: "latest"` a put lets go of what it supersedes, and now and then of all others. */
  #supersede(checkpoint: RecordedCheckpoint, span: Span, isAcknowledged: boolean): void {
    const namespaces = new Map<string, RecordedCheckpoint[]>();
    for (const one of this.thread(checkpoint.thread).checkpoints) {
      if (possible(one, { start: span.start, end: span.end }))
        namespaces.set(one.ns, [...(namespaces.get(one.ns) ?? []), one]);
    }
    for (const all of namespaces.values()) {
      // The newest that is there for certain stays; what else may be there and is newer may or may not.
      const sure = all
        .filter((one) => certain(one, span) || (one === checkpoint && isAcknowledged))
        .sort((a, b) => (a.id < b.id ? -1 : 1))
        .at(-1);
      if (sure) for (const one of all) if (one.id < sure.id) one.mayGo = Math.min(one.mayGo, span.start.step);
    }
  }

  #touch(actor: Actor, checkpoint: RecordedCheckpoint, { ms }: Moment): void {
    actor.touched.set(checkpoint, ms);
  }

  touched(actor: Actor, checkpoint: RecordedCheckpoint, at: Moment): void {
    this.#touch(actor, checkpoint, at);
  }

  beginDeletion(threadId: string, start: Moment): { start: number; end: number } {
    const deletion = { start: start.step, end: Infinity };
    this.thread(threadId).deletions.push(deletion);
    return deletion;
  }

  endDeletion(threadId: string, deletion: { start: number; end: number }, end: Moment, isAcknowledged: boolean): void {
    deletion.end = end.step;
    const { checkpoints, writes } = this.thread(threadId);
    for (const one of checkpoints) {
      if (one.mustGo <= deletion.start) {
        // Also of one that was removed before: what goes on from it goes on from a thread that is deleted.
        if (one.dead === "no") one.dead = isAcknowledged && one.putEnd <= deletion.start ? "yes" : "maybe";
        continue;
      }
      const isBefore = one.putEnd <= deletion.start;
      one.mayGo = Math.min(one.mayGo, isBefore ? deletion.start : one.from);
      if (isBefore && isAcknowledged) [one.mustGo, one.dead] = [Math.min(one.mustGo, end.step), "yes"];
      else if (one.dead === "no") one.dead = "maybe";
    }
    for (const one of writes) {
      one.mayGo = Math.min(one.mayGo, one.end <= deletion.start ? deletion.start : one.from);
      if (one.end <= deletion.start && isAcknowledged) one.mustGo = Math.min(one.mustGo, end.step);
    }
  }

  /** Which checkpoints a pruning may and must remove. */
  endPrune(
    { thread, ns, keepLast, olderThanMs, graceMs, isDry }: PruneScope,
    span: Span,
    isAcknowledged: boolean,
  ): void {
    if (isDry) return;
    const threads = thread === undefined ? [...this.threads.values()] : [this.thread(thread)];
    for (const { checkpoints, writes } of threads) {
      const isInterrupted = writes.some(({ entries }) => entries.some(({ special }) => special));
      for (const one of checkpoints) {
        if (!possible(one, span) || (ns !== undefined && one.ns !== ns)) continue;
        const newer = checkpoints.filter((other) => other.ns === one.ns && other.id > one.id);
        const beyond = (those: RecordedCheckpoint[]): boolean => those.length >= (keepLast ?? 1);
        if (!beyond(newer.filter((other) => possible(other, span))) || span.end.ms - one.tsMs < olderThanMs - SLACK_MS)
          continue;
        one.mayGo = Math.min(one.mayGo, span.start.step);
        const atOnce: Span = { start: span.start, end: span.start };
        const isTip = !newer.some((other) => other.parentId === one.id && certain(other, span));
        const stays = isInterrupted || one.ns !== "" || (isTip && span.end.ms - one.madeMs <= graceMs + SLACK_MS);
        const goes =
          isAcknowledged &&
          one.sure <= span.start.step &&
          beyond(newer.filter((other) => certain(other, span) && certain(other, atOnce)));
        if (goes && !stays && span.start.ms - one.tsMs > olderThanMs + SLACK_MS)
          one.mustGo = Math.min(one.mustGo, span.end.step);
      }
    }
  }

  beginWrites(writes: RecordedWrites): void {
    const thread = this.thread(writes.thread);
    thread.writes.push(writes);
    thread.lastStored = Infinity;
  }

  endWrites(writes: RecordedWrites, span: Span, isAcknowledged: boolean, ttlSeconds: number | undefined): void {
    const thread = this.thread(writes.thread);
    thread.lastStored = span.end.step;
    [writes.end, writes.isAcknowledged] = [span.end.step, isAcknowledged];
    if (ttlSeconds !== undefined) writes.livesMs = span.start.ms + ttlSeconds * 1_000 - SLACK_MS;
    if (isAcknowledged) writes.sure = span.end.step;
    const checkpoints = thread.all(writes.ns, writes.id);
    // Of a checkpoint that may be gone, or is one of two of its id, they may go too.
    const mayBeGone = checkpoints.some((one) => one.dead !== "no" || one.mayGo <= span.end.step);
    if (thread.deletedSince(writes.start) || mayBeGone || checkpoints.length > 1) writes.mayGo = writes.from;
  }

  /** With `refreshOnRead` what is read lives on, and other checkpoints of its thread may. */
  refreshed(read: RecordedCheckpoint, ttlSeconds: number, span: Span, isCertain: boolean): void {
    for (const one of this.thread(read.thread).checkpoints) {
      one.endsMs = Math.max(one.endsMs, span.end.ms + ttlSeconds * 1_500 + SLACK_MS);
      if (one === read && isCertain) one.livesMs = Math.max(one.livesMs, span.start.ms + ttlSeconds * 500 - SLACK_MS);
    }
    for (const one of this.thread(read.thread).writes)
      one.endsMs = Math.max(one.endsMs, span.end.ms + ttlSeconds * 1_500 + SLACK_MS);
  }
}
