import { describe, expect, inject, test } from "vitest";
import { deleteTable, rawSetup, removeSetup } from "../lanes/stored/raw-setup.js";
import { callS3, createBucket } from "../lanes/stored/s3-client.js";
import { place, run, runInTerminal, type Place } from "./run.js";

/** A table that is not there yet, and with `s3` a bucket of its own. */
async function newPlace({ s3 = false } = {}): Promise<Place & { table: string; bucket: string | undefined }> {
  const table = `setup-${crypto.randomUUID()}`;
  const bucket = s3 ? await createBucket(inject("s3"), table) : undefined;
  const { env, options } = place();
  return {
    table,
    bucket,
    options,
    env: {
      ...env,
      DYNAMODB_TABLE_NAME: table,
      ...(bucket && { CHECKPOINT_S3_BUCKET: bucket, CHECKPOINT_S3_PREFIX: "agents/" }),
    },
  };
}

describe("setup", () => {
  test("creates what is missing and says so, and the next time finds it", async () => {
    const where = await newPlace({ s3: true });
    const { table, bucket } = where;

    const first = await run(where, ["setup", "--ttl", "7d", "--json"]);
    const second = await run(where, ["setup", "--ttl", "7d"]);

    expect(first).toMatchObject({ code: 0, stderr: "" });
    expect(JSON.parse(first.stdout)).toEqual({
      dryRun: false,
      table: { name: table, status: "created" },
      timeToLive: "enabled",
      lifecycleRule: { id: expect.stringMatching(/^langgraph-checkpoint-dynamodb-.*-11-days$/), status: "installed" },
    });
    expect(second.code).toBe(0);
    expect(second.stdout.match(/was there/g)).toHaveLength(3);
    expect(await rawSetup(table, bucket)).toEqual({ table: true, timeToLive: true, rules: 13 });
    await removeSetup(table, bucket);
  });

  test("with --dry-run only says what it would create", async () => {
    const where = await newPlace({ s3: true });
    const { table, bucket } = where;

    const { stdout } = await run(where, ["setup", "--ttl", "7d", "--dry-run", "--json"]);
    const screen = await runInTerminal(where, ["setup", "--ttl", "7d", "--dry-run"], { columns: 40 });

    expect(JSON.parse(stdout)).toEqual({
      dryRun: true,
      table: { name: table, status: "missing" },
      timeToLive: "missing",
      lifecycleRule: { status: "missing" },
    });
    expect(screen.text.match(/would be created/g)).toHaveLength(3);
    expect(Math.max(...screen.lines.map((line) => line.length))).toBeLessThanOrEqual(40);
    expect(await rawSetup(table, bucket)).toEqual({ table: false, timeToLive: false, rules: 0 });

    await run(where, ["setup", "--ttl", "7d"]);
    const after = JSON.parse((await run(where, ["setup", "--ttl", "7d", "--dry-run", "--json"])).stdout);
    expect(after).toMatchObject({
      table: { status: "existed" },
      timeToLive: "existed",
      lifecycleRule: { id: expect.any(String), status: "existed" },
    });
    await removeSetup(table, bucket);
  });

  test("ends with 1 where the bucket is not there, and says what to do", async () => {
    const where = await newPlace();
    const { code, stderr } = await run({ env: { ...where.env, CHECKPOINT_S3_BUCKET: "no-such-bucket-of-setup" } }, [
      "setup",
      "--ttl",
      "7d",
    ]);

    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: There is no bucket "no-such-bucket-of-setup".*\[BUCKET_NOT_FOUND\]/);
    await deleteTable(where.table);
  });

  test.each<[what: string, args: string[], says: RegExp]>([
    ["a format that it does not print", ["--print", "pulumi"], /cloudformation, terraform, cdk, iam/],
    ["--print and --dry-run together", ["--print", "cdk", "--dry-run"], /cannot be used with/],
    ["--origin without --print", ["--origin", "https://app.example.com"], /goes with --print/],
    ["a duration without a unit", ["--ttl", "7"], /such as "90s"/],
  ])("refuses %s with 2", async (_, args, says) => {
    const { code, stderr, stdout } = await run(await newPlace(), ["setup", ...args]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(says);
  });
});

describe("doctor", () => {
  test("ends with 0 where nothing is wrong, and shows a table as wide as the terminal", async () => {
    const where = place();
    const wide = await runInTerminal(where, ["doctor"], { columns: 120 });
    const narrow = await runInTerminal(where, ["doctor"], { columns: 40 });

    expect(wide.code).toBe(0);
    expect(wide.lines[0]).toMatch(/^ +check +finding$/);
    expect(wide.text).toMatch(/ok +dynamodb:PutItem +Allowed: store a checkpoint\./);
    expect(wide.lines.at(-1)).toMatch(/^\d+ ok, \d+ warning, 0 wrong, \d+ skipped$/);
    expect(narrow.text).toContain("ok dynamodb:PutItem\n└─ Allowed: store a checkpoint.\n");
    for (const [{ lines }, columns] of [
      [wide, 120],
      [narrow, 40],
    ] as const)
      expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(columns);
  });

  test("ends with 1 where something is, and gives scripts one document", async () => {
    const where = await newPlace();
    const { code, stdout, stderr } = await run(where, ["doctor", "--json"]);

    expect({ code, stderr }).toEqual({ code: 1, stderr: "" });
    expect(stdout.trimEnd().split("\n")).toHaveLength(1);
    const { ok, findings } = JSON.parse(stdout);
    expect(ok).toBe(false);
    expect(findings).toContainEqual({
      check: "table",
      status: "wrong",
      finding: expect.stringContaining(where.table),
      remedy: expect.stringContaining(`setup --table ${where.table}`),
    });
  });

  test("after setup finds what setup has made", async () => {
    const where = await newPlace({ s3: true });
    await run(where, ["setup", "--ttl", "7d"]);

    const { stdout } = await run(where, [
      "doctor",
      "--ttl",
      "7d",
      "--origin",
      `${inject("s3").pageOrigin}/a/page`,
      "--json",
    ]);

    const { ok, findings } = JSON.parse(stdout);
    expect(ok).toBe(true);
    expect(
      findings.filter(({ status }: { status: string }) => status !== "ok").map(({ check }: { check: string }) => check),
    ).toEqual(["identity"]);
    expect(await (await callS3(inject("s3"), "GET", `${where.bucket}?list-type=2`)).text()).not.toContain("<Key>");
    await removeSetup(where.table, where.bucket);
  });

  test("says of options that the saver refuses what to write instead, without asking anybody", async () => {
    const { code, stdout } = await run(place(), ["doctor", "--endpoint", "http://example.com", "--json"]);
    expect(code).toBe(1);
    expect(JSON.parse(stdout).findings).toEqual([
      {
        check: "options",
        status: "wrong",
        finding: expect.stringContaining("must be https"),
        remedy: expect.any(String),
      },
    ]);
  });
});
