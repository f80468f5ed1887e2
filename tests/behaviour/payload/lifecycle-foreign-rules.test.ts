import { describe, expect, inject, test } from "vitest";
import { operationsOf, s3Error, xml } from "../../lanes/stored/aws-requests.js";
import { useJitter } from "../../lanes/faults/clock.js";
import { errorOf } from "../../lanes/faults/faulty-fetch.js";
import { onCeph } from "../../lanes/servers/real-servers.js";
import { callS3 } from "../../lanes/stored/s3-client.js";
import { headObject, newPlace } from "../../lanes/savers/s3-saver.js";
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

const putObject = (bucket: string, key: string, tags?: string): Promise<Response> =>
  callS3(inject("s3"), "PUT", `${bucket}/${key}`, { body: "x", ...(tags && { headers: { "x-amz-tagging": tags } }) });

describe("rules of others stay as they are:", () => {
  const days = (n: number): string => `<Status>Enabled</Status><Expiration><Days>${n}</Days></Expiration>`;
  const tag = (key: string, value: string): string => `<Tag><Key>${key}</Key><Value>${value}</Value></Tag>`;
  const foreign: [what: string, rule: string][] = [
    ["of the old style", `<Rule><ID>r</ID><Prefix>logs/</Prefix>${days(400)}</Rule>`],
    ["with a prefix", `<Rule><ID>r</ID><Filter><Prefix>tmp/</Prefix></Filter>${days(400)}</Rule>`],
    ["with a tag", `<Rule><ID>r</ID><Filter>${tag("kind", "tmp")}</Filter>${days(400)}</Rule>`],
    [
      "with prefix and tag",
      `<Rule><ID>r</ID><Filter><And><Prefix>tmp/</Prefix>${tag("kind", "tmp")}</And></Filter>${days(400)}</Rule>`,
    ],
    [
      "with prefix and two tags",
      `<Rule><ID>r</ID><Filter><And><Prefix>tmp/</Prefix>${tag("kind", "tmp")}${tag("team", "a &amp; b")}</And>` +
        `</Filter>${days(400)}</Rule>`,
    ],
    [
      "for all objects, with parts that expire",
      "<Rule><ID>r &amp; &lt;s&gt;</ID><Filter><Prefix></Prefix></Filter><Status>Enabled</Status>" +
        "<AbortIncompleteMultipartUpload><DaysAfterInitiation>7</DaysAfterInitiation>" +
        "</AbortIncompleteMultipartUpload></Rule>",
    ],
    [
      "that is switched off",
      "<Rule><ID>r</ID><Filter><Prefix>tmp/</Prefix></Filter><Status>Disabled</Status>" +
        "<NoncurrentVersionExpiration><NoncurrentDays>30</NoncurrentDays></NoncurrentVersionExpiration></Rule>",
    ],
  ];

  onCeph.each(foreign)("one %s", async (_, rule) => {
    const place = newPlace({ bucket: await ownBucket() });
    await writeRules(place.s3.bucket, rule);
    const before = await readRules(place.s3.bucket);
    await watched(place).saver.setup();
    await watched(place, 1).saver.setup();

    const after = await readRules(place.s3.bucket);
    expect(after).toHaveLength(1 + 1 + CALL_RULES);
    expect(after.filter((r) => !ours([r]).length)).toEqual(before);
  });

  onCeph("one with a prefix and two tags still applies to its own objects alone", async () => {
    const place = newPlace({ bucket: await ownBucket() });
    const { bucket } = place.s3;
    await writeRules(bucket, foreign[4]![1]);
    await watched(place).saver.setup();
    await watched(place, 1).saver.setup();
    const tags = "kind=tmp&team=a%20%26%20b";
    await putObject(bucket, "tmp/x", tags);
    await putObject(bucket, "elsewhere/x", tags);
    await putObject(bucket, "tmp/y", "kind=tmp");

    const applies = async (key: string): Promise<string | null> =>
      (await headObject(key, bucket)).get("x-amz-expiration");
    expect([await applies("tmp/x"), await applies("elsewhere/x"), await applies("tmp/y")]).toEqual([
      expect.stringContaining('rule-id="r"'),
      null,
      null,
    ]);
  });

  test("all of them, in what is sent to a service that gives back what it got, as AWS does", async () => {
    const all = foreign
      .map(([, rule], i) =>
        rule
          .replace("<ID>r", `<ID>r${i}`)
          .replace(
            "</Rule>",
            i === 0 ? "<Transition><Days>30</Days><StorageClass>GLACIER</StorageClass></Transition></Rule>" : "</Rule>",
          ),
      )
      .join("");
    const sized =
      "<Rule><ID>s</ID><Filter><And><Prefix>p/</Prefix><ObjectSizeGreaterThan>500</ObjectSizeGreaterThan>" +
      `<ObjectSizeLessThan>64000</ObjectSizeLessThan></And></Filter>${days(3)}</Rule>`;
    const { saver, sent } = watched(newPlace(), WEEK, ({ operation }) => {
      if (operation === "GetBucketLifecycleConfiguration")
        return xml(
          "<LifecycleConfiguration " +
            `xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${all}${sized}</LifecycleConfiguration>`,
        );
      return operation === "PutBucketLifecycleConfiguration" ? new Response(null) : undefined;
    });
    await saver.setup();

    const put = sent.find(({ operation }) => operation === "PutBucketLifecycleConfiguration")!;
    const body = new TextDecoder().decode(put.bytes);
    expect(body).toContain(all + sized);
    expect(body.match(/<Rule>/g)).toHaveLength(foreign.length + 1 + 1 + CALL_RULES);
  });

  test.each<[what: string, answer: () => Response]>([
    ["a page of HTML", () => new Response("<html><body>Sign in to this network</body></html>")],
    ["nothing", () => new Response(null)],
    ["an answer that is cut off", () => xml("<LifecycleConfiguration><Rule><ID>r</ID><Prefix>logs/</Prefix>")],
    [
      "an answer that is cut off between two rules",
      () => xml(`<LifecycleConfiguration><Rule><ID>r</ID><Prefix>logs/</Prefix>${days(1)}</Rule>`),
    ],
    ["another document", () => xml("<ListBucketResult></ListBucketResult>")],
  ])("when %s comes in place of them, nothing is installed", async (_, answer) => {
    const { saver, sent } = watched(newPlace(), WEEK, ({ operation }) =>
      operation === "GetBucketLifecycleConfiguration" ? answer() : undefined,
    );

    expect(await errorOf(saver.setup())).toMatchObject({ code: "NETWORK", service: "s3", attempts: 4 });
    expect(operationsOf(sent)).not.toContain("PutBucketLifecycleConfiguration");
  });

  test("when they may not be read, nothing is installed, and the error names the action", async () => {
    const { saver, sent } = watched(newPlace(), WEEK, ({ operation }) =>
      operation === "GetBucketLifecycleConfiguration" ? s3Error(403, "AccessDenied") : undefined,
    );
    const error = await errorOf(saver.setup());

    expect(error).toMatchObject({
      code: "ACCESS_DENIED",
      message: expect.stringContaining("s3:GetLifecycleConfiguration"),
    });
    expect(operationsOf(sent)).not.toContain("PutBucketLifecycleConfiguration");
  });
});
