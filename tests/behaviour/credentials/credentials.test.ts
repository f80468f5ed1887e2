import type { AwsCredentials } from "langgraph-checkpoint-dynamodb";
import { describe, expect, test, vi } from "vitest";
import { useFakeClock } from "../../lanes/faults/clock.js";
import { errorOf, nothingFound, observedSaver, readNothing } from "../../lanes/faults/faulty-fetch.js";
import { expired, keyOf, numbered } from "./numbered-credentials.js";

/* Needs no server. */

useFakeClock();

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

describe("a credentials object", () => {
  test("signs every request", async () => {
    const { saver, sent } = observedSaver(nothingFound, {
      credentials: { accessKeyId: "KEY1", secretAccessKey: "topSecretValue" },
    });

    await readNothing(saver);
    await readNothing(saver);

    expect(sent.map(keyOf)).toEqual(["KEY1", "KEY1"]);
    expect(sent[0]!.headers.get("x-amz-security-token")).toBeNull();
  });

  test("is kept as it was when it was given", async () => {
    const credentials = { accessKeyId: "KEY1", secretAccessKey: "topSecretValue" };
    const { saver, sent } = observedSaver(nothingFound, { credentials });

    credentials.accessKeyId = "KEY2";
    await readNothing(saver);

    expect(sent.map(keyOf)).toEqual(["KEY1"]);
  });

  test("that has expired is not sent a second time", async () => {
    const { saver, sent } = observedSaver(expired);

    expect(await errorOf(readNothing(saver))).toMatchObject({
      code: "ACCESS_DENIED",
      attempts: 1,
      retryable: false,
      message: expect.stringContaining("credentials function"),
    });
    expect(sent).toHaveLength(1);
  });

  test("sends its session token, and signs it", async () => {
    const { saver, sent } = observedSaver(nothingFound, {
      credentials: { accessKeyId: "KEY1", secretAccessKey: "topSecretValue", sessionToken: "sessionToken" },
    });

    await readNothing(saver);

    expect(sent[0]!.headers.get("x-amz-security-token")).toBe("sessionToken");
    expect(sent[0]!.headers.get("authorization")).toMatch(/SignedHeaders=[^,]*x-amz-security-token/);
  });
});

describe("a credentials function", () => {
  test("is asked at the first call, not before, and once", async () => {
    const credentials = numbered();
    const { saver, sent } = observedSaver(nothingFound, { credentials });
    expect(credentials).not.toHaveBeenCalled();

    await readNothing(saver);
    vi.setSystemTime(Date.now() + 1_000 * HOUR);
    await readNothing(saver);

    expect(credentials).toHaveBeenCalledTimes(1);
    expect(sent.map(keyOf)).toEqual(["KEY1", "KEY1"]);
  });

  test("is asked again 5 minutes before its credentials end", async () => {
    const { saver, sent } = observedSaver(nothingFound, { credentials: numbered(HOUR) });

    await readNothing(saver);
    vi.setSystemTime(Date.now() + HOUR - 5 * MINUTE - 1);
    await readNothing(saver);
    vi.setSystemTime(Date.now() + 1);
    await readNothing(saver);
    await readNothing(saver);

    expect(sent.map(keyOf)).toEqual(["KEY1", "KEY1", "KEY2", "KEY2"]);
  });

  test("may fail while the old credentials still work", async () => {
    const credentials = numbered(HOUR);
    const { saver, sent } = observedSaver(nothingFound, { credentials });
    await readNothing(saver);

    credentials.mockRejectedValue(new Error("metadata service is down"));
    vi.setSystemTime(Date.now() + HOUR - 1);
    await readNothing(saver);
    expect(sent.map(keyOf)).toEqual(["KEY1", "KEY1"]);
    vi.setSystemTime(Date.now() + 1);

    expect(await errorOf(readNothing(saver))).toMatchObject({ code: "CREDENTIALS" });
    expect(sent).toHaveLength(2);
  });

  test(
    "that never answers ends the call with CREDENTIALS after maxAttempts times requestTimeoutMs, with " +
      "nothing sent",
    async () => {
      const credentials = vi.fn(() => new Promise<AwsCredentials>(() => undefined));
      const { saver, sent, events } = observedSaver(nothingFound, {
        credentials,
        maxAttempts: 3,
        requestTimeoutMs: 2_000,
      });

      let error: unknown;
      void errorOf(readNothing(saver)).then((failure) => (error = failure));
      await vi.advanceTimersByTimeAsync(5_999);
      expect(error).toBeUndefined();
      await vi.advanceTimersByTimeAsync(1);

      expect(error).toMatchObject({
        code: "CREDENTIALS",
        message: expect.stringContaining("6000 ms (maxAttempts times requestTimeoutMs)"),
      });
      expect(sent).toEqual([]);
      expect(events).toEqual([expect.objectContaining({ error: "CREDENTIALS", attempts: 0 })]);
      expect(credentials).toHaveBeenCalledTimes(1);
    },
  );

  test("that never answers does no harm while the old credentials still work", async () => {
    const credentials = numbered(HOUR);
    const { saver, sent } = observedSaver(nothingFound, { credentials, maxAttempts: 1, requestTimeoutMs: 2_000 });
    await readNothing(saver);
    credentials.mockImplementation(() => new Promise(() => undefined));
    vi.setSystemTime(Date.now() + HOUR - 1 * MINUTE);

    const call = readNothing(saver);
    await vi.advanceTimersByTimeAsync(2_000);
    await call;

    expect(sent.map(keyOf)).toEqual(["KEY1", "KEY1"]);
  });

  test("may be slow while the old credentials still work", async () => {
    const credentials = numbered(HOUR);
    const { saver, sent } = observedSaver(nothingFound, { credentials });
    await readNothing(saver);
    vi.setSystemTime(Date.now() + HOUR - 1 * MINUTE);
    let answer: (credentials: AwsCredentials) => void;
    credentials.mockReturnValueOnce(new Promise((resolve) => (answer = resolve)));

    const renewing = readNothing(saver);
    await readNothing(saver);
    answer!({ accessKeyId: "NEW", secretAccessKey: "topSecretValue" });
    await renewing;

    expect(sent.map(keyOf)).toEqual(["KEY1", "KEY1", "NEW"]);
    expect(credentials).toHaveBeenCalledTimes(2);
  });

  test("that failed is asked again by the next call", async () => {
    const credentials = numbered().mockRejectedValueOnce(new Error("metadata service is down"));
    const { saver, sent } = observedSaver(nothingFound, { credentials });

    await errorOf(readNothing(saver));
    await readNothing(saver);

    expect(sent.map(keyOf)).toEqual(["KEY1"]);
  });

  test("that throws ends in CREDENTIALS, with what it threw as the cause", async () => {
    const cause = new Error("topSecretValue was wrong");
    const { saver, sent, events } = observedSaver(nothingFound, { credentials: () => Promise.reject(cause) });

    const error = await errorOf(readNothing(saver));

    expect(error.code).toBe("CREDENTIALS");
    expect(error.message).not.toContain("topSecretValue");
    expect(error.cause).toBe(cause);
    expect(sent).toEqual([]);
    expect(events).toMatchObject([{ type: "request", attempts: 0, status: 0, error: "CREDENTIALS" }]);
  });

  test("may throw before it returns a promise", async () => {
    const { saver } = observedSaver(nothingFound, {
      credentials: () => {
        throw new Error("no credentials here");
      },
    });

    expect(await errorOf(readNothing(saver))).toMatchObject({ code: "CREDENTIALS" });
  });

  test.each<[what: string, answer: unknown, says: string]>([
    ["nothing", undefined, "undefined, not an object"],
    ["null", null, "null, not an object"],
    ["a string", "topSecretValue", "string, not an object"],
    ["the names of the AWS API", { AccessKeyId: "KEY1", SecretAccessKey: "topSecretValue" }, "no accessKeyId"],
    ["half a credential", { accessKeyId: "KEY1" }, "no secretAccessKey"],
    [
      "a secret with a line break",
      { accessKeyId: "KEY1", secretAccessKey: "topSecretValue\n" },
      "secretAccessKey with a space, a line break or a non-ASCII character",
    ],
    [
      "an expiration that is text",
      { accessKeyId: "KEY1", secretAccessKey: "topSecretValue", expiration: "2030-01-01" },
      "an expiration that is not a valid Date",
    ],
  ])("that returns %s ends in CREDENTIALS, without the value", async (_, answer, says) => {
    const { saver, sent } = observedSaver(nothingFound, {
      credentials: () => Promise.resolve(answer as AwsCredentials),
    });

    const error = await errorOf(readNothing(saver));

    expect(error).toMatchObject({ code: "CREDENTIALS", message: `The credentials provider returned ${says}.` });
    expect(error.cause).toBeUndefined();
    expect(sent).toEqual([]);
  });
});
