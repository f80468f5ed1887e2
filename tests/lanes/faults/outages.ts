import { expect } from "vitest";
import { allSigned, passTime } from "./clock.js";
import {
  awsError,
  hang,
  nothingFound,
  observedSaver,
  readNothing,
  type Fault,
  type ObservedSaver,
} from "./faulty-fetch.js";

export const CALLS = 200;

export const MAX_CONCURRENCY = 50;

export const TIMEOUT_MS = 10_000;

/** What an endpoint does that is out, and what 200 calls to it cost and end in. */
export interface Outage {
  fault: Fault;
  /** How many retries 500 tokens buy. */
  retries: number;
  /** What is left of the tokens. */
  left: number;
  costOfRetry: number;
  error: object;
}

export const outages: Record<string, Outage> = {
  "refuses connections": {
    fault: () =>
      Promise.reject(new TypeError("fetch failed", { cause: new Error("connect ECONNREFUSED 127.0.0.1:8000") })),
    retries: 35,
    left: 10,
    costOfRetry: 14,
    error: {
      code: "NETWORK",
      status: 0,
      message: expect.stringContaining("connection to the endpoint failed"),
      cause: expect.objectContaining({ message: "fetch failed" }),
    },
  },
  "never answers": {
    fault: hang,
    retries: 35,
    left: 10,
    costOfRetry: 14,
    error: { code: "TIMEOUT", status: 0, message: expect.stringContaining(`within ${TIMEOUT_MS} ms`) },
  },
  "answers 503": {
    fault: () => awsError("ServiceUnavailable", { status: 503, headers: { "x-amzn-requestid": "REQUEST1REQUEST1" } }),
    retries: 35,
    left: 10,
    costOfRetry: 14,
    error: {
      code: "SERVICE_ERROR",
      status: 503,
      serviceCode: "ServiceUnavailable",
      requestId: "REQUEST1REQUEST1",
      message: expect.stringContaining("failed with ServiceUnavailable"),
    },
  },
  "throttles everything": {
    fault: () => awsError("ThrottlingException"),
    retries: 100,
    left: 0,
    costOfRetry: 5,
    error: {
      code: "THROTTLED",
      status: 400,
      serviceCode: "ThrottlingException",
      message: expect.stringContaining("throttled Query"),
    },
  },
};

/** A saver whose endpoint is out until it is back, and how many requests are under way. */
export function saverInOutage({ fault }: Outage, options: Parameters<typeof observedSaver>[1] = {}) {
  let isBack = false;
  let underWay = 0;
  let most = 0;
  let working = 0;
  const endpoint: Fault = async (request) => {
    most = Math.max(most, ++underWay);
    working++;
    await allSigned(); // otherwise the first could be over before the last that may stand beside it is sent
    working--;
    try {
      return (await (isBack ? nothingFound : fault)(request))!;
    } finally {
      underWay--;
    }
  };
  const observed = observedSaver(endpoint, {
    maxConcurrency: MAX_CONCURRENCY,
    requestTimeoutMs: TIMEOUT_MS,
    ...options,
  });
  return {
    ...observed,
    /** So many calls at once, to their ends. */
    call: (count: number, stepMs = 1_000) => passTime(calls(count, observed), { stepMs, busy: () => working > 0 }),
    working: () => working > 0,
    end: () => (isBack = true),
    begin: () => (isBack = false),
    most: () => most,
    underWay: () => underWay,
  };
}

export const calls = (count: number, { saver }: ObservedSaver): Promise<undefined>[] =>
  Array.from({ length: count }, (_, i) => readNothing(saver, `thread ${i}`));
