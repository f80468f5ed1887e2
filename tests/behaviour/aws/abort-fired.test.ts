import { emptyCheckpoint } from "@langchain/langgraph-checkpoint";
import type { DynamoDBSaver } from "langgraph-checkpoint-dynamodb";
import { afterEach, describe, expect, test, vi } from "vitest";
import { moment, passTime, useFakeClock } from "../../lanes/faults/clock.js";
import {
  awsError,
  errorOf,
  nothingFound,
  observedSaver,
  readNothing,
  type Fault,
} from "../../lanes/faults/faulty-fetch.js";
import { abortable, reason } from "../../lanes/faults/abortable.js";

/* Needs no server. */

useFakeClock();

afterEach(() => {
  vi.restoreAllMocks();
  expect(vi.getTimerCount()).toBe(0); // nothing goes on after an abort
});

describe("a signal that has fired", () => {
  test.each<[operation: string, call: (saver: DynamoDBSaver) => Promise<unknown>]>([
    ["getTuple", (saver) => readNothing(saver)],
    ["list", (saver) => saver.list({ configurable: { thread_id: "t" } }).next()],
    [
      "put",
      (saver) =>
        saver.put(
          { configurable: { thread_id: "t" } },
          emptyCheckpoint(),
          { source: "input", step: -1, parents: {} },
          {},
        ),
    ],
    [
      "putWrites",
      (saver) => saver.putWrites({ configurable: { thread_id: "t", checkpoint_id: "c" } }, [["channel", 1]], "task"),
    ],
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

test.each<[what: string, fault: Fault]>([
  ["succeeds", nothingFound],
  [
    "is tried again",
    (request) => (request.number % 2 === 1 ? awsError("InternalServerError", { status: 500 }) : nothingFound(request)),
  ],
  ["fails", () => Promise.reject(new TypeError("fetch failed"))],
  [
    "stands in line",
    async (request) => {
      await moment();
      return nothingFound(request)!;
    },
  ],
])("a signal keeps no listener of a call that %s", async (_, fault) => {
  // prettier-ignore
  vi.spyOn(Math, "random").mockReturnValue(0.5);
  const { signal } = new AbortController();
  const added = vi.spyOn(signal, "addEventListener");
  const removed = vi.spyOn(signal, "removeEventListener");
  const { saver } = observedSaver(fault, { signal, maxConcurrency: 1 });

  await passTime(Array.from({ length: 5 }, () => readNothing(saver)));

  expect(added.mock.calls.length).toBeGreaterThan(0);
  const listeners = (calls: typeof added.mock.calls): Set<unknown> => new Set(calls.map(([, listener]) => listener));
  expect(listeners(removed.mock.calls)).toEqual(listeners(added.mock.calls));
});
