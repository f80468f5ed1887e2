import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { allSigned, moment, passTime, until, useFakeClock, useJitter } from "../../lanes/faults/clock.js";
import {
  awsError,
  errorOf,
  hang,
  nothingFound,
  observedSaver,
  readNothing,
  type Fault,
  type ObservedSaver,
} from "../../lanes/faults/faulty-fetch.js";

/*
 * The arithmetic of an outage. A budget has 500 tokens, a retry costs 14 (throttling: 5), and nothing comes back while
 * nothing succeeds. So c calls send c + floor(500 / 14) = c + 35 requests, or c + 100 when they are throttled,
 * whatever maxAttempts allows, and every later call sends one.
 */

useFakeClock();
useJitter(0.5);

const CALLS = 200;
const MAX_CONCURRENCY = 50;
const TIMEOUT_MS = 10_000;

interface Outage {
  fault: Fault;
  /** How many retries 500 tokens buy. */
  retries: number;
  /** What is left of the tokens. */
  left: number;
  costOfRetry: number;
  error: object;
}

const outages: Record<string, Outage> = {
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
    fault: () => awsError("ServiceUnavailable", { status: 503, headers: { "x-amzn-requestid": "REQUEST1" } }),
    retries: 35,
    left: 10,
    costOfRetry: 14,
    error: {
      code: "SERVICE_ERROR",
      status: 503,
      serviceCode: "ServiceUnavailable",
      requestId: "REQUEST1",
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
function saverInOutage({ fault }: Outage, options: Parameters<typeof observedSaver>[1] = {}) {
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

const calls = (count: number, { saver }: ObservedSaver): Promise<undefined>[] =>
  Array.from({ length: count }, (_, i) => readNothing(saver, `thread ${i}`));

/** Every listener that these calls put on the signal they were given was taken off again. */
function watchedSignal(): { signal: AbortSignal; listeners: () => number } {
  const { signal } = new AbortController();
  const added = vi.spyOn(signal, "addEventListener");
  const removed = vi.spyOn(signal, "removeEventListener");
  return { signal, listeners: () => added.mock.calls.length - removed.mock.calls.length };
}

describe.each(Object.entries(outages))("an endpoint that %s", (_, outage) => {
  let observed: ReturnType<typeof saverInOutage>;
  let listeners: () => number;
  beforeEach(() => {
    const watched = watchedSignal();
    listeners = watched.listeners;
    observed = saverInOutage(outage, { signal: watched.signal });
  });
  afterEach(async () => {
    // Whatever happened, nothing goes on. A runtime has timers of its own for its calls out of a test, for a moment.
    for (let moments = 0; vi.getTimerCount() > 0 && moments < 2_000; moments++) await moment();
    expect({ timers: vi.getTimerCount(), underWay: observed.underWay(), listeners: listeners() }).toEqual({
      timers: 0,
      underWay: 0,
      listeners: 0,
    });
  });

  test("gets one request a call, and as many retries as the budget buys", async () => {
    const results = await observed.call(CALLS);

    const errors = results.map((result) => (result as PromiseRejectedResult).reason as { attempts: number });
    for (const error of errors)
      expect(error).toMatchObject({ name: "AwsRequestError", operation: "Query", retryable: true, ...outage.error });
    expect(observed.sent).toHaveLength(CALLS + outage.retries);
    expect(errors.reduce((sum, { attempts }) => sum + attempts, 0)).toBe(CALLS + outage.retries);
    expect(observed.most()).toBe(MAX_CONCURRENCY);
  });

  test("gets one request for each call that comes later, and none waits for anything but its answer", async () => {
    await observed.call(CALLS);
    const before = observed.sent.length;

    for (let i = 0; i < 40; i++) {
      const start = Date.now();
      const [result] = await observed.call(1);
      expect(result).toMatchObject({ status: "rejected", reason: { attempts: 1, ...outage.error } });
      expect(observed.sent.at(-1)!.at).toBe(start);
    }

    expect(observed.sent).toHaveLength(before + 40);
    const requests = observed.events.filter(({ type }) => type === "request");
    expect(requests).toHaveLength(CALLS + 40);
  });

  test("is used again at once when it is back, and the budget fills up with what succeeds", async () => {
    await observed.call(CALLS);
    observed.end();
    const back = Date.now();

    const untilOneRetry = outage.costOfRetry - outage.left;
    for (const result of await observed.call(untilOneRetry)) expect(result).toMatchObject({ status: "fulfilled" });
    expect(observed.events.slice(-untilOneRetry)).toMatchObject(
      Array(untilOneRetry).fill({ type: "request", attempts: 1, status: 200 }),
    );
    expect(observed.sent.slice(-untilOneRetry).map(({ at }) => at)).toEqual(Array(untilOneRetry).fill(back));

    observed.begin();
    let before = observed.sent.length;
    await observed.call(2);
    expect(observed.sent).toHaveLength(before + 2 + 1);

    observed.end();
    await observed.call(600); // more than fit in
    observed.begin();
    before = observed.sent.length;
    await observed.call(CALLS);
    expect(observed.sent).toHaveLength(before + CALLS + outage.retries);
  });

  test("lets go of every call at once when the signal fires", async () => {
    const controller = new AbortController();
    const abortable = saverInOutage(outage, { signal: controller.signal });
    const all = Promise.allSettled(calls(CALLS, abortable));
    // The first 50 wait for their answers, or had them: then they wait for a retry or, without one, are over. 150 stand
    // in line.
    await until(
      () =>
        !abortable.working() &&
        (outage.fault === hang ? abortable.underWay() : abortable.events.length) === MAX_CONCURRENCY,
    );

    controller.abort(new Error("the user has left"));

    const aborted = (await all).filter(
      (result) => result.status === "rejected" && (result.reason as { code: string }).code === "ABORTED",
    );
    expect(aborted).toHaveLength(
      CALLS - Math.max(0, MAX_CONCURRENCY - outage.retries) * (outage.fault === hang ? 0 : 1),
    );
    expect(abortable.sent).toHaveLength(MAX_CONCURRENCY);
    expect({ timers: vi.getTimerCount(), underWay: abortable.underWay() }).toEqual({ timers: 0, underWay: 0 });
  });
});

test("no number of attempts makes more of an outage", async () => {
  const observed = saverInOutage(outages["answers 503"]!, { maxAttempts: 20 });

  await observed.call(CALLS);

  expect(observed.sent).toHaveLength(CALLS + 35);
});

test(
  "an endpoint that never answers holds 200 calls for 5 rounds of requestTimeoutMs, not for the 16 that their " +
    "attempts would take",
  async () => {
    const observed = saverInOutage(outages["never answers"]!);
    const start = Date.now();

    await observed.call(CALLS, 250);

    // 235 requests, 50 at a time; and the line is looked at every now and then.
    const elapsed = Date.now() - start;
    expect(elapsed).toBeGreaterThanOrEqual(5 * TIMEOUT_MS);
    expect(elapsed).toBeLessThan(5.5 * TIMEOUT_MS);
  },
);

test("an outage of one saver's endpoint costs another saver nothing", async () => {
  const down = saverInOutage(outages["never answers"]!);
  const up = observedSaver(nothingFound);
  const failing = calls(CALLS, down);

  for (const result of await passTime(calls(CALLS, up), { stepMs: 5, besides: failing }))
    expect(result.status).toBe("fulfilled");

  expect(up.sent).toHaveLength(CALLS);
  await passTime(failing);
});

test("one request that is never answered does not hold up the others", async () => {
  const observed = observedSaver((request) => (request.body.includes('thread 0"') ? hang : nothingFound)(request), {
    maxConcurrency: 2,
    requestTimeoutMs: TIMEOUT_MS,
  });
  const start = Date.now();
  const [stuck, ...others] = calls(CALLS, observed);
  const failure = errorOf(stuck!);

  await passTime(others, { stepMs: 5, besides: [failure] });

  expect(Date.now() - start).toBeLessThan(TIMEOUT_MS);
  expect(observed.sent).toHaveLength(CALLS);
  await passTime([failure]);
  expect(await failure).toMatchObject({ code: "TIMEOUT", attempts: 4 });
});

test("a credentials provider that fails is asked once a call, and nothing is sent", async () => {
  const credentials = vi.fn(() => Promise.reject(new Error("no route to the metadata service")));
  const observed = observedSaver(nothingFound, { credentials });

  for (const result of await passTime(calls(CALLS, observed)))
    expect(result).toMatchObject({
      status: "rejected",
      reason: { code: "CREDENTIALS", cause: { message: "no route to the metadata service" } },
    });

  expect(credentials).toHaveBeenCalledTimes(CALLS);
  expect(observed.sent).toEqual([]);
  expect(vi.getTimerCount()).toBe(0);
});
