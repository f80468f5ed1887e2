import type { DynamoDBSaverErrorCode } from "langgraph-checkpoint-dynamodb";
import { s3Error, type AwsRequest } from "../stored/aws-requests.js";
import { awsError } from "./faulty-fetch.js";
import {
  changed,
  drained,
  drops,
  givenUp,
  half,
  halfRead,
  halfWritten,
  page,
  refusal,
  reset,
  serviceOf,
  tooSkewed,
  type FaultyRequest,
} from "./fault-answers.js";

/*
 * What can go wrong between the saver and a service, one entry each. They work on a request and its answer, so the
 * saver's `fetch` can meet them in every runtime; `fault-proxy.ts` brings the same ones onto the wire.
 */

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

/** Whether a request can meet a fault. */
export function applies(name: FaultName, request: AwsRequest): boolean {
  const { service, operation } = faultOf(name);
  return (
    (service ?? serviceOf(request)) === serviceOf(request) && (operation ?? request.operation) === request.operation
  );
}
