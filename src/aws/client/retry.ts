/*
 * When to try again, and how long to wait. Figures as in the AWS SDKs' "standard" retry mode
 * (AWS SDKs and Tools Reference Guide, "Retry behavior"): full jitter, and a budget that a client in trouble
 * uses up, so that an outage fails fast and retries do not add to it.
 */

export type RetryKind = "throttling" | "transient" | "immediate";

const BASE_MS: Record<RetryKind, number> = { throttling: 1_000, transient: 25, immediate: 0 };
const MAX_DELAY_MS = 20_000;

/** How long a request can take, with all its attempts. */
export const longestRequestMs = ({
  maxAttempts,
  requestTimeoutMs,
}: {
  maxAttempts: number;
  requestTimeoutMs: number;
}): number => maxAttempts * (requestTimeoutMs + MAX_DELAY_MS);

/** DynamoDB says these with HTTP 400, so the status tells nothing. */
const THROTTLING_CODES = new Set([
  "ProvisionedThroughputExceededException",
  "ThrottlingException",
  "ThrottledException",
  "Throttling",
  "RequestLimitExceeded",
  "RequestThrottled",
  "RequestThrottledException",
  "TooManyRequestsException",
  "BandwidthLimitExceeded",
  "LimitExceededException",
  "PriorRequestNotComplete",
  "SlowDown",
]);
const TRANSIENT_CODES = new Set([
  "InternalServerError",
  "InternalServerErrorException",
  "InternalFailure",
  "InternalError",
  "ServiceUnavailable",
  "ServiceUnavailableException",
  "RequestTimeout",
  "RequestTimeoutException",
  "ReplicatedWriteConflictException",
  // S3, with status 409: another write of the same object is under way.
  "OperationAborted",
  "ConditionalRequestConflict",
  // Ceph, of a key that somebody else is deleting.
  "UnknownError",
]);
const TRANSIENT_STATUS = new Set([500, 502, 503, 504]);

/** Whether an error answer is worth another attempt, and of which kind. */
export function retryKind(status: number, serviceCode: string | undefined): RetryKind | undefined {
  if ((serviceCode && THROTTLING_CODES.has(serviceCode)) || status === 429) return "throttling";
  if ((serviceCode && TRANSIENT_CODES.has(serviceCode)) || TRANSIENT_STATUS.has(status)) return "transient";
  return undefined;
}

/**
 * Milliseconds before the next attempt: full jitter over an exponential, or what the server asked for where
 * that is longer; 20 seconds at most.
 */
export function backoffMs(kind: RetryKind, attempt: number, serverAsksMs = 0): number {
  const jittered = Math.random() * Math.min(MAX_DELAY_MS, BASE_MS[kind] * 2 ** (attempt - 1));
  return Math.max(jittered, Math.min(serverAsksMs, MAX_DELAY_MS));
}

/** What the server asks for: `x-amz-retry-after` in milliseconds, `Retry-After` in seconds or as a date. */
export function serverAsksMs(headers: Headers, now: number): number {
  const milliseconds = headers.get("x-amz-retry-after");
  if (milliseconds && Number(milliseconds) >= 0) return Number(milliseconds);
  const value = headers.get("retry-after");
  if (value === null) return 0;
  const seconds = Number(value);
  const wait = Number.isNaN(seconds) ? Date.parse(value) - now : seconds * 1_000;
  return wait > 0 ? wait : 0;
}

/**
 * One per client: retries draw on it, successes fill it again. Other credentials and a corrected clock are free: they
 * are no sign of trouble over there, and happen once for each of many requests under way.
 */
export class RetryBudget {
  static readonly #CAPACITY = 500;
  static readonly #COST: Record<RetryKind, number> = { throttling: 5, transient: 14, immediate: 0 };
  #tokens = RetryBudget.#CAPACITY;

  /** Takes the cost of a retry; false when there is not enough left, and then nothing is taken. */
  take(kind: RetryKind): boolean {
    const cost = RetryBudget.#COST[kind];
    if (this.#tokens < cost) return false;
    this.#tokens -= cost;
    return true;
  }

  /** A request succeeded: gives back what its last retry cost, or 1 if it needed none. */
  refund(lastRetry: RetryKind | undefined): void {
    const amount = lastRetry ? RetryBudget.#COST[lastRetry] : 1;
    this.#tokens = Math.min(RetryBudget.#CAPACITY, this.#tokens + amount);
  }
}
