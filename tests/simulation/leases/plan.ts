import type { FaultShares } from "../world/clients.js";
import type { InstancePlan } from "../calls/plan.js";

/* A history of runs on a few threads, some with a lease and some without, as plain data. */

/** A machine with one saver. */
export interface MachinePlan extends Pick<
  InstancePlan,
  "name" | "compression" | "s3" | "ttlSeconds" | "history" | "encryption"
> {
  /** How far its clock is ahead. Those of two machines are less than 5 seconds apart. */
  skewMs: number;
}

/** What a run does next. */
export type Op =
  | {
      kind: "step";
      ns: number;
      /** How many tasks write to the checkpoint that it goes on from. */
      tasks: number;
      /** Goes on from an older checkpoint of its own: the higher, the older. */
      fork?: number;
      /** One task says first that it is interrupted. */
      interrupts?: boolean;
      /** Ends with the writes of its tasks: its checkpoint is never put. */
      unfinished?: boolean;
      /** Calls are made before those before them have ended. */
      async?: boolean;
    }
  | { kind: "read"; ns: number }
  | { kind: "list"; ns: number }
  | { kind: "renew" }
  | { kind: "think"; seconds: number };

/** What happens to the machine of a run, some steps after the begin of one of its operations. */
export interface Trouble {
  /** `stalls`: it stands still, and its clocks go on; `sleeps`: its monotonic clock stands still too. */
  kind: "dies" | "stalls" | "sleeps";
  op: number;
  steps: number;
  seconds: number;
}

export type LeaseCall = {
  n: number;
  by: number;
  overlap: number;
  /** A new process on the same machine. */
  fresh?: boolean;
  thread: number;
} & (
  | {
      kind: "hold";
      way: "with" | "acquire";
      leaseSeconds: number;
      waitSeconds: number;
      ops: Op[];
      trouble?: Trouble;
    }
  | { kind: "run"; ops: Op[]; trouble?: Trouble }
  | { kind: "read"; ns: number }
  | { kind: "break" }
  | { kind: "delete" }
  | { kind: "prune"; keepLast: number }
  | { kind: "copy" }
  | { kind: "pause"; seconds: number }
);

export type LeaseCallOf<K extends LeaseCall["kind"]> = Extract<LeaseCall, { kind: K }>;

export interface LeasePlan {
  seed: string;
  instances: MachinePlan[];
  threads: string[];
  namespaces: string[];
  calls: LeaseCall[];
  turn: number;
  shares: FaultShares;
  pageBytes: number;
  schedule: number;
}
