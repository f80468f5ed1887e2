import { DynamoDBSaverError } from "../../errors.js";

/** Who has a thread. */
export interface LeaseInfo {
  /** LangGraph's `thread_id`. */
  threadId: string;
  /** What the holder calls itself. */
  holder: string;
  /** Until when it has the thread, unless it renews. By the holder's clock. */
  until: Date;
  /** Of this lease. Every later one of a thread that has a checkpoint has a higher one. */
  token: number;
}

/** Somebody else has the thread. Nothing was read, and nothing stored. */
export class ThreadBusyError extends DynamoDBSaverError implements LeaseInfo {
  override readonly name: string = "ThreadBusyError";
  readonly threadId: string;
  readonly holder: string;
  readonly until: Date;
  readonly token: number;

  constructor({ threadId, holder, until, token }: LeaseInfo) {
    super(
      "THREAD_BUSY",
      `${JSON.stringify(holder)} has thread ${JSON.stringify(threadId)} until ${until.toISOString()}, and may renew. ` +
        "Try again later, or pass waitSeconds. If that run is known to be dead, breakLease() frees the thread.",
    );
    this.threadId = threadId;
    this.holder = holder;
    this.until = until;
    this.token = token;
  }
}

/**
 * A lease has ended before its run has. What that run puts after this is refused, and what it has put in the last
 * moments may be absent to the next holder.
 */
export class LeaseLostError extends DynamoDBSaverError {
  override readonly name: string = "LeaseLostError";

  constructor(
    /** LangGraph's `thread_id`. */
    readonly threadId: string,
    reason: string,
    options?: { cause?: unknown },
  ) {
    super(
      "LEASE_LOST",
      `The lease on thread ${JSON.stringify(threadId)} has ended: ${reason}. End this run. A new lease goes on from ` +
        "what is stored; effects that this run had outside may come again.",
      options,
    );
  }
}
