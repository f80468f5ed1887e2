import { describe, expect, test, vi } from "vitest";
import { until, useFakeClock } from "../../lanes/faults/clock.js";
import {
  awsError,
  errorOf,
  first,
  nothingFound,
  observedSaver,
  readNothing,
  type Fault,
} from "../../lanes/faults/faulty-fetch.js";
import { expired, keyOf, numbered } from "./numbered-credentials.js";

/* Needs no server. */

useFakeClock();

describe("a credentials function", () => {
  test.each(["ExpiredTokenException", "UnrecognizedClientException"])(
    "is asked once more after %s, and the request is sent again",
    async (serviceCode) => {
      const credentials = numbered();
      const { saver, sent, events } = observedSaver(
        first(1, () => awsError(serviceCode), nothingFound),
        { credentials },
      );

      await readNothing(saver);

      expect(sent.map(keyOf)).toEqual(["KEY1", "KEY2"]);
      expect(events).toMatchObject([
        { type: "retry", reason: serviceCode, delayMs: 0 },
        { type: "request", attempts: 2 },
      ]);
    },
  );

  test.each(["InvalidClientTokenId", "ExpiredToken", "InvalidAccessKeyId", "InvalidToken"])(
    "is asked once more after %s too",
    async (serviceCode) => {
      const { saver, sent } = observedSaver(
        first(1, () => awsError(serviceCode), nothingFound),
        { credentials: numbered() },
      );

      await readNothing(saver);

      expect(sent.map(keyOf)).toEqual(["KEY1", "KEY2"]);
    },
  );

  test.each([
    "AccessDeniedException",
    "InvalidSignatureException",
    "MissingAuthenticationTokenException",
    "ValidationException",
  ])("is not asked again after %s", async (serviceCode) => {
    const credentials = numbered();
    const { saver, sent } = observedSaver(() => awsError(serviceCode), { credentials });

    expect(await errorOf(readNothing(saver))).toMatchObject({ attempts: 1, retryable: false });
    expect(sent).toHaveLength(1);
    expect(credentials).toHaveBeenCalledTimes(1);
  });

  test("has given new ones for the next call where no attempt was left for this one", async () => {
    const { saver, sent } = observedSaver(first(1, expired, nothingFound), { credentials: numbered(), maxAttempts: 1 });

    expect(await errorOf(readNothing(saver))).toMatchObject({ code: "ACCESS_DENIED", attempts: 1 });
    await readNothing(saver);

    expect(sent.map(keyOf)).toEqual(["KEY1", "KEY2"]);
  });

  test(
    "renews a token for all the calls that find out at once, as many as can be under way, each of which is sent " +
      "again once",
    async () => {
      let revoked = false;
      const answer: Fault = (request) => (revoked && keyOf(request) === "KEY1" ? expired : nothingFound)(request);
      // All are signed before the first is refused.
      const { saver, sent } = observedSaver(
        (request) => until(() => !revoked || sent.length >= 51).then(() => answer(request)!),
        { credentials: numbered() },
      );
      await readNothing(saver);
      revoked = true;

      await Promise.all(Array.from({ length: 50 }, () => readNothing(saver)));

      expect(sent.slice(1, 51).map(keyOf)).toEqual(Array(50).fill("KEY1"));
      expect(sent.slice(51).map((request) => keyOf(request) === "KEY1")).toEqual(Array(50).fill(false));
    },
  );

  test("may be tried again after its renewal, when the request then meets something else", async () => {
    vi.spyOn(Math, "random").mockReturnValue(0);
    const meets = [expired, () => awsError("ThrottlingException"), () => Promise.reject(new TypeError("fetch failed"))];
    const { saver, sent, events } = observedSaver((request) => (meets[request.number - 1] ?? nothingFound)(request), {
      credentials: numbered(),
    });

    await readNothing(saver);

    expect(sent.map(keyOf)).toEqual(["KEY1", "KEY2", "KEY2", "KEY2"]);
    expect(events.at(-1)).toMatchObject({ attempts: 4, status: 200 });
    vi.restoreAllMocks();
  });

  test("is not asked a third time by the same call", async () => {
    const { saver, sent } = observedSaver(expired, { credentials: numbered() });

    expect(await errorOf(readNothing(saver))).toMatchObject({
      code: "ACCESS_DENIED",
      serviceCode: "ExpiredTokenException",
      attempts: 2,
      retryable: false,
    });
    expect(sent.map(keyOf)).toEqual(["KEY1", "KEY2"]);
  });

  test("is not blamed for credentials that another call has replaced meanwhile", async () => {
    const credentials = numbered();
    let refuse: (response: Response) => void = () => undefined;
    const late: Fault = () => new Promise((resolve) => (refuse = resolve));
    const { saver, sent } = observedSaver((request) => ([late, expired][request.number - 1] ?? nothingFound)(request), {
      credentials,
    });

    const slow = readNothing(saver);
    await until(() => sent.length === 1);
    await readNothing(saver); // its KEY1 is refused, and KEY2 taken
    refuse(awsError("ExpiredTokenException"));
    await slow;

    expect(sent.map(keyOf)).toEqual(["KEY1", "KEY1", "KEY2", "KEY2"]);
    expect(credentials).toHaveBeenCalledTimes(2);
  });
});
