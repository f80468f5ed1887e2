import { emit, type EventListener, type WarningEvent } from "../aws/client/events.js";
import { isDynamoDBSaverError } from "../errors.js";
import { FormatError } from "../format/format-error.js";

/** What becomes of values that a cache could not handle, by the warning's code. */
const OUTCOME = {
  CACHE_READ_FAILED: "could not be read, so their nodes run",
  CACHE_WRITE_FAILED: "could not be stored, so their nodes run again next time",
};

/**
 * Says what a call could not do, once for each reason. Of an error only its kind is told: messages can name what a
 * value holds.
 */
export function warn(listener: EventListener | undefined, code: keyof typeof OUTCOME, failures: unknown[]): void {
  const counts = new Map<string, number>();
  for (const failure of failures) counts.set(kindOf(failure), (counts.get(kindOf(failure)) ?? 0) + 1);
  for (const [error, count] of counts) emit(listener, warning(code, error, count));
}

const warning = (code: keyof typeof OUTCOME, error: string, count: number): WarningEvent => ({
  type: "warning",
  code,
  message:
    `Values that the cache ${code === "CACHE_READ_FAILED" ? "has" : "was given"}: ${count} ${OUTCOME[code]} ` +
    `(${error}). docs/troubleshooting.md says what to do about that.`,
  error,
});

function kindOf(error: unknown): string {
  if (error instanceof FormatError || isDynamoDBSaverError(error)) return error.code;
  return error instanceof Error ? error.name : typeof error;
}
