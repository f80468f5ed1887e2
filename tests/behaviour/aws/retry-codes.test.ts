import { describe, expect, test } from "vitest";
import { useJitter } from "../../lanes/faults/clock.js";
import { awsError, errorOf, first, nothingFound, observedSaver, readNothing } from "../../lanes/faults/faulty-fetch.js";

/*
 * Which answers are worth another attempt: by the name of the error where there is one, since DynamoDB throttles with
 * HTTP 400, and by the status where there is none. ("Error handling with DynamoDB", "Error responses" of S3.)
 *
 * Needs no server.
 */

useJitter(0);

const throttling = [
  "ProvisionedThroughputExceededException", "ThrottlingException", "ThrottledException", "Throttling",
  "RequestLimitExceeded", "RequestThrottled",
  "RequestThrottledException", "TooManyRequestsException", "BandwidthLimitExceeded", "LimitExceededException",
  "PriorRequestNotComplete", "SlowDown",
]; // prettier-ignore
const transient = [
  "InternalServerError", "InternalServerErrorException", "InternalFailure", "InternalError", "ServiceUnavailable",
  "ServiceUnavailableException", "RequestTimeout",
  "RequestTimeoutException", "ReplicatedWriteConflictException", "OperationAborted", "ConditionalRequestConflict",
  "UnknownError",
]; // prettier-ignore
const final = [
  "ValidationException", "AccessDeniedException", "ConditionalCheckFailedException", "ResourceNotFoundException",
  "ResourceInUseException", "TableNotFoundException",
  "ItemCollectionSizeLimitExceededException", "TransactionCanceledException", "TransactionConflictException",
  "DuplicateItemException", "UnrecognizedClientException",
  "InvalidClientTokenId", "ExpiredTokenException", "MissingAuthenticationToken", "MissingAuthenticationTokenException",
  "IncompleteSignature", "IncompleteSignatureException",
  "InvalidSignatureException", "SerializationException", "UnknownOperationException", "RequestEntityTooLarge",
  "NotAuthorized", "OptInRequired", "AnErrorOfTomorrow",
]; // prettier-ignore

/** What a request costs that meets this answer once. */
async function after(answer: () => Response): Promise<{ attempts: number; reason: unknown }> {
  const { saver, sent, events } = observedSaver(first(1, answer, nothingFound));
  await readNothing(saver).catch(() => undefined);
  expect(events.at(-1)).toMatchObject({ type: "request", attempts: sent.length });
  return { attempts: sent.length, reason: events.find((event) => event.type === "retry")?.reason };
}

describe("tried again, whatever the status:", () => {
  test.each([...throttling, ...transient])("%s", async (serviceCode) => {
    for (const status of [400, 403, 409, 500, 503])
      expect(await after(() => awsError(serviceCode, { status }))).toEqual({ attempts: 2, reason: serviceCode });
  });

  test("an error whose name stands there without its namespace", async () => {
    expect(await after(() => Response.json({ __type: "ThrottlingException", message: "" }, { status: 400 }))).toEqual({
      attempts: 2,
      reason: "ThrottlingException",
    });
  });
});

describe("the name of what is waited for in the end:", () => {
  test.each(throttling)("%s is THROTTLED", async (serviceCode) => {
    expect(await errorOf(readNothing(observedSaver(() => awsError(serviceCode)).saver))).toMatchObject({
      code: "THROTTLED",
      attempts: 4,
      serviceCode,
      retryable: true,
    });
  });

  test.each(transient)("%s is SERVICE_ERROR", async (serviceCode) => {
    expect(await errorOf(readNothing(observedSaver(() => awsError(serviceCode)).saver))).toMatchObject({
      code: "SERVICE_ERROR",
      attempts: 4,
      serviceCode,
      retryable: true,
    });
  });
});

describe("not tried again:", () => {
  test.each(final)("%s", async (serviceCode) => {
    for (const status of [400, 403, 413])
      expect(await after(() => awsError(serviceCode, { status }))).toEqual({ attempts: 1, reason: undefined });
  });

  test("an item that is too large", async () => {
    const { saver, sent } = observedSaver(() =>
      awsError("ValidationException", { message: "Item size has exceeded the maximum allowed size" }),
    );

    expect(await errorOf(readNothing(saver))).toMatchObject({
      code: "SERVICE_ERROR",
      attempts: 1,
      retryable: false,
      message: expect.stringContaining("Item size has exceeded"),
    });
    expect(sent).toHaveLength(1);
  });
});

describe("an answer without a name goes by its status:", () => {
  test.each([429, 500, 502, 503, 504])("%i is tried again", async (status) => {
    expect(await after(() => new Response("<html>from a proxy</html>", { status }))).toMatchObject({ attempts: 2 });
  });

  test(
    "400 is tried again: DynamoDB gives every one of its own a name, so this one was cut short or is not " +
      "DynamoDB's",
    async () => {
      for (const body of ["", '{"__type":"com.amazonaws.dyna', "<html>from a proxy</html>", "{}"])
        expect(await after(() => new Response(body, { status: 400 }))).toEqual({ attempts: 2, reason: "NETWORK" });
    },
  );

  test.each([
    300, 301, 302, 303, 304, 307, 308, 401, 403, 404, 405, 407, 409, 411, 412, 413, 414, 415, 421, 431, 451, 501, 505,
  ])("%i is not", async (status) => {
    const body = status === 304 ? null : "<html>from a proxy</html>";
    expect(await after(() => new Response(body, { status }))).toEqual({ attempts: 1, reason: undefined });
  });
});
