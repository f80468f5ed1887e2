import { expect, test } from "vitest";
import { errorOf, observedSaver, readNothing } from "../../lanes/faults/faulty-fetch.js";

test("an answer without an end is given up, and its body cancelled", async () => {
  let cancelled = false;
  let given = 0;
  const endless = (): Response =>
    new Response(
      new ReadableStream({
        pull: (body) => {
          body.enqueue(new Uint8Array(1_048_576).fill(32));
          given++;
        },
        cancel: () => void (cancelled = true),
      }),
    );
  const { saver, sent } = observedSaver(endless);

  expect(await errorOf(readNothing(saver))).toMatchObject({ code: "VALUE_TOO_LARGE", attempts: 1 });
  expect({ cancelled, requests: sent.length }).toEqual({ cancelled: true, requests: 1 });
  expect(given).toBeLessThan(25);
});
