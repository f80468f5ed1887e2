import { parse as parseHcl } from "@cdktf/hcl2json";
import { describe, expect, test } from "vitest";
import { printed, printedStack } from "./printed.js";

/* What is printed for Terraform is read by HashiCorp's own parser. */

describe("--print terraform", () => {
  test("is read by HashiCorp's parser, with the template's values", async () => {
    const { resource, output } = await parseHcl("printed.tf", await printed("terraform"));
    const {
      aws_dynamodb_table: tables,
      aws_s3_bucket_lifecycle_configuration: lifecycle,
      aws_s3_bucket_cors_configuration: cors,
    } = resource;

    expect(tables.table[0]).toMatchObject({
      name: "agents",
      billing_mode: "PAY_PER_REQUEST",
      hash_key: "PK",
      range_key: "SK",
      attribute: [{ name: "PK", type: "S" }, { name: "SK", type: "S" }], // prettier-ignore
      ttl: [{ attribute_name: "ttl", enabled: true }],
      point_in_time_recovery: [{ enabled: true }],
      deletion_protection_enabled: true,
      lifecycle: [{ prevent_destroy: true }],
    });
    expect(lifecycle.bucket[0].rule[1]).toMatchObject({
      status: "Enabled",
      filter: [{ and: [{ prefix: "checkpoints/", tags: { "ttl-days": "11" } }] }],
      expiration: [{ days: 11 }],
    });
    expect(cors.bucket[0].cors_rule[0].allowed_origins).toEqual(["https://app.example.com"]);
    expect(Object.keys(resource.aws_iam_policy)).toEqual(["base", "objects", "setup", "tenant"]);
    expect(Object.keys(output)).toHaveLength(Object.keys((await printedStack()).outputs).length);
  });

  test("has the template's policies, word for word", async () => {
    const text = await printed("terraform");
    const { resources } = await printedStack();

    for (const [name, label] of [
      ["BasePolicy", "aws_iam_policy.base"],
      ["ObjectsPolicy", "aws_iam_policy.objects"],
      ["SetupPolicy", "aws_iam_policy.setup"],
      ["TenantPolicy", "aws_iam_policy.tenant"],
      ["BucketPolicy", "aws_s3_bucket_policy.bucket"],
    ] as const) {
      const [type, local] = label.split(".");
      const [, policy] = new RegExp(`resource "${type}" "${local}" \\{.*?jsonencode\\((\\{.*?\\n {2}\\})\\)`, "s").exec(
        text,
      )!;
      const read = await parseHcl("policy.tf", `policy = ${policy}\n`);
      const document = JSON.parse(
        JSON.stringify(read.policy)
          .replace(/\$\{(aws_\w+)\.\w+\.arn\}/g, (_, kind: string) =>
            kind === "aws_s3_bucket" ? "arn:aws:AWS::S3::Bucket:Bucket" : "arn:aws:AWS::DynamoDB::Table:Table",
          )
          .replaceAll("$${", "${"),
      );
      expect(document, label).toEqual(resources[name]!.Properties.PolicyDocument);
    }
  });
});
