import { describe, expect, test, vi } from "vitest";
import { moment, until, useFakeClock } from "../lanes/clock.js";
import { nothingFound, observedSaver, readNothing, type Fault } from "../lanes/faulty-fetch.js";

/** Counts the requests that are under way at once. */
function counting(answer: Fault): { fault: Fault; most: () => number } {
  let underWay = 0;
  let most = 0;
  return {
    most: () => most,
    fault: async (request) => {
      most = Math.max(most, ++underWay);
      try {
        return (await answer(request)) ?? (await request.forward());
      } finally {
        underWay--;
      }
    },
  };
}

describe("maxConcurrency", () => {
  test.each([5, 50])("is what 200 calls at once use and never pass: %i", async (maxConcurrency) => {
    const { fault, most } = counting(() => undefined);
    const { saver, sent } = observedSaver(fault, { maxConcurrency });

    await Promise.all(Array.from({ length: 200 }, (_, i) => readNothing(saver, `thread ${i}`)));

    expect(sent).toHaveLength(200);
    expect(most()).toBe(maxConcurrency);
  });

  test("holds for requests that fail, too", async () => {
    vi.spyOn(Math, "random").mockReturnValue(0);
    const { fault, most } = counting(() => moment().then(() => Promise.reject(new TypeError("fetch failed"))));
    const { saver, sent } = observedSaver(fault, { maxConcurrency: 2, maxAttempts: 2 });

    const results = await Promise.allSettled(Array.from({ length: 10 }, () => readNothing(saver)));

    expect(results.every(({ status }) => status === "rejected")).toBe(true);
    expect(sent).toHaveLength(20);
    expect(most()).toBe(2);
    vi.restoreAllMocks();
  });

  test("lets requests go in the order in which they came", async () => {
    const { saver, sent } = observedSaver(undefined, { maxConcurrency: 1, keyPrefix: "" });

    await Promise.all(["a", "b", "c", "d"].map((threadId) => readNothing(saver, `order ${threadId}`)));

    expect(sent.map(({ body }) => /order (.)/.exec(body)![1])).toEqual(["a", "b", "c", "d"]);
  });
});

describe("a place in line", () => {
  useFakeClock();

  /** A request that a Worker has dropped: nobody answers it, or hears its timeout. */
  const dropped: Fault = () => new Promise(() => undefined);

  test("expires when its owner is gone, so that others are not blocked for good", async () => {
    const { saver, sent } = observedSaver((request) => (request.number === 1 ? dropped : nothingFound)(request), { maxConcurrency: 1, requestTimeoutMs: 3_000 });
    void readNothing(saver);
    await until(() => sent.length === 1);

    const second = readNothing(saver);
    await until(() => vi.getTimerCount() >= 2);
    await vi.advanceTimersByTimeAsync(3_000);
    expect(sent).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(2_000);
    await second;

    expect(sent).toHaveLength(2);
  });

  test("is free for the next as soon as its owner has an answer", async () => {
    let answer: (response: Response) => void = () => undefined;
    const slow: Fault = () => new Promise((resolve) => (answer = resolve));
    const { saver, sent } = observedSaver((request) => (request.number === 1 ? slow : nothingFound)(request), { maxConcurrency: 1 });
    const first = readNothing(saver);
    await until(() => sent.length === 1);
    const second = readNothing(saver);
    await until(() => vi.getTimerCount() >= 2);

    answer(Response.json({ Items: [] }));
    await first;
    await vi.advanceTimersByTimeAsync(100);
    await second;

    expect(sent).toHaveLength(2);
  });
});
