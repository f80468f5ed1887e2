import type { InstancePlan } from "./plan.js";
import type { RecordedCheckpoint } from "../model/records.js";

/** As much of an instance as the model has to know. */
export interface Actor {
  plan: InstancePlan;
  /** When it has put or read a checkpoint, as it is recorded. */
  touched: Map<RecordedCheckpoint, number>;
  /** Those that it has only tried to put. */
  tried: Set<RecordedCheckpoint>;
}

export interface PruneScope {
  thread: string | undefined;
  ns?: string | undefined;
  keepLast: number | undefined;
  olderThanMs: number;
  graceMs: number;
  isDry: boolean;
}
