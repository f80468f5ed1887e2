import { describe, expect, test, vi } from "vitest";
import { passTime, until, useFakeClock } from "../../lanes/faults/clock.js";
import {
  awsError,
  errorOf,
  nothingFound,
  observedSaver,
  readNothing,
  type Fault,
} from "../../lanes/faults/faulty-fetch.js";
import { signedAt } from "../../lanes/stored/signed-at.js";

/* Needs no server. */

useFakeClock();

const MINUTE = 60_000;

describe("a clock that is wrong", () => {
  /** A server that knows the time, and refuses signatures that are more than 5 minutes off. */
  const server =
    (offMs: number, serviceCode = "InvalidSignatureException"): Fault =>
    (request) => {
      const now = Date.now() + offMs;
      const headers = { date: new Date(now).toUTCString() };
      if (Math.abs(signedAt(request) - now) > 5 * MINUTE)
        return awsError(serviceCode, { headers, message: "Signature expired: topSecretValue" });
      return nothingFound(request);
    };

  test.each([20 * MINUTE, -20 * MINUTE])("by %i ms is set right by the server's Date, and stays so", async (offMs) => {
    const { saver, sent, events } = observedSaver(server(offMs));

    await readNothing(saver);
    await readNothing(saver);

    expect(sent.map((request) => signedAt(request) - request.at)).toEqual([0, offMs, offMs]);
    expect(events).toMatchObject([
      { type: "retry", reason: "InvalidSignatureException", delayMs: 0 },
      { attempts: 2 },
      { attempts: 1 },
    ]);
  });

  test("is set right for all the calls that found out at once, as many as can be under way", async () => {
    const wrong = server(20 * MINUTE);
    // All are signed before the first is answered.
    const { saver, sent } = observedSaver((request) => until(() => sent.length >= 50).then(() => wrong(request)!));

    await Promise.all(Array.from({ length: 50 }, () => readNothing(saver)));

    expect(sent.map((request) => signedAt(request) - request.at)).toEqual([
      ...Array<number>(50).fill(0),
      ...Array<number>(50).fill(20 * MINUTE),
    ]);
  });

  test("and is later set right itself is noticed again", async () => {
    const wrong = server(20 * MINUTE);
    const right = server(0);
    const { saver, sent } = observedSaver((request) => (request.number <= 2 ? wrong : right)(request));

    await readNothing(saver);
    await readNothing(saver);

    expect(sent.map((request) => signedAt(request) - request.at)).toEqual([0, 20 * MINUTE, 20 * MINUTE, 0]);
  });

  test.each([
    ["the server's clock is the same", { date: (now: number) => new Date(now + MINUTE).toUTCString() }],
    ["the server tells no time", { date: () => "" }],
  ])("is not the reason when %s: the request is not sent again", async (_, { date }) => {
    const { saver, sent } = observedSaver(() =>
      awsError("InvalidSignatureException", {
        headers: { date: date(Date.now()) },
        message: "x-amz-security-token:topSecretValue",
      }),
    );

    const error = await errorOf(readNothing(saver));

    expect(error).toMatchObject({
      code: "ACCESS_DENIED",
      attempts: 1,
      retryable: false,
      message: expect.stringMatching(/secretAccessKey.*region.*clock/),
    });
    expect(error.message).not.toContain("topSecretValue");
    expect(sent).toHaveLength(1);
  });

  test.each([
    [4 * MINUTE, 1],
    [-4 * MINUTE, 1],
    [4 * MINUTE + 1_000, 2],
    [-4 * MINUTE - 1_000, 2],
  ])("by %i ms is reason enough for %i attempts", async (offMs, attempts) => {
    const { saver, sent } = observedSaver(() =>
      awsError("InvalidSignatureException", { headers: { date: new Date(Date.now() + offMs).toUTCString() } }),
    );

    expect(await errorOf(readNothing(saver))).toMatchObject({ code: "ACCESS_DENIED", attempts, retryable: false });
    expect(sent).toHaveLength(attempts);
  });

  test.each([
    "InvalidSignatureException",
    "SignatureDoesNotMatch",
    "RequestTimeTooSkewed",
    "RequestExpired",
    "AuthFailure",
  ])("can be what %s means", async (serviceCode) => {
    const { saver, sent } = observedSaver(server(20 * MINUTE, serviceCode));

    await readNothing(saver);

    expect(sent).toHaveLength(2);
  });

  test.each(["AccessDeniedException", "UnrecognizedClientException", "ExpiredTokenException", "ValidationException"])(
    "is not what %s means",
    async (serviceCode) => {
      const { saver, sent } = observedSaver(() =>
        awsError(serviceCode, { headers: { date: new Date(Date.now() + 20 * MINUTE).toUTCString() } }),
      );

      expect(await errorOf(readNothing(saver))).toMatchObject({ attempts: 1, retryable: false });
      expect(sent).toHaveLength(1);
    },
  );

  test("hides no secret that is wrong as well: once it is set right, the answer is final", async () => {
    const { saver, sent } = observedSaver(() =>
      awsError("InvalidSignatureException", { headers: { date: new Date(Date.now() + 20 * MINUTE).toUTCString() } }),
    );

    expect(await errorOf(readNothing(saver))).toMatchObject({ code: "ACCESS_DENIED", attempts: 2, retryable: false });
    expect(await errorOf(readNothing(saver))).toMatchObject({ code: "ACCESS_DENIED", attempts: 1, retryable: false });
    expect(sent).toHaveLength(3);
  });

  test("does not make a Retry-After longer or shorter that is a date by the server's clock", async () => {
    vi.spyOn(Math, "random").mockReturnValue(0);
    for (const offMs of [20 * MINUTE, -20 * MINUTE]) {
      const busy: Fault = () =>
        awsError("ThrottlingException", {
          headers: { "retry-after": new Date(Date.now() + offMs + 7_000).toUTCString() },
        });
      const { saver, events } = observedSaver((request) => (request.number === 2 ? busy : server(offMs))(request));

      await passTime([readNothing(saver)]);

      expect(events).toMatchObject([
        { reason: "InvalidSignatureException", delayMs: 0 },
        { reason: "ThrottlingException", delayMs: 7_000 },
        { attempts: 3, status: 200 },
      ]);
    }
    vi.restoreAllMocks();
  });

  test("cannot be set right when the server's runs mad: maxAttempts is the end of it", async () => {
    let offMs = 0;
    const mad: Fault = () =>
      awsError("InvalidSignatureException", {
        headers: { date: new Date(Date.now() + (offMs += 20 * MINUTE)).toUTCString() },
      });
    const { saver, sent } = observedSaver(mad);

    expect(await errorOf(readNothing(saver))).toMatchObject({ code: "ACCESS_DENIED" });
    expect(sent).toHaveLength(4);
  });
});
