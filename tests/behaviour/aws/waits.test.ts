import { afterEach, describe, expect, test, vi } from "vitest";
import { moment, passTime, until, useFakeClock } from "../../lanes/faults/clock.js";
import {
  awsError,
  errorOf,
  first,
  nothingFound,
  observedSaver,
  readNothing,
  type Fault,
} from "../../lanes/faults/faulty-fetch.js";

/* Needs no server. */

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
    ["20 seconds", () => ({ "retry-after": "20" }), 20_000],
    ["an hour, but 20 seconds at most", () => ({ "retry-after": "3600" }), 20_000],
    ["an hour in milliseconds, but 20 seconds at most", () => ({ "x-amz-retry-after": "3600000" }), 20_000],
    ["a date far away, but 20 seconds at most", () => ({ "retry-after": "Fri, 31 Dec 9999 23:59:59 GMT" }), 20_000],
    ["a number that no clock can hold, but 20 seconds at most", () => ({ "retry-after": "9".repeat(400) }), 20_000],
    [
      "Retry-After where x-amz-retry-after is nonsense",
      () => ({ "x-amz-retry-after": "soon", "retry-after": "3" }),
      3_000,
    ],
    [
      "Retry-After where x-amz-retry-after is negative",
      () => ({ "x-amz-retry-after": "-1", "retry-after": "3" }),
      3_000,
    ],
    ["Retry-After where x-amz-retry-after is empty", () => ({ "x-amz-retry-after": "", "retry-after": "3" }), 3_000],
  ])("%s", async (_, headers, waitMs) => {
    jitter(0);

    await expectWait(() => awsError("ServiceUnavailable", { status: 503, headers: headers() }), waitMs);
  });

  test.each<[what: string, answer: (headers: Record<string, string>) => Response]>([
    ["throttling", (headers) => awsError("ThrottlingException", { headers })],
    ["HTTP 429 without JSON", (headers) => new Response("slow down", { status: 429, headers })],
    ["HTTP 500 without JSON", (headers) => new Response("", { status: 500, headers })],
  ])("also after %s", async (_, answer) => {
    jitter(0);

    await expectWait(() => answer({ "retry-after": "3" }), 3_000);
  });

  test("unless jitter waits longer", async () => {
    jitter(0.5);

    await expectWait(() => awsError("ThrottlingException", { headers: { "x-amz-retry-after": "100" } }), 500);
  });

  test.each([
    ["nonsense", "soon"],
    ["a date in the past", "Thu, 01 Jan 1970 00:00:00 GMT"],
    ["a negative number", "-5"],
    ["no number at all", "NaN"],
    ["zero", "0"],
    ["nothing", ""],
  ])("unless it is %s", async (_, value) => {
    jitter(0.5);

    for (const name of ["retry-after", "x-amz-retry-after"])
      await expectWait(() => awsError("ThrottlingException", { headers: { [name]: value } }), 500);
  });

  test("but never for an error that is final", async () => {
    const { saver, sent } = observedSaver(() => awsError("ValidationException", { headers: { "retry-after": "3" } }));

    expect(await errorOf(readNothing(saver))).toMatchObject({ attempts: 1, retryable: false });
    expect(sent).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("jitter", () => {
  const throttled: Fault = () => awsError("ThrottlingException");
  const failed: Fault = () => Promise.reject(new TypeError("fetch failed"));

  /** What a call waits before each of its attempts but the first, when jitter takes this share of what it may. */
  async function waitsOf(fault: Fault, share: number): Promise<number[]> {
    jitter(share);
    const { saver, sent, events } = observedSaver(fault, { maxAttempts: 20 });
    await passTime([readNothing(saver)], { stepMs: 20_000 });
    expect(sent).toHaveLength(20);
    return events.flatMap((event) => (event.type === "retry" ? [event.delayMs] : []));
  }

  test("is at most 25 ms after a network error, twice as much each time, and 20 seconds in the end", async () => {
    expect(await waitsOf(failed, 1)).toEqual([
      25,
      50,
      100,
      200,
      400,
      800,
      1_600,
      3_200,
      6_400,
      12_800,
      ...Array<number>(9).fill(20_000),
    ]);
  });

  test("is at most 1 second after throttling, twice as much each time, and 20 seconds in the end", async () => {
    expect(await waitsOf(throttled, 1)).toEqual([
      1_000,
      2_000,
      4_000,
      8_000,
      16_000,
      ...Array<number>(14).fill(20_000),
    ]);
  });

  test(
    "is full: the wait is that share of it that chance says, from nothing to all, so it is as even as " +
      "chance itself",
    async () => {
      const most = await waitsOf(throttled, 1);

      for (const share of [0, 0.001, 0.25, 0.5, 0.75, 0.999])
        expect(await waitsOf(throttled, share)).toEqual(most.map((ms) => share * ms));
    },
  );

  test("is drawn anew for each wait", async () => {
    const shares = [0.1, 0.9, 0.5];
    vi.spyOn(Math, "random").mockImplementation(() => shares.shift()!);
    const { saver, events } = observedSaver(throttled);

    await passTime([readNothing(saver)]);

    expect(events.flatMap((event) => (event.type === "retry" ? [event.delayMs] : []))).toEqual([100, 1_800, 2_000]);
  });

  test("is what a call really waits", async () => {
    jitter(0.5);

    await expectWait(throttled, 500);
    jitter(0.4);
    await expectWait(() => awsError("InternalServerError", { status: 500 }), 10);
  });
});
