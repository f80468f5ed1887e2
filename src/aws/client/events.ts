/** Which service an event or an error is about. */
export type AwsService = "dynamodb" | "s3" | "s3vectors";

/** What one operation cost, in DynamoDB's capacity units, as the server reported it. */
export interface ConsumedCapacity {
  /** 1 unit is a strongly consistent read of up to 4 KB. */
  readUnits: number;
  /** 1 unit is a write of up to 1 KB. */
  writeUnits: number;
}

/** One call to AWS ended, after however many attempts. */
export interface RequestEvent {
  /** Tells this event from the others. */
  type: "request";
  /** Where it was sent. */
  service: AwsService;
  /** The AWS operation, for example `"Query"`. */
  operation: string;
  /** How many times it was sent; 1 when nothing failed. */
  attempts: number;
  /** HTTP status of the last answer; 0 when there was none. */
  status: number;
  /** From the first attempt to the end, in milliseconds, waiting included. */
  durationMs: number;
  /** Bytes of all request bodies, headers not counted. */
  bytesSent: number;
  /** Bytes of all answers' bodies as decoded by `fetch`, headers not counted. */
  bytesReceived: number;
  /** Zero for S3 and S3 Vectors, and for an operation that failed. */
  consumedCapacity: ConsumedCapacity;
  /** AWS's id of the last answer, for a support case. */
  requestId?: string | undefined;
  /** The `code` of the error that the caller gets; absent on success. */
  error?: string | undefined;
}

/** An attempt failed and another follows. */
export interface RetryEvent {
  /** Tells this event from the others. */
  type: "retry";
  /** Where it is sent. */
  service: AwsService;
  /** The AWS operation, for example `"Query"`. */
  operation: string;
  /** Which attempt failed, from 1. */
  attempt: number;
  /** AWS's name of the error, `"NETWORK"`, `"TIMEOUT"`, or `"UNPROCESSED"` for the rest of a batch. */
  reason: string;
  /** How long the next attempt waits, in milliseconds. */
  delayMs: number;
}

/** Something works, but not as it should. */
export interface WarningEvent {
  /** Tells this event from the others. */
  type: "warning";
  /**
   * `TAGS_REFUSED`: S3 objects are stored without the tag that lets them expire.
   * `REFRESH_FAILED`: a read could not renew the thread, which expires sooner.
   * `PRUNE_FAILED`: with `history: "latest"`, a put could not free what is superseded, which stays for longer; or a put
   * or deletion of a store or a cache what its item had before.
   * `ITEM_SKIPPED`: an item of a store, or a namespace's name, cannot be read, and is left out of what a search finds.
   * `ITEM_UNRANKED`: the vectors of an item cannot be read, so a search by meaning has it after all others.
   * `CACHE_READ_FAILED`: values of a {@link DynamoDBCache} count as not there, so their nodes run.
   * `CACHE_WRITE_FAILED`: values were not stored in it: their nodes run again next time, or get what was there before.
   */
  code:
    | "TAGS_REFUSED"
    | "REFRESH_FAILED"
    | "PRUNE_FAILED"
    | "ITEM_SKIPPED"
    | "ITEM_UNRANKED"
    | "CACHE_READ_FAILED"
    | "CACHE_WRITE_FAILED";
  /** What to do about it. */
  message: string;
  /** With `CACHE_…`: why, as the `code` of the error, or the name of an error that is not of this package. */
  error?: string | undefined;
}

/** What `onEvent` receives. Events hold names, counts and durations: no key, no value, no credential. */
export type DynamoDBSaverEvent = RequestEvent | RetryEvent | WarningEvent;

/** Called with each event, as it happens, and not awaited. */
export type EventListener = (event: DynamoDBSaverEvent) => unknown;

/**
 * An observer must not be able to break what it observes, so what it throws is dropped, and what an async one rejects
 * with.
 */
export function emit(listener: EventListener | undefined, event: DynamoDBSaverEvent): void {
  if (listener) void (async () => listener(event))().catch(() => undefined);
}
