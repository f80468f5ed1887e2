import type { Model } from "./model.js";
import { certain, possible, unborn, type RecordedCheckpoint, type RecordedWrites, type Span } from "./records.js";

export interface Snapshot {
  span: Span;
  checkpoints: RecordedCheckpoint[];
  /** Those that they are copies of, in the same order. */
  sources: RecordedCheckpoint[];
  writes: RecordedWrites[];
  /** Whether there was such a thread for certain, and perhaps. */
  exists: boolean;
  mayExist: boolean;
}

/** What the model knows of copies, exports and imports. */
export class Copies {
  #groups = 0;

  constructor(private readonly model: Model) {}

  /** What a copy or an export takes along, as of a span. */
  snapshot(threadId: string, span: Span): Snapshot {
    const { checkpoints, writes } = this.model.thread(threadId);
    return {
      span,
      checkpoints: checkpoints
        .filter((one) => one.from <= span.end.step)
        .map((one) => ({
          ...one,
          sure: this.model.mustSee(one, span) ? 0 : Infinity,
          mustGo: possible(one, span) ? Infinity : 0,
        })),
      sources: checkpoints.filter((one) => one.from <= span.end.step),
      writes: writes
        .filter((one) => one.from <= span.end.step && one.mustGo > span.start.step)
        .map((one) => ({
          ...one,
          sure: certain(one, span) && !this.model.removals.touchWrites(one) ? 0 : Infinity,
        })),
      exists: checkpoints.some((one) => this.model.mustSee(one, span)),
      mayExist: checkpoints.some((one) => one.from <= span.end.step),
    };
  }

  /** Adds what a copy or an import stores: all of it, or for one that failed perhaps nothing. */
  restore(to: string, snapshot: Snapshot, span: Span, isAcknowledged: boolean): void {
    const thread = this.model.thread(to);
    const group = ++this.#groups;
    const copies = new Map<RecordedCheckpoint, RecordedCheckpoint>();
    const overlaps = thread.deletedSince(span.start.step);
    // A thread is stored only where there is none: what is left of one that has ended is not the new one's.
    const mayBegin = isAcknowledged || !thread.checkpoints.some((one) => this.model.mustSee(one, span));
    if (mayBegin) for (const one of thread.writes) one.mayGo = Math.min(one.mayGo, span.start.step);
    snapshot.checkpoints.forEach((one, i) => {
      const copy: RecordedCheckpoint = {
        ...one,
        ...unborn(span.start.step),
        thread: to,
        group,
        putStart: span.start.step,
        putEnd: span.end.step,
        livesMs: one.livesMs,
        dead: "no",
      };
      if (one.mustGo === 0) copy.mustGo = 0;
      if (isAcknowledged && one.sure === 0) copy.sure = span.end.step;
      if (overlaps) [copy.mayGo, copy.dead] = [copy.from, "maybe"];
      copies.set(snapshot.sources[i]!, copy);
      thread.checkpoints.push(copy);
    });
    for (const copy of copies.values()) if (copy.chain) copy.chain = copies.get(copy.chain) ?? copy.chain;
    for (const one of snapshot.writes) {
      const copy: RecordedWrites = {
        ...one,
        ...unborn(span.start.step),
        thread: to,
        livesMs: one.livesMs,
        end: span.end.step,
        start: span.start.step,
        isAcknowledged: isAcknowledged && one.sure === 0,
      };
      if (isAcknowledged && one.sure === 0) copy.sure = span.end.step;
      if (overlaps) copy.mayGo = copy.from;
      thread.writes.push(copy);
    }
    thread.lastStored = span.end.step;
  }
}
