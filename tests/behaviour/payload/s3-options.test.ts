import { describe, expect, test } from "vitest";
import { emptyThread, noise, putStep, valuesAt } from "../../lanes/savers/checkpoints.js";
import { operationsOf } from "../../lanes/stored/aws-requests.js";
import { errorOf } from "../../lanes/faults/faulty-fetch.js";
import { readsEveryAnswer } from "../../lanes/run/page.js";
import { itemsOf } from "../../lanes/stored/raw-table.js";
import { onCeph } from "../../lanes/servers/real-servers.js";
import { fetchByName } from "../../lanes/savers/s3-options.js";
import { keysAt, newPlace, saverAt } from "../../lanes/savers/s3-saver.js";

test("without s3, or below the threshold, nothing goes to the bucket", async () => {
  const place = newPlace({ thresholdBytes: 350_000 });
  const { saver, sent } = saverAt(place);
  const step = await putStep(saver, emptyThread("t"), { large: noise(100_000) });

  expect(new Set(operationsOf(sent))).not.toContain("PutObject");
  expect(await keysAt(place)).toEqual([]);
  expect(await valuesAt(saverAt({ keyPrefix: place.keyPrefix }).saver, step.config)).toEqual(
    step.checkpoint.channel_values,
  );
});

onCeph.each([true, false])("buckets are found with forcePathStyle: %s", async (forcePathStyle) => {
  const place = newPlace({ forcePathStyle, prefix: `a=b/.c_d-e/${crypto.randomUUID()}/` });
  const { endpoint } = newPlace({ forcePathStyle }).s3;
  const { saver, sent } = saverAt({ ...place, s3: { ...place.s3, endpoint } }, undefined, { fetch: fetchByName });
  const step = await putStep(saver, emptyThread("thread / ü +%"), { large: noise(6_000) });

  expect(await valuesAt(saverAt(place, undefined, { fetch: fetchByName }).saver, step.config)).toEqual(
    step.checkpoint.channel_values,
  );
  expect(await keysAt(place)).toHaveLength(1);
  const { url } = sent.find(({ operation }) => operation === "PutObject")!;
  expect(url.hostname.startsWith(`${place.s3.bucket}.`)).toBe(!forcePathStyle);
  expect(url.pathname.startsWith(`/${place.s3.bucket}/`)).toBe(forcePathStyle);
  await saver.deleteThread("thread / ü +%");
  expect(await keysAt(place)).toEqual([]);
});

describe("after the options have changed,", () => {
  test("what was stored under another prefix is read, goes on and is deleted", async () => {
    const old = newPlace();
    const place = { keyPrefix: old.keyPrefix, s3: newPlace().s3 };
    const one = await putStep(saverAt(old).saver, emptyThread("t"), { large: noise(6_000) });

    expect(await valuesAt(saverAt(place).saver, one.config)).toEqual(one.checkpoint.channel_values);
    const two = await putStep(saverAt(place).saver, one, { more: noise(7_000, 2) });
    expect(await valuesAt(saverAt(place).saver, two.config)).toEqual(two.checkpoint.channel_values);
    await saverAt(place).saver.deleteThread("t");
    expect([await keysAt(old), await keysAt(place)]).toEqual([[], []]);
  });

  test("what is stored again elsewhere is not forgotten where it was", async () => {
    const old = newPlace();
    const elsewhere = { keyPrefix: old.keyPrefix, s3: newPlace().s3 };
    const higher = { keyPrefix: old.keyPrefix, s3: { ...old.s3, thresholdBytes: 350_000 } };
    const values = { large: noise(6_000) };
    const steps = [];
    for (const place of [old, elsewhere, higher, { keyPrefix: old.keyPrefix }])
      steps.push(await putStep(saverAt(place).saver, emptyThread("t"), values));

    for (const { config } of steps) expect(await valuesAt(saverAt(elsewhere).saver, config)).toEqual(values);
    await saverAt(elsewhere).saver.deleteThread("t");
    expect([await keysAt(old), await keysAt(elsewhere)]).toEqual([[], []]);
    expect(await itemsOf(old.keyPrefix, "t")).toEqual([]);
  });

  test("a higher threshold reads what a lower one stored, and the other way round", async () => {
    const low = newPlace();
    const high = { keyPrefix: low.keyPrefix, s3: { ...low.s3, thresholdBytes: 350_000 } };
    const one = await putStep(saverAt(low).saver, emptyThread("t"), { a: noise(6_000) });
    const two = await putStep(saverAt(high).saver, one, { b: noise(6_000, 2) });

    for (const place of [low, high])
      expect(await valuesAt(saverAt(place).saver, two.config)).toEqual(two.checkpoint.channel_values);
  });

  test("a saver without s3 says that it needs it, and still reads what lies in DynamoDB", async () => {
    const place = newPlace();
    const one = await putStep(saverAt(place).saver, emptyThread("t"), { small: 1 });
    const two = await putStep(saverAt(place).saver, one, { large: noise(6_000) });
    const { saver } = saverAt({ keyPrefix: place.keyPrefix });

    expect(await valuesAt(saver, one.config)).toEqual({ small: 1 });
    for (const call of [saver.getTuple(two.config), saver.deleteThread("t")]) {
      expect(await errorOf(call)).toMatchObject({
        code: "INVALID_CONFIG",
        message: expect.stringMatching(/lies in S3.*s3: \{ bucket \}/),
      });
    }
  });
});

test("a bucket that does not exist is an error that says so", async () => {
  const place = newPlace({ bucket: "no-such-bucket-here" });
  const error = await errorOf(putStep(saverAt(place).saver, emptyThread("t"), { large: noise(6_000) }));

  const told = readsEveryAnswer
    ? { code: "BUCKET_NOT_FOUND", status: 404, attempts: 1 }
    : { code: "NETWORK", status: 0 };
  expect(error).toMatchObject({ name: "AwsRequestError", service: "s3", operation: "PutObject", ...told });
  expect(error.message).toContain(
    readsEveryAnswer ? 'There is no bucket "no-such-bucket-here".' : "The connection to the endpoint failed.",
  );
});
