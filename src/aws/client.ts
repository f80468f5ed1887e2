import { AwsV4Signer } from "aws4fetch";
import { AwsRequestError, type DynamoDBSaverError, type DynamoDBSaverErrorCode } from "../errors.js";
import { aborted, onAbort, unlessAborted } from "./abort.js";
import type { AwsCredentials, CredentialSource } from "./credentials.js";
import { emit, type AwsService, type ConsumedCapacity, type EventListener } from "./events.js";
import { backoffMs, RetryBudget, retryKind, serverAsksMs, type RetryKind } from "./retry.js";
import { sleep } from "./sleep.js";
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
  /** Made anew for each attempt, where it is a function. */
  body: Uint8Array<ArrayBuffer> | (() => Uint8Array<ArrayBuffer>);
  /** A longer answer is not read. */
  maxAnswerBytes?: number | undefined;
  /**
   * Reads a successful answer. What it throws means a garbled answer, which is tried again, or a {@link ReportedError}.
   */
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

/** An error that stands inside an answer of status 200. */
export class ReportedError extends Error {
  constructor(readonly serviceCode: string | undefined) {
    super();
  }
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
const REFUSED_CREDENTIALS = new Set([
  "ExpiredTokenException",
  "ExpiredToken",
  "UnrecognizedClientException",
  "InvalidClientTokenId",
  "InvalidAccessKeyId",
  "InvalidToken",
]);
/** With these the service says what is wrong. An answer that does not is garbled. */
const NAMED_STATUS: Record<AwsService, Set<number>> = { dynamodb: new Set([400]), s3: new Set([400, 403, 409]) };
const UNREADABLE: Failure = { code: "NETWORK", message: "The answer could not be read: it was cut short, or did not come from AWS.", retry: "transient" };
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
    let bytesSent = 0;
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
        bytesSent,
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
      let clockOffsetMs = 0;
      const place = this.#inFlight.line();
      try {
        await place.enter(signal);
        credentials = await unlessAborted(signal, this.#config.credentials.get());
        // A provider can take so long that the place was given to another.
        await place.enter(signal);
        if (signal?.aborted) throw aborted(signal);
        attempt++;
        answer = undefined;
        clockOffsetMs = this.#clockOffsetMs;
        const body = typeof request.body === "function" ? request.body() : request.body;
        bytesSent += body.length;
        answer = await this.#attempt(request, body, credentials, clockOffsetMs);
        bytesReceived += answer.body.length;
        if (answer.status >= 200 && answer.status < 300) {
          const result = request.parse(answer);
          const consumed = request.consumed(result);
          this.#budget.refund(lastRetry);
          ended(consumed);
          return result;
        }
        failure = this.#readFailure(request, answer, request.parseError(answer), clockOffsetMs);
      } catch (error) {
        if (signal?.aborted) throw endedByAbort(signal);
        if (!credentials) {
          ended(NO_CAPACITY, "CREDENTIALS");
          throw error;
        }
        failure =
          error instanceof ReportedError && answer
            ? this.#readFailure(request, answer, { serviceCode: error.serviceCode, serviceMessage: "" }, clockOffsetMs)
            : connectionFailure(error, answer, this.#config.requestTimeoutMs);
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

  async #attempt(request: AwsRequest<unknown>, body: Uint8Array<ArrayBuffer>, credentials: AwsCredentials, clockOffsetMs: number): Promise<Answer> {
    const { fetch, signal, requestTimeoutMs } = this.#config;
    const controller = new AbortController();
    const stopListening = onAbort(signal, () => controller.abort(signal!.reason));
    let timer: ReturnType<typeof setTimeout> | undefined;
    try {
      // One key a day and credential: a process that runs for years must not collect them.
      if (this.#signingKeys.size > 8) this.#signingKeys.clear();
      const signed = await new AwsV4Signer({
        method: request.method,
        url: request.url,
        headers: request.headers,
        body,
        service: request.service,
        region: request.region,
        cache: this.#signingKeys,
        datetime: new Date(Date.now() + clockOffsetMs).toISOString().replace(/[:-]|\.\d{3}/g, ""),
        accessKeyId: credentials.accessKeyId,
        secretAccessKey: credentials.secretAccessKey,
        ...(credentials.sessionToken && { sessionToken: credentials.sessionToken }),
      }).sign();
      timer = setTimeout(() => controller.abort(TIMED_OUT), requestTimeoutMs);
      const fetching = fetch(request.url, {
        method: request.method,
        headers: signed.headers,
        ...(request.method !== "GET" && { body }),
        // A signed request must not follow anyone elsewhere.
        redirect: "manual",
        signal: controller.signal,
      });
      // The option `fetch` may not heed the signal.
      const response = await unlessAborted(controller.signal, fetching);
      const isResponse = typeof response?.arrayBuffer === "function" && typeof response.headers?.get === "function" && response.type !== "error";
      if (!isResponse) throw NO_RESPONSE;
      const redirected = response.type === "opaqueredirect" || (response.status >= 300 && response.status < 400);
      if (redirected) {
        await response.body?.cancel().catch(() => undefined);
        throw REDIRECTED;
      }
      const answered = await unlessAborted(controller.signal, bodyOf(response, request.maxAnswerBytes));
      return { status: response.status, headers: response.headers, body: answered };
    } catch (error) {
      throw controller.signal.aborted ? (controller.signal.reason ?? error) : error;
    } finally {
      clearTimeout(timer);
      stopListening();
    }
  }

  #readFailure(
    request: AwsRequest<unknown>,
    answer: Answer,
    { serviceCode, serviceMessage }: ReturnType<AwsRequest<unknown>["parseError"]>,
    clockOffsetMs: number,
  ): Failure {
    if (serviceCode === undefined && NAMED_STATUS[request.service].has(answer.status)) return UNREADABLE;
    const retry = retryKind(answer.status, serviceCode);
    const failure: Failure = { ...request.explain(serviceCode, serviceMessage), serviceCode, retry };
    if (retry) {
      failure.serverAsksMs = serverAsksMs(answer.headers, Date.now() + this.#clockOffsetMs);
      if (retry === "throttling") failure.code = "THROTTLED";
    } else if (CLOCK_CODES.has(serviceCode ?? "") && this.#correctClock(answer.headers, clockOffsetMs)) {
      failure.retry = "immediate";
    }
    return failure;
  }

  /** True when the server's clock differs so much from the one signed with that signing with its time can help. */
  #correctClock(headers: Headers, signedWithMs: number): boolean {
    const offset = Date.parse(headers.get("date") ?? "") - Date.now();
    if (!(Math.abs(offset - signedWithMs) > CLOCK_TOLERANCE_MS)) return false;
    this.#clockOffsetMs = offset;
    return true;
  }
}

const TIMED_OUT = new Error("timed out");
const REDIRECTED = new Error("redirected");
const TOO_LARGE = new Error("too large");
const NO_RESPONSE = new Error("no response");

/** The whole body, unless it is longer than `maxBytes`. */
async function bodyOf(response: Response, maxBytes: number | undefined): Promise<Uint8Array> {
  // Not `.text()`: workerd warns of it for DynamoDB's content type.
  if (maxBytes === undefined || !response.body) return new Uint8Array(await response.arrayBuffer());
  const pieces: Uint8Array[] = [];
  let length = 0;
  const reader = response.body.getReader();
  for (let { done, value } = await reader.read(); !done; { done, value } = await reader.read()) {
    // Counted, because a body that is compressed on its way is longer than its headers say.
    length += value!.length;
    if (length > maxBytes) {
      await reader.cancel().catch(() => undefined);
      throw TOO_LARGE;
    }
    pieces.push(value!);
  }
  const body = new Uint8Array(length);
  for (let i = 0, at = 0; i < pieces.length; at += pieces[i++]!.length) body.set(pieces[i]!, at);
  return body;
}

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
  if (error === NO_RESPONSE) {
    return { code: "NETWORK", message: "The option fetch did not return a Response." };
  }
  if (answer) {
    // Without its cause: a parser quotes the text that it could not read, and that may be a stored value.
    return UNREADABLE;
  }
  const message = "The connection to the endpoint failed. Check the endpoint, the region and the network; in a browser, also that this page is allowed (CORS).";
  return { code: "NETWORK", message, retry: "transient", cause: error };
}

function requestId(answer: Answer | undefined): string | undefined {
  return answer?.headers.get("x-amzn-requestid") ?? answer?.headers.get("x-amz-request-id") ?? undefined;
}
