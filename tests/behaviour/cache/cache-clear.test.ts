import { expect, test } from "vitest";
import { noiseText } from "../../lanes/savers/checkpoints.js";
import { createCache } from "../../lanes/savers/stores.js";
import { intercepted } from "../../lanes/stored/aws-requests.js";
import { itemsWithPrefix } from "../../lanes/stored/raw-table.js";
import { newPrefix } from "../../lanes/stored/requests.js";

/* LangGraph does not wait for `set`: what it has set before it clears is gone afterwards. */

test.each([
  ["a short value", "short"],
  ["a long value", noiseText(80_000, 1)],
])("%s that is still being set when its cache is cleared does not come back", async (_, value) => {
  for (const cleared of [[], [["n"]]]) {
    const keyPrefix = newPrefix();
    let release!: () => void;
    const released = new Promise<void>((resolve) => (release = resolve));
    let isHeld = false;
    const { fetch } = intercepted(async (request) => {
      if (isHeld || request.operation !== "UpdateItem" || !request.body.includes("n/#k")) return request.forward();
      isHeld = true;
      await released;
      return request.forward();
    });
    const cache = createCache({ keyPrefix, fetch });
    const pairs = [{ key: [["n"], "k"] as [string[], string], value }];
    const others = [{ key: [["other"], "k"] as [string[], string], value: "other" }];
    const setting = Promise.all([cache.set(pairs), cache.set(others)]);
    await cache.clear(cleared);
    release();
    await setting;

    expect(isHeld).toBe(true);
    expect(await createCache({ keyPrefix }).get([[["n"], "k"]])).toEqual([]);
    expect(await createCache({ keyPrefix }).get([[["other"], "k"]])).toHaveLength(cleared.length);
    const left = (await itemsWithPrefix(keyPrefix)).filter(({ SK }) => !SK!.S!.startsWith("I"));
    expect(left).toEqual([]);

    // What is set afterwards stays.
    await cache.set(pairs);
    expect(await createCache({ keyPrefix }).get([[["n"], "k"]])).toEqual(pairs);
  }
});
