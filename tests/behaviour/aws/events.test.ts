import { emptyCheckpoint } from "@langchain/langgraph-checkpoint";
import type { DynamoDBSaver, RequestEvent } from "langgraph-checkpoint-dynamodb";
import { describe, expect, test } from "vitest";
import { useJitter } from "../../lanes/faults/clock.js";
import { awsError, errorOf, first, observedSaver, readNothing, type Fault } from "../../lanes/faults/faulty-fetch.js";
import { readsEveryHeader } from "../../lanes/run/page.js";

useJitter(0);

const config = { configurable: { thread_id: "t" } };
const random = (bytes: number): Uint8Array => crypto.getRandomValues(new Uint8Array(bytes));

/** Stores one checkpoint, with a channel large enough to be a segment of its own. */
async function putOne(saver: DynamoDBSaver, value: unknown = random(5_000)): Promise<void> {
  const checkpoint = { ...emptyCheckpoint(), channel_values: { a: value }, channel_versions: { a: 1 } };
  await saver.put(config, checkpoint, { source: "input", step: -1, parents: {} }, { a: 1 });
}

/** Every kind of request that the saver sends to a table. */
async function useEverything(saver: DynamoDBSaver): Promise<void> {
  await putOne(saver);
  await saver.putWrites({ configurable: { ...config.configurable, checkpoint_id: "c" } }, [["a", 1]], "task");
  await saver.getTuple(config);
  await saver.deleteThread("t");
}

describe("a request event", () => {
  test("comes once for each request, with what it sent and received", async () => {
    const received: { bytes: number; requestId: string | undefined }[] = [];
    const measured: Fault = async ({ number, forward }) => {
      const answer = await forward();
      const body = await answer.arrayBuffer();
      received[number - 1] = { bytes: body.byteLength, requestId: answer.headers.get("x-amzn-requestid") ?? undefined };
      return new Response(body, answer);
    };
    const { saver, sent, events } = observedSaver(measured);

    await useEverything(saver);

    // Requests under way at once can end in another order.
    const nameOf = ({ operation, bytesSent, requestId }: Partial<RequestEvent>): string =>
      [operation, bytesSent, requestId].join();
    const byName = <T extends Partial<RequestEvent>>(all: T[]): T[] =>
      all.toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
    const expected = sent.map(({ operation, body }, i) => ({
      type: "request",
      service: "dynamodb",
      operation,
      attempts: 1,
      status: 200,
      durationMs: expect.any(Number),
      bytesSent: new TextEncoder().encode(body).length,
      bytesReceived: received[i]!.bytes,
      consumedCapacity: { readUnits: expect.any(Number), writeUnits: expect.any(Number) },
      requestId: received[i]!.requestId,
      error: undefined,
    }));
    expect(byName(events as RequestEvent[])).toEqual(byName(expected as RequestEvent[]));
    expect(received.map(({ requestId }) => requestId !== undefined)).toEqual(received.map(() => readsEveryHeader));
  });

  test("has the capacity that DynamoDB says it took: read units of reads, write units of writes", async () => {
    const keyPrefix = `${crypto.randomUUID()}#`;
    const writer = observedSaver(undefined, { keyPrefix });
    const reader = observedSaver(undefined, { keyPrefix });
    await putOne(writer.saver);
    await reader.saver.getTuple(config);
    await writer.saver.deleteThread("t");

    const unitsOf = (operation: string): object[] =>
      [...writer.events, ...reader.events].flatMap((event) =>
        event.type === "request" && event.operation === operation ? [event.consumedCapacity] : [],
      );
    const read = { readUnits: expect.toSatisfy((units: number) => units > 0), writeUnits: 0 };
    const written = { readUnits: 0, writeUnits: expect.toSatisfy((units: number) => units > 0) };
    for (const [operation, units] of [
      ["Query", read],
      ["BatchGetItem", read],
      ["PutItem", written],
      ["UpdateItem", written],
      ["BatchWriteItem", written],
    ] as const) {
      expect(unitsOf(operation)[0], operation).toEqual(units);
    }
  });

  test("counts an item of 5 KB as 5 write units or more, and 2 read units", async () => {
    const keyPrefix = `${crypto.randomUUID()}#`;
    const writer = observedSaver(undefined, { keyPrefix });
    const reader = observedSaver(undefined, { keyPrefix });
    await putOne(writer.saver, random(5_000));
    await reader.saver.getTuple(config);

    const requests = [...writer.events, ...reader.events].filter((event) => event.type === "request");
    expect(Math.max(...requests.map(({ consumedCapacity }) => consumedCapacity.writeUnits))).toBeGreaterThanOrEqual(5);
    expect(requests.find(({ operation }) => operation === "BatchGetItem")!.consumedCapacity.readUnits).toBe(2);
  });

  test("adds up the attempts of a call", async () => {
    const refusal = awsError("InternalServerError", { status: 500 });
    const length = (await refusal.clone().arrayBuffer()).byteLength;
    const { saver, sent, events } = observedSaver(first(2, () => refusal.clone()));

    await readNothing(saver);

    const request = events.at(-1) as RequestEvent;
    expect(request).toMatchObject({ attempts: 3, status: 200, bytesSent: 3 * sent[0]!.body.length });
    expect(request.bytesReceived).toBeGreaterThan(2 * length);
  });

  test.each<[what: string, fault: Fault, expected: object]>([
    [
      "an answer",
      () => awsError("ValidationException", { headers: { "x-amzn-requestid": "REQUEST1REQUEST1" } }),
      { attempts: 1, status: 400, error: "SERVICE_ERROR", requestId: "REQUEST1REQUEST1" },
    ],
    [
      "no answer",
      () => Promise.reject(new TypeError("fetch failed")),
      { attempts: 4, status: 0, error: "NETWORK", requestId: undefined },
    ],
  ])("of a call that fails with %s has the code of its error", async (_, fault, expected) => {
    const { saver, events } = observedSaver(fault);

    const { code } = await errorOf(readNothing(saver));

    const requests = events.filter(({ type }) => type === "request");
    expect(requests).toMatchObject([{ ...expected, consumedCapacity: { readUnits: 0, writeUnits: 0 } }]);
    expect((requests[0] as RequestEvent).error).toBe(code);
  });
});

describe("a retry event", () => {
  test("comes before each retry, with its reason and wait", async () => {
    const { saver, events } = observedSaver(({ number }) => {
      if (number === 1) return awsError("ThrottlingException");
      if (number === 2) return Promise.reject(new TypeError("fetch failed"));
      return undefined;
    });

    await readNothing(saver);

    expect(events.slice(0, 2)).toEqual([
      { type: "retry", service: "dynamodb", operation: "Query", attempt: 1, reason: "ThrottlingException", delayMs: 0 },
      { type: "retry", service: "dynamodb", operation: "Query", attempt: 2, reason: "NETWORK", delayMs: 0 },
    ]);
  });
});

describe("onEvent", () => {
  test("may throw, and nothing changes", async () => {
    let called = 0;
    const onEvent = (): void => {
      called++;
      throw new Error("a broken listener");
    };
    const { saver, sent } = observedSaver(
      ({ number }) => (number % 5 === 1 ? awsError("ThrottlingException") : undefined),
      { onEvent },
    );

    await useEverything(saver);

    expect(called).toBe(sent.length);
  });

  test("may be async and reject, and nothing changes", async () => {
    let rejected = 0;
    const log = (): unknown =>
      Promise.resolve().then(() => {
        rejected++;
        throw new Error("The log is full.");
      });
    // The second attempt comes after a turn of the event loop: what is rejected and not caught ends the run by then.
    const { saver } = observedSaver(
      first(1, () => awsError("InternalServerError", { status: 500 })),
      { onEvent: log },
    );

    await readNothing(saver);

    expect(rejected).toBe(2);
  });

  test("asks for the consumed capacity, and without it nobody does", async () => {
    const heard = observedSaver();
    const unheard = observedSaver(undefined, { onEvent: undefined });

    await useEverything(heard.saver);
    await useEverything(unheard.saver);

    const asksFor = ({ body }: { body: string }): unknown =>
      (JSON.parse(body) as { ReturnConsumedCapacity?: unknown }).ReturnConsumedCapacity;
    expect(new Set(heard.sent.map(asksFor))).toEqual(new Set(["TOTAL"]));
    expect(new Set(unheard.sent.map(asksFor))).toEqual(new Set([undefined]));
    expect(unheard.sent.length).toBe(heard.sent.length);
  });
});
