import { describe, expect, test } from "vitest";
import { emptyThread, putStep } from "../../lanes/savers/checkpoints.js";
import { examined } from "../../lanes/run/doctor.js";
import { createSaver } from "../../lanes/savers/harness.js";
import { itemsWithPrefix, putRaw, type RawItem } from "../../lanes/stored/raw-table.js";
import { WEEK, denying, newPrefix } from "./denying.js";

describe("the table", () => {
  test("that is not there is wrong, and says how to create it", async () => {
    const report = await examined({ tableName: "no-such-table" });
    expect(report.of("table")).toMatchObject({
      status: "wrong",
      finding: 'There is no table "no-such-table" in us-east-1.',
      remedy: expect.stringContaining("setup --table no-such-table"),
    });
    expect(report.of("permissions").status).toBe("skipped");
  });

  test.each<[what: string, table: object, says: RegExp]>([
    [
      "with other keys",
      {
        TableStatus: "ACTIVE",
        KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
        AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
      },
      /has the keys id \(HASH, S\), but needs/,
    ],
    [
      "that is archived",
      {
        TableStatus: "ARCHIVED",
        KeySchema: [
          { AttributeName: "PK", KeyType: "HASH" },
          { AttributeName: "SK", KeyType: "RANGE" },
        ],
        AttributeDefinitions: [
          { AttributeName: "PK", AttributeType: "S" },
          { AttributeName: "SK", AttributeType: "S" },
        ],
      },
      /is ARCHIVED/,
    ],
  ])("%s is wrong", async (_, Table, says) => {
    const { of } = await examined({}, {}, ({ operation }) =>
      operation === "DescribeTable" ? Response.json({ Table }) : undefined,
    );
    expect(of("table")).toMatchObject({
      status: "wrong",
      finding: expect.stringMatching(says),
      remedy: expect.any(String),
    });
  });

  test.each<[what: string, ttl: number | undefined, answer: object | undefined, status: string]>([
    ["without expiry is fine for a saver without ttlSeconds, and worth a warning", undefined, undefined, "warning"],
    ["without expiry is wrong for a saver with ttlSeconds", WEEK, undefined, "wrong"],
    [
      "that expires by another attribute is wrong",
      undefined,
      { TimeToLiveStatus: "ENABLED", AttributeName: "expires" },
      "wrong",
    ],
    [
      "that expires by the saver's attribute is fine",
      WEEK,
      { TimeToLiveStatus: "ENABLED", AttributeName: "ttl" },
      "ok",
    ],
  ])("%s", async (_, ttlSeconds, answer, status) => {
    const { of } = await examined({}, { ttlSeconds }, ({ operation }) =>
      answer && operation === "DescribeTimeToLive" ? Response.json({ TimeToLiveDescription: answer }) : undefined,
    );
    expect(of("expiry").status).toBe(status);
  });
});

describe("the key prefix", () => {
  test("that IAM enforces is said to be", async () => {
    const keyPrefix = newPrefix();
    const outside = denying("GetItem", ({ body }) => !body.includes(keyPrefix));
    expect((await examined({ keyPrefix }, {}, outside)).of("isolation")).toMatchObject({
      status: "ok",
      finding: expect.stringContaining("IAM keeps these credentials"),
    });
    expect((await examined({ keyPrefix })).of("isolation")).toMatchObject({
      status: "ok",
      finding: expect.stringContaining("IAM does not"),
    });
  });

  test("without a separator at its end is worth a warning", async () => {
    const { of } = await examined({ keyPrefix: `${crypto.randomUUID()}tenant-1` });
    expect(of("isolation")).toMatchObject({ status: "warning", finding: expect.stringContaining("no separator") });
  });
});

describe("the list of threads", () => {
  const entry = (keyPrefix: string, shard: number, id: string, created: string): RawItem => ({
    PK: { S: `${keyPrefix}THREADS#${shard}` },
    SK: { S: id },
    created: { S: created },
    born: { B: "AAAA" },
  });
  const old = "2026-01-02T00:00:00.000Z";

  test("with an entry whose thread is gone is worth a warning, unless the entry is new", async () => {
    const keyPrefix = newPrefix();
    await putStep(createSaver({ keyPrefix }), emptyThread("t"), { n: 1 });
    const [marker] = await itemsWithPrefix(keyPrefix).then((items) =>
      items.filter(({ PK }) => PK!.S!.includes("THREADS#")),
    );
    const shard = Number(marker!.PK!.S!.split("#").at(-1));
    // "t" is in the right place of the list, so a thread of the same id under another prefix is too.
    const other = newPrefix();
    await putRaw(entry(other, shard, "t", new Date().toISOString()));
    expect((await examined({ keyPrefix: other })).of("threads").status).toBe("ok");
    await putRaw(entry(other, shard, "t", old));
    expect((await examined({ keyPrefix: other })).of("threads")).toMatchObject({
      status: "warning",
      finding: expect.stringContaining('such as "t"'),
    });
    await putRaw(entry(other, (shard + 1) % 8, "t", old));
    const { findings } = await examined({ keyPrefix: other });
    expect(findings).toContainEqual(
      expect.objectContaining({ check: "threads", status: "wrong", finding: expect.stringContaining("wrong place") }),
    );
  });

  test("with a thread that needs another key is wrong, and says which option is missing", async () => {
    const keyPrefix = newPrefix();
    const key = crypto.getRandomValues(new Uint8Array(32));
    await putStep(createSaver({ keyPrefix, encryption: { key } }), emptyThread("secret"), { n: 1 });

    const without = await examined({ keyPrefix });
    const wrong = await examined({ keyPrefix, encryption: { key: new Uint8Array(32).fill(7) } });
    const right = await examined({ keyPrefix, encryption: { key } });

    for (const { of } of [without, wrong])
      expect(of("state")).toMatchObject({ status: "wrong", remedy: expect.stringContaining("--encryption-key-file") });
    expect(right.of("state").status).toBe("ok");
  });
});
