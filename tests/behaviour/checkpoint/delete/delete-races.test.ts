import { expect, test } from "vitest";
import { emptyThread, latestOf, noise, putStep, valuesAt } from "../../../lanes/savers/checkpoints.js";
import { createSaver } from "../../../lanes/savers/harness.js";
import { itemsWithPrefix } from "../../../lanes/stored/raw-table.js";
import { newPrefix } from "../../../lanes/stored/requests.js";
import { keysAt, newPlace, saverAt } from "../../../lanes/savers/s3-saver.js";

/*
 * Orders of requests in which a deletion once did harm, or left something. The history test found them; here they
 * are exact.
 */

test(
  "an object that is stored between the deletion of its predecessor and that of its pointer is " + "deleted too",
  async () => {
    const place = newPlace();
    const [one, two] = [saverAt(place).saver, saverAt(place).saver];
    const first = await putStep(one, emptyThread("t"), { document: noise(6_000) });
    let met = 0;
    const { saver } = saverAt(place, async ({ operation, forward }) => {
      const answer = await forward();
      if (operation === "DeleteObjects" && ++met === 1)
        await putStep(two, emptyThread("t"), { document: noise(6_000) });
      return answer;
    });
    await saver.deleteThread("t");
    await saver.deleteThread("t");

    expect(met).toBeGreaterThan(0);
    expect(await keysAt(place)).toEqual([]);
    expect(await itemsWithPrefix(place.keyPrefix)).toEqual([]);
    expect(await valuesAt(saverAt(place).saver, latestOf(first))).toBeUndefined();
  },
);

test(
  "a thread that starts again with a value of old, while the deletion of that value is on its way, is " +
    "whole or gone",
  async () => {
    const keyPrefix = newPrefix();
    const [one, two] = [createSaver({ keyPrefix }), createSaver({ keyPrefix })];
    const first = await putStep(one, emptyThread("t"), { document: noise(6_000) });
    const seen: unknown[] = [];
    let met = 0;
    const { saver } = saverAt({ keyPrefix }, async ({ operation, bytes, forward }) => {
      if (operation !== "BatchWriteItem" || !new TextDecoder().decode(bytes).includes("S#") || ++met > 1)
        return forward();
      const fresh = await putStep(two, emptyThread("t"), { document: noise(6_000), fresh: true });
      const answer = await forward();
      for (const config of [latestOf(fresh), fresh.config])
        seen.push(await valuesAt(createSaver({ keyPrefix }), config).catch((error: unknown) => error));
      return answer;
    });
    await saver.deleteThread("t");

    expect(seen).toHaveLength(2);
    for (const values of seen) expect([undefined, { document: noise(6_000), fresh: true }]).toContainEqual(values);
    expect(await valuesAt(createSaver({ keyPrefix }), latestOf(first))).toBeUndefined();
    expect(await itemsWithPrefix(keyPrefix)).toEqual([]);
  },
);
