import { describe, expect, test } from "vitest";
import { useJitter } from "../../lanes/faults/clock.js";
import {
  awsError,
  errorOf,
  nothingFound,
  observedSaver,
  readNothing,
  type Fault,
} from "../../lanes/faults/faulty-fetch.js";

/*
 * The budget of a saver: 500 tokens. A retry takes 14, one after throttling 5; a call that succeeds gives back what its
 * last retry took, or 1 if it needed none. Setting the clock right or renewing credentials costs nothing. Nothing shows
 * the tokens, so these tests spend them until calls get no retry any more.
 *
 * Needs no server.
 */

useJitter(0);

const failed: Fault = () => Promise.reject(new TypeError("fetch failed"));
const throttled: Fault = () => awsError("ThrottlingException");
const expired: Fault = () => awsError("ExpiredTokenException");
const invalid: Fault = () => awsError("ValidationException");

class Endpoint {
  /** What each request meets, in turn; nothing is wrong with those after. */
  script: Fault[] = [];
  /** What every request meets that has no place in the script. */
  otherwise: Fault = nothingFound;
  readonly #observed = observedSaver((request) => (this.script.shift() ?? this.otherwise)(request), {
    credentials: () => Promise.resolve({ accessKeyId: "KEY1", secretAccessKey: "topSecretValue" }),
  });

  /** How often each of so many calls is sent, all of which meet this fault and fail. */
  async failing(calls: number, fault: Fault): Promise<number[]> {
    this.otherwise = fault;
    const attempts: number[] = [];
    for (let i = 0; i < calls; i++) attempts.push((await errorOf(readNothing(this.#observed.saver))).attempts);
    this.otherwise = nothingFound;
    return attempts;
  }

  /** How often one call is sent that meets these faults and then succeeds, or whether it failed. */
  async call(...faults: Fault[]): Promise<number | "failed"> {
    this.script = faults;
    const before = this.#observed.sent.length;
    const succeeded = await readNothing(this.#observed.saver).then(
      () => true,
      () => false,
    );
    return succeeded ? this.#observed.sent.length - before : "failed";
  }

  /** How many of such calls succeed, one after the other. */
  async succeeding(...faults: Fault[]): Promise<number> {
    for (let calls = 0; ; calls++) if ((await this.call(...faults)) === "failed") return calls;
  }

  async succeed(calls: number): Promise<void> {
    for (let i = 0; i < calls; i++) expect(await this.call()).toBe(1);
  }
}

const times = (count: number, attempts: number): number[] => Array<number>(count).fill(attempts);

// 11 calls of 3 retries take 462, the next takes 28 of the other 38, then 10 are left.
const untilEmpty = [...times(11, 4), 3, 1, 1];

describe("what is taken", () => {
  test("is 14 a retry after a failure: 11 calls have 3, one has 2, and then none has any", async () => {
    expect(await new Endpoint().failing(14, failed)).toEqual(untilEmpty);
  });

  test("is 5 a retry after throttling: 33 calls have 3, one has 1, and then none has any", async () => {
    expect(await new Endpoint().failing(35, throttled)).toEqual([...times(33, 4), 2, 1]);
  });

  test(
    "is nothing for an attempt with new credentials, of which a call has one: trouble with them is " + "no outage",
    async () => {
      const endpoint = new Endpoint();
      expect(await endpoint.failing(60, expired)).toEqual(times(60, 2));

      expect(await endpoint.failing(14, failed)).toEqual(untilEmpty);
    },
  );

  test(
    "is nothing where there is not enough: 10 tokens, too few after a failure, are 2 retries after " + "throttling",
    async () => {
      const endpoint = new Endpoint();
      await endpoint.failing(30, failed);

      expect(await endpoint.failing(2, throttled)).toEqual([3, 1]);
    },
  );

  test("is nothing for what is not tried again", async () => {
    const endpoint = new Endpoint();
    expect(await endpoint.failing(200, invalid)).toEqual(times(200, 1));

    expect(await endpoint.failing(14, failed)).toEqual(untilEmpty);
  });

  test("is taken from that saver's own", async () => {
    await new Endpoint().failing(14, failed);

    expect(await new Endpoint().failing(1, failed)).toEqual([4]);
  });
});

describe("what comes back", () => {
  test("is 1 for a call that needed no retry", async () => {
    const endpoint = new Endpoint();
    await endpoint.failing(14, failed);
    await endpoint.succeed(3);
    expect(await endpoint.failing(1, failed)).toEqual([1]); // 13
    await endpoint.succeed(1);

    expect(await endpoint.failing(2, failed)).toEqual([2, 1]);
  });

  test("is all that a retry took which helped", async () => {
    const endpoint = new Endpoint();

    for (let i = 0; i < 50; i++) expect(await endpoint.call(failed)).toBe(2); // 50 retries take 700

    expect(await endpoint.failing(14, failed)).toEqual(untilEmpty);
  });

  test.each<[what: string, faults: Fault[], calls: number]>([
    ["14 of 42", [failed, failed, failed], 17], // 500 - 17 * 28 = 24
    ["5 of 15", [throttled, throttled, throttled], 49], // 500 - 49 * 10 = 10
    ["14 of 19", [throttled, failed], 97], // 500 - 97 * 5 = 15
    ["5 of 19", [failed, throttled], 35], // 500 - 35 * 14 = 10
  ])("is what the last retry took, of several: %s", async (_, faults, calls) => {
    expect(await new Endpoint().succeeding(...faults)).toBe(calls);
  });

  test("is nothing for a call that fails, and nothing for an error", async () => {
    const endpoint = new Endpoint();
    await endpoint.failing(14, failed);
    await endpoint.failing(30, invalid);

    expect(await endpoint.failing(1, failed)).toEqual([1]);
  });

  test("is never more than there was", async () => {
    const endpoint = new Endpoint();
    await endpoint.succeed(100);
    await endpoint.failing(14, failed);
    await endpoint.succeed(600);

    expect(await endpoint.failing(14, failed)).toEqual(untilEmpty);
  });
});
