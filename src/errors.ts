/** What went wrong, as one literal a caller can switch on. */
export type DynamoDBSaverErrorCode =
  /** An option given to a constructor or to `fromEnv` is missing or wrong. */
  | "INVALID_CONFIG"
  /** An argument of a call (thread id, checkpoint id, …) is missing or wrong. Nothing was sent. */
  | "INVALID_INPUT"
  /** The credentials provider failed, gave no answer in time, or returned something that is not a pair of keys. */
  | "CREDENTIALS"
  /** The table does not exist in this account and region: run `setup()`. */
  | "TABLE_NOT_FOUND"
  /** The credentials are known but may not do this, or are not known at all. */
  | "ACCESS_DENIED"
  /** DynamoDB kept refusing for lack of capacity until the attempts were used up. */
  | "THROTTLED"
  /** No complete answer within `requestTimeoutMs`, at every attempt, or within the time of a lease. */
  | "TIMEOUT"
  /** The connection failed, or the answer could not be read, at every attempt. */
  | "NETWORK"
  /** The caller's `AbortSignal` fired. */
  | "ABORTED"
  /** Any other error that the service returned; `serviceCode` names it. */
  | "SERVICE_ERROR"
  /** The bucket of the option `s3` does not exist, or the vector bucket or index of an `S3VectorIndex`. */
  | "BUCKET_NOT_FOUND"
  /** A stored part that a checkpoint refers to is not there. */
  | "MISSING_DATA"
  /** A stored part is there but is not what was written. */
  | "DAMAGED_DATA"
  /** Written by a newer version of this package: upgrade to read it. */
  | "UNSUPPORTED_FORMAT"
  /** No key of `encryption` fits a stored part, or it was changed, or moved from another place. */
  | "DECRYPTION_FAILED"
  /** A stored part is not encrypted although `encryption` is on. */
  | "PLAINTEXT_REFUSED"
  /** A value is over `maxValueBytes`. */
  | "VALUE_TOO_LARGE"
  /** With `conflict: "reject"`: another run has written to the thread. Read it again. */
  | "CONFLICT"
  /** Another holder has a lease on the thread. */
  | "THREAD_BUSY"
  /** A lease has ended: it was broken, was not renewed in time, or its thread was deleted. */
  | "LEASE_LOST";

/** Why stored data could not be read. */
export type DataErrorCode = Extract<
  DynamoDBSaverErrorCode,
  "MISSING_DATA" | "DAMAGED_DATA" | "UNSUPPORTED_FORMAT" | "DECRYPTION_FAILED" | "PLAINTEXT_REFUSED" | "VALUE_TOO_LARGE"
>;

const DATA_CODES: readonly string[] = [
  "MISSING_DATA",
  "DAMAGED_DATA",
  "UNSUPPORTED_FORMAT",
  "DECRYPTION_FAILED",
  "PLAINTEXT_REFUSED",
  "VALUE_TOO_LARGE",
] satisfies DataErrorCode[];

/** Whether it tells of stored data, and not of a request or of options. */
export const isDataCode = (code: DynamoDBSaverErrorCode): code is DataErrorCode => DATA_CODES.includes(code);

const BRAND = Symbol.for("langgraph-checkpoint-dynamodb.error");

/**
 * Base class of every error this package throws on purpose. The message says what to do; it never holds a
 * credential or a stored value.
 */
export class DynamoDBSaverError extends Error {
  override readonly name: string = "DynamoDBSaverError";
  /** @internal Bundles can hold this class twice, so {@link isDynamoDBSaverError} looks for this mark. */
  readonly [BRAND] = true;

  constructor(
    /** Stable and machine-readable. */
    readonly code: DynamoDBSaverErrorCode,
    message: string,
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }
}

/** Why a getter or a proxy of the caller's could not be read. What it has thrown may quote a value: it is not told. */
export function unreadable(what: string, error: unknown): DynamoDBSaverError {
  if (error instanceof DynamoDBSaverError) return error;
  const name = error instanceof Error ? error.name : typeof error;
  return invalidInput(`${what} could not be read: that failed with a ${name}. See what its toJSON and its getters do.`);
}

/** What is known about a request to AWS that failed. */
export interface AwsErrorDetails {
  /** `"dynamodb"`, `"s3"` or `"s3vectors"`. */
  service: string;
  /** The AWS operation, for example `"PutItem"`. */
  operation: string;
  /** HTTP status of the last answer; 0 when there was none. */
  status: number;
  /** How many times the request was sent. */
  attempts: number;
  /** Whether the same call may succeed later without a change. */
  retryable: boolean;
  /** AWS's name for the error, for example `"ValidationException"`. */
  serviceCode?: string | undefined;
  /** AWS's id of the request, for a support case. */
  requestId?: string | undefined;
  /** What `fetch` threw, where that was the reason. */
  cause?: unknown;
}

/** A request to AWS failed for good. */
export class AwsRequestError extends DynamoDBSaverError implements AwsErrorDetails {
  override readonly name: string = "AwsRequestError";
  readonly service: string;
  readonly operation: string;
  readonly status: number;
  readonly attempts: number;
  readonly retryable: boolean;
  readonly serviceCode: string | undefined;
  readonly requestId: string | undefined;

  constructor(code: DynamoDBSaverErrorCode, message: string, details: AwsErrorDetails) {
    super(code, message, "cause" in details ? { cause: details.cause } : undefined);
    this.service = details.service;
    this.operation = details.operation;
    this.status = details.status;
    this.attempts = details.attempts;
    this.retryable = details.retryable;
    this.serviceCode = details.serviceCode;
    this.requestId = details.requestId;
  }
}

/** Which part of which checkpoint could not be read. */
export interface DataLocation {
  /** LangGraph's `thread_id`. */
  threadId: string;
  /** LangGraph's `checkpoint_ns`: `""` is the root graph. */
  checkpointNs: string;
  /** LangGraph's `checkpoint_id`. */
  checkpointId: string;
  /** A channel's name, `"(checkpoint)"`, `"(metadata)"`, or `"(writes of task …)"`. */
  channel?: string | undefined;
}

/**
 * Stored data is missing, damaged, encrypted with another key, or newer than this package. Other checkpoints are not
 * affected.
 */
export class CheckpointDataError extends DynamoDBSaverError implements DataLocation {
  override readonly name: string = "CheckpointDataError";
  readonly threadId: string;
  readonly checkpointNs: string;
  readonly checkpointId: string;
  readonly channel: string | undefined;

  constructor(code: DataErrorCode, problem: string, location: DataLocation, options?: { cause?: unknown }) {
    const channel = location.channel === undefined ? "" : `, channel ${JSON.stringify(location.channel)}`;
    const place =
      `thread ${JSON.stringify(location.threadId)}, namespace ${JSON.stringify(location.checkpointNs)}, ` +
      `checkpoint ${JSON.stringify(location.checkpointId)}${channel}`;
    super(code, `${problem} (${place})`, options);
    this.threadId = location.threadId;
    this.checkpointNs = location.checkpointNs;
    this.checkpointId = location.checkpointId;
    this.channel = location.channel;
  }
}

/** An item of a {@link DynamoDBStore} cannot be read or stored. Others are not affected. */
export class StoreDataError extends DynamoDBSaverError {
  override readonly name: string = "StoreDataError";

  constructor(
    code: DataErrorCode,
    problem: string,
    /** Of the item that is concerned. */
    readonly namespace: readonly string[],
    /** Of that item. */
    readonly key: string,
    options?: { cause?: unknown },
  ) {
    super(code, `${problem} (${itemText(namespace, key)})`, options);
  }
}

/** What an item of a store is called in an error. */
export const itemText = (namespace: readonly string[], key: string): string =>
  `namespace ${JSON.stringify(namespace)}, key ${JSON.stringify(key)}`;

/** Which checkpoint was not stored, and why not. */
export interface ConflictDetails {
  /** LangGraph's `thread_id`. */
  threadId: string;
  /** LangGraph's `checkpoint_ns`: `""` is the root graph. */
  checkpointNs: string;
  /** The checkpoint that was not stored. */
  checkpointId: string;
  /** Its parent; absent for a first checkpoint. */
  parentId: string | undefined;
  /** The latest checkpoint of the namespace at that moment, if there is one. */
  headId: string | undefined;
}

/**
 * With `conflict: "reject"`: the parent of a `put` was not the latest checkpoint of its namespace. Nothing was stored.
 */
export class CheckpointConflictError extends DynamoDBSaverError implements ConflictDetails {
  override readonly name: string = "CheckpointConflictError";
  readonly threadId: string;
  readonly checkpointNs: string;
  readonly checkpointId: string;
  readonly parentId: string | undefined;
  readonly headId: string | undefined;

  constructor({ threadId, checkpointNs, checkpointId, parentId, headId }: ConflictDetails) {
    const nameOf = (id: string | undefined): string => (id === undefined ? "none" : JSON.stringify(id));
    super(
      "CONFLICT",
      `Checkpoint ${nameOf(checkpointId)} was not stored: its parent is ${nameOf(parentId)}, but the latest ` +
        `one is ${nameOf(headId)} (thread ${nameOf(threadId)}, namespace ${nameOf(checkpointNs)}). Another run wrote ` +
        'to the thread: read it again and go on from there. To fork or replay, use a saver without conflict: "reject".',
    );
    this.threadId = threadId;
    this.checkpointNs = checkpointNs;
    this.checkpointId = checkpointId;
    this.parentId = parentId;
    this.headId = headId;
  }
}

/**
 * Whether an unknown value is an error of this package, also where `instanceof` fails: when a bundle holds the package
 * twice, and in CommonJS, where each entry of the package has classes of its own.
 */
export function isDynamoDBSaverError(error: unknown): error is DynamoDBSaverError {
  return typeof error === "object" && error !== null && (error as Record<symbol, unknown>)[BRAND] === true;
}

/** A wrong or missing argument, found before anything is sent. */
export const invalidInput = (message: string): DynamoDBSaverError => new DynamoDBSaverError("INVALID_INPUT", message);

/** What is stored has been changed, by others or by a stranger, whenever it was about to be. */
export const changedTooOften = (what: string, rounds: number): DynamoDBSaverError =>
  new DynamoDBSaverError(
    "SERVICE_ERROR",
    `${what} was changed by others ${rounds} times in a row. Call again when they have ended.`,
  );

/** A wrong or missing option, found in the constructor. */
export const invalidConfig = (message: string): DynamoDBSaverError => new DynamoDBSaverError("INVALID_CONFIG", message);
