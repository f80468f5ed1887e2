import { emptyCheckpoint } from "@langchain/langgraph-checkpoint";
import { describe, expect, test } from "vitest";
import { useJitter } from "../../lanes/faults/clock.js";
import { awsError, errorOf, first, observedSaver, readNothing, type Fault } from "../../lanes/faults/faulty-fetch.js";
import { tableName } from "../../lanes/savers/harness.js";

useJitter(0);

const config = { configurable: { thread_id: "t" } };

/** DynamoDB's own answer, changed on its way. */
function changed(change: (body: Uint8Array<ArrayBuffer>) => BodyInit): Fault {
  return async ({ forward }) => {
    const answer = await forward();
    return new Response(change(new Uint8Array(await answer.arrayBuffer())), { status: answer.status });
  };
}

const cutShort = changed((body) => body.slice(0, body.length / 2));
const broken = changed(
  (body) =>
    new ReadableStream({
      start(controller) {
        controller.enqueue(body.slice(0, 10));
        controller.error(new Error("connection reset"));
      },
    }),
);
const unreachable: Fault = () => Promise.reject(new TypeError("fetch failed"));
const page =
  (status: number): Fault =>
  () =>
    new Response("<html>from a proxy</html>", { status });
const error =
  (serviceCode: string, status = 400): Fault =>
  () =>
    awsError(serviceCode, { status });

describe("tried again until it succeeds:", () => {
  test.each<[what: string, fault: Fault, reason: string]>([
    [
      "HTTP 400 ProvisionedThroughputExceededException",
      error("ProvisionedThroughputExceededException"),
      "ProvisionedThroughputExceededException",
    ],
    ["HTTP 400 ThrottlingException", error("ThrottlingException"), "ThrottlingException"],
    ["HTTP 400 RequestLimitExceeded", error("RequestLimitExceeded"), "RequestLimitExceeded"],
    ["HTTP 500 InternalServerError", error("InternalServerError", 500), "InternalServerError"],
    ["HTTP 400 InternalServerError", error("InternalServerError"), "InternalServerError"],
    ["HTTP 503 ServiceUnavailable", error("ServiceUnavailable", 503), "ServiceUnavailable"],
    ["HTTP 429 without JSON", page(429), "THROTTLED"],
    ["HTTP 500 without JSON", page(500), "SERVICE_ERROR"],
    ["HTTP 502 without JSON", page(502), "SERVICE_ERROR"],
    ["HTTP 503 without JSON", page(503), "SERVICE_ERROR"],
    ["HTTP 504 without JSON", page(504), "SERVICE_ERROR"],
    ["HTTP 500 with JSON that is no object", () => Response.json(null, { status: 500 }), "SERVICE_ERROR"],
    ["a connection that fails", unreachable, "NETWORK"],
    ["an answer that is cut short", cutShort, "NETWORK"],
    ["an answer whose connection breaks", broken, "NETWORK"],
    ["an answer that is no JSON", () => new Response("<html>from a proxy</html>"), "NETWORK"],
    ["an empty answer", () => new Response(""), "NETWORK"],
    ["an answer without its result", () => Response.json({}), "NETWORK"],
  ])("%s", async (_, fault, reason) => {
    const keyPrefix = `${crypto.randomUUID()}#`;
    const stored = await observedSaver(undefined, { keyPrefix }).saver.put(
      config,
      emptyCheckpoint(),
      { source: "input", step: -1, parents: {} },
      {},
    );
    const { saver, sent, events } = observedSaver(first(3, fault), { keyPrefix });

    const tuple = await saver.getTuple(config);

    expect(tuple?.config).toEqual(stored);
    expect(sent).toHaveLength(4);
    expect(events).toMatchObject([
      ...[1, 2, 3].map((attempt) => ({ type: "retry", operation: "Query", attempt, reason })),
      { type: "request", operation: "Query", attempts: 4, status: 200, error: undefined },
    ]);
  });

  test("a write whose answer got lost, which does no harm the second time", async () => {
    const lost: Fault = ({ forward }) => forward().then(() => Promise.reject(new TypeError("fetch failed")));
    const lostOnce = new Set<string>();
    const { saver, sent } = observedSaver((request) => {
      if (request.operation === "Query" || lostOnce.has(request.operation)) return undefined;
      lostOnce.add(request.operation);
      return lost(request);
    });

    const stored = await saver.put(config, emptyCheckpoint(), { source: "input", step: -1, parents: {} }, {});

    expect(sent.filter(({ operation }) => operation === "PutItem")).toHaveLength(2);
    expect((await saver.getTuple(config))?.config).toEqual(stored);
  });
});

describe("not tried again:", () => {
  test.each<[what: string, fault: Fault, expected: object]>([
    [
      "ValidationException",
      error("ValidationException"),
      { code: "SERVICE_ERROR", status: 400, serviceCode: "ValidationException" },
    ],
    [
      "AccessDeniedException",
      error("AccessDeniedException"),
      { code: "ACCESS_DENIED", status: 400, serviceCode: "AccessDeniedException" },
    ],
    [
      "ResourceNotFoundException",
      error("ResourceNotFoundException"),
      { code: "TABLE_NOT_FOUND", status: 400, serviceCode: "ResourceNotFoundException" },
    ],
    [
      "ConditionalCheckFailedException",
      error("ConditionalCheckFailedException"),
      { code: "SERVICE_ERROR", serviceCode: "ConditionalCheckFailedException" },
    ],
    [
      "UnrecognizedClientException",
      error("UnrecognizedClientException"),
      { code: "ACCESS_DENIED", serviceCode: "UnrecognizedClientException" },
    ],
    ["HTTP 403 without JSON", page(403), { code: "SERVICE_ERROR", status: 403, serviceCode: undefined }],
    ["HTTP 404 without JSON", page(404), { code: "SERVICE_ERROR", status: 404, serviceCode: undefined }],
    ["HTTP 413 without JSON", page(413), { code: "SERVICE_ERROR", status: 413, serviceCode: undefined }],
  ])("%s", async (_, fault, expected) => {
    const { saver, sent, events } = observedSaver(fault);

    expect(await errorOf(readNothing(saver))).toMatchObject({ attempts: 1, retryable: false, ...expected });
    expect(sent).toHaveLength(1);
    expect(events).toMatchObject([{ type: "request", attempts: 1 }]);
  });

  test.each([301, 302, 303, 307, 308])("a redirect with HTTP %i, which is not followed either", async (status) => {
    const { saver, sent } = observedSaver(
      () => new Response(null, { status, headers: { location: "https://elsewhere.example/" } }),
    );

    expect(await errorOf(readNothing(saver))).toMatchObject({
      code: "NETWORK",
      attempts: 1,
      retryable: false,
      message: expect.stringMatching(/redirect.*Check the endpoint and region/),
    });
    expect(sent.map(({ init }) => init.redirect)).toEqual(["manual"]);
  });

  test("a redirect as a browser shows it", async () => {
    const opaque = Object.defineProperties(new Response(null), {
      type: { value: "opaqueredirect" },
      status: { value: 0 },
    });
    const { saver, sent } = observedSaver(() => opaque);

    expect(await errorOf(readNothing(saver))).toMatchObject({ code: "NETWORK", retryable: false });
    expect(sent).toHaveLength(1);
  });
});

describe("the attempts", () => {
  test.each([1, 2, 4, 7])("are maxAttempts at most: %i", async (maxAttempts) => {
    const { saver, sent } = observedSaver(unreachable, { maxAttempts });

    expect(await errorOf(readNothing(saver))).toMatchObject({ attempts: maxAttempts });
    expect(sent).toHaveLength(maxAttempts);
  });

  test("are 4 by default", async () => {
    const { saver, sent } = observedSaver(page(503));

    expect(await errorOf(readNothing(saver))).toMatchObject({ attempts: 4 });
    expect(sent).toHaveLength(4);
  });
});

describe("the error of the last attempt", () => {
  test("says everything that is known about it", async () => {
    const headers = { "x-amzn-requestid": "REQUEST1REQUEST1" };
    const { saver } = observedSaver(() =>
      awsError("InternalServerError", { status: 500, headers, message: "Try later." }),
    );

    expect(await errorOf(readNothing(saver))).toMatchObject({
      name: "AwsRequestError",
      code: "SERVICE_ERROR",
      service: "dynamodb",
      operation: "Query",
      status: 500,
      attempts: 4,
      retryable: true,
      serviceCode: "InternalServerError",
      requestId: "REQUEST1REQUEST1",
      message: `Query on table "${tableName()}" failed with InternalServerError.`,
    });
  });

  test("of throttling says what helps", async () => {
    const { saver } = observedSaver(error("ThrottlingException"));

    expect(await errorOf(readNothing(saver))).toMatchObject({
      code: "THROTTLED",
      retryable: true,
      message: expect.stringMatching(/throttled Query on table "checkpoints-.*capacity/),
    });
  });

  test("of a failed connection has it as its cause, and status 0", async () => {
    const cause = new TypeError("getaddrinfo ENOTFOUND");
    const { saver } = observedSaver(() => Promise.reject(cause));

    const failure = await errorOf(readNothing(saver));

    expect(failure).toMatchObject({
      code: "NETWORK",
      status: 0,
      retryable: true,
      serviceCode: undefined,
      requestId: undefined,
    });
    expect(failure.cause).toBe(cause);
  });

  test("is that attempt's own, when the one before it got an answer", async () => {
    const { saver } = observedSaver(
      ({ number }) =>
        number === 1 ? awsError("InternalServerError", { status: 500 }) : Promise.reject(new TypeError()),
      { maxAttempts: 2 },
    );

    expect(await errorOf(readNothing(saver))).toMatchObject({ code: "NETWORK", status: 0, serviceCode: undefined });
  });
});
