import { aborted } from "../client/abort.js";
import { codeIn, secretsOf, withBase64 } from "../client/answer-text.js";
import type { Clock } from "../client/clock.js";
import { exchange, NO_RESPONSE, REDIRECTED, TIMED_OUT, TOO_LARGE, type Answer } from "../client/exchange.js";
import { backoffMs, retryKind, serverAsksMs, type RetryKind } from "../client/retry.js";
import { sleep } from "../client/sleep.js";
import { CredentialsProviderError } from "./provider-error.js";
import type { Settings } from "./provider.js";

/** No answer of these services is near this long. */
const MAX_ANSWER_BYTES = 100_000;
const encoder = new TextEncoder();

/** A request for credentials, or for something on the way to them. */
export interface Question<T> {
  url: string;
  method: "GET" | "PUT" | "POST";
  headers: Record<string, string>;
  body?: string;
  /** Gives the headers of a signed request, for each attempt anew. */
  sign?: { headers(body: Uint8Array<ArrayBuffer>): Promise<Headers>; clock: Clock };
  /** What is sent that nobody may see, besides what a signed request has. */
  secrets: readonly string[];
  /**
   * Reads a successful answer. What it throws means a garbled one, which is asked for again, or a {@link
   * CredentialsProviderError}.
   */
  read(answer: Answer): T;
  /** The service's name of an error, from its answer. */
  serviceCode(answer: Answer): string | undefined;
  /** What a caller may do about an error; `status` is 0 where there was no answer. */
  advice(status: number, serviceCode: string | undefined): string | undefined;
  /** Where nobody answers, this is not the place for this provider, and the next one of a chain may have something. */
  mayBeAbsent?: boolean;
}

/** As the `Failure` of a request for data, which has a code in place of the host that did not answer. */
interface Refusal {
  problem: string;
  serviceCode?: string | undefined;
  retry?: RetryKind | undefined;
  serverAsksMs?: number;
  cause?: unknown;
}

/**
 * Sends a request, and sends it again when that can help.
 * @throws CredentialsProviderError, DynamoDBSaverError `ABORTED`
 */
export async function ask<T>(settings: Settings, question: Question<T>): Promise<T> {
  const { provider, fetch, signal, timeout, maxRetries } = settings;
  const { url, method, headers, sign } = question;
  const body = question.body === undefined ? undefined : encoder.encode(question.body);
  for (let attempt = 1; ; attempt++) {
    let answer: Answer | undefined;
    let failure: Refusal;
    let sent: Headers | undefined;
    const clockOffsetMs = sign?.clock.offsetMs ?? 0;
    try {
      sent = await sign?.headers(body!);
      const init = { method, headers: sent ?? headers, ...(body && { body }) };
      answer = await exchange(url, init, { fetch, signal, timeoutMs: timeout, maxBytes: MAX_ANSWER_BYTES });
      if (answer.status >= 200 && answer.status < 300) return question.read(answer);
      failure = refused(question, answer, sent);
      if (sign?.clock.correct(failure.serviceCode, answer.headers, clockOffsetMs)) failure.retry = "immediate";
    } catch (error) {
      if (signal?.aborted) throw aborted(signal);
      if (error instanceof CredentialsProviderError) throw error;
      failure = noAnswer(error, answer !== undefined, new URL(url).host, timeout);
    }
    if (!failure.retry || attempt > maxRetries) {
      const { problem, serviceCode } = failure;
      const status = answer?.status ?? 0;
      throw new CredentialsProviderError(
        provider,
        [problem, question.advice(status, serviceCode)].join(" ").trimEnd(),
        {
          status,
          serviceCode,
          attempts: attempt,
          tryNextLink: status === 0 && question.mayBeAbsent,
          ...("cause" in failure && { cause: failure.cause }),
        },
      );
    }
    const delayMs = backoffMs(failure.retry, attempt, failure.serverAsksMs);
    if (delayMs > 0) await sleep(delayMs, signal);
  }
}

function refused(question: Question<unknown>, answer: Answer, sent: Headers | undefined): Refusal {
  const secrets = `${withBase64(question.secrets)} ${sent ? secretsOf(sent) : ""}`;
  const serviceCode = codeIn(question.serviceCode(answer), secrets);
  const named = serviceCode ? ` (${serviceCode})` : "";
  const problem = `${new URL(question.url).host} answered with HTTP ${answer.status}${named}.`;
  // Of STS, about the identity provider: "This can be a transient error" (AssumeRoleWithWebIdentity, "Errors").
  const retry = serviceCode === "IDPCommunicationError" ? "transient" : retryKind(answer.status, serviceCode);
  return { problem, serviceCode, retry, serverAsksMs: serverAsksMs(answer.headers, Date.now()) };
}

function noAnswer(error: unknown, answered: boolean, host: string, timeout: number): Refusal {
  if (error === TIMED_OUT)
    return { problem: `${host} gave no complete answer within ${timeout} ms.`, retry: "transient" };
  if (error === REDIRECTED) return { problem: `${host} answered with a redirect, and none is followed.` };
  if (error === TOO_LARGE) return { problem: `${host} gave an answer that is longer than any of this service.` };
  if (error === NO_RESPONSE) return { problem: "The option fetch did not return a Response." };
  // Without its cause: a parser quotes the text that it could not read.
  if (answered) return { problem: `${host} gave an answer that could not be read.`, retry: "transient" };
  return { problem: `The connection to ${host} failed.`, retry: "transient", cause: error };
}
