import type { AwsCredentials } from "langgraph-checkpoint-dynamodb";
import { afterEach, describe, expect, test, vi } from "vitest";
import { moment, until, useFakeClock } from "../../lanes/faults/clock.js";
import { awsError, errorOf, hang, nothingFound, readNothing, type Fault } from "../../lanes/faults/faulty-fetch.js";
import { abortable, reason } from "../../lanes/faults/abortable.js";

/* Needs no server. */

useFakeClock();

afterEach(() => {
  vi.restoreAllMocks();
  expect(vi.getTimerCount()).toBe(0); // nothing goes on after an abort
});

describe("the signal ends", () => {
  test("a request under way, which is cancelled", async () => {
    const { saver, sent, events, controller } = abortable(hang);

    const call = errorOf(readNothing(saver));
    await until(() => sent.length === 1);
    controller.abort(reason);

    expect(await call).toMatchObject({ code: "ABORTED", cause: reason });
    expect(sent[0]!.signal.aborted).toBe(true);
    expect(sent).toHaveLength(1);
    expect(events).toMatchObject([{ type: "request", attempts: 1, status: 0, error: "ABORTED" }]);
  });

  test("a wait before a retry", async () => {
    vi.spyOn(Math, "random").mockReturnValue(0.5);
    const { saver, sent, events, controller } = abortable(() => awsError("ThrottlingException"));

    const call = errorOf(readNothing(saver));
    await until(() => events.length === 1);
    controller.abort(reason);

    expect(await call).toMatchObject({ code: "ABORTED", cause: reason });
    await vi.advanceTimersByTimeAsync(20_000);
    await moment();
    expect(sent).toHaveLength(1);
  });

  test("a wait before a retry, of which an event tells", async () => {
    vi.spyOn(Math, "random").mockReturnValue(0.5);
    const { saver, events, controller } = abortable(() => awsError("ThrottlingException"));

    const call = errorOf(readNothing(saver));
    await until(() => events.length === 1);
    controller.abort(reason);
    await call;

    expect(events).toMatchObject([{ type: "retry" }, { type: "request", attempts: 1, error: "ABORTED" }]);
  });

  test("a wait for the rest of a batch", async () => {
    vi.spyOn(Math, "random").mockReturnValue(0.5);
    const { saver, sent, events, controller } = abortable(({ operation, body }) => {
      if (operation === "Query") return Response.json({ Items: [{ PK: { S: "T#t" }, SK: { S: "S#1" } }] });
      return Response.json(
        operation === "GetItem"
          ? {}
          : { UnprocessedItems: (JSON.parse(body) as { RequestItems: object }).RequestItems },
      );
    });

    const call = errorOf(saver.deleteThread("t"));
    await until(() => events.some(({ type }) => type === "retry"));
    controller.abort(reason);

    expect(await call).toMatchObject({ code: "ABORTED", cause: reason });
    expect(sent.map(({ operation }) => operation)).toEqual(["GetItem", "GetItem", "Query", "BatchWriteItem"]);
  });

  test("a wait in line for other requests, without sending anything", async () => {
    const { saver, sent, controller } = abortable(hang, { maxConcurrency: 1 });

    const calls = [errorOf(readNothing(saver)), errorOf(readNothing(saver))];
    await until(() => sent.length === 1 && vi.getTimerCount() >= 2);
    controller.abort(reason);

    expect(await Promise.all(calls)).toMatchObject([{ code: "ABORTED" }, { code: "ABORTED" }]);
    expect(sent).toHaveLength(1);
  });

  test("a wait for credentials, without sending anything", async () => {
    let answer: (credentials: AwsCredentials) => void;
    const credentials = vi.fn(() => new Promise<AwsCredentials>((resolve) => (answer = resolve)));
    const { saver, sent, controller } = abortable(nothingFound, { credentials });

    const call = errorOf(readNothing(saver));
    await until(() => credentials.mock.calls.length === 1);
    controller.abort(reason);
    answer!({ accessKeyId: "KEY1", secretAccessKey: "topSecretValue" });

    expect(await call).toMatchObject({ code: "ABORTED", cause: reason });
    expect(sent).toEqual([]);
  });

  test("a wait for credentials that never come", async () => {
    const credentials = vi.fn(() => new Promise<AwsCredentials>(() => undefined));
    const { saver, sent, controller } = abortable(nothingFound, { credentials });

    let error: unknown;
    void errorOf(readNothing(saver)).then((failure) => (error = failure));
    await until(() => credentials.mock.calls.length === 1);
    controller.abort(reason);
    await turns(() => error !== undefined);

    expect(error).toMatchObject({ code: "ABORTED", cause: reason });
    expect(sent).toEqual([]);
  });

  test.each<[what: string, fault: Fault]>([
    [
      "whose body is under way",
      ({ signal }) =>
        new Response(
          new ReadableStream({ start: (body) => signal.addEventListener("abort", () => body.error(signal.reason)) }),
        ),
    ],
    ["whose body is under way and does not listen", () => new Response(new ReadableStream())],
    ["by a fetch that does not listen", () => new Promise(() => undefined)],
  ])("a request %s", async (_, fault) => {
    const { saver, sent, controller } = abortable(fault);

    let error: unknown;
    void errorOf(readNothing(saver)).then((failure) => (error = failure));
    await until(() => sent.length === 1);
    await moment();
    controller.abort(reason);
    await turns(() => error !== undefined);

    expect(error).toMatchObject({ code: "ABORTED", cause: reason });
    expect(sent).toHaveLength(1);
  });

  test("everything at once, wherever it is", async () => {
    vi.spyOn(Math, "random").mockReturnValue(0.5);
    const { saver, sent, events, controller } = abortable(
      (request) => (request.number <= 5 ? awsError("ThrottlingException") : hang(request)),
      { maxConcurrency: 10 },
    );

    const calls = Array.from({ length: 40 }, () => errorOf(readNothing(saver)));
    // 5 wait for a retry, 5 for an answer, 30 in line: time stands still, so nobody sees that 5 places are free.
    await until(() => events.length === 5 && sent.length === 10);
    controller.abort(reason);

    for (const call of calls) expect(await call).toMatchObject({ code: "ABORTED", cause: reason });
    expect(sent).toHaveLength(10);
    expect(events.filter(({ type }) => type === "request")).toHaveLength(40);
  });

  test("a call made a moment ago, without sending anything", async () => {
    const { saver, sent, controller } = abortable(nothingFound);

    const call = errorOf(saver.setup());
    controller.abort(reason);

    expect(await call).toMatchObject({ code: "ABORTED", cause: reason });
    expect(sent).toEqual([]);
  });
});

/** Waits for what comes by itself, or never: the clock stands still. */
async function turns(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 500 && !condition(); i++) await moment();
}
