import type { FaultShares } from "../world/clients.js";

/*
 * What happens in a history of stores and caches, as plain data: it is made from a seed, and a part of it can be left
 * out.
 */

/** A process with a store and a cache of the same options. */
export interface StoreInstancePlan {
  name: string;
  compression: "gzip" | "none";
  /** Undefined: without S3. */
  s3?: { thresholdBytes: number; prefix: string };
  ttlSeconds?: number;
  refreshOnRead?: boolean;
  /** If it finds by meaning: how many dimensions its vectors have. */
  index?: number;
  /** Its reads are not consistent, and lag by so many steps at most. */
  lagSteps?: number;
  /** Which key it encrypts with, and which older ones it knows; `plain` values are read too. */
  encryption?: { key: number; older: number[]; plain: boolean };
  keyPrefix?: string;
  /** How far its clock is ahead. */
  skewMs?: number;
  /** Used before the turn of a history only, or after it only: what it lacks, others use after it. */
  only?: "before" | "after";
}

/** Numbers choose among the plan's namespaces and keys. */
export interface PlannedPlace {
  ns: number;
  key: number;
}

export type Shape = "plain" | "record" | "constructor" | "prototype" | "nested";

export interface PlannedPut extends PlannedPlace {
  /** Of its text. */
  length: number;
  shape: Shape;
  title: number;
  /** Seconds; `null`: it stays. */
  ttl?: number | null;
  index?: false | "color";
}

export interface PlannedSearch {
  /** How many labels of which namespace. */
  ns: number;
  labels: number;
  filter?: number;
  limit?: number;
  offset?: number;
  query?: number;
}

export type BatchedOperation =
  | ({ kind: "put" } & PlannedPut)
  | ({ kind: "delete" } & PlannedPlace)
  | ({ kind: "get" } & PlannedPlace)
  | ({ kind: "search" } & PlannedSearch);

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

export type StoreCall = Common &
  (
    | ({ kind: "put" } & PlannedPut)
    | ({ kind: "delete" } & PlannedPlace)
    | ({ kind: "get" } & PlannedPlace)
    | ({ kind: "search" } & PlannedSearch)
    | { kind: "batch"; operations: BatchedOperation[] }
    | { kind: "list"; ns?: number; labels: number; from: "prefix" | "suffix"; maxDepth?: number; limit?: number }
    | { kind: "cacheSet"; pairs: (PlannedPlace & { length: number; ttl?: number })[] }
    | { kind: "cacheGet"; places: PlannedPlace[] }
    | { kind: "cacheClear"; namespaces: number[] }
    | { kind: "jump"; seconds: number }
    | { kind: "sweep" }
    | { kind: "settle" }
  );

export type StoreCallKind = StoreCall["kind"];
export type StoreCallOf<K extends StoreCallKind> = Extract<StoreCall, { kind: K }>;

export interface StorePlan {
  seed: string;
  instances: StoreInstancePlan[];
  namespaces: string[][];
  keys: string[];
  calls: StoreCall[];
  /** From the call of this number on, the instances of after the turn are used. */
  turn: number;
  /** Whether callers change their arguments when they have made a call. */
  reuses: boolean;
  shares: FaultShares;
  pageBytes: number;
  /** What the requests' order follows from. */
  schedule: number;
  /** How it ends, when all of it has been read. */
  ending: "nothing" | "delete" | "expire";
}
