import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { moment, until, useFakeClock, useJitter } from "../../lanes/faults/clock.js";
import { hang } from "../../lanes/faults/faulty-fetch.js";
import { CALLS, MAX_CONCURRENCY, calls, outages, saverInOutage } from "../../lanes/faults/outages.js";

/*
 * The arithmetic of an outage. A budget has 500 tokens, a retry costs 14 (throttling: 5), and nothing comes back while
 * nothing succeeds. So c calls send c + floor(500 / 14) = c + 35 requests, or c + 100 when they are throttled,
 * whatever maxAttempts allows, and every later call sends one.
 */

useFakeClock();
useJitter(0.5);

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
