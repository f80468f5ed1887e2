import { expect, test, vi } from "vitest";
import { passTime, useFakeClock, useJitter } from "../../lanes/faults/clock.js";
import { errorOf, hang, nothingFound, observedSaver } from "../../lanes/faults/faulty-fetch.js";
import { CALLS, TIMEOUT_MS, calls, outages, saverInOutage } from "../../lanes/faults/outages.js";

/*
 * The arithmetic of an outage. A budget has 500 tokens, a retry costs 14 (throttling: 5), and nothing comes back while
 * nothing succeeds. So c calls send c + floor(500 / 14) = c + 35 requests, or c + 100 when they are throttled,
 * whatever maxAttempts allows, and every later call sends one.
 */

useFakeClock();
useJitter(0.5);

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
