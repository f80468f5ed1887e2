import { idTime } from "../checkpoint/ids.js";

/** When a checkpoint was made, as its id says, in ISO 8601; `undefined` for ids that say no time. */
export function timeOf(checkpointId: string): string | undefined {
  const time = new Date(idTime(checkpointId) ?? NaN);
  return Number.isNaN(time.getTime()) ? undefined : time.toISOString();
}
