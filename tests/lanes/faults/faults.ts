import type { DynamoDBSaverErrorCode, Fetch } from "langgraph-checkpoint-dynamodb";
import { intercepted, s3Error, type AwsRequest } from "../stored/aws-requests.js";
import { awsError } from "./faulty-fetch.js";
import { Random } from "../hostile/random.js";

/*
 * What can go wrong between the saver and a service, one entry each. They work on a request and its answer, so the
 * saver's `fetch` can meet them in every runtime; `fault-proxy.ts` brings the same ones onto the wire.
 */

export interface FaultyRequest extends AwsRequest {
  /** Lets the real service answer, perhaps to another body. */
  forward: (body?: Uint8Array) => Promise<Response>;
  /** Lets the real service have it although the saver has given it up. */
  forwardLate: () => void;
}

export interface Fault {
  /** What happens, in words. */
  what: string;
  /** Which services can do this. Default: both. */
  service?: "dynamodb" | "s3";
  /** The only operation that can meet it. Default: any. */
  operation?: string;
  /** The error's code when every attempt meets it. Absent where it does no harm. */
  endsAs?: DynamoDBSaverErrorCode;
  /** True when another attempt must not be made. */
  final?: true;
  meet: (request: FaultyRequest) => Promise<Response>;
}

export type FaultName = keyof typeof FAULTS;

const MINUTE = 60_000;

export const FAULTS = {
  resetBefore: {
    what: "a connection that is reset before the server acts",
    endsAs: "NETWORK",
    meet: async () => reset(),
  },
  resetAfter: {
    what: "a connection that is reset after the server acted",
    endsAs: "NETWORK",
    meet: async (request) => (await drained(request), reset()),
  },
  noAnswerBefore: { what: "a server that neither acts nor answers", endsAs: "TIMEOUT", meet: givenUp },
  noAnswerAfter: {
    what: "a server that acts and does not answer",
    endsAs: "TIMEOUT",
    meet: async (request) => (await drained(request), givenUp(request)),
  },
  lateRequest: {
    what: "a request that reaches the server after it was given up",
    endsAs: "TIMEOUT",
    meet: (request) => givenUp(request).finally(() => request.forwardLate()),
  },
  slowAnswer: { what: "an answer that comes in drops", meet: (request) => changed(request, drops) },
  stalledAnswer: {
    what: "an answer that stops in the middle",
    endsAs: "TIMEOUT",
    meet: (request) => changed(request, (body) => half(body, () => givenUp(request))),
  },
  truncatedAnswer: {
    what: "a connection that breaks in the middle of the answer",
    endsAs: "NETWORK",
    meet: (request) => changed(request, (body) => half(body, reset)),
  },
  shortAnswer: {
    what: "half an answer that claims to be whole",
    endsAs: "NETWORK",
    meet: (request) => changed(request, (body) => body.slice(0, body.length / 2)),
  },
  garbledAnswer: {
    what: "an answer of other bytes",
    endsAs: "NETWORK",
    meet: (request) => changed(request, (body) => body.map((byte, i) => (i === 0 ? 255 : byte ^ 0x5a))),
  },
  strangersPage: {
    what: "a page with status 200 from somebody in between",
    endsAs: "NETWORK",
    meet: async () => page(200),
  },
  status500: {
    what: "500 before the server acts",
    endsAs: "SERVICE_ERROR",
    meet: async (request) => refusal(request, 500, "InternalServerError", "InternalError"),
  },
  status500After: {
    what: "500 after the server acted",
    endsAs: "SERVICE_ERROR",
    meet: async (request) => (await drained(request), refusal(request, 500, "InternalServerError", "InternalError")),
  },
  status502: { what: "502 from a load balancer", endsAs: "SERVICE_ERROR", meet: async () => page(502) },
  status503: {
    what: "503",
    endsAs: "SERVICE_ERROR",
    meet: async (request) => refusal(request, 503, "ServiceUnavailable", "ServiceUnavailable"),
  },
  provisionedThroughput: {
    what: "400 ProvisionedThroughputExceededException",
    service: "dynamodb",
    endsAs: "THROTTLED",
    meet: async () => awsError("ProvisionedThroughputExceededException"),
  },
  throttling: {
    what: "400 ThrottlingException",
    service: "dynamodb",
    endsAs: "THROTTLED",
    meet: async () => awsError("ThrottlingException"),
  },
  requestLimit: {
    what: "400 RequestLimitExceeded",
    service: "dynamodb",
    endsAs: "THROTTLED",
    meet: async () => awsError("RequestLimitExceeded"),
  },
  slowDown: { what: "503 SlowDown", service: "s3", endsAs: "THROTTLED", meet: async () => s3Error(503, "SlowDown") },
  unprocessedItems: {
    what: "a batch of which half is written",
    service: "dynamodb",
    operation: "BatchWriteItem",
    endsAs: "THROTTLED",
    meet: halfWritten,
  },
  unprocessedKeys: {
    what: "a batch of which half is read",
    service: "dynamodb",
    operation: "BatchGetItem",
    endsAs: "THROTTLED",
    meet: halfRead,
  },
  clockOff: {
    what: "a server whose clock is 20 minutes off",
    endsAs: "ACCESS_DENIED",
    meet: async (request) => tooSkewed(request),
  },
  expiredToken: {
    what: "a session token that has expired",
    endsAs: "ACCESS_DENIED",
    meet: async (request) => refusal(request, 400, "ExpiredTokenException", "ExpiredToken"),
  },
  redirect: {
    what: "a redirect to another host",
    endsAs: "NETWORK",
    final: true,
    meet: async () => new Response(null, { status: 307, headers: { location: "https://elsewhere.example/" } }),
  },
} satisfies Record<string, Fault>;

export const ALL_FAULTS = Object.keys(FAULTS) as FaultName[];

/** Those that another attempt survives. */
export const PASSING_FAULTS = ALL_FAULTS.filter((name) => !("final" in FAULTS[name]));

export const faultOf = (name: FaultName): Fault => FAULTS[name];

export const serviceOf = ({ headers }: Pick<AwsRequest, "headers">): "dynamodb" | "s3" =>
  headers.has("x-amz-target") ? "dynamodb" : "s3";

/** Whether a request can meet a fault. */
export function applies(name: FaultName, request: AwsRequest): boolean {
  const { service, operation } = faultOf(name);
  return (
    (service ?? serviceOf(request)) === serviceOf(request) && (operation ?? request.operation) === request.operation
  );
}

/** Says which fault a request meets, if any. */
export type Chooser = (request: AwsRequest) => FaultName | undefined;

/** Every request meets this fault, at every attempt. */
export const always =
  (name: FaultName): Chooser =>
  (request) =>
    applies(name, request) ? name : undefined;

/** Every request meets this fault once, the first time that it is sent. */
export function onFirstAttempt(name: FaultName): Chooser {
  const seen = new Set<string>();
  return (request) => {
    // A thread's marker is offered another name at each attempt.
    const body = request.body.replace(/":born":\{"B":"[^"]*"\}/, "");
    const identity = `${request.method} ${request.url.href} ${request.operation} ${body}`;
    if (!applies(name, request) || seen.has(identity)) return undefined;
    seen.add(identity);
    return name;
  };
}

/**
 * Some share of all attempts meets one of these faults. The same seed and the same order of requests: the same faults.
 */
export function seeded({
  seed,
  share,
  kinds,
}: {
  seed: string | number;
  share: number;
  kinds: readonly FaultName[];
}): Chooser {
  const random = new Random(seed);
  return (request) => {
    // Always two numbers a request, so that what one request is does not change what others meet.
    const [met, which] = [random.chance(share), random.next()];
    const possible = met ? kinds.filter((name) => applies(name, request)) : [];
    return possible[Math.floor(which * possible.length)];
  };
}

export interface Faults {
  fetch: Fetch;
  /** How often each was met so far. */
  injected: Partial<Record<FaultName, number>>;
  /** Requests that are still on their way, although the saver has given them up. */
  late: ReadonlySet<Promise<unknown>>;
}

/** A `fetch` whose requests meet the faults that `choose` says. */
export function withFaults(choose: Chooser, next: Fetch = (url, init) => fetch(url, init)): Faults {
  const injected: Faults["injected"] = {};
  const late = new Set<Promise<unknown>>();
  return {
    injected,
    late,
    fetch: (url, init) => {
      const meet = (request: AwsRequest): Promise<Response> | undefined => {
        const name = choose(request);
        if (name === undefined) return undefined;
        injected[name] = (injected[name] ?? 0) + 1;
        const forward: FaultyRequest["forward"] = (body) =>
          next(url, body ? { ...init, body: body as Uint8Array<ArrayBuffer> } : init);
        const forwardLate = (): void => {
          // The attempt after it gets there first.
          const sent = new Promise((resolve) => setTimeout(resolve, 30)).then(() =>
            next(url, { ...init, signal: null }),
          );
          const isOver = sent
            .then((answer) => answer.arrayBuffer())
            .catch(() => undefined)
            .finally(() => late.delete(isOver));
          late.add(isOver);
        };
        return faultOf(name).meet({ ...request, forward, forwardLate });
      };
      // One for each request: it would keep every body of an hour otherwise.
      return intercepted(meet, next).fetch(url, init);
    },
  };
}

/** A `fetch` that is unreliable in a way that can be repeated. */
export const chaos = ({
  seed,
  share,
  kinds = PASSING_FAULTS,
  next,
}: {
  seed: string | number;
  share: number;
  kinds?: readonly FaultName[];
  next?: Fetch;
}): Faults => withFaults(seeded({ seed, share, kinds }), next);

function reset(): never {
  throw new TypeError("fetch failed", { cause: new Error("ECONNRESET") });
}

/** As a request looks to the saver that nobody answers: it ends when the saver ends it. */
function givenUp({ signal }: FaultyRequest): Promise<never> {
  return new Promise((_, reject) => {
    const end = (): void => reject(signal.reason as Error);
    if (signal.aborted) end();
    else signal.addEventListener("abort", end, { once: true });
  });
}

const page = (status: number): Response =>
  new Response("<html><body>From somebody in between</body></html>", {
    status,
    headers: { "content-type": "text/html" },
  });

function refusal(
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
function tooSkewed(request: FaultyRequest): Response {
  const signedAt = Date.parse(
    request.headers.get("x-amz-date")!.replace(/^(....)(..)(..)T(..)(..)(..)Z$/, "$1-$2-$3T$4:$5:$6Z"),
  );
  const isRight = Math.abs(signedAt - Date.now()) < 10 * MINUTE;
  const date = new Date(Date.now() + (isRight ? 20 * MINUTE : 0)).toUTCString();
  const status = serviceOf(request) === "dynamodb" ? 400 : 403;
  return refusal(request, status, "InvalidSignatureException", "RequestTimeTooSkewed", { date });
}

/** The real answer, read to its end: then the server has acted for sure. */
async function drained({ forward }: FaultyRequest): Promise<{ answer: Response; body: Uint8Array<ArrayBuffer> }> {
  const answer = await forward();
  return { answer, body: new Uint8Array(await answer.arrayBuffer()) };
}

/** The real answer with another body. */
async function changed(request: FaultyRequest, change: (body: Uint8Array<ArrayBuffer>) => BodyInit): Promise<Response> {
  const { answer, body } = await drained(request);
  const headers = new Headers(answer.headers);
  const changedBody = change(body);
  // A body that breaks off has the length of the whole one, as on the wire.
  if (!(changedBody instanceof ReadableStream)) headers.delete("content-length");
  return new Response(changedBody, { status: answer.status, headers });
}

/** The first half of a body, and then what `end` does. */
function half(body: Uint8Array, end: () => Promise<never> | never): ReadableStream {
  return new ReadableStream({
    async pull(controller) {
      if (body.length >= 2) controller.enqueue(body.slice(0, body.length / 2));
      body = body.subarray(0, 0);
      await end();
    },
  });
}

function drops(body: Uint8Array): ReadableStream {
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
async function halfWritten(request: FaultyRequest): Promise<Response> {
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

async function halfRead(request: FaultyRequest): Promise<Response> {
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
