import { AwsRequestError, type DynamoDBSaverError, type DynamoDBSaverErrorCode } from "../../errors.js";
import { aborted } from "./abort.js";
import { codeIn, requestIdIn, secretsOf, wordsIn } from "./answer-text.js";
import { Clock } from "./clock.js";
import type { AwsCredentials, CredentialSource } from "./credentials.js";
import { emit, type AwsService, type ConsumedCapacity, type EventListener } from "./events.js";
import { exchange, type Answer, type Fetch } from "./exchange.js";
import { connectionFailure, UNREADABLE, type Failure } from "./failure.js";
import { backoffMs, RetryBudget, retryKind, serverAsksMs, type RetryKind } from "./retry.js";
import { sign, type SigningKeys } from "./sign.js";
import { sleep } from "./sleep.js";
import { Semaphore } from "./semaphore.js";

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
  /** Made anew for each attempt, where it is a function. */
  body: Uint8Array<ArrayBuffer> | (() => Uint8Array<ArrayBuffer>);
  /** A longer answer is not read. Default: 16 MiB. */
  maxAnswerBytes?: number | undefined;
  /**
   * Reads a successful answer. What it throws means a garbled answer, which is tried again, or a {@link ReportedError}.
   */
  parse(answer: Answer): T;
  /** What the answer says the request used up. */
  consumed(answer: T): ConsumedCapacity;
  /** Statuses with which the service names the error. An answer without a name is garbled. */
  named: readonly number[];
  /** Reads an error answer. */
  parseError(answer: Answer): { serviceCode: string | undefined; serviceMessage: string };
  /** Words for the caller. */
  explain(serviceCode: string | undefined, serviceMessage: string): { code: DynamoDBSaverErrorCode; message: string };
}

/** An error that stands inside an answer of status 200. */
export class ReportedError extends Error {
  constructor(readonly serviceCode: string | undefined) {
    super();
  }
}

const REFUSED_CREDENTIALS = new Set([
  "ExpiredTokenException",
  "ExpiredToken",
  "UnrecognizedClientException",
  "InvalidClientTokenId",
  "InvalidAccessKeyId",
  "InvalidToken",
]);
/** "Query": a page is 1 MB, which JSON can make nine times as much, as of a list of empty texts. */
const MAX_ANSWER_BYTES = 16 * 1_024 * 1_024;
const NO_CAPACITY: ConsumedCapacity = { readUnits: 0, writeUnits: 0 };

/** Signs and sends requests, and sends them again when that can help. Knows no service in particular. */
export class AwsClient {
  readonly #config: AwsClientConfig;
  readonly #budget = new RetryBudget();
  readonly #inFlight: Semaphore;
  readonly #signingKeys: SigningKeys = new Map();
  readonly #clock = new Clock();

  constructor(config: AwsClientConfig) {
    this.#config = config;
    this.#inFlight = new Semaphore(config.maxConcurrency, config.requestTimeoutMs + 1_000);
  }

  /**
   * @param signal ends this request. Default: that of the client
   * @throws AwsRequestError when every attempt failed or another cannot help
   * @throws DynamoDBSaverError `ABORTED`, `CREDENTIALS`
   */
  async send<T>(request: AwsRequest<T>, signal: AbortSignal | undefined = this.#config.signal): Promise<T> {
    const { service, operation } = request;
    const { maxAttempts, onEvent } = this.#config;
    const started = Date.now();
    let bytesSent = 0;
    let bytesReceived = 0;
    let answer: Answer | undefined;
    let sent: Headers | undefined;
    let lastRetry: RetryKind | undefined;
    let renewedCredentials = false;
    let attempt = 0;

    const requestId = (): string | undefined => answer && requestIdIn(answer.headers, secretsOf(sent!));
    const ended = (consumedCapacity: ConsumedCapacity, error?: string): void => {
      if (!onEvent) return;
      emit(onEvent, {
        type: "request",
        service,
        operation,
        attempts: attempt,
        status: answer?.status ?? 0,
        durationMs: Date.now() - started,
        bytesSent,
        bytesReceived,
        consumedCapacity,
        requestId: requestId(),
        error,
      });
    };

    const endedByAbort = (by: AbortSignal): DynamoDBSaverError => {
      ended(NO_CAPACITY, "ABORTED");
      return aborted(by);
    };

    for (;;) {
      let failure: Failure;
      let credentials: AwsCredentials | undefined;
      let clockOffsetMs = 0;
      const place = this.#inFlight.queue();
      try {
        await place.acquire(signal);
        credentials = await this.#config.credentials.get(signal);
        // A provider can take so long that the place was given to another.
        await place.acquire(signal);
        if (signal?.aborted) throw aborted(signal);
        attempt++;
        answer = undefined;
        clockOffsetMs = this.#clock.offsetMs;
        const body = typeof request.body === "function" ? request.body() : request.body;
        bytesSent += body.length;
        sent = await sign({ ...request, body }, credentials, clockOffsetMs, this.#signingKeys);
        answer = await this.#exchange(request, sent, body, signal);
        bytesReceived += answer.body.length;
        if (answer.status >= 200 && answer.status < 300) {
          const result = request.parse(answer);
          const consumed = request.consumed(result);
          this.#budget.refund(lastRetry);
          ended(consumed);
          return result;
        }
        failure = this.#readFailure(request, answer, request.parseError(answer), sent, clockOffsetMs);
      } catch (error) {
        if (signal?.aborted) throw endedByAbort(signal);
        if (!credentials) {
          ended(NO_CAPACITY, "CREDENTIALS");
          throw error;
        }
        failure =
          error instanceof ReportedError && answer
            ? this.#readFailure(
                request,
                answer,
                { serviceCode: error.serviceCode, serviceMessage: "" },
                sent!,
                clockOffsetMs,
              )
            : connectionFailure(error, answer, service, this.#config.requestTimeoutMs);
      } finally {
        place.release();
      }

      if (
        REFUSED_CREDENTIALS.has(failure.serviceCode ?? "") &&
        this.#config.credentials.renewable &&
        !renewedCredentials
      ) {
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
          requestId: requestId(),
          ...("cause" in failure && { cause: failure.cause }),
        });
      }
      lastRetry = failure.retry;
      const delayMs = backoffMs(failure.retry!, attempt, failure.serverAsksMs);
      emit(onEvent, {
        type: "retry",
        service,
        operation,
        attempt,
        reason: failure.serviceCode ?? failure.code,
        delayMs,
      });
      if (delayMs > 0) {
        await sleep(delayMs, signal).catch(() => {
          throw endedByAbort(signal!);
        });
      }
    }
  }

  #exchange(
    request: AwsRequest<unknown>,
    headers: Headers,
    body: Uint8Array<ArrayBuffer>,
    signal: AbortSignal | undefined,
  ): Promise<Answer> {
    const { fetch, requestTimeoutMs } = this.#config;
    const init = { method: request.method, headers, ...(request.method !== "GET" && { body }) };
    return exchange(request.url, init, {
      fetch,
      signal,
      timeoutMs: requestTimeoutMs,
      maxBytes: request.maxAnswerBytes ?? MAX_ANSWER_BYTES,
    });
  }

  #readFailure(
    request: AwsRequest<unknown>,
    answer: Answer,
    said: ReturnType<AwsRequest<unknown>["parseError"]>,
    sent: Headers,
    clockOffsetMs: number,
  ): Failure {
    const secrets = secretsOf(sent);
    const serviceCode = codeIn(said.serviceCode, secrets);
    const serviceMessage = wordsIn(said.serviceMessage, secrets);
    if (serviceCode === undefined && request.named.includes(answer.status)) return UNREADABLE;
    const retry = retryKind(answer.status, serviceCode);
    const failure: Failure = { ...request.explain(serviceCode, serviceMessage), serviceCode, retry };
    if (retry) {
      failure.serverAsksMs = serverAsksMs(answer.headers, Date.now() + this.#clock.offsetMs);
      if (retry === "throttling") failure.code = "THROTTLED";
    } else if (this.#clock.correct(serviceCode, answer.headers, clockOffsetMs)) {
      failure.retry = "immediate";
    }
    return failure;
  }
}
