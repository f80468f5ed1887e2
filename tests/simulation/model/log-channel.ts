import { LOG } from "../calls/plan.js";
import type { RecordedCheckpoint } from "./records.js";

/** The ancestor that has the `DeltaChannel` in full, where it has not changed since. */
export function inherited(checkpoint: RecordedCheckpoint): RecordedCheckpoint | undefined {
  let at: RecordedCheckpoint | undefined = checkpoint;
  while (at && at.log === undefined && at.versions[LOG] === checkpoint.versions[LOG]) at = at.chain;
  return at?.versions[LOG] === checkpoint.versions[LOG] ? at : undefined;
}

export const inheritsLog = (checkpoint: RecordedCheckpoint): boolean =>
  checkpoint.log === undefined && inherited(checkpoint) !== undefined;

/** An ancestor whose writes a `DeltaChannel` is rebuilt from, for certain or perhaps. */
interface Source {
  from: RecordedCheckpoint;
  isSure: boolean;
}

/**
 * What the `DeltaChannel` of a checkpoint is rebuilt from, back to the one that has it in full. One whose metadata
 * counts the channel's steps may be rebuilt as well where nothing was written to the channel yet.
 */
export function rebuiltFrom(checkpoint: RecordedCheckpoint): Source[] {
  const { versions, log, counters, weak, chain } = checkpoint;
  const hasLog = versions[LOG] !== undefined;
  if ((!hasLog && counters === undefined) || log !== undefined) return [];
  const sources: Source[] = [];
  let isSure = hasLog && !weak && (counters?.[1] ?? 0) > 0 && !inheritsLog(checkpoint);
  for (let at = chain; at; at = at.chain) {
    sources.push({ from: at, isSure });
    if (at.log !== undefined) break;
    isSure &&= !at.weak && at.versions[LOG] !== undefined && !inheritsLog(at);
  }
  return sources;
}
