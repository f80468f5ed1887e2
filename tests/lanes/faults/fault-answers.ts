import { s3Error, type AwsRequest } from "../stored/aws-requests.js";
import { awsError } from "./faulty-fetch.js";

/* What a faulty server or connection does with a request. */

const MINUTE = 60_000;

export interface FaultyRequest extends AwsRequest {
  /** Lets the real service answer, perhaps to another body. */
  forward: (body?: Uint8Array) => Promise<Response>;
  /** Lets the real service have it although the saver has given it up. */
  forwardLate: () => void;
}

export const serviceOf = ({ headers }: Pick<AwsRequest, "headers">): "dynamodb" | "s3" =>
  headers.has("x-amz-target") ? "dynamodb" : "s3";

export function reset(): never {
  throw new TypeError("fetch failed", { cause: new Error("ECONNRESET") });
}

/** As a request looks to the saver that nobody answers: it ends when the saver ends it. */
export function givenUp({ signal }: FaultyRequest): Promise<never> {
  return new Promise((_, reject) => {
    const end = (): void => reject(signal.reason as Error);
    if (signal.aborted) end();
    else signal.addEventListener("abort", end, { once: true });
  });
}

export const page = (status: number): Response =>
  new Response("<html><body>From somebody in between</body></html>", {
    status,
    headers: { "content-type": "text/html" },
  });

export function refusal(
  request: FaultyRequest,
  status: number,
  dynamodbCode: string,
  s3Code: string,
  headers: Record<string, string> = {},
): Response {
  return serviceOf(request) === "dynamodb"
    ? awsError(dynamodbCode, { status, headers })
    : s3Error(status, s3Code, headers);
}

/** Its clock is 20 minutes off the one that this request was signed by, or right, if the saver's is off by now. */
export function tooSkewed(request: FaultyRequest): Response {
  const signedAt = Date.parse(
    request.headers.get("x-amz-date")!.replace(/^(....)(..)(..)T(..)(..)(..)Z$/, "$1-$2-$3T$4:$5:$6Z"),
  );
  const isRight = Math.abs(signedAt - Date.now()) < 10 * MINUTE;
  const date = new Date(Date.now() + (isRight ? 20 * MINUTE : 0)).toUTCString();
  const status = serviceOf(request) === "dynamodb" ? 400 : 403;
  return refusal(request, status, "InvalidSignatureException", "RequestTimeTooSkewed", { date });
}

/** The real answer, read to its end: then the server has acted for sure. */
export async function drained({
  forward,
}: FaultyRequest): Promise<{ answer: Response; body: Uint8Array<ArrayBuffer> }> {
  const answer = await forward();
  return { answer, body: new Uint8Array(await answer.arrayBuffer()) };
}

/** The real answer with another body. */
export async function changed(
  request: FaultyRequest,
  change: (body: Uint8Array<ArrayBuffer>) => BodyInit,
): Promise<Response> {
  const { answer, body } = await drained(request);
  const headers = new Headers(answer.headers);
  const changedBody = change(body);
  // A body that breaks off has the length of the whole one, as on the wire.
  if (!(changedBody instanceof ReadableStream)) headers.delete("content-length");
  return new Response(changedBody, { status: answer.status, headers });
}

/** The first half of a body, and then what `end` does. */
export function half(body: Uint8Array, end: () => Promise<never> | never): ReadableStream {
  return new ReadableStream({
    async pull(controller) {
      if (body.length >= 2) controller.enqueue(body.slice(0, body.length / 2));
      body = body.subarray(0, 0);
      await end();
    },
  });
}

export function drops(body: Uint8Array): ReadableStream {
  const size = Math.ceil(body.length / 4);
  let at = 0;
  return new ReadableStream({
    async pull(controller) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      controller.enqueue(body.slice(at, (at += size)));
      if (at >= body.length) controller.close();
    },
  });
}

type Batch<E> = Record<string, E>;
const jsonOf = (bytes: Uint8Array): unknown => JSON.parse(new TextDecoder().decode(bytes));
const bytesOf = (json: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(json));

/** Only the first half reaches the server; of one item, nothing does. */
export async function halfWritten(request: FaultyRequest): Promise<Response> {
  const input = jsonOf(request.bytes) as { RequestItems: Batch<unknown[]> };
  const [[table, writes]] = Object.entries(input.RequestItems) as [[string, unknown[]]];
  const count = Math.floor(writes.length / 2);
  if (count > 0) {
    const answer = await request.forward(bytesOf({ ...input, RequestItems: { [table]: writes.slice(0, count) } }));
    if (!answer.ok) return answer;
    await answer.arrayBuffer();
  }
  return Response.json({ UnprocessedItems: { [table]: writes.slice(count) } });
}

export async function halfRead(request: FaultyRequest): Promise<Response> {
  const input = jsonOf(request.bytes) as { RequestItems: Batch<{ Keys: unknown[] }> };
  const [[table, asked]] = Object.entries(input.RequestItems) as [[string, { Keys: unknown[] }]];
  const count = Math.floor(asked.Keys.length / 2);
  const rest = { [table]: { ...asked, Keys: asked.Keys.slice(count) } };
  if (count === 0) return Response.json({ Responses: {}, UnprocessedKeys: rest });
  const answer = await request.forward(
    bytesOf({ ...input, RequestItems: { [table]: { ...asked, Keys: asked.Keys.slice(0, count) } } }),
  );
  const body = new Uint8Array(await answer.arrayBuffer());
  if (!answer.ok) return new Response(body, { status: answer.status });
  return Response.json({ ...(jsonOf(body) as object), UnprocessedKeys: rest });
}
