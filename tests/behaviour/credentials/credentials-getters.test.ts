import { describe, expect, test } from "vitest";
import { errorOf, nothingFound, observedSaver, readNothing } from "../../lanes/faults/faulty-fetch.js";

/* Needs no server. */

const HOUR = 3_600_000;
const keys = { accessKeyId: "KEY1", secretAccessKey: "topSecretValue" };

describe("a credentials function", () => {
  test.each<[what: string, answer: () => unknown]>([
    [
      "a getter that throws",
      () => ({
        get accessKeyId() {
          throw new TypeError("topSecretValue");
        },
      }),
    ],
    [
      "an expiration that is not quite a Date",
      () => ({ ...keys, expiration: Object.create(Date.prototype) as unknown }),
    ],
  ])("that gives %s ends in CREDENTIALS", async (_, answer) => {
    const { saver, sent } = observedSaver(nothingFound, { credentials: (async () => answer()) as never });

    const error = await errorOf(readNothing(saver));

    expect(error).toMatchObject({ code: "CREDENTIALS", message: expect.not.stringContaining("topSecretValue") });
    expect(sent).toEqual([]);
  });

  test("is asked for each of its values once, so that what is checked is what is sent", async () => {
    let asked = 0;
    const changing = {
      ...keys,
      get sessionToken() {
        return asked++ === 0 ? "token" : "line\nbreak";
      },
    };
    class Unwilling extends Date {
      override getTime(): number {
        throw new Error("topSecretValue");
      }
    }
    const { saver, sent } = observedSaver(nothingFound, {
      credentials: async () => Object.assign(changing, { expiration: new Unwilling(Date.now() + HOUR) }),
    });

    await readNothing(saver);
    await readNothing(saver);

    expect(sent.map(({ headers }) => headers.get("x-amz-security-token"))).toEqual(["token", "token"]);
    expect(asked).toBe(1);
  });
});
