import { emit, type EventListener } from "../aws/client/events.js";
import { isDynamoDBSaverError } from "../errors.js";
import { FormatError } from "../format/format-error.js";

const WHAT_FAILED = {
  CACHE_READ_FAILED: "Values that the cache could not read, so their nodes run",
  CACHE_WRITE_FAILED: "Values that the cache could not store, so their nodes run again next time",
};

/**
 * Says what a call could not do, once for each reason. Of an error only its kind is told: messages can name what a
 * value holds.
 */
export function warn(listener: EventListener | undefined, code: keyof typeof WHAT_FAILED, failures: unknown[]): void {
  const counts = new Map<string, number>();
  for (const failure of failures) counts.set(kindOf(failure), (counts.get(kindOf(failure)) ?? 0) + 1);
  for (const [error, count] of counts) {
    const message = `${WHAT_FAILED[code]}: ${count} (${error}). docs/troubleshooting.md says what to do about that.`;
    emit(listener, { type: "warning", code, message, error });
  }
}

function kindOf(error: unknown): string {
  if (error instanceof FormatError || isDynamoDBSaverError(error)) return error.code;
  return error instanceof Error ? error.name : typeof error;
}
