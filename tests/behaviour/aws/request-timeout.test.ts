import { afterEach, describe, expect, test, vi } from "vitest";
import { moment, passTime, until, useFakeClock } from "../../lanes/faults/clock.js";
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

/* Needs no server. */

useFakeClock();

afterEach(() => {
  vi.restoreAllMocks();
});

const jitter = (share: number): unknown => vi.spyOn(Math, "random").mockReturnValue(share);

describe("a request that is not answered within requestTimeoutMs", () => {
  /** The head of an answer, and then nothing. */
  const half: Fault = ({ signal }) => answerOf(signal, () => undefined);

  /** The head of an answer, and then a byte every second. */
  const trickle: Fault = ({ signal }) =>
    answerOf(signal, (controller) => {
      const drop = (): void => {
        if (signal.aborted) return;
        controller.enqueue(new Uint8Array([32]));
        setTimeout(drop, 1_000);
      };
      drop();
    });

  function answerOf(
    signal: AbortSignal,
    start: (controller: ReadableStreamDefaultController) => void,
    status = 200,
  ): Response {
    const body = new ReadableStream({
      start(controller) {
        signal.addEventListener("abort", () => controller.error(signal.reason));
        start(controller);
      },
    });
    return new Response(body, { status });
  }

  test.each<[what: string, fault: Fault]>([
    ["has no answer", hang],
    ["has half an answer", half],
    ["has an answer that comes in drops", trickle],
    ["has half an error", ({ signal }) => answerOf(signal, () => undefined, 400)],
    ["goes through a fetch that does not listen to its signal", () => new Promise(() => undefined)],
    ["has half an answer that does not listen to its signal", () => new Response(new ReadableStream())],
  ])("is given up and tried again when it %s", async (_, fault) => {
    jitter(0);
    const { saver, sent, events } = observedSaver(first(1, fault, nothingFound), { requestTimeoutMs: 3_000 });

    const call = readNothing(saver);
    await until(() => sent.length === 1);
    await vi.advanceTimersByTimeAsync(2_999);
    expect(sent[0]!.signal.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(sent[0]!.signal.aborted).toBe(true);
    // The clock stands still: a second attempt comes by itself, or never.
    for (let i = 0; i < 2_000 && events.length < 2; i++) await moment();

    expect(events).toMatchObject([
      { type: "retry", reason: "TIMEOUT" },
      { type: "request", attempts: 2, status: 200, durationMs: 3_000 },
    ]);
    await call;
  });

  test("ends in TIMEOUT when that goes on", async () => {
    jitter(0);
    const { saver, sent } = observedSaver(hang, { requestTimeoutMs: 3_000, maxAttempts: 2 });

    const call = errorOf(readNothing(saver));
    for (const attempt of [1, 2]) {
      await until(() => sent.length === attempt);
      await vi.advanceTimersByTimeAsync(3_000);
    }

    expect(await call).toMatchObject({
      code: "TIMEOUT",
      attempts: 2,
      status: 0,
      retryable: true,
      message: expect.stringContaining("3000 ms (requestTimeoutMs)"),
    });
  });

  test("has that time for each of its attempts", async () => {
    jitter(0);
    const slow: Fault = ({ number }) =>
      new Promise((resolve) =>
        setTimeout(
          () => resolve(number < 3 ? awsError("InternalServerError", { status: 500 }) : Response.json({ Items: [] })),
          2_999,
        ),
      );
    const { saver, sent, events } = observedSaver(slow, { requestTimeoutMs: 3_000 });

    const call = readNothing(saver);
    for (const attempt of [1, 2, 3]) {
      await until(() => sent.length === attempt);
      await vi.advanceTimersByTimeAsync(2_999);
    }
    await call;

    expect(events.at(-1)).toMatchObject({ type: "request", attempts: 3, status: 200, durationMs: 3 * 2_999 });
  });

  test("is not given up when it was answered in time", async () => {
    const { saver, sent } = observedSaver(nothingFound, { requestTimeoutMs: 3_000 });

    await readNothing(saver);
    expect(vi.getTimerCount()).toBe(0);
    await vi.advanceTimersByTimeAsync(3_000);

    expect(sent[0]!.signal.aborted).toBe(false);
  });

  test("does not use up the time of those that wait in line", async () => {
    jitter(0);
    const { saver, sent, events } = observedSaver(first(1, hang, nothingFound), {
      requestTimeoutMs: 3_000,
      maxConcurrency: 1,
      maxAttempts: 1,
    });

    const [stuck, ...others] = await passTime(
      [readNothing(saver), readNothing(saver), readNothing(saver)].map((call) => errorOf(call)),
    );

    expect(stuck).toMatchObject({ status: "fulfilled", value: { code: "TIMEOUT" } });
    for (const other of others)
      expect(other).toMatchObject({ status: "rejected", reason: { message: "The call should have failed." } });
    expect(sent).toHaveLength(3);
    expect(events.filter(({ type }) => type === "retry")).toEqual([]);
  });
});
