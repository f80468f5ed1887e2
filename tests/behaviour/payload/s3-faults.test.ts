import { describe, expect, test, vi } from "vitest";
import { operationsOf, s3Error, type Intercept } from "../../lanes/stored/aws-requests.js";
import { useJitter } from "../../lanes/faults/clock.js";
import { noise, valuesAt } from "../../lanes/savers/checkpoints.js";
import { errorOf, hang } from "../../lanes/faults/faulty-fetch.js";
import { credentials } from "../../lanes/savers/harness.js";
import { firstOf, keysAt, newPlace, putLarge, saverAt, type Place } from "../../lanes/savers/s3-saver.js";

useJitter(0);

describe.each<[what: string, answer: () => Response]>([
  ["503 SlowDown", () => s3Error(503, "SlowDown")],
  ["500 InternalError", () => s3Error(500, "InternalError")],
  ["409 ConditionalRequestConflict", () => s3Error(409, "ConditionalRequestConflict")],
  ["409 OperationAborted", () => s3Error(409, "OperationAborted")],
  ["400 RequestTimeout", () => s3Error(400, "RequestTimeout")],
  ["503 without a body", () => new Response(null, { status: 503 })],
])("%s", (_, answer) => {
  test.each(["PutObject", "GetObject", "DeleteObjects"])("is followed by another attempt of %s", async (operation) => {
    const place = newPlace();
    const step = await putLarge(saverAt(place, firstOf(operation, 2, answer)));
    expect(await valuesAt(saverAt(place, firstOf(operation, 2, answer)).saver, step.config)).toEqual(
      step.checkpoint.channel_values,
    );
    const { saver, sent, events } = saverAt(place, firstOf(operation, 2, answer));
    await saver.deleteThread("t");

    expect(await keysAt(place)).toEqual([]);
    const calls = events.filter((event) => event.type === "request" && event.operation === "DeleteObjects").length;
    expect(operationsOf(sent).filter((sentOperation) => sentOperation === "DeleteObjects")).toHaveLength(
      calls + (operation === "DeleteObjects" ? 2 : 0),
    );
    expect(events).toContainEqual(
      expect.objectContaining({
        type: "request",
        service: "s3",
        operation: "DeleteObjects",
        attempts: operation === "DeleteObjects" ? 3 : 1,
      }),
    );
  });
});

test("SlowDown at every attempt ends as throttling that may pass", async () => {
  const error = await errorOf(
    putLarge(
      saverAt(
        newPlace(),
        firstOf("PutObject", 9, () => s3Error(503, "SlowDown")),
      ),
    ),
  );
  expect(error).toMatchObject({
    code: "THROTTLED",
    service: "s3",
    operation: "PutObject",
    attempts: 4,
    retryable: true,
  });
});

test("SlowDown is waited out for as long as it asks, and jitter for a second like other throttling", async () => {
  const { events, saver } = saverAt(
    newPlace(),
    firstOf("PutObject", 1, () => s3Error(503, "SlowDown", { "x-amz-retry-after": "15" })),
  );
  await putLarge({ saver });
  expect(events).toContainEqual(
    expect.objectContaining({ type: "retry", operation: "PutObject", reason: "SlowDown", delayMs: 15 }),
  );

  const share = 0.000_001;
  vi.spyOn(Math, "random").mockReturnValue(share);
  const again = saverAt(
    newPlace(),
    firstOf("PutObject", 2, () => s3Error(503, "SlowDown")),
  );
  await putLarge(again);
  expect(again.events.flatMap((event) => (event.type === "retry" ? [Math.round(event.delayMs / share)] : []))).toEqual([
    1_000, 2_000,
  ]);
});

test("the signal ends a request to S3, and the checkpoint that needs it is not there", async () => {
  const place = newPlace();
  const controller = new AbortController();
  const stuck: Intercept = (request) => {
    if (request.operation !== "PutObject") return undefined;
    setTimeout(() => controller.abort(new Error("the user has left")), 1);
    return hang(request);
  };
  const { saver, sent } = saverAt(place, stuck, { signal: controller.signal });
  const error = await errorOf(putLarge({ saver }));

  expect(error).toMatchObject({ code: "ABORTED", cause: { message: "the user has left" } });
  expect(sent.find(({ operation }) => operation === "PutObject")!.signal.aborted).toBe(true);
  expect(await valuesAt(saverAt(place).saver, { configurable: { thread_id: "t" } })).toBeUndefined();
});

test("412 means that an immutable object is there already, and is success", async () => {
  const place = newPlace();
  const stored = await putLarge(saverAt(place));
  const again = await putLarge(
    saverAt(place, (request) =>
      request.headers.has("if-none-match") ? s3Error(412, "PreconditionFailed") : undefined,
    ),
  );

  for (const { config } of [stored, again])
    expect(await valuesAt(saverAt(place).saver, config)).toEqual({ large: noise(6_000) });
});

test.each([301, 307, 308])("a redirect with status %i is refused, and followed nowhere", async (status) => {
  const answer = (): Response => new Response(null, { status, headers: { location: "https://attacker.example/" } });
  const watched = saverAt(newPlace(), firstOf("PutObject", 9, answer));
  const error = await errorOf(putLarge(watched));

  expect(error).toMatchObject({ code: "NETWORK", service: "s3", attempts: 1 });
  expect(error.message).toMatch(/redirect.*endpoint and region/);
  expect(watched.sent.map(({ url }) => url.hostname)).not.toContain("attacker.example");
});

test.each<[code: string, status: number, expected: string]>([
  ["AccessDenied", 403, "ACCESS_DENIED"],
  ["InvalidAccessKeyId", 403, "ACCESS_DENIED"],
  ["SignatureDoesNotMatch", 403, "ACCESS_DENIED"],
  ["ExpiredToken", 400, "ACCESS_DENIED"],
  ["EntityTooLarge", 400, "SERVICE_ERROR"],
  ["KeyTooLongError", 400, "SERVICE_ERROR"],
  ["BadDigest", 400, "SERVICE_ERROR"],
  ["XAmzContentSHA256Mismatch", 400, "SERVICE_ERROR"],
  ["InvalidRequest", 400, "SERVICE_ERROR"],
  ["AuthorizationHeaderMalformed", 400, "SERVICE_ERROR"],
  ["AllAccessDisabled", 403, "SERVICE_ERROR"],
  ["MethodNotAllowed", 405, "SERVICE_ERROR"],
  ["NoSuchBucket", 404, "BUCKET_NOT_FOUND"],
])("%s is final, and nothing refers to the object that is not there", async (code, status, expected) => {
  const place = newPlace();
  const error = await errorOf(
    putLarge(
      saverAt(
        place,
        firstOf("PutObject", 9, () => s3Error(status, code)),
      ),
    ),
  );

  expect(error).toMatchObject({
    code: expected,
    service: "s3",
    operation: "PutObject",
    serviceCode: code,
    status,
    attempts: 1,
    retryable: false,
    requestId: undefined,
  });
  expect(error.message).not.toContain("Told by the test");
  expect(await valuesAt(saverAt(place).saver, { configurable: { thread_id: "t" } })).toBeUndefined();
});

test.each(["ExpiredToken", "InvalidAccessKeyId"])(
  "a credentials function is asked once more after %s, and the object is stored",
  async (code) => {
    const place = newPlace();
    const provider = vi.fn(() => Promise.resolve(credentials()));
    const watched = saverAt(
      place,
      firstOf("PutObject", 1, () => s3Error(403, code)),
      { credentials: provider },
    );
    const step = await putLarge(watched);

    expect(operationsOf(watched.sent).filter((operation) => operation === "PutObject")).toHaveLength(2);
    expect(watched.events).toContainEqual(
      expect.objectContaining({ type: "retry", operation: "PutObject", reason: code, delayMs: 0 }),
    );
    expect(await valuesAt(saverAt(place).saver, step.config)).toEqual(step.checkpoint.channel_values);
  },
);

test("a missing object that is reported as denied says so, and what it can mean", async () => {
  const place = newPlace();
  const { config } = await putLarge(saverAt(place));
  const error = await errorOf(
    saverAt(
      place,
      firstOf("GetObject", 9, () => s3Error(403, "AccessDenied")),
    ).saver.getTuple(config),
  );

  expect(error).toMatchObject({ code: "ACCESS_DENIED", operation: "GetObject" });
  expect(error.message).toContain("s3:ListBucket, without which a missing object looks like this");
});

test(
  "what lies under another prefix is found by its pointer though the bucket says 403 for what is " + "not there",
  async () => {
    const old = newPlace();
    const step = await putLarge(saverAt(old));
    const place: Place = { keyPrefix: old.keyPrefix, s3: newPlace().s3 };
    const { saver, sent } = saverAt(place, ({ operation, url }) =>
      operation === "GetObject" && url.pathname.includes(place.s3.prefix) ? s3Error(403, "AccessDenied") : undefined,
    );

    expect(await valuesAt(saver, step.config)).toEqual(step.checkpoint.channel_values);
    expect(operationsOf(sent)).toContain("GetObject");
  },
);
