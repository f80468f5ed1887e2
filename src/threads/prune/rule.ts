import type { CheckpointMetadata } from "@langchain/langgraph-checkpoint";
import type { PruneOptions } from "./options.js";

/** A checkpoint that readers see, as a rule judges it. */
export interface Candidate {
  ns: string;
  id: string;
  /** 1 is the newest of its namespace. */
  rank: number;
  /** Whether no other one goes on from it. */
  isTip: boolean;
  /** The run that has put it, if its caller said so. */
  runId: string | undefined;
  /** Its age by its own `ts`, in seconds; 0 where that is not a time. */
  ageSeconds: () => Promise<number>;
  metadata: () => Promise<CheckpointMetadata>;
}

/** Whether a checkpoint stays. */
export type Rule = (candidate: Candidate) => boolean | Promise<boolean>;

/** Which checkpoints the options let stay. */
export function ruleOf({ keepLast = 1, olderThanSeconds, checkpointNs }: PruneOptions, graceSeconds: number): Rule {
  return async ({ ns, rank, isTip, ageSeconds }) => {
    if (rank <= keepLast || (checkpointNs !== undefined && ns !== checkpointNs)) return true;
    if (olderThanSeconds !== undefined && (await ageSeconds()) < olderThanSeconds) return true;
    return isTip && graceSeconds > 0 && (await ageSeconds()) < graceSeconds;
  };
}

/** What says no time is taken for new: it stays. */
export function ageOf(ts: unknown): number {
  const time = typeof ts === "string" ? Date.parse(ts) : NaN;
  return Number.isNaN(time) ? 0 : (Date.now() - time) / 1_000;
}
