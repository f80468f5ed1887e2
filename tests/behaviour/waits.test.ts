import { afterEach, describe, expect, test, vi } from "vitest";
import { backoffMs, type RetryKind } from "../../src/aws/retry.js";
import { moment, until, useFakeClock } from "../lanes/clock.js";
import { awsError, errorOf, first, hang, nothingFound, observedSaver, readNothing, type Fault } from "../lanes/faulty-fetch.js";

useFakeClock();

afterEach(() => {
  vi.restoreAllMocks();
});

const jitter = (share: number): unknown => vi.spyOn(Math, "random").mockReturnValue(share);

/** The second attempt comes so long after the first, by the clock. */
async function expectWait(fault: Fault, waitMs: number): Promise<void> {
  const { saver, sent, events } = observedSaver(first(1, fault, nothingFound));
  const call = readNothing(saver);
  await until(() => events.some(({ type }) => type === "retry"));
  expect(events[0]).toMatchObject({ type: "retry", delayMs: waitMs });

  await vi.advanceTimersByTimeAsync(waitMs - 1);
  await moment();
  await vi.advanceTimersByTimeAsync(1);
  await call;

  expect(sent[1]!.at - sent[0]!.at).toBe(waitMs);
}

describe("what the server asks for is waited, no more and no less:", () => {
  test.each<[what: string, headers: () => Record<string, string>, waitMs: number]>([
    ["Retry-After in seconds", () => ({ "retry-after": "3" }), 3_000],
    ["Retry-After as a date", () => ({ "retry-after": new Date(Date.now() + 7_000).toUTCString() }), 7_000],
    ["x-amz-retry-after in milliseconds", () => ({ "x-amz-retry-after": "1234" }), 1_234],
    ["x-amz-retry-after before Retry-After", () => ({ "x-amz-retry-after": "1234", "retry-after": "3" }), 1_234],
    ["an hour, but 20 seconds at most", () => ({ "retry-after": "3600" }), 20_000],
    ["an hour in milliseconds, but 20 seconds at most", () => ({ "x-amz-retry-after": "3600000" }), 20_000],
    ["a date far away, but 20 seconds at most", () => ({ "retry-after": "Fri, 31 Dec 9999 23:59:59 GMT" }), 20_000],
  ])("%s", async (_, headers, waitMs) => {
    jitter(0);

    await expectWait(() => awsError("ServiceUnavailable", { status: 503, headers: headers() }), waitMs);
  });

  test("unless jitter waits longer", async () => {
    jitter(0.5);

    await expectWait(() => awsError("ThrottlingException", { headers: { "x-amz-retry-after": "100" } }), 500);
  });

  test.each([
    ["nonsense", "soon"],
    ["a date in the past", "Thu, 01 Jan 1970 00:00:00 GMT"],
    ["a negative number", "-5"],
    ["nothing", ""],
  ])("unless it is %s", async (_, value) => {
    jitter(0.5);

    await expectWait(() => awsError("ThrottlingException", { headers: { "retry-after": value } }), 500);
  });
});

describe("jitter", () => {
  test("is at most 25 ms after a network error and 1 s after throttling, twice as much each time", async () => {
    jitter(1);

    const network = [1, 2, 3, 4].map((attempt) => backoffMs("transient", attempt));
    const throttling = [1, 2, 3, 4].map((attempt) => backoffMs("throttling", attempt));

    expect(network).toEqual([25, 50, 100, 200]);
    expect(throttling).toEqual([1_000, 2_000, 4_000, 8_000]);
  });

  test.each<RetryKind>(["transient", "throttling"])("after %s errors never passes 20 seconds, and can be nothing", (kind) => {
    jitter(1);
    expect(backoffMs(kind, 20)).toBe(20_000);
    jitter(0);
    expect(backoffMs(kind, 20)).toBe(0);
  });

  test("takes any part of that, evenly", () => {
    const waits = Array.from({ length: 2_000 }, () => backoffMs("throttling", 1));

    expect(Math.min(...waits)).toBeLessThan(50);
    expect(Math.max(...waits)).toBeGreaterThan(950);
    expect(waits.reduce((sum, ms) => sum + ms, 0) / waits.length).toBeCloseTo(500, -2);
  });

  test("is what a call really waits", async () => {
    jitter(0.5);

    await expectWait(() => awsError("ThrottlingException"), 500);
    jitter(0.4);
    await expectWait(() => awsError("InternalServerError", { status: 500 }), 10);
  });
});

describe("a request that is not answered within requestTimeoutMs", () => {
  /** The head of an answer, and then nothing. */
  const half: Fault = ({ signal }) =>
    new Response(
      new ReadableStream({
        start: (controller) => signal.addEventListener("abort", () => controller.error(signal.reason)),
      }),
    );

  test.each<[what: string, fault: Fault]>([["has no answer", hang], ["has half an answer", half]])("is given up and tried again when it %s", async (_, fault) => {
    jitter(0);
    const { saver, sent, events } = observedSaver(first(1, fault, nothingFound), { requestTimeoutMs: 3_000 });

    const call = readNothing(saver);
    await until(() => sent.length === 1);
    await vi.advanceTimersByTimeAsync(2_999);
    expect(sent[0]!.signal.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    await call;

    expect(sent[0]!.signal.aborted).toBe(true);
    expect(events).toMatchObject([{ type: "retry", reason: "TIMEOUT" }, { type: "request", attempts: 2, status: 200, durationMs: 3_000 }]);
  });

  test("ends in TIMEOUT when that goes on", async () => {
    jitter(0);
    const { saver, sent } = observedSaver(hang, { requestTimeoutMs: 3_000, maxAttempts: 2 });

    const call = errorOf(readNothing(saver));
    for (const attempt of [1, 2]) {
      await until(() => sent.length === attempt);
      await vi.advanceTimersByTimeAsync(3_000);
    }

    expect(await call).toMatchObject({ code: "TIMEOUT", attempts: 2, status: 0, retryable: true, message: expect.stringContaining("3000 ms (requestTimeoutMs)") });
  });

  test("is not given up when it was answered in time", async () => {
    const { saver, sent } = observedSaver(nothingFound, { requestTimeoutMs: 3_000 });

    await readNothing(saver);
    await vi.advanceTimersByTimeAsync(3_000);

    expect(sent[0]!.signal.aborted).toBe(false);
  });
});
