import { emptyCheckpoint } from "@langchain/langgraph-checkpoint";
import type { AwsCredentials, DynamoDBSaver } from "langgraph-checkpoint-dynamodb";
import { afterEach, describe, expect, test, vi } from "vitest";
import { moment, until, useFakeClock } from "../lanes/clock.js";
import { awsError, errorOf, hang, nothingFound, observedSaver, readNothing, type Fault, type ObservedSaver } from "../lanes/faulty-fetch.js";

useFakeClock();

afterEach(() => {
  vi.restoreAllMocks();
});

const reason = new Error("the user has left");

function abortable(fault: Fault, options: Parameters<typeof observedSaver>[1] = {}): ObservedSaver & { controller: AbortController } {
  const controller = new AbortController();
  return { controller, ...observedSaver(fault, { signal: controller.signal, ...options }) };
}

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
    const { saver, sent, events, controller } = abortable(({ body }) => Response.json({ UnprocessedItems: (JSON.parse(body) as { RequestItems: object }).RequestItems }));

    const call = errorOf(saver.deleteThread("t"));
    await until(() => events.some(({ type }) => type === "retry"));
    controller.abort(reason);

    expect(await call).toMatchObject({ code: "ABORTED", cause: reason });
    expect(sent.map(({ operation }) => operation)).toEqual(["BatchWriteItem"]);
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

  test("a call made a moment ago, without sending anything", async () => {
    const { saver, sent, controller } = abortable(nothingFound);

    const call = errorOf(saver.setup());
    controller.abort(reason);

    expect(await call).toMatchObject({ code: "ABORTED", cause: reason });
    expect(sent).toEqual([]);
  });
});

describe("a signal that has fired", () => {
  test.each<[operation: string, call: (saver: DynamoDBSaver) => Promise<unknown>]>([
    ["getTuple", (saver) => readNothing(saver)],
    ["list", (saver) => saver.list({ configurable: { thread_id: "t" } }).next()],
    ["put", (saver) => saver.put({ configurable: { thread_id: "t" } }, emptyCheckpoint(), { source: "input", step: -1, parents: {} }, {})],
    ["putWrites", (saver) => saver.putWrites({ configurable: { thread_id: "t", checkpoint_id: "c" } }, [["channel", 1]], "task")],
    ["deleteThread", (saver) => saver.deleteThread("t")],
    ["listThreads", (saver) => saver.listThreads().next()],
    ["setup", (saver) => saver.setup()],
  ])("refuses %s before anything is sent", async (_, call) => {
    const { saver, sent, controller } = abortable(nothingFound);
    controller.abort(reason);

    expect(await errorOf(call(saver))).toMatchObject({ name: "DynamoDBSaverError", code: "ABORTED", cause: reason });
    expect(sent).toEqual([]);
  });

  test("has the runtime's own reason as the cause when none is given", async () => {
    const { saver, controller } = abortable(nothingFound);
    controller.abort();

    expect((await errorOf(readNothing(saver))).cause).toMatchObject({ name: "AbortError" });
  });
});

test("a signal keeps no listener of a call that has ended", async () => {
  const { signal } = new AbortController();
  const added = vi.spyOn(signal, "addEventListener");
  const removed = vi.spyOn(signal, "removeEventListener");
  const { saver } = observedSaver(nothingFound, { signal });

  for (let i = 0; i < 5; i++) await readNothing(saver);

  expect(added.mock.calls.length).toBeGreaterThan(0);
  expect(removed.mock.calls.map(([, listener]) => listener)).toEqual(added.mock.calls.map(([, listener]) => listener));
});
