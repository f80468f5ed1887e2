import { beforeAll, describe, expect, inject, test } from "vitest";
import { emptyThread, noise, putStep } from "../lanes/savers/checkpoints.js";
import { readStack, type Properties } from "../lanes/stored/cloudformation.js";
import { createSaver } from "../lanes/savers/harness.js";
import { callS3, createBucket, objectKeys } from "../lanes/stored/s3-client.js";
import { s3Options } from "../lanes/savers/s3-options.js";
import { actionsOf, recorder, stack, statementsOf, template, useEverything, useStoreAndCache, week } from "./stack.js";

const smallStack = readStack(template);

describe("the bucket of the template", () => {
  const s3 = inject("s3");
  const { BucketPolicy, Bucket } = stack.resources;
  const arnOfBucket = "arn:aws:AWS::S3::Bucket:Bucket";
  let bucket: string;

  beforeAll(async () => {
    bucket = await createBucket(s3, `infra-${crypto.randomUUID()}`);
  });

  test("is there only when asked for", () => {
    expect(Object.keys(smallStack.resources).sort()).toEqual(["BasePolicy", "SetupPolicy", "Table", "TenantPolicy"]);
    expect(Object.keys(smallStack.outputs)).not.toContain("BucketName");
    expect(Object.keys(stack.outputs)).toEqual(expect.arrayContaining(["BucketName", "ObjectsPolicyArn"]));
  });

  test("is private and encrypted", () => {
    expect(Object.values(Bucket!.Properties.PublicAccessBlockConfiguration as object)).toEqual([
      true,
      true,
      true,
      true,
    ]);
    expect(Bucket!.Properties.BucketEncryption.ServerSideEncryptionConfiguration).toHaveLength(1);
  });

  test("expires objects that carry the tag under the prefix, and no others", async () => {
    const rules = (Bucket!.Properties.LifecycleConfiguration.Rules as Properties[]).map(lifecycleRuleXml).join("");
    const body =
      "<LifecycleConfiguration " + `xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${rules}</LifecycleConfiguration>`;
    expect((await callS3(s3, "PUT", `${bucket}?lifecycle`, { body })).status).toBe(200);
    const ruleFor = async (key: string, tags = "ttl-days=11"): Promise<string | undefined> => {
      const { headers } = await callS3(s3, "PUT", `${bucket}/${key}`, {
        body: "x",
        headers: { "x-amz-tagging": tags },
      });
      return /rule-id="([^"]*)"/.exec(headers.get("x-amz-expiration") ?? "")?.[1];
    };

    expect(await ruleFor("checkpoints/a/b")).toBe("expire-checkpoints");
    expect(await ruleFor("checkpoints/a/b", "ttl-days=12")).toBeUndefined();
    expect(await ruleFor("elsewhere/a/b")).toBeUndefined();

    // The saver's own objects are among those that expire.
    const saver = createSaver({
      ttlSeconds: week,
      s3: s3Options({ bucket, prefix: "checkpoints/saver/", thresholdBytes: 1 }),
    });
    await putStep(saver, emptyThread(), { a: noise(5_000) });
    const [key, ...others] = await objectKeys(s3, "checkpoints/saver/", bucket);
    const { headers } = await callS3(s3, "HEAD", `${bucket}/${key}`);
    expect(headers.get("x-amz-expiration")).toContain('rule-id="expire-checkpoints"');
    expect(others).toEqual([]);
  });

  test("holds what the saver offloads, with the actions of the objects policy and no others", async () => {
    const { fetch, actions } = recorder();
    const place = s3Options({ bucket, prefix: "checkpoints/actions/", thresholdBytes: 1 });

    await useEverything(() => createSaver({ fetch, keyPrefix: `${bucket}#`, ttlSeconds: week, s3: place }));

    expect([...actions].filter((action) => action.startsWith("s3:")).sort()).toEqual(actionsOf("ObjectsPolicy"));
    expect(await objectKeys(s3, place.prefix, bucket)).toEqual([]);
    actions.clear();
    await useStoreAndCache({ fetch, keyPrefix: `${bucket}#`, s3: place, ttl: { defaultTtlSeconds: week } });
    expect([...actions].filter((action) => action.startsWith("s3:")).sort()).toEqual(actionsOf("ObjectsPolicy"));
    expect(await objectKeys(s3, place.prefix, bucket)).toEqual([]);
  });

  test("refuses requests without TLS, to itself and to its objects", () => {
    const [statement, ...others] = BucketPolicy!.Properties.PolicyDocument.Statement as Properties[];

    expect(statement).toMatchObject({
      Effect: "Deny",
      Principal: "*",
      Action: "s3:*",
      Condition: { Bool: { "aws:SecureTransport": "false" } },
    });
    expect(statement!.Resource).toEqual([arnOfBucket, `${arnOfBucket}/*`]);
    expect(others).toEqual([]);
  });

  test("is open to the application under the prefix only, and to a browser's user under his own", () => {
    const [objects, ...others] = statementsOf("ObjectsPolicy");
    const own = statementsOf("TenantPolicy").find(({ Sid }) => Sid === "OwnLargeValues")!;

    expect(objects!.Resource).toBe(`${arnOfBucket}/checkpoints/*`);
    expect(own.Resource).toBe(`${arnOfBucket}/checkpoints/\${cognito-identity.amazonaws.com:sub}/*`);
    expect(own.Action).toEqual(objects!.Action);
    expect(others).toEqual([]);
  });
});

/** A rule of CloudFormation's in S3's own words. */
function lifecycleRuleXml({
  Id,
  Status,
  Prefix,
  TagFilters,
  ExpirationInDays,
  AbortIncompleteMultipartUpload,
}: Properties): string {
  const tags = ((TagFilters ?? []) as Properties[])
    .map(({ Key, Value }) => `<Tag><Key>${Key}</Key><Value>${Value}</Value></Tag>`)
    .join("");
  const filter = Prefix === undefined ? "<Prefix></Prefix>" : `<And><Prefix>${Prefix}</Prefix>${tags}</And>`;
  const abort = AbortIncompleteMultipartUpload as { DaysAfterInitiation: number } | undefined;
  return (
    `<Rule><ID>${Id}</ID><Status>${Status}</Status><Filter>${filter}</Filter>` +
    (ExpirationInDays === undefined ? "" : `<Expiration><Days>${ExpirationInDays}</Days></Expiration>`) +
    (abort
      ? `<AbortIncompleteMultipartUpload><DaysAfterInitiation>${abort.DaysAfterInitiation}</DaysAfterInitiation>` +
        "</AbortIncompleteMultipartUpload>"
      : "") +
    "</Rule>"
  );
}
