/** A put or a delete, as its caller saw it. */
export interface Written {
  place: string;
  /** What was put; null for a deletion, and for what was there at first. */
  n: number | null;
  by: string;
  /** Rises with every call. */
  order: number;
  start: number;
  end: number;
  isAcknowledged: boolean;
  /** When it expires. */
  endsMs: number;
}

/** How far clocks are apart, and what a call takes. */
const SLACK_MS = 10 * 60_000;

/** A read, by the steps of the world and by its time. */
export interface Read {
  start: number;
  end: number;
  startMs: number;
  endMs: number;
}

/** What may be read of each place: the last write, of those that can have been the last. */
export class WritesModel {
  readonly writes: Written[] = [];

  of(place: string): Written[] {
    const first: Written = {
      place,
      n: null,
      by: "",
      order: -1,
      start: -2,
      end: -1,
      isAcknowledged: true,
      endsMs: Infinity,
    };
    return [first, ...this.writes.filter((write) => write.place === place)];
  }

  /** Whether a read may give this: nothing that was acknowledged has come after it, before the read began. */
  allows(place: string, n: number | null, read: Read): boolean {
    const all = this.of(place);
    const isLast = (write: Written): boolean =>
      write.start < read.end &&
      !all.some(
        (later) =>
          later.isAcknowledged &&
          later.end < read.start &&
          (write.end < later.start || (write.by === later.by && write.order < later.order)),
      );
    const last = all.filter(isLast);
    if (n !== null) return last.some((write) => write.n === n && write.endsMs + SLACK_MS > read.startMs);
    return last.some((write) => write.n === null || write.endsMs - SLACK_MS < read.endMs);
  }
}
