import { describe, expect, test } from "vitest";
import { examined } from "../../lanes/run/doctor.js";
import { xml, type Intercept } from "../../lanes/stored/aws-requests.js";
import { s3Options } from "../../lanes/savers/s3-options.js";
import { WEEK, isS3 } from "./denying.js";

describe("the bucket", () => {
  test("that is not there is wrong", async () => {
    const { of } = await examined({ s3: s3Options({ bucket: "no-such-bucket-of-the-doctor" }) });
    expect(of("bucket")).toMatchObject({
      status: "wrong",
      finding: 'There is no bucket "no-such-bucket-of-the-doctor".',
      remedy: expect.stringContaining("setup --print"),
    });
  });

  test("of another region is wrong", async () => {
    const { of } = await examined({ s3: s3Options() }, {}, (request) =>
      isS3(request) && request.headers.has("authorization") ? new Response(null, { status: 301 }) : undefined,
    );
    expect(of("bucket")).toMatchObject({ status: "wrong", remedy: expect.stringContaining("--s3-region") });
  });

  test("that allows no page of this origin is wrong, and says which rule to add", async () => {
    const report = await examined({ s3: s3Options() }, { origin: "https://elsewhere.example" });
    const [table, bucket] = report.findings.filter(({ check }) => check === "CORS");
    expect(table).toMatchObject({
      status: "wrong",
      remedy: expect.stringContaining("-cors https://elsewhere.example"),
    });
    expect(bucket).toMatchObject({
      status: "wrong",
      remedy: expect.stringContaining("AllowedOrigins https://elsewhere.example"),
    });
  });
});

describe("a lifecycle rule", () => {
  const expiring = (filter: string, days: number, more = ""): string =>
    `<Rule><ID>r</ID><Filter>${filter}</Filter><Status>Enabled</Status><Expiration><Days>${days}</Days>` +
    `</Expiration>${more}</Rule>`;
  const ofTag = (days: number): string =>
    `<And><Prefix>p/</Prefix><Tag><Key>ttl-days</Key><Value>${days}</Value></Tag></And>`;
  const statusesWith = async (rules: string, ttlSeconds?: number): Promise<string[]> => {
    const answer: Intercept = ({ operation }) =>
      operation === "GetBucketLifecycleConfiguration"
        ? xml(`<LifecycleConfiguration>${rules}</LifecycleConfiguration>`)
        : undefined;
    const { findings } = await examined({ s3: s3Options({ prefix: "p/" }) }, { ttlSeconds }, answer);
    return findings.filter(({ check }) => check === "lifecycle").map(({ status }) => status);
  };

  test.each<[what: string, rules: string, ttl: number | undefined, statuses: string[]]>([
    ["that setup installs is fine", expiring(ofTag(11), 11), WEEK, ["ok"]],
    ["for another ttl is not enough", expiring(ofTag(2), 2), WEEK, ["wrong"]],
    ["that is missing is wrong with a ttl", "", WEEK, ["wrong"]],
    ["that is missing is fine without", "", undefined, ["ok"]],
    ["that deletes before its tag's days are over is wrong", expiring(ofTag(11), 3), WEEK, ["wrong"]],
    [
      "for all objects that is too short is wrong",
      expiring("<Prefix></Prefix>", 5) + expiring(ofTag(11), 11),
      WEEK,
      ["wrong"],
    ],
    [
      "for all objects is worth a warning where no ttl is known",
      expiring("<Prefix>p/</Prefix>", 30),
      undefined,
      ["warning"],
    ],
    ["of another prefix does not matter", expiring("<Prefix>logs/</Prefix>", 1), undefined, ["ok"]],
    ["of another tag does not matter", expiring("<Tag><Key>kind</Key><Value>tmp</Value></Tag>", 1), undefined, ["ok"]],
    [
      "that is switched off does not matter",
      expiring("<Prefix></Prefix>", 1).replace("Enabled", "Disabled"),
      undefined,
      ["ok"],
    ],
    [
      "that moves objects to an archive is wrong",
      "<Rule><ID>r</ID><Filter><Prefix></Prefix></Filter><Status>Enabled</Status><Transition><Days>30</Days>" +
        "<StorageClass>GLACIER</StorageClass></Transition></Rule>",
      undefined,
      ["wrong"],
    ],
  ])("%s", async (_, rules, ttl, statuses) => {
    expect(await statusesWith(rules, ttl)).toEqual(statuses);
  });
});
