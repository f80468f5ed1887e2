import { AwsV4Signer } from "aws4fetch";
import { AwsRequestError, type DynamoDBSaverError, type DynamoDBSaverErrorCode } from "../errors.js";
import type { AwsCredentials, CredentialSource } from "./credentials.js";
import { emit, type AwsService, type ConsumedCapacity, type EventListener } from "./events.js";
import { backoffMs, RetryBudget, retryKind, serverAsksMs, type RetryKind } from "./retry.js";
import { aborted, sleep } from "./sleep.js";
import { Turnstile } from "./turnstile.js";

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export interface AwsClientConfig {
  credentials: CredentialSource;
  fetch: Fetch;
  signal: AbortSignal | undefined;
  maxAttempts: number;
  requestTimeoutMs: number;
  maxConcurrency: number;
  onEvent: EventListener | undefined;
}

/** A request as one AWS service speaks it. */
export interface AwsRequest<T> {
  service: AwsService;
  operation: string;
  method: "POST" | "GET" | "PUT";
  url: string;
  region: string;
  headers: Record<string, string>;
  body: Uint8Array<ArrayBuffer>;
  /** A longer answer is not read. */
  maxAnswerBytes?: number | undefined;
  /** Reads a successful answer. What it throws means a garbled answer, which is tried again. */
  parse(answer: Answer): T;
  /** What the answer says the request used up. */
  consumed(answer: T): ConsumedCapacity;
  /** Reads an error answer. */
  parseError(answer: Answer): { serviceCode: string | undefined; serviceMessage: string };
  /** Words for the caller. */
  explain(serviceCode: string | undefined, serviceMessage: string): { code: DynamoDBSaverErrorCode; message: string };
}

export interface Answer {
  status: number;
  headers: Headers;
  body: Uint8Array;
}

/** Why an attempt failed. */
interface Failure {
  code: DynamoDBSaverErrorCode;
  message: string;
  serviceCode?: string | undefined;
  retry?: RetryKind | undefined;
  serverAsksMs?: number;
  cause?: unknown;
}

const CLOCK_CODES = new Set(["InvalidSignatureException", "SignatureDoesNotMatch", "RequestTimeTooSkewed", "RequestExpired", "AuthFailure"]);
/** AWS refuses a signature whose time is more than 5 minutes off. */
const CLOCK_TOLERANCE_MS = 4 * 60_000;
const REFUSED_CREDENTIALS = new Set(["ExpiredTokenException", "ExpiredToken", "UnrecognizedClientException", "InvalidClientTokenId"]);
const NO_CAPACITY: ConsumedCapacity = { readUnits: 0, writeUnits: 0 };

/** Signs and sends requests, and sends them again when that can help. Knows no service in particular. */
export class AwsClient {
  readonly #config: AwsClientConfig;
  readonly #budget = new RetryBudget();
  readonly #inFlight: Turnstile;
  readonly #signingKeys = new Map<string, ArrayBuffer>();
  #clockOffsetMs = 0;

  constructor(config: AwsClientConfig) {
    this.#config = config;
    this.#inFlight = new Turnstile(config.maxConcurrency, config.requestTimeoutMs + 1_000);
  }

  /**
   * @throws AwsRequestError when every attempt failed or another cannot help
   * @throws DynamoDBSaverError `ABORTED`, `CREDENTIALS`
   */
  async send<T>(request: AwsRequest<T>): Promise<T> {
    const { service, operation } = request;
    const { maxAttempts, onEvent, signal } = this.#config;
    const started = Date.now();
    let bytesReceived = 0;
    let answer: Answer | undefined;
    let lastRetry: RetryKind | undefined;
    let renewedCredentials = false;
    let attempt = 0;

    const ended = (consumedCapacity: ConsumedCapacity, error?: string): void =>
      emit(onEvent, {
        type: "request",
        service,
        operation,
        attempts: attempt,
        status: answer?.status ?? 0,
        durationMs: Date.now() - started,
        bytesSent: attempt * request.body.length,
        bytesReceived,
        consumedCapacity,
        requestId: requestId(answer),
        error,
      });

    const endedByAbort = (by: AbortSignal): DynamoDBSaverError => {
      ended(NO_CAPACITY, "ABORTED");
      return aborted(by);
    };

    for (;;) {
      let failure: Failure;
      let credentials: AwsCredentials | undefined;
      const place = this.#inFlight.line();
      try {
        await place.enter(signal);
        credentials = await this.#config.credentials.get();
        if (signal?.aborted) throw aborted(signal);
        attempt++;
        answer = undefined;
        answer = await this.#attempt(request, credentials);
        bytesReceived += answer.body.length;
        if (answer.status >= 200 && answer.status < 300) {
          const result = request.parse(answer);
          this.#budget.refund(lastRetry);
          ended(request.consumed(result));
          return result;
        }
        failure = this.#readFailure(request, answer);
      } catch (error) {
        if (signal?.aborted) throw endedByAbort(signal);
        if (!credentials) {
          ended(NO_CAPACITY, "CREDENTIALS");
          throw error;
        }
        failure = connectionFailure(error, answer, this.#config.requestTimeoutMs);
      } finally {
        place.leave();
      }

      if (REFUSED_CREDENTIALS.has(failure.serviceCode ?? "") && this.#config.credentials.renewable && !renewedCredentials) {
        renewedCredentials = true;
        this.#config.credentials.discard(credentials);
        failure.retry = "immediate";
      }
      const again = failure.retry && attempt < maxAttempts && this.#budget.take(failure.retry);
      if (!again) {
        ended(NO_CAPACITY, failure.code);
        throw new AwsRequestError(failure.code, failure.message, {
          service,
          operation,
          status: answer?.status ?? 0,
          attempts: attempt,
          retryable: failure.retry !== undefined,
          serviceCode: failure.serviceCode,
          requestId: requestId(answer),
          ...("cause" in failure && { cause: failure.cause }),
        });
      }
      lastRetry = failure.retry;
      const delayMs = backoffMs(failure.retry!, attempt, failure.serverAsksMs);
      emit(onEvent, { type: "retry", service, operation, attempt, reason: failure.serviceCode ?? failure.code, delayMs });
      if (delayMs > 0) {
        await sleep(delayMs, signal).catch(() => {
          throw endedByAbort(signal!);
        });
      }
    }
  }

  async #attempt(request: AwsRequest<unknown>, credentials: AwsCredentials): Promise<Answer> {
    const { fetch, signal, requestTimeoutMs } = this.#config;
    const controller = new AbortController();
    const abort = (): void => controller.abort(signal?.reason);
    let timer: ReturnType<typeof setTimeout> | undefined;
    signal?.addEventListener("abort", abort, { once: true });
    try {
      // One key a day and credential: a process that runs for years must not collect them.
      if (this.#signingKeys.size > 8) this.#signingKeys.clear();
      const signed = await new AwsV4Signer({
        method: request.method,
        url: request.url,
        headers: request.headers,
        body: request.body,
        service: request.service,
        region: request.region,
        cache: this.#signingKeys,
        datetime: new Date(Date.now() + this.#clockOffsetMs).toISOString().replace(/[:-]|\.\d{3}/g, ""),
        accessKeyId: credentials.accessKeyId,
        secretAccessKey: credentials.secretAccessKey,
        ...(credentials.sessionToken && { sessionToken: credentials.sessionToken }),
      }).sign();
      timer = setTimeout(() => controller.abort(TIMED_OUT), requestTimeoutMs);
      const response = await fetch(request.url, {
        method: request.method,
        headers: signed.headers,
        ...(request.method !== "GET" && { body: request.body }),
        // A signed request must not follow anyone elsewhere.
        redirect: "manual",
        signal: controller.signal,
      });
      const redirected = response.type === "opaqueredirect" || (response.status >= 300 && response.status < 400);
      const tooLarge = Number(response.headers.get("content-length")) > (request.maxAnswerBytes ?? Infinity);
      if (redirected || tooLarge) {
        await response.body?.cancel().catch(() => undefined);
        throw redirected ? REDIRECTED : TOO_LARGE;
      }
      // Not `.text()`: workerd warns of it for DynamoDB's content type.
      return { status: response.status, headers: response.headers, body: new Uint8Array(await response.arrayBuffer()) };
    } catch (error) {
      throw controller.signal.aborted ? (controller.signal.reason ?? error) : error;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
    }
  }

  #readFailure(request: AwsRequest<unknown>, answer: Answer): Failure {
    const { serviceCode, serviceMessage } = request.parseError(answer);
    const retry = retryKind(answer.status, serviceCode);
    const failure: Failure = { ...request.explain(serviceCode, serviceMessage), serviceCode, retry };
    if (retry) {
      failure.serverAsksMs = serverAsksMs(answer.headers, Date.now());
      if (retry === "throttling") failure.code = "THROTTLED";
    } else if (CLOCK_CODES.has(serviceCode ?? "") && this.#correctClock(answer.headers)) {
      failure.retry = "immediate";
    }
    return failure;
  }

  /** True when the server's clock differs so much that signing with its time can help. */
  #correctClock(headers: Headers): boolean {
    const offset = Date.parse(headers.get("date") ?? "") - Date.now();
    if (!(Math.abs(offset - this.#clockOffsetMs) > CLOCK_TOLERANCE_MS)) return false;
    this.#clockOffsetMs = offset;
    return true;
  }
}

const TIMED_OUT = new Error("timed out");
const REDIRECTED = new Error("redirected");
const TOO_LARGE = new Error("too large");

function connectionFailure(error: unknown, answer: Answer | undefined, requestTimeoutMs: number): Failure {
  if (error === TIMED_OUT) {
    const message = `No complete answer within ${requestTimeoutMs} ms (requestTimeoutMs).`;
    return { code: "TIMEOUT", message, retry: "transient" };
  }
  if (error === REDIRECTED) {
    const message = "The endpoint answered with a redirect, and a signed request follows none. Check the endpoint and region.";
    return { code: "NETWORK", message };
  }
  if (error === TOO_LARGE) {
    return { code: "VALUE_TOO_LARGE", message: "An object in S3 is longer than any that was stored there: over maxValueBytes. Raise that option to read it." };
  }
  if (answer) {
    // Without its cause: a parser quotes the text that it could not read, and that may be a stored value.
    return { code: "NETWORK", message: "The answer could not be read: it was cut short, or did not come from AWS.", retry: "transient" };
  }
  const message = "The connection to the endpoint failed. Check the endpoint, the region and the network.";
  return { code: "NETWORK", message, retry: "transient", cause: error };
}

function requestId(answer: Answer | undefined): string | undefined {
  return answer?.headers.get("x-amzn-requestid") ?? answer?.headers.get("x-amz-request-id") ?? undefined;
}
