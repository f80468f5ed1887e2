import type { DynamoDBSaver, SetupResult } from "langgraph-checkpoint-dynamodb";
import { expect, inject, test } from "vitest";
import { operationsOf } from "../../lanes/stored/aws-requests.js";
import { useJitter } from "../../lanes/faults/clock.js";
import { emptyThread, noise, putStep } from "../../lanes/savers/checkpoints.js";
import { errorOf } from "../../lanes/faults/faulty-fetch.js";
import { tableName } from "../../lanes/savers/harness.js";
import { itemsOf } from "../../lanes/stored/raw-table.js";
import { onCeph } from "../../lanes/servers/real-servers.js";
import { objectKeys } from "../../lanes/stored/s3-client.js";
import { headObject, newPlace, saverAt } from "../../lanes/savers/s3-saver.js";
import { goneAt } from "../../lanes/stored/stored-format.js";
import {
  CALL_RULES,
  WEEK,
  ours,
  ownBucket,
  readRules,
  watched,
  writeRules,
} from "../../lanes/stored/lifecycle-rules.js";

useJitter(0);

onCeph("setup installs rules for the prefix and each tag, and the next one finds them", async () => {
  const place = newPlace({ bucket: await ownBucket() });

  const first = (await watched(place).saver.setup()).lifecycleRule!;
  const { saver, sent } = watched(place);
  const second = (await saver.setup()).lifecycleRule!;

  expect([first.status, second.status]).toEqual(["installed", "existed"]);
  expect(second.id).toBe(first.id);
  expect(operationsOf(sent)).not.toContain("PutBucketLifecycleConfiguration");
  const rules = await readRules(place.s3.bucket);
  expect(rules).toHaveLength(1 + CALL_RULES);
  for (const days of [11, 1, 2, 4, 2_048]) {
    const rule = rules.find((one) => one.includes(`<Key>ttl-days</Key><Value>${days}</Value>`));
    for (const part of [
      `<Prefix>${place.s3.prefix}</Prefix>`,
      `<Expiration><Days>${days}</Days></Expiration>`,
      "<Status>Enabled</Status>",
    ])
      expect(rule).toContain(part);
    if (days === 11) expect(rule).toContain(`<ID>${first.id}</ID>`);
  }
});

onCeph("a rule that deletes too early is named and left as it is, and one that deletes later will do", async () => {
  const place = newPlace({ bucket: await ownBucket() });
  const ruleOf = (days: number): string =>
    `<Rule><ID>by hand</ID><Filter><And><Prefix>${place.s3.prefix}</Prefix><Tag><Key>ttl-days</Key>` +
    `<Value>11</Value></Tag></And></Filter><Status>Enabled</Status><Expiration><Days>${days}</Days>` +
    "</Expiration></Rule>";

  await writeRules(place.s3.bucket, ruleOf(3));
  expect(await errorOf(watched(place).saver.setup())).toMatchObject({
    code: "INVALID_CONFIG",
    message: expect.stringMatching(/"by hand".*after 3 days.*needs 11/),
  });
  expect(await readRules(place.s3.bucket)).toHaveLength(1);

  await writeRules(place.s3.bucket, ruleOf(30));
  expect((await watched(place).saver.setup()).lifecycleRule).toEqual({ id: "by hand", status: "installed" });
  expect((await watched(place).saver.setup()).lifecycleRule).toEqual({ id: "by hand", status: "existed" });
  expect(await readRules(place.s3.bucket)).toHaveLength(1 + CALL_RULES);
});

onCeph(
  "an object that a saver stores is one to which the rule applies, and one of a saver without ttlSeconds is not",
  async () => {
    const place = newPlace({ bucket: await ownBucket() });
    const { saver } = watched(place);
    const { lifecycleRule } = await saver.setup();
    await putStep(saver, emptyThread("t"), { large: noise(6_000) });
    await putStep(saverAt(place).saver, emptyThread("stays"), { large: noise(6_000) });

    const expirations = [];
    for (const key of await objectKeys(inject("s3"), "", place.s3.bucket))
      expirations.push((await headObject(key, place.s3.bucket)).get("x-amz-expiration"));
    expect(expirations).toHaveLength(2);
    expect(expirations).toEqual(
      expect.arrayContaining([null, expect.stringContaining(`rule-id="${lifecycleRule!.id}"`)]),
    );
  },
);

onCeph("each prefix has its own rule, and so has each number of days", async () => {
  const bucket = await ownBucket();
  const setups: [prefix: string, ttlSeconds: number][] = [
    ["", WEEK],
    ["a/b/", WEEK],
    ["a-b/", WEEK],
    ["a_b/", WEEK],
    ["a/b", WEEK],
    ["a/b/", WEEK / 2],
    ["A/b/", WEEK],
  ];
  const results: SetupResult[] = [];
  for (const [prefix, ttlSeconds] of setups)
    results.push(await watched(newPlace({ bucket, prefix }), ttlSeconds).saver.setup());

  expect(results.map(({ lifecycleRule }) => lifecycleRule!.status)).toEqual(setups.map(() => "installed"));
  expect(new Set(results.map(({ lifecycleRule }) => lifecycleRule!.id)).size).toBe(setups.length);
  expect(ours(await readRules(bucket))).toHaveLength(setups.length + 6 * CALL_RULES);
});

test("without ttlSeconds, setup leaves the bucket alone", async () => {
  const { saver, sent } = saverAt(newPlace());
  expect(await saver.setup()).toEqual({ table: { name: tableName(), status: "existed" } });
  expect(operationsOf(sent).filter((operation) => operation.includes("Lifecycle"))).toEqual([]);
});

onCeph(
  "an object whose ttl is a call's own expires by the next longer rule, with its pointer, and one that lives " +
    "longer than any rule stays",
  async () => {
    const place = newPlace({ bucket: await ownBucket() });
    const { saver } = watched(place, 1);
    await saver.setup();
    const put = async (
      s: DynamoDBSaver,
      ttl_seconds: number,
      seed: number,
    ): Promise<[rule: string | undefined, pointerEnds: boolean]> => {
      const threadId = `t${seed}`;
      const { config, checkpoint } = emptyThread(threadId);
      const before = await objectKeys(inject("s3"), "", place.s3.bucket);
      await s.put(
        { configurable: { ...config.configurable, ttl_seconds } },
        { ...checkpoint, channel_values: { large: noise(6_000, seed) }, channel_versions: { large: 1 } },
        { source: "input", step: -1, parents: {} },
        { large: 1 },
      );
      const [key] = (await objectKeys(inject("s3"), "", place.s3.bucket)).filter((one) => !before.includes(one));
      const expiration = (await headObject(key!, place.s3.bucket)).get("x-amz-expiration");
      return [
        /-(\d+-days)"/.exec(expiration ?? "")?.[1],
        (await itemsOf(place.keyPrefix, threadId, "P#")).every((pointer) => goneAt(pointer) < Infinity),
      ];
    };

    expect(await put(saver, 30 * 86_400, 1)).toEqual(["64-days", true]);
    // One that says nothing of expiry itself, where another has set it up.
    expect(await put(saverAt(place).saver, 60, 2)).toEqual(["1-days", true]);
    expect(await put(saver, 5 * 365 * 86_400, 3)).toEqual([undefined, false]);
  },
);

// It sweeps one bucket after the other, and other files may have some.
onCeph("an object whose days are over is gone, and one without a ttl stays", { timeout: 240_000 }, async () => {
  const place = newPlace({ bucket: await ownBucket() });
  const { saver } = watched(place, 1);
  await saver.setup();
  await putStep(saver, emptyThread("t"), { large: noise(6_000) });
  const other = await putStep(saverAt(place).saver, emptyThread("stays"), { large: noise(6_000) });
  let left = await objectKeys(inject("s3"), "", place.s3.bucket);
  expect(left).toHaveLength(2);

  // A day of this S3 is 10 seconds.
  while (left.length > 1) {
    await new Promise((resolve) => setTimeout(resolve, 500));
    left = await objectKeys(inject("s3"), "", place.s3.bucket);
  }
  expect(left).toHaveLength(1);
  expect((await saverAt(place).saver.getTuple(other.config))?.checkpoint.channel_values).toEqual({
    large: noise(6_000),
  });
});
