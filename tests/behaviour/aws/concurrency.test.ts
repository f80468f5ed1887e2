import type { AwsCredentials } from "langgraph-checkpoint-dynamodb";
import { describe, expect, test, vi } from "vitest";
import { allSigned, moment, passTime, until, useFakeClock } from "../../lanes/faults/clock.js";
import {
  awsError,
  errorOf,
  first,
  hang,
  nothingFound,
  observedSaver,
  readNothing,
  type Fault,
} from "../../lanes/faults/faulty-fetch.js";

/** Counts the requests that are under way at once. */
function counting(answer: Fault): { fault: Fault; most: () => number } {
  let underWay = 0;
  let most = 0;
  return {
    most: () => most,
    fault: async (request) => {
      most = Math.max(most, ++underWay);
      await allSigned(); // otherwise the first could be over before the last that may stand beside it is sent
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
    const { fault, most } = counting(() => Promise.reject(new TypeError("fetch failed")));
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

  test("expires when its owner is gone, so that others are not blocked for good", async () => {
    const { saver, sent } = observedSaver(first(1, hang, nothingFound), { maxConcurrency: 1, requestTimeoutMs: 3_000 });
    void readNothing(saver);
    await until(() => sent.length === 1);
    vi.clearAllTimers(); // as when a Worker is told to drop a request: no line of it ever runs again

    const second = readNothing(saver);
    await until(() => vi.getTimerCount() >= 1);
    await vi.advanceTimersByTimeAsync(3_000);
    expect(sent).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(2_000);
    await second;

    expect(sent).toHaveLength(2);
  });

  test("is free for the next as soon as its owner has an answer", async () => {
    let answer: (response: Response) => void = () => undefined;
    const slow: Fault = () => new Promise((resolve) => (answer = resolve));
    const { saver, sent } = observedSaver((request) => (request.number === 1 ? slow : nothingFound)(request), {
      maxConcurrency: 1,
    });
    const call = readNothing(saver);
    await until(() => sent.length === 1);
    const second = readNothing(saver);
    await until(() => vi.getTimerCount() >= 2);

    answer(Response.json({ Items: [] }));
    await call;
    await vi.advanceTimersByTimeAsync(100);
    await second;

    expect(sent).toHaveLength(2);
  });

  test("is nobody's while its owner waits for credentials longer than a request may take", async () => {
    const answers: ((credentials: AwsCredentials) => void)[] = [];
    const credentials = vi.fn(() => new Promise<AwsCredentials>((resolve) => void answers.push(resolve)));
    let underWay = 0;
    let most = 0;
    const counted: Fault = async () => {
      most = Math.max(most, ++underWay);
      await allSigned();
      underWay--;
      return Response.json({ Items: [] });
    };
    const { saver, sent } = observedSaver(counted, { credentials, maxConcurrency: 2, requestTimeoutMs: 3_000 });
    const calls = Array.from({ length: 10 }, () => readNothing(saver));
    await until(() => credentials.mock.calls.length === 2);
    for (let i = 0; i < 40; i++) {
      vi.advanceTimersByTime(250);
      await moment();
    }

    for (const resolve of answers) resolve({ accessKeyId: "KEY1", secretAccessKey: "topSecretValue" });
    for (const result of await passTime(calls, { stepMs: 10, busy: () => underWay > 0 }))
      expect(result.status).toBe("fulfilled");

    expect(sent).toHaveLength(10);
    expect(most).toBe(2);
  });

  test("is given back by a call that ends in whatever way", async () => {
    const found = (): Promise<Response> => Promise.resolve(Response.json({ Items: [] }));
    const ends: (() => Promise<Response>)[] = [
      () => Promise.reject(new TypeError("fetch failed")),
      () => Promise.resolve(new Response("<html>")),
      () => Promise.resolve(new Response(null, { status: 307 })),
      () => Promise.resolve(awsError("ValidationException")),
      () => Promise.resolve(awsError("ThrottlingException")),
      () => undefined as never,
      () => {
        throw new Error("a broken fetch");
      },
    ];
    let next = 0;
    const fetch = (): Promise<Response> => (ends[next++] ?? found)();
    const credentials = vi
      .fn(() => Promise.resolve({ accessKeyId: "KEY1", secretAccessKey: "topSecretValue" }))
      .mockRejectedValueOnce(new Error("no route"));
    const { saver } = observedSaver(undefined, { fetch, credentials, maxConcurrency: 1, maxAttempts: 1 });

    for (let i = 0; i <= ends.length; i++) await errorOf(readNothing(saver));

    await readNothing(saver); // time stands still, so nobody can have waited
    expect(vi.getTimerCount()).toBe(0);
  });
});
