import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { App, type Stack as CdkStack } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";
import { AwsClient } from "aws4fetch";
import type { Construct } from "constructs";
import { transform } from "esbuild";
import { describe, expect, test } from "vitest";
import type { Properties, Stack } from "../lanes/stored/cloudformation.js";
import { createSaver, credentials, endpoint } from "../lanes/savers/harness.js";
import { ARGS, printed, printedStack } from "./printed.js";

/* What is printed is read by the tools that users have: CloudFormation's functions and the CDK. */

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
