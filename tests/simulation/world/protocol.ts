import type { Input } from "./inputs.js";

export const DYNAMODB_URL = "http://127.0.0.1:8000/";
export const S3_URL = "http://127.0.0.1:9000";

/** A request, as the network carries it. */
export type Request =
  | { to: "table"; operation: string; input: Input; bytes: Uint8Array }
  | { to: "bucket"; method: string; path: string; query: string; headers: Headers; bytes: Uint8Array };

/**
 * Whether it writes a thread's marker. The network's own copy of it would bring a deleted thread back, which
 * docs/storage.md says under "Late requests"; another attempt of it offers another name.
 */
export const beginsThread = (request: Request): boolean =>
  request.to === "table" && String(request.input.UpdateExpression).includes("begun = :born");

const encoder = new TextEncoder();

/** An answer as much as a saver reads it. */
export function answerOf(status: number, body: string | Uint8Array, headers: Record<string, string> = {}): Response {
  const bytes = typeof body === "string" ? encoder.encode(body) : body;
  const get = (name: string): string | null => headers[name] ?? (name === "x-amzn-requestid" ? "simulated" : null);
  // As much of a Response as a saver reads: one of undici's takes turns of the event loop.
  return {
    status,
    ok: status < 300,
    headers: { get },
    type: "default",
    body: null,
    arrayBuffer: async () => bytes.slice().buffer,
    text: async () => new TextDecoder().decode(bytes),
  } as unknown as Response;
}

/** Every answer says what time it is, by the clock of the service. */
export function dated(answer: Response, timeMs: number): Response {
  const { headers } = answer;
  const date = new Date(timeMs).toUTCString();
  const get = (name: string): string | null => (name === "date" ? date : headers.get(name));
  return Object.assign(answer, { headers: { get } });
}

export const errorOf = (status: number, code: string, message: string, item?: object): Response =>
  answerOf(
    status,
    JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${code}`, message, ...(item && { Item: item }) }),
  );
export const errorXml = (code: string): string => `<Error><Code>${code}</Code></Error>`;

/** What the service answers that does not do what it was asked for. */
export function refusal(fate: "throttled" | "failed", { to }: Request): Response {
  if (fate === "failed")
    return to === "table" ? errorOf(500, "InternalServerError", "") : answerOf(500, errorXml("InternalError"));
  return to === "table"
    ? errorOf(400, "ProvisionedThroughputExceededException", "")
    : answerOf(503, errorXml("SlowDown"));
}

/** What a call of `fetch` asks for. */
export function read(url: string, init: RequestInit): Request {
  const headers = init.headers instanceof Headers ? init.headers : new Headers(init.headers);
  const bytes = (init.body as Uint8Array | undefined) ?? new Uint8Array(0);
  const operation = headers.get("x-amz-target")?.split(".")[1];
  if (operation === undefined) {
    const { pathname, search } = new URL(url);
    return { to: "bucket", method: init.method!, path: decodeURIComponent(pathname), query: search, headers, bytes };
  }
  return {
    to: "table",
    operation,
    input: JSON.parse(Buffer.from(bytes).toString()) as Input,
    bytes,
  };
}
