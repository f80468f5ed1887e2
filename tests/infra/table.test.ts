import { readFileSync } from "node:fs";
import { AwsClient } from "aws4fetch";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import type { Properties } from "../lanes/stored/cloudformation.js";
import { createSaver, credentials, endpoint } from "../lanes/savers/harness.js";
import { isStringLike } from "../lanes/stored/iam-actions.js";
import { createBucket } from "../lanes/stored/s3-client.js";
import { s3Options } from "../lanes/savers/s3-options.js";
import {
  actionsOf,
  recorder,
  stack,
  statementsOf,
  tableName,
  template,
  useEverything,
  useStoreAndCache,
  week,
} from "./stack.js";

describe("the table of the template", () => {
  const { Type, Properties: table } = stack.resources.Table!;

  beforeAll(() => createTable(table));
  afterAll(() => deleteTable());

  test("is one that the saver takes as it is", async () => {
    const saver = createSaver({ tableName });

    expect(Type).toBe("AWS::DynamoDB::Table");
    expect(await saver.setup()).toMatchObject({ table: { name: tableName, status: "existed" } });
    expect(await tableApi("DescribeTimeToLive", {})).toEqual({
      TimeToLiveDescription: { AttributeName: "ttl", TimeToLiveStatus: "ENABLED" },
    });
  });

  test("holds what the saver stores, with the actions of the base policy and no others", async () => {
    const { fetch, actions } = recorder();

    await useEverything(() => createSaver({ tableName, fetch, keyPrefix: `${tableName}#` }));

    expect([...actions].sort()).toEqual(actionsOf("BasePolicy"));
  });

  test("lets a browser's user reach only partitions of his own", async () => {
    const sub = "us-east-1:4d0a2f6e-0000-4000-8000-3c9b5ad1e0f7";
    const { fetch, actions, leadingKeys } = recorder();
    const { Condition, Resource } = statementsOf("TenantPolicy").find(({ Sid }) => Sid === "OwnCheckpoints")!;
    const [pattern, ...others] = Condition["ForAllValues:StringLike"]["dynamodb:LeadingKeys"] as string[];
    const isAllowed = (key: string): boolean =>
      isStringLike(key, pattern!, { "cognito-identity.amazonaws.com:sub": sub });

    await useEverything(() => createSaver({ tableName, fetch, keyPrefix: `${sub}#` }));
    await useStoreAndCache({ tableName, fetch, keyPrefix: `${sub}#` });

    expect([...actions].sort()).toEqual(actionsOf("TenantPolicy", "dynamodb"));
    expect(leadingKeys.size).toBeGreaterThan(1);
    expect([...leadingKeys].filter((key) => !isAllowed(key))).toEqual([]);
    expect(
      ["us-east-1:another#T#thread", `${sub}0#T#thread`, "T#thread", `x${sub}#T#thread`].filter(isAllowed),
    ).toEqual([]);
    expect(others).toEqual([]);
    expect(Resource).toBe(stack.outputs.TableArn);
  });

  test("holds what the store and the cache keep, with no other actions than the saver's", async () => {
    const { fetch, actions, leadingKeys } = recorder();
    const keyPrefix = `${crypto.randomUUID()}#`;

    await useStoreAndCache({ tableName, fetch, keyPrefix });

    expect([...actions].sort()).toEqual(actionsOf("BasePolicy"));
    expect(leadingKeys.size).toBeGreaterThan(4);
    expect([...leadingKeys].filter((key) => !key.startsWith(keyPrefix))).toEqual([]);
  });

  test("is encrypted, backed up, and survives its stack", () => {
    const { DeletionPolicy, UpdateReplacePolicy } = stack.resources.Table as Properties;

    expect(table).toMatchObject({
      SSESpecification: { SSEEnabled: true },
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      DeletionProtectionEnabled: true,
    });
    expect([DeletionPolicy, UpdateReplacePolicy]).toEqual(["Retain", "Retain"]);
  });
});

test("the template takes no key prefix that could begin another tenant's", () => {
  const [, pattern = ""] = /KeyPrefix:[^]*?AllowedPattern: "(.*)"/.exec(readFileSync(template, "utf8")) ?? [];
  const isTaken = (prefix: string): boolean => new RegExp(`^${pattern}$`).test(prefix);

  expect(["", "tenant-1#", "tenant-1/", "tenant${*}a#"].filter(isTaken)).toHaveLength(4);
  expect(["tenant-1", "a#b", "T"].filter(isTaken)).toEqual([]);
});

describe("the setup policy", () => {
  test("allows what setup() does, and nothing else", async () => {
    const { fetch, actions } = recorder();
    const bucket = await createBucket(inject("s3"), `infra-${crypto.randomUUID()}`);

    await createSaver({
      tableName: `infra-${crypto.randomUUID()}`,
      fetch,
      ttlSeconds: week,
      s3: s3Options({ bucket }),
    }).setup();

    expect([...actions].sort()).toEqual(actionsOf("SetupPolicy"));
  });
});

/** Makes the table as CloudFormation would: its properties are the parameters of these two operations. */
async function createTable({
  TimeToLiveSpecification,
  PointInTimeRecoverySpecification: _,
  ...parameters
}: Properties): Promise<void> {
  await tableApi("CreateTable", parameters);
  await tableApi("UpdateTimeToLive", { TimeToLiveSpecification });
}

async function deleteTable(): Promise<void> {
  await tableApi("UpdateTable", { DeletionProtectionEnabled: false });
  await tableApi("DeleteTable", {});
}

async function tableApi(operation: string, parameters: Properties): Promise<unknown> {
  const aws = new AwsClient({ ...credentials(), region: "us-east-1", service: "dynamodb", retries: 0 });
  const response = await aws.fetch(endpoint(), {
    method: "POST",
    headers: { "content-type": "application/x-amz-json-1.0", "x-amz-target": `DynamoDB_20120810.${operation}` },
    body: JSON.stringify({ TableName: tableName, ...parameters }),
  });
  if (!response.ok) throw new Error(`${operation}: ${await response.text()}`);
  return response.json();
}
