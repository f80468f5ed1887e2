import type { DynamoDBSaver } from "langgraph-checkpoint-dynamodb";
import { describe, expect, test } from "vitest";
import { intercepted, s3Error, xml } from "../../lanes/stored/aws-requests.js";
import { collect, emptyThread, noise, putStep } from "../../lanes/savers/checkpoints.js";
import { errorOf } from "../../lanes/faults/faulty-fetch.js";
import { createSaver } from "../../lanes/savers/harness.js";
import { itemsOf, putRaw, type RawItem } from "../../lanes/stored/raw-table.js";
import { newPrefix } from "../../lanes/stored/requests.js";
import { s3Options } from "../../lanes/savers/s3-options.js";
import { deleteObject, keysAt, newPlace, saverAt } from "../../lanes/savers/s3-saver.js";
import { base64Url } from "../../lanes/stored/stored-format.js";

/*
 * A pointer says in its key where an object lies, so who can write to the table says where a signed request goes. It
 * must not go anywhere but to a bucket of the configured service.
 */

const BUCKETS = [
  "evil.example?",
  "evil.example\\",
  "evil.example:443?",
  "me@evil.example",
  "",
  "..",
  "a",
  "UPPER",
  "b ucket",
  "%2e%2e",
  "ev\u0001il",
  "é",
  "-bucket",
  "b".repeat(64),
];
const PREFIXES = ["", "x/", "../x/", "a//b/", "?delete&x=", "%2e%2e/", "\u0000", "é/", "<Key>", "x".repeat(300)];
const NAMES = ["", "name", "..", "a/b", "\u0001", "<Key>", "é", "n".repeat(43)];
/** As long as a hash, and in its alphabet. */
const NAME = base64Url(noise(32));
/** As an incarnation of a thread is named. */
const BORN = "AbCd_-";

const POINTERS = [
  "P#", "P##", "P#name", `P#${BORN}`, `P#${BORN}#`, `P#${BORN}#${NAME}`, `P#${BORN}#${NAME}#`,
  `P#${BORN}#${NAME}#bucket`, `P#${BORN}#${NAME}#/`, `P#${BORN}#${NAME}#checkpoints/#more`, `P#${NAME}#checkpoints/x/`,
  "P#C#~",
  ...BUCKETS.map((bucket) => `P#${BORN}#${NAME}#${bucket}/x/`),
  ...PREFIXES.slice(2).map((prefix) => `P#${BORN}#${NAME}#checkpoints/${prefix}`),
  ...NAMES.flatMap((name) => [`P#${BORN}#${name}#checkpoints/x/`, `P#${name}#${NAME}#checkpoints/x/`]),
]; // prettier-ignore

const pointer = (keyPrefix: string, sortKey: string): RawItem => ({ PK: { S: `${keyPrefix}T#t` }, SK: { S: sortKey } });

/** A saver on AWS's own S3, as far as it knows, and the hosts that it sends anything to. */
function onAws(
  keyPrefix: string,
  more: { olderBuckets?: string[] } = {},
): { saver: DynamoDBSaver; hosts: Set<string> } {
  const hosts = new Set<string>();
  const { fetch } = intercepted(({ url, operation, headers }) => {
    if (headers.has("x-amz-target")) return undefined;
    hosts.add(url.host);
    if (operation === "DeleteObjects") return xml("<DeleteResult/>");
    return operation === "PutObject" ? new Response() : s3Error(404, "NoSuchKey");
  });
  const s3 = {
    ...s3Options({ forcePathStyle: false }),
    endpoint: "https://s3.us-east-1.amazonaws.com",
    thresholdBytes: 5_000,
    ...more,
  };
  return { saver: createSaver({ keyPrefix, fetch, s3 }), hosts };
}

const isOfAws = (host: string): boolean => /^[a-z0-9.-]+\.s3\.us-east-1\.amazonaws\.com$/.test(host);

describe("a pointer that no saver wrote", () => {
  test("sends nothing to another host when its thread is deleted, and goes with it", async () => {
    const outcomes = await Promise.all(
      POINTERS.map(async (sortKey) => {
        const keyPrefix = newPrefix();
        await putRaw(pointer(keyPrefix, sortKey));
        const { saver, hosts } = onAws(keyPrefix);
        await saver.deleteThread("t");
        return [sortKey, [...hosts].filter((host) => !isOfAws(host)), await itemsOf(keyPrefix, "t")];
      }),
    );

    expect(outcomes).toEqual(POINTERS.map((sortKey) => [sortKey, [], []]));
  });

  test("does not keep a thread from being deleted, in path style and where there is no S3", async () => {
    for (const options of [{}, { s3: { ...s3Options(), thresholdBytes: 5_000 } }]) {
      const keyPrefix = newPrefix();
      await putStep(createSaver({ keyPrefix }), emptyThread("t"), { n: 1 });
      const isOfOurs = /^P#[\w-]{0,6}#[\w-]{43}#[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]\//;
      for (const sortKey of POINTERS.filter((key) => !isOfOurs.test(key))) await putRaw(pointer(keyPrefix, sortKey));

      await createSaver({ keyPrefix, ...options }).deleteThread("t");

      expect(await itemsOf(keyPrefix, "t")).toEqual([]);
    }
  });

  test("is passed over when the object of a segment is looked for", async () => {
    const keyPrefix = newPrefix();
    const { saver: writer } = onAws(keyPrefix);
    const { config } = await putStep(writer, emptyThread("t"), { large: noise(6_000) });
    const [{ SK }] = (await itemsOf(keyPrefix, "t", "P#")) as [RawItem];
    const [, born, name] = SK!.S!.split("#");
    for (const bucket of BUCKETS) await putRaw(pointer(keyPrefix, `P#${born}#${name}#${bucket}/x/`));
    const { saver, hosts } = onAws(keyPrefix);

    expect(await errorOf(saver.getTuple(config))).toMatchObject({ code: "MISSING_DATA", channel: "large" });
    expect(hosts.size).toBeGreaterThan(0);
    expect([...hosts].filter((host) => !isOfAws(host))).toEqual([]);
  });
});

test("an object is found by a true pointer among hostile ones", async () => {
  const place = newPlace();
  const elsewhere = { ...place, s3: { ...place.s3, prefix: `moved-${place.s3.prefix}` } };
  const { config } = await putStep(saverAt(place).saver, emptyThread("t"), { large: noise(6_000) });
  const [, born, name] = (await itemsOf(place.keyPrefix, "t", "P#"))[0]!.SK!.S!.split("#");
  for (const bucket of BUCKETS) await putRaw(pointer(place.keyPrefix, `P#${born}#${name}#${bucket}/x/`));

  expect((await saverAt(elsewhere).saver.getTuple(config))?.checkpoint.channel_values.large).toEqual(noise(6_000));
  await deleteObject((await keysAt(place))[0]!);
  expect(await errorOf(saverAt(elsewhere).saver.getTuple(config))).toMatchObject({ code: "MISSING_DATA" });
});

test("an object that is nowhere is not looked for at each of hundreds of pointers", async () => {
  const place = newPlace();
  const { config } = await putStep(saverAt(place).saver, emptyThread("t"), { large: noise(6_000) });
  await deleteObject((await keysAt(place))[0]!);
  const [, born, name] = (await itemsOf(place.keyPrefix, "t", "P#"))[0]!.SK!.S!.split("#");
  for (let i = 0; i < 200; i++)
    await putRaw(pointer(place.keyPrefix, `P#${born}#${name}#${place.s3.bucket}/${place.s3.prefix}${i}/`));
  const { saver, events } = saverAt(place);

  expect(await errorOf(saver.getTuple(config))).toMatchObject({ code: "MISSING_DATA", channel: "large" });
  expect(events.filter((event) => event.type === "request" && event.operation === "GetObject").length).toBeLessThan(60);
});

describe("a pointer to a bucket that no option names", () => {
  const [planted, named] = ["intranet", "older-bucket"];

  /** A thread with a large value, and a saver on it, whose pointers and objects lie elsewhere too. */
  async function prepare(olderBuckets: string[] = []): Promise<{
    keyPrefix: string;
    saver: DynamoDBSaver;
    buckets: () => Set<string | undefined>;
    config: Parameters<DynamoDBSaver["getTuple"]>[0];
  }> {
    const keyPrefix = newPrefix();
    const { config } = await putStep(onAws(keyPrefix).saver, emptyThread("t"), { large: noise(6_000) });
    const [{ SK }] = (await itemsOf(keyPrefix, "t", "P#")) as [RawItem];
    const [, born, name] = SK!.S!.split("#");
    for (const bucket of [planted, named]) await putRaw(pointer(keyPrefix, `P#${born}#${name}#${bucket}/x/`));
    const { saver, hosts } = onAws(keyPrefix, { olderBuckets });
    return { keyPrefix, saver, config, buckets: () => new Set([...hosts].map((host) => host.split(".")[0])) };
  }

  const calls: [call: string, (saver: DynamoDBSaver, config: object) => Promise<unknown>][] = [
    ["getTuple", (saver, config) => saver.getTuple(config)],
    ["list", (saver) => collect(saver.list({}))],
    [
      "put",
      async (saver, config) =>
        putStep(saver, { ...emptyThread("t"), config: config as never }, { large: noise(6_000), n: 1 }),
    ],
    ["copyThread", (saver) => saver.copyThread("t", "copy")],
    ["exportThread", (saver) => collect(saver.exportThread("t"))],
    ["prune", (saver) => saver.prune({ threadIds: ["t"], keepLast: 1, graceSeconds: 0 })],
    ["deleteThread", (saver) => saver.deleteThread("t")],
  ];

  test.each(calls)("is not followed by %s", async (name, call) => {
    const { saver, config, buckets } = await prepare([named]);
    const error = await errorOf(
      Promise.resolve(call(saver, config)).then(() =>
        Promise.reject(Object.assign(new Error("It was done."), { code: "DONE" })),
      ),
    );

    expect([...buckets()]).not.toContain(planted);
    expect(error.code).toMatch(
      name === "put" ? /^DONE$/ : name === "prune" ? /^(DONE|INVALID_CONFIG)$/ : /^INVALID_CONFIG$/,
    );
  });

  test("is refused with the bucket's name and the option, and not taken for a missing value", async () => {
    const { saver, config, buckets } = await prepare([named]);

    expect(await errorOf(saver.getTuple(config))).toMatchObject({
      code: "INVALID_CONFIG",
      message: expect.stringMatching(/"intranet".*s3\.olderBuckets/),
    });
    // Where the options know a bucket, they were looked at before.
    expect([...buckets()].sort()).toEqual(["checkpoints", named]);
  });

  test("keeps the thread's items, and with them the knowledge of its objects, until the option names it", async () => {
    const { keyPrefix, saver } = await prepare();
    expect(await errorOf(saver.deleteThread("t"))).toMatchObject({ code: "INVALID_CONFIG" });
    expect(await saver.getTuple({ configurable: { thread_id: "t" } })).toBeUndefined();
    expect((await itemsOf(keyPrefix, "t", "P#")).length).toBeGreaterThan(1);

    await onAws(keyPrefix, { olderBuckets: [planted, named] }).saver.deleteThread("t");
    expect(await itemsOf(keyPrefix, "t")).toEqual([]);
  });
});
