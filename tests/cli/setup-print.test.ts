import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parse as parseHcl } from "@cdktf/hcl2json";
import { App, type Stack as CdkStack } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";
import { AwsClient } from "aws4fetch";
import type { Construct } from "constructs";
import { transform } from "esbuild";
import { describe, expect, test } from "vitest";
import { readStack, type Properties, type Stack } from "../lanes/stored/cloudformation.js";
import { createSaver, credentials, endpoint } from "../lanes/savers/harness.js";
import { run } from "./run.js";

/*
 * What is printed is read by the tools that users have: CloudFormation's functions, the CDK, and HashiCorp's own
 * parser.
 */

const ARGS = [
  "--table",
  "agents",
  "--region",
  "eu-central-1",
  "--key-prefix",
  "tenant*a#",
  "--s3-bucket",
  "my-bucket",
  "--s3-prefix",
  "checkpoints/",
  "setup",
  "--ttl",
  "7d",
  "--origin",
  "https://app.example.com",
];
/** No credentials, and nobody to ask. */
const nowhere = { env: { AWS_ENDPOINT_URL: "http://127.0.0.1:9" } };

async function printed(format: string, args: readonly string[] = ARGS): Promise<string> {
  const { code, stdout, stderr } = await run(nowhere, [...args, "--print", format]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return stdout;
}

/** What CloudFormation makes of the printed template without a parameter. */
async function printedStack(args?: readonly string[]): Promise<Stack> {
  const folder = mkdtempSync(join(tmpdir(), "template-"));
  try {
    const file = join(folder, "template.yaml");
    writeFileSync(file, await printed("cloudformation", args));
    return readStack(pathToFileURL(file));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const texts = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (_, part: unknown) =>
      typeof part === "number" || typeof part === "boolean" ? String(part) : part,
    ),
  );

describe("--print cloudformation", () => {
  test("has what was asked for as its defaults", async () => {
    const { resources } = await printedStack();

    expect(Object.keys(resources).sort()).toEqual([
      "BasePolicy",
      "Bucket",
      "BucketPolicy",
      "ObjectsPolicy",
      "SetupPolicy",
      "Table",
      "TenantPolicy",
    ]);
    expect(resources.Table!.Properties.TableName).toBe("agents");
    expect(resources.Bucket!.Properties).toMatchObject({
      BucketName: "my-bucket",
      CorsConfiguration: { CorsRules: [{ AllowedOrigins: ["https://app.example.com"] }] },
    });
    expect(resources.Bucket!.Properties.LifecycleConfiguration.Rules[1]).toMatchObject({
      Prefix: "checkpoints/",
      TagFilters: [{ Value: "11" }],
      ExpirationInDays: "11",
    });
    expect(Object.keys((await printedStack(["--table", "agents", "setup"])).resources)).not.toContain("Bucket");
  });

  test("makes a table that the saver takes as it is", async () => {
    const name = `printed-${crypto.randomUUID()}`;
    const {
      TimeToLiveSpecification,
      PointInTimeRecoverySpecification: _,
      DeletionProtectionEnabled,
      ...table
    } = (await printedStack(["--table", name, "setup"])).resources.Table!.Properties;
    await tableApi("CreateTable", table);
    await tableApi("UpdateTimeToLive", { TableName: name, TimeToLiveSpecification });

    const result = await createSaver({ tableName: name, ttlSeconds: 86_400 }).setup();
    await tableApi("DeleteTable", { TableName: name });

    expect(result).toEqual({ table: { name, status: "existed" }, timeToLive: "existed" });
    expect(DeletionProtectionEnabled).toBe(true);
  });

  test("lets the application reach what starts with the key prefix, whose signs are none of IAM's", async () => {
    const { resources } = await printedStack();
    const [{ Condition }] = resources.BasePolicy!.Properties.PolicyDocument.Statement;

    expect(Condition).toEqual({ "ForAllValues:StringLike": { "dynamodb:LeadingKeys": ["tenant${*}a#*"] } });
  });
});

describe("--print cdk", () => {
  test("is a program that the CDK makes the same resources from as CloudFormation from the template", async () => {
    const folder = mkdtempSync(fileURLToPath(new URL("../../node_modules/.printed-", import.meta.url)));
    try {
      const file = join(folder, "stack.mjs");
      writeFileSync(file, (await transform(await printed("cdk"), { loader: "ts" })).code);
      const { LangGraphCheckpoints } = (await import(pathToFileURL(file).href)) as {
        LangGraphCheckpoints: new (scope: Construct, id: string) => CdkStack;
      };

      const { Resources, Outputs } = Template.fromStack(
        new LangGraphCheckpoints(new App(), "Checkpoints"),
      ).toJSON() as { Resources: Stack["resources"]; Outputs: Properties };
      const { resources, outputs } = await printedStack();
      const wanted = Object.fromEntries(
        Object.entries<Properties>(resources).map(([name, { Condition: _, ...resource }]) => [name, resource]),
      );
      expect(texts(resolved(Resources, resources))).toEqual(texts(wanted));
      expect(
        Object.fromEntries(
          Object.entries(resolved(Outputs, resources) as Properties).map(([name, { Value }]) => [name, Value]),
        ),
      ).toEqual(outputs);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

/** CloudFormation's functions as JSON has them, computed as `readStack` does. */
function resolved(value: unknown, resources: Stack["resources"]): unknown {
  if (Array.isArray(value)) return value.map((entry) => resolved(entry, resources));
  if (typeof value !== "object" || value === null) return value;
  const {
    Ref,
    "Fn::GetAtt": attribute,
    "Fn::Join": join,
  } = value as { Ref?: string; "Fn::GetAtt"?: [string, string]; "Fn::Join"?: [string, unknown[]] };
  if (Ref !== undefined) return Ref === "AWS::Region" ? "us-east-1" : `ref-to-${Ref}`;
  if (attribute) return `arn:aws:${resources[attribute[0]]!.Type}:${attribute[0]}`;
  if (join) return join[1].map((part) => resolved(part, resources)).join(join[0]);
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, resolved(entry, resources)]));
}

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

describe("--print iam", () => {
  test("is one policy document for the application, or for another role", async () => {
    const documents = await Promise.all(
      ["application", "setup", "tenant"].map(async (role) =>
        JSON.parse(await printed("iam", [...ARGS, "--policy", role])),
      ),
    );

    expect(documents.map(({ Version, Statement }) => [Version, Statement.map(({ Sid }: Properties) => Sid)])).toEqual([
      ["2012-10-17", ["Checkpoints", "LargeValues"]],
      ["2012-10-17", ["Table", "Lifecycle"]],
      ["2012-10-17", ["OwnCheckpoints", "OwnLargeValues"]],
    ]);
    expect(documents[0].Statement.map(({ Resource }: Properties) => Resource)).toEqual([
      "arn:aws:dynamodb:eu-central-1:*:table/agents",
      "arn:aws:s3:::my-bucket/checkpoints/*",
    ]);
  });

  test("knows AWS's other partitions, and a table by its ARN", async () => {
    const resourceOf = async (...args: string[]): Promise<string> =>
      JSON.parse(await printed("iam", [...args, "setup"])).Statement[0].Resource;
    expect(await resourceOf("--table", "agents", "--region", "cn-north-1")).toBe(
      "arn:aws-cn:dynamodb:cn-north-1:*:table/agents",
    );
    expect(
      await resourceOf("--table", "arn:aws:dynamodb:us-east-1:123456789012:table/agents", "--region", "us-east-1"),
    ).toBe("arn:aws:dynamodb:us-east-1:123456789012:table/agents");
  });
});

async function tableApi(operation: string, parameters: Properties): Promise<void> {
  const aws = new AwsClient({ ...credentials(), region: "us-east-1", service: "dynamodb", retries: 0 });
  const response = await aws.fetch(endpoint(), {
    method: "POST",
    headers: { "content-type": "application/x-amz-json-1.0", "x-amz-target": `DynamoDB_20120810.${operation}` },
    body: JSON.stringify(parameters),
  });
  if (!response.ok) throw new Error(`${operation}: ${await response.text()}`);
}
