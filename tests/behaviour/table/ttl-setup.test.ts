import { expect, test } from "vitest";
import { operationsOf } from "../../lanes/stored/aws-requests.js";
import { emptyThread, putStep } from "../../lanes/savers/checkpoints.js";
import { awsError, errorOf } from "../../lanes/faults/faulty-fetch.js";
import { onDynamoDBLocal } from "../../lanes/servers/real-servers.js";
import { saverAt } from "../../lanes/savers/s3-saver.js";

const newTable = (): string => `ttl-${crypto.randomUUID()}`;

onDynamoDBLocal("setup switches expiry on where ttlSeconds asks for it, and finds it the next time", async () => {
  const tableName = newTable();
  const setup = (ttlSeconds: number | undefined): ReturnType<ReturnType<typeof saverAt>["saver"]["setup"]> =>
    saverAt({}, undefined, { tableName, ttlSeconds }).saver.setup();

  expect(await setup(undefined)).toEqual({ table: { name: tableName, status: "created" } });
  expect(await setup(60)).toEqual({ table: { name: tableName, status: "existed" }, timeToLive: "enabled" });
  expect(await setup(60)).toEqual({ table: { name: tableName, status: "existed" }, timeToLive: "existed" });
});

onDynamoDBLocal("setup can run several times at once, and expiry is on afterwards", async () => {
  const tableName = newTable();
  const results = await Promise.all(
    Array.from({ length: 5 }, () => saverAt({}, undefined, { tableName, ttlSeconds: 60 }).saver.setup()),
  );

  expect(results.filter(({ timeToLive }) => timeToLive === "enabled").length).toBeGreaterThanOrEqual(1);
  expect((await saverAt({}, undefined, { tableName, ttlSeconds: 60 }).saver.setup()).timeToLive).toBe("existed");
});

test("setup says that a server has no expiry, and the saver works there", async () => {
  const tableName = newTable();
  const { saver } = saverAt(
    {},
    ({ operation }) => (operation.endsWith("TimeToLive") ? awsError("UnknownOperationException") : undefined),
    { tableName, ttlSeconds: 60 },
  );

  expect((await saver.setup()).timeToLive).toBe("unsupported");
  const step = await putStep(saver, emptyThread("t"), { n: 1 });
  expect((await saver.getTuple(step.config))?.checkpoint.channel_values).toEqual({ n: 1 });
});

test("setup refuses a table whose items expire by another attribute", async () => {
  const answer = (): Response =>
    Response.json({ TimeToLiveDescription: { TimeToLiveStatus: "ENABLED", AttributeName: "expires" } });
  const { saver, sent } = saverAt({}, ({ operation }) => (operation === "DescribeTimeToLive" ? answer() : undefined), {
    ttlSeconds: 60,
  });

  expect(await errorOf(saver.setup())).toMatchObject({
    code: "INVALID_CONFIG",
    message: expect.stringContaining('"expires", but needs "ttl"'),
  });
  expect(operationsOf(sent)).not.toContain("UpdateTimeToLive");
});
