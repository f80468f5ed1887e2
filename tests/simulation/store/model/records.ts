import type { Moment } from "../../model/records.js";

/* What is noted of a history, and what may be under a key meanwhile. */

/** A put, a deletion, a cache's set or the part of a cleared namespace. */
export interface Write {
  /** Names it in what is said. */
  name: string;
  /** Undefined: it deletes. */
  value: { id: string; shown: string; plain: Record<string, unknown> } | undefined;
  /** Which instance, between two restarts, and how many calls it had made before. */
  actor: object;
  order: number;
  /** Whether it takes its place among the calls of its instance also when they are under way at once. */
  isOrdered: boolean;
  start: Moment;
  end: Moment;
  outcome: "pending" | "acknowledged" | "unknown" | "nothing";
  /** Of an unknown one: from then on it does not take effect any more. */
  untilMs: number;
  ttlMs: number | undefined;
  refreshes: Refresh[];
  /** Of the clock of its instance. */
  skewMs: number;
  /** What is found by meaning; undefined: nothing. */
  texts: string[];
  /** Whether its value may lie in S3. */
  mayBeObject: boolean;
  /** The same of its vectors: without S3 it is read, and cannot be replaced. */
  mayHaveObjects: boolean;
}

/** A read that gives a value its whole life again. */
export interface Refresh {
  start: Moment;
  end: Moment;
  isCertain: boolean;
}

export interface Read {
  name: string;
  start: Moment;
  /** From when on the state counts: before the start where a replica lags. */
  from: Moment;
  end: Moment;
  /** Undefined: it was found absent. */
  found: { write: Write; createdMs?: number; updatedMs?: number } | undefined;
  /** Where it was found absent: what may be there all the same, such as what a filter leaves out. */
  mayMiss: (write: Write) => boolean;
}

/** What is under the key: the latest put, and the one that had found nothing there. */
export interface State {
  write: Write;
  created: Write;
}

export interface Config {
  state: State | undefined;
  /** Writes that have begun, and may still take effect. */
  open: Write[];
  /** Reads that have begun, and have not met what they give. */
  reads: Read[];
}
