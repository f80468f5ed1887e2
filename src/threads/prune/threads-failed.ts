import { DynamoDBSaverError, isDataCode } from "../../errors.js";
import type { PruneResult } from "./result.js";

/** A thread that could not be done, and why. */
export interface ThreadFailure {
  /** LangGraph's `thread_id`. */
  threadId: string;
  /** Says which part of it could not be read. */
  error: DynamoDBSaverError;
}

const NAMED = 10;

/**
 * Of many threads, some could not be pruned: something that is stored in them cannot be read. The others were pruned.
 * Its `code` and its `cause` are those of the first failure.
 */
export class ThreadsFailedError extends DynamoDBSaverError {
  override readonly name: string = "ThreadsFailedError";

  constructor(
    /** The threads that failed, in the order in which they were tried. */
    readonly failed: readonly ThreadFailure[],
    /** What was freed of all threads, also of those that failed half way. */
    readonly freed: PruneResult,
    /** How many threads there were. */
    readonly threads: number,
  ) {
    const first = failed[0]!.error;
    const names = failed.slice(0, NAMED).map(({ threadId, error }) => `${JSON.stringify(threadId)} (${error.code})`);
    const more = failed.length > NAMED ? `, and ${failed.length - NAMED} more` : "";
    super(
      first.code,
      `${failed.length} of ${threads} threads could not be pruned: ${names.join(", ")}${more}. All others were. ` +
        "The property failed has the error of each.",
      { cause: first },
    );
  }
}

/**
 * Whether this tells of one thread's data, of a pointer of it that leads to a bucket which the options do not name, or
 * of a request that DynamoDB refuses as not valid. What else fails would fail for the next thread too.
 */
export const isOfOneThread = ({ code, retryable = false }: DynamoDBSaverError & { retryable?: boolean }): boolean =>
  isDataCode(code) || code === "INVALID_CONFIG" || (code === "SERVICE_ERROR" && !retryable);
