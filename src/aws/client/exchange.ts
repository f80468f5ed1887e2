import { onAbort, unlessAborted } from "./abort.js";

/** As much of the global `fetch` as is used: each request has a URL, a method, headers, a body and a signal. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export interface Answer {
  status: number;
  headers: Headers;
  body: Uint8Array;
}

export interface ExchangeLimits {
  fetch: Fetch;
  signal: AbortSignal | undefined;
  timeoutMs: number;
  /** A longer answer is not read. */
  maxBytes: number;
}

/* What an exchange fails with, besides what `fetch` throws and the reason of the signal. */
export const TIMED_OUT = new Error("timed out");
export const REDIRECTED = new Error("redirected");
export const TOO_LARGE = new Error("too large");
export const NO_RESPONSE = new Error("no response");

/**
 * Sends one request and reads its whole answer, within a time limit. Follows no redirect: a request with a signature or
 * a token must not go elsewhere.
 */
export async function exchange(
  url: string,
  init: RequestInit,
  { fetch, signal, timeoutMs, maxBytes }: ExchangeLimits,
): Promise<Answer> {
  const controller = new AbortController();
  if (signal?.aborted) throw signal.reason;
  const stopListening = onAbort(signal, () => controller.abort(signal!.reason));
  const timer = setTimeout(() => controller.abort(TIMED_OUT), timeoutMs);
  try {
    const fetching = fetch(url, { ...init, redirect: "manual", signal: controller.signal });
    // The option `fetch` may not heed the signal.
    const response = await unlessAborted(controller.signal, fetching);
    const isResponse =
      typeof response?.arrayBuffer === "function" &&
      typeof response.headers?.get === "function" &&
      response.type !== "error";
    if (!isResponse) throw NO_RESPONSE;
    const redirected = response.type === "opaqueredirect" || (response.status >= 300 && response.status < 400);
    if (redirected) {
      await response.body?.cancel().catch(() => undefined);
      throw REDIRECTED;
    }
    const body = await unlessAborted(controller.signal, bodyOf(response, maxBytes));
    return { status: response.status, headers: response.headers, body };
  } catch (error) {
    throw controller.signal.aborted ? (controller.signal.reason ?? error) : error;
  } finally {
    clearTimeout(timer);
    stopListening();
  }
}

/** The whole body, unless it is longer than `maxBytes`. */
async function bodyOf(response: Response, maxBytes: number): Promise<Uint8Array> {
  // Not `.text()`: workerd warns of it for DynamoDB's content type.
  if (!response.body) return new Uint8Array(await response.arrayBuffer());
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
