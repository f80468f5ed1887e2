import type { FaultShares } from "../world/clients.js";

/*
 * What happens in a history, as plain data: it is made from a seed, and a part of it can be left out. Numbers choose
 * among what
 * there is when a call begins.
 */

/** An instance of the saver. */
export interface InstancePlan {
  name: string;
  compression: "gzip" | "none";
  /** Undefined: without S3. */
  s3?: { thresholdBytes: number; prefix: string };
  ttlSeconds?: number;
  refreshOnRead?: boolean;
  history?: "latest";
  conflict?: "reject";
  /** Its reads are not consistent, and lag by so many steps at most. */
  lagSteps?: number;
  /** Which key it encrypts with, and which older ones it knows; `plain` values are read too. */
  encryption?: { key: number; older: number[]; plain: boolean };
  /** Used before the turn of a history only, or after it only: what it lacks, others use after it. */
  only?: "before" | "after";
}

/** A value that a channel gets. */
export type Change =
  | { channel: string; to: "document"; document: number }
  | { channel: string; to: "unique"; length: number }
  | { channel: string; to: "longer"; length: number };

interface Common {
  /** Names the call for good, whatever else is left out. */
  n: number;
  /** Which instance. */
  by: number;
  /** A new instance with the same options, which knows nothing. */
  fresh?: boolean;
  /** How many calls before it may still be under way. */
  overlap: number;
}

export type Choice = "latest" | number;

export type Call = Common &
  (
    | {
        kind: "put";
        thread: number;
        ns: number;
        parent: Choice | "none";
        changes: Change[];
        run: number;
        fork: boolean;
        ttl?: number | undefined;
        logs: number;
        snapshot: boolean;
        readFirst: boolean;
      }
    | { kind: "again"; thread: number }
    | { kind: "copyFork"; thread: number; ns: number; of: Choice }
    | {
        kind: "writes";
        thread: number;
        ns: number;
        of: Choice;
        task: number;
        special: boolean;
        many: number;
        length: number;
        run?: number;
        ttl?: number | undefined;
      }
    | { kind: "get"; thread: number; ns: number; of: Choice }
    | { kind: "list"; thread: number | "all"; ns: number | "all"; limit?: number; before?: number; run?: number }
    | { kind: "delta"; thread: number; ns: number; of: number }
    | { kind: "threads"; latest: boolean }
    | { kind: "delete"; thread: number }
    | {
        kind: "prune";
        thread: number | "all";
        keepLast?: number;
        olderThanSeconds?: number;
        ns?: number;
        graceSeconds?: 0;
        strategy?: "keep_latest" | "delete";
        dryRun?: boolean;
      }
    | { kind: "deleteRuns"; runs: number[]; thread: number | "all" }
    | { kind: "copy"; from: number; to: number }
    | { kind: "export"; thread: number }
    | { kind: "import"; export: number; to: number | "same" }
    | { kind: "jump"; seconds: number }
    | { kind: "sweep" }
    | { kind: "settle" }
  );

export type CallKind = Call["kind"];
export type CallOf<K extends CallKind> = Extract<Call, { kind: K }>;

export interface Plan {
  seed: string;
  instances: InstancePlan[];
  threads: string[];
  namespaces: string[];
  calls: Call[];
  /** Whether the graph has its `DeltaChannel` from the begin, or has got it later. */
  hasLog: boolean;
  /** From the call of this number on, the instances of after the turn are used. */
  turn: number;
  shares: FaultShares;
  pageBytes: number;
  /** What the requests' order follows from. */
  schedule: number;
  /** How it ends, when all of it has been read. */
  ending: "nothing" | "delete" | "prune" | "expire" | "copy";
}

export const NO_FAULTS: FaultShares = {
  lost: 0,
  answerLost: 0,
  late: 0,
  hung: 0,
  double: 0,
  failed: 0,
  throttled: 0,
  unprocessed: 0,
};

/** The name of the `DeltaChannel`. */
export const LOG = "log";
