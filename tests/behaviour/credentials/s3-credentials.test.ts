import { expect, test } from "vitest";
import { emptyThread, noise, putStep, valuesAt } from "../../lanes/savers/checkpoints.js";
import { errorOf } from "../../lanes/faults/faulty-fetch.js";
import { createSaver, credentials } from "../../lanes/savers/harness.js";
import { readsEveryAnswer } from "../../lanes/run/page.js";
import { keysAt, newPlace, saverAt } from "../../lanes/savers/s3-saver.js";

/** A bucket outside of AWS, as in Cloudflare R2, knows nothing of the table's keys. */
const ofTheTable = { accessKeyId: "KeyOfTheTableAlone", secretAccessKey: "topSecretOfTheTable" };

test("a bucket with keys of its own is written, read and emptied with them", async () => {
  const place = newPlace();
  const own = { ...place, s3: { ...place.s3, credentials: credentials() } };
  const { saver, sent } = saverAt(own, undefined, { credentials: ofTheTable });
  const step = await putStep(saver, emptyThread("t"), { large: noise(6_000) });

  expect(await keysAt(place)).toHaveLength(1);
  expect(await valuesAt(saverAt(own, undefined, { credentials: ofTheTable }).saver, step.config)).toEqual(
    step.checkpoint.channel_values,
  );
  await saver.deleteThread("t");
  expect(await keysAt(place)).toEqual([]);

  // DynamoDB Local takes any keys, so what it was sent is looked at.
  const toTheTable = sent.filter(({ headers }) => headers.has("x-amz-target"));
  expect(toTheTable.length).toBeGreaterThan(0);
  for (const { headers } of toTheTable)
    expect(headers.get("authorization")).toContain(`Credential=${ofTheTable.accessKeyId}/`);
});

test("they may come from a function", async () => {
  const place = newPlace();
  let asked = 0;
  const provider = async () => ((asked += 1), credentials());
  await putStep(
    createSaver({ ...place, credentials: ofTheTable, s3: { ...place.s3, credentials: provider } }),
    emptyThread("t"),
    { large: noise(6_000) },
  );

  expect(await keysAt(place)).toHaveLength(1);
  expect(asked).toBe(1);
});

test("without them the table's sign for S3, which does not know these", async () => {
  const put = putStep(createSaver({ ...newPlace(), credentials: ofTheTable }), emptyThread("t"), {
    large: noise(6_000),
  });
  expect(await errorOf(put)).toMatchObject({ code: readsEveryAnswer ? "ACCESS_DENIED" : "NETWORK", service: "s3" });
});
