/*
 * What the model knows of each thing that was stored: from when on it may be there, from when on it must be, and the
 * same of its
 * end. What a call did is certain only between its acknowledgement and the begin of a call that may undo it.
 */

export interface Moment {
  /** Rises with everything that happens. */
  step: number;
  /** Of the clock. */
  ms: number;
}

/** From the begin of a call to its end. */
export interface Span {
  start: Moment;
  end: Moment;
  /** Of a read by id: what the instance may still show of a thread that it knew. */
  stale?: (checkpoint: RecordedCheckpoint) => boolean;
}

export interface Existence {
  /** From this step on it may be there. */
  from: number;
  /** From this step on it must be there. */
  sure: number;
  /** From this step on it may be gone. */
  mayGo: number;
  /** From this step on it must be gone. */
  mustGo: number;
  /** Until this time it lives. */
  livesMs: number;
  /** From this time on it has expired. */
  endsMs: number;
}

export const unborn = (from: number): Existence => ({
  from,
  sure: Infinity,
  mayGo: Infinity,
  mustGo: Infinity,
  livesMs: Infinity,
  endsMs: Infinity,
});

export const possible = (it: Existence, { start, end }: Span): boolean =>
  it.from <= end.step && it.mustGo > start.step && start.ms < it.endsMs;
export const certain = (it: Existence, { start, end }: Span): boolean =>
  it.sure <= start.step && end.step < it.mayGo && end.ms < it.livesMs;

export interface RecordedCheckpoint extends Existence {
  thread: string;
  ns: string;
  id: string;
  parentId: string | undefined;
  /** As it was given to `put`: everything but the `DeltaChannel`. */
  body: string;
  metadata: string;
  /** What its channels hold, to go on from. */
  values: Record<string, unknown>;
  versions: Record<string, number>;
  step: number;
  run: string | undefined;
  tsMs: number;
  madeMs: number;
  /** The `DeltaChannel`, where it was given in full. */
  log: string | undefined;
  /** Its updates and supersteps since it was stored in full; undefined where there is no such channel yet. */
  counters: [number, number] | undefined;
  /** What its `DeltaChannel` is rebuilt from. */
  chain: RecordedCheckpoint | undefined;
  /** Whether that may have been gone when this was put: then its history may be refused. It is never a shorter one. */
  weak: boolean;
  /** Step of the end of the latest call that put it. */
  putEnd: number;
  putStart: number;
  /** Whether it went with its whole thread: then what descends from it goes too. */
  dead: "no" | "maybe" | "yes";
  /** Of a copy or an import: all or none of the same number are there. */
  group?: number;
}

export interface RecordedWrites extends Existence {
  thread: string;
  ns: string;
  id: string;
  task: string;
  path: string;
  /** The run that has written it, if its caller said so. */
  run: string | undefined;
  /** Which instance, by its object. */
  by: object;
  entries: { index: number; channel: string; shown: string; special: boolean }[];
  start: number;
  end: number;
  isAcknowledged: boolean;
}

/** A call under way that may remove things. */
export interface Removal {
  thread: string | undefined;
  /** Whether it may remove this. */
  touches: (checkpoint: RecordedCheckpoint) => boolean;
  /** Whether it may remove these of a checkpoint that it leaves. */
  touchesWrites?: (writes: RecordedWrites) => boolean;
  start: number;
}

interface Deletion {
  start: number;
  end: number;
}

/** What the model knows of a thread. */
export class RecordedThread {
  readonly checkpoints: RecordedCheckpoint[] = [];
  readonly writes: RecordedWrites[] = [];
  readonly deletions: Deletion[] = [];
  /** Copies and imports into it. */
  readonly restorations: Deletion[] = [];
  /** Step of the latest call that may have stored something. */
  lastStored = 0;

  constructor(readonly id: string) {}

  find(ns: string, id: string | undefined): RecordedCheckpoint | undefined {
    // After an import there can be two of one id: the later one counts.
    for (let i = this.checkpoints.length - 1; i >= 0; i--)
      if (this.checkpoints[i]!.id === id && this.checkpoints[i]!.ns === ns) return this.checkpoints[i];
    return undefined;
  }

  /** All of one place: one that was restored stands beside the one that was deleted. */
  all(ns: string, id: string): RecordedCheckpoint[] {
    return this.checkpoints.filter((one) => one.id === id && one.ns === ns);
  }

  /** Whether a deletion was under way at some time from `start` on. */
  /** Whether a copy or an import to it is under way. */
  isBeingRestored(): boolean {
    return this.restorations.some(({ end }) => end === Infinity);
  }

  deletedSince(start: number): boolean {
    return this.deletions.some((deletion) => deletion.end > start);
  }

  writesOf(ns: string, id: string): RecordedWrites[] {
    return this.writes.filter((one) => one.id === id && one.ns === ns);
  }
}
