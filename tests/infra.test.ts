import { readFileSync } from "node:fs";
import { emptyCheckpoint, type CacheFullKey } from "@langchain/langgraph-checkpoint";
import { AwsClient } from "aws4fetch";
import type { DynamoDBSaver, DynamoDBStore, Fetch } from "langgraph-checkpoint-dynamodb";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import {
  collect,
  emptyThread,
  latestOf,
  noise,
  noiseText,
  putChain,
  putStep,
  threadIdOf,
} from "./lanes/savers/checkpoints.js";
import { readStack, type Properties } from "./lanes/stored/cloudformation.js";
import { createSaver, credentials, endpoint } from "./lanes/savers/harness.js";
import { iamActionsOf, isStringLike, leadingKeysOf } from "./lanes/stored/iam-actions.js";
import { LettersEmbeddings } from "./lanes/savers/letters-embeddings.js";
import { callS3, createBucket, objectKeys } from "./lanes/stored/s3-client.js";
import { s3Options } from "./lanes/savers/s3-options.js";
import { createCache, createStore, type StoreOptions } from "./lanes/savers/stores.js";

const template = new URL("../infra/cloudformation.yaml", import.meta.url);
const tableName = `infra-${crypto.randomUUID()}`;
const stack = readStack(template, { TableName: tableName, WithBucket: "true", ObjectExpiryDays: "11" });
/** What ObjectExpiryDays is worked out from: 1.5 times that, rounded up. */
const week = 7 * 86_400;
const smallStack = readStack(template);

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

/** Every method of the saver, in every way that sends a request of its own kind. */
async function useEverything(newSaver: () => DynamoDBSaver): Promise<void> {
  const saver = newSaver();
  const large = noise(60_000);
  const first = await putStep(saver, emptyThread(), { a: large, b: noise(60_000, 2) });
  await saver.putWrites(
    first.config,
    [
      ["a", "x"],
      ["b", noise(3_000)],
    ],
    "task",
  );
  const steps = await putChain(saver, first, [{ c: 1 }, { a: noise(3_000, 3) }]);
  // Another instance has nothing cached: it reads the segments, and the parent before it puts.
  const cold = newSaver();
  expect((await cold.getTuple(latestOf(first)))?.checkpoint.channel_values.a).toEqual(noise(3_000, 3));
  await putStep(newSaver(), steps.at(-1)!, { c: 2 });
  expect(await collect(newSaver().list(latestOf(first)))).toHaveLength(4);
  expect(await collect(newSaver().list({}))).toHaveLength(4);
  await saver.getDeltaChannelHistory({ config: steps.at(-1)!.config, channels: ["c"] });
  await saver.put(
    { configurable: { thread_id: "other" } },
    emptyCheckpoint(),
    { source: "input", step: -1, parents: {} },
    {},
  );
  await saver.deleteThread(threadIdOf(first));
  await saver.deleteThread("other");
  expect(await newSaver().getTuple(latestOf(first))).toBeUndefined();
}

/** Every method of the store and of the cache, in every way that sends a request of its own kind. */
async function useStoreAndCache({ ttl, ...options }: Partial<StoreOptions>): Promise<void> {
  const index = { dims: 8, embeddings: new LettersEmbeddings(), fields: ["text"] };
  const newStore = (): DynamoDBStore => createStore({ ...options, ttl: { refreshOnRead: true, ...ttl }, index });
  const places = ["1", "2", "3"].map((key) => ({ namespace: ["users", "ada", "notes"], key }));
  await newStore().batch(
    places.map((place, i) => ({ ...place, value: { text: "abc", large: noiseText(i * 100_000) } })),
  );
  await newStore().put(["users", "ada", "notes"], "1", { text: "d", large: noiseText(90_000) }, undefined, {
    ttlSeconds: week,
  });
  expect((await newStore().batch(places)).map((item) => item?.key)).toEqual(["1", "2", "3"]);
  expect(await newStore().get(places[2]!.namespace, "3")).toMatchObject({ value: { text: "abc" } });
  for (const prefix of [[], ["users"]]) expect(await newStore().search(prefix, { query: "abc" })).toHaveLength(3);
  expect(await newStore().listNamespaces()).toHaveLength(1);
  for (const { namespace, key } of places) await newStore().delete(namespace, key);
  expect(await newStore().listNamespaces()).toEqual([]);
  const cache = createCache({ ...options, ttlSeconds: ttl?.defaultTtlSeconds });
  const keys = places.map(({ namespace, key }): CacheFullKey => [namespace, key]);
  await cache.set(keys.map((key) => ({ key, value: noiseText(100_000) })));
  expect(await cache.get(keys)).toHaveLength(3);
  await cache.clear([]);
  expect(await cache.get(keys)).toEqual([]);
}

/** A `fetch` that notes what IAM would check. */
function recorder(): { fetch: Fetch; actions: Set<string>; leadingKeys: Set<string> } {
  const actions = new Set<string>();
  const leadingKeys = new Set<string>();
  return {
    actions,
    leadingKeys,
    fetch: (url, init) => {
      const seen = iamActionsOf(url, init);
      for (const action of seen) actions.add(action);
      if (seen[0]!.startsWith("dynamodb:")) {
        for (const key of leadingKeysOf(JSON.parse(new TextDecoder().decode(init.body as Uint8Array))))
          leadingKeys.add(key);
      }
      return fetch(url, init);
    },
  };
}

function statementsOf(policy: string): Properties[] {
  return stack.resources[policy]!.Properties.PolicyDocument.Statement as Properties[];
}

/** What a policy allows, sorted. */
function actionsOf(policy: string, service = ""): string[] {
  const actions = statementsOf(policy).flatMap(({ Action }) => Action as string[]);
  return actions.filter((action) => action.startsWith(service)).sort();
}

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
