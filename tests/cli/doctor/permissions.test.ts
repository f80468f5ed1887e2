import { describe, expect, inject, test } from "vitest";
import { checksWith, examined } from "../../lanes/run/doctor.js";
import type { Intercept } from "../../lanes/stored/aws-requests.js";
import { itemsWithPrefix, type RawItem } from "../../lanes/stored/raw-table.js";
import { objectKeys } from "../../lanes/stored/s3-client.js";
import { s3Options } from "../../lanes/savers/s3-options.js";
import { denying, newPrefix } from "./denying.js";

test("trying the permissions stores nothing, not even for a moment", async () => {
  const keyPrefix = newPrefix();
  const stored: RawItem[] = [];
  const look: Intercept = async (request) => {
    const answer = await request.forward();
    if (request.body.includes('"probe"')) stored.push(...(await itemsWithPrefix(keyPrefix)));
    return answer;
  };

  const { sent } = await examined({ keyPrefix }, {}, look);

  expect(sent.filter(({ body }) => body.includes('"probe"')).length).toBeGreaterThan(5);
  expect(stored).toEqual([]);
});

describe("a permission that is missing is named, with the command that prints the policy, and stores nothing:", () => {
  test.each(["Query", "GetItem", "BatchGetItem", "PutItem", "UpdateItem", "BatchWriteItem", "DeleteItem"])(
    "dynamodb:%s",
    async (operation) => {
      const keyPrefix = newPrefix();

      const report = await examined({ keyPrefix }, {}, denying(operation));

      expect(report.of(`dynamodb:${operation}`)).toMatchObject({
        status: "wrong",
        remedy: expect.stringMatching(`Allow dynamodb:${operation} .*setup --print iam`),
      });
      expect(checksWith(report, "wrong").filter((check) => check.startsWith("dynamodb:"))).toEqual([
        `dynamodb:${operation}`,
      ]);
      expect(report.of("round trip").status).toBe("skipped");
      expect(await itemsWithPrefix(keyPrefix)).toEqual([]);
    },
  );

  test.each([
    ["s3:DeleteObject", denying("DeleteObjects"), ["s3:PutObject"]],
    ["s3:PutObject", denying("PutObject"), []],
    ["s3:GetObject", denying("GetObject"), []],
  ])("%s", async (action, intercept, unchecked) => {
    const s3 = s3Options();

    const report = await examined({ s3 }, {}, intercept);

    expect(report.of(action)).toMatchObject({ status: "wrong", remedy: expect.stringContaining(action) });
    expect(checksWith(report, "skipped").filter((check) => check.startsWith("s3:"))).toEqual(unchecked);
    expect(await objectKeys(inject("s3"), s3.prefix)).toEqual([]);
  });

  test("s3:PutObjectTagging is a warning: without it objects only do not expire", async () => {
    const report = await examined(
      { s3: s3Options() },
      {},
      denying("PutObject", ({ headers }) => headers.has("x-amz-tagging")),
    );

    expect(report.of("s3:PutObjectTagging")).toMatchObject({
      status: "warning",
      remedy: expect.stringContaining("Allow s3:PutObjectTagging"),
    });
    expect(report.of("s3:PutObject").status).toBe("ok");
  });

  test("those of setup are not, and what they would show is said not to be known", async () => {
    const setupOnly: Intercept = (request) =>
      denying("DescribeTable")(request) ??
      denying("DescribeTimeToLive")(request) ??
      denying("GetBucketLifecycleConfiguration")(request);
    const report = await examined({ s3: s3Options() }, {}, setupOnly);

    expect(checksWith(report, "wrong")).toEqual([]);
    expect(checksWith(report, "skipped")).toEqual(["identity", "table", "expiry", "lifecycle"]);
    expect(report.of("round trip").status).toBe("ok");
  });
});
