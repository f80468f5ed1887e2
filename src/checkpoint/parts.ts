import type { Checkpoint, CheckpointMetadata } from "@langchain/langgraph-checkpoint";

/*
 * What of a checkpoint this package itself looks at, in one place: what is of another shape is neither stored nor read.
 * Checkpoints of old versions can lack all of it.
 */

/** A checkpoint without its values. */
export function isBody(value: unknown): value is Checkpoint {
  if (!isRecord(value)) return false;
  const { v, ts, channel_versions: versions, versions_seen: seen } = value;
  return (
    (isAbsent(v) || typeof v === "number") &&
    (isAbsent(ts) || typeof ts === "string") &&
    (isAbsent(versions) || areVersions(versions)) &&
    (isAbsent(seen) || (isRecord(seen) && Object.values(seen).every(areVersions)))
  );
}

export function isMetadata(value: unknown): value is CheckpointMetadata {
  if (!isRecord(value)) return false;
  const { counters_since_delta_snapshot: counters } = value;
  return isAbsent(counters) || isRecord(counters);
}

/** How many supersteps ago a channel was stored in full, as LangGraph counts them; `undefined` if that is not known. */
export function stepsSince(metadata: CheckpointMetadata | undefined, channel: string): number | undefined {
  const steps: unknown = metadata?.counters_since_delta_snapshot?.[channel]?.[1];
  return Number.isSafeInteger(steps) && (steps as number) >= 0 ? (steps as number) : undefined;
}

const isAbsent = (value: unknown): value is undefined | null => value === undefined || value === null;

const isRecord = (value: unknown): value is Record<string, unknown> =>
  Object.prototype.toString.call(value) === "[object Object]";

const areVersions = (value: unknown): boolean =>
  isRecord(value) &&
  Object.values(value).every((one) => isAbsent(one) || typeof one === "number" || typeof one === "string");
