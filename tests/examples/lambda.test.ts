import { readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { Client } from "@langchain/langgraph-sdk";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse } from "yaml";
import { startLambda } from "../../scripts/lib/docs/lambda.js";
import { ensureBuilt } from "../../scripts/lib/testing/package-build.js";
import { createSaver, credentials, endpoint, tableName } from "../lanes/savers/harness.js";
import { readStack, type Properties } from "../lanes/stored/cloudformation.js";
import { root } from "./run.js";

/** The Lambda function of server-lambda, bundled, behind a stand-in for a function URL, on the test run's DynamoDB. */

const ANSWER = "Your model would answer here, word by word.";

let lambda: Awaited<ReturnType<typeof startLambda>>;
let options: Parameters<typeof startLambda>[0];
let client: Client;
let folder: string;

beforeAll(async () => {
  ensureBuilt();
  await createSaver().setup();
  await mkdir(join(root, ".data"), { recursive: true });
  folder = await mkdtemp(join(root, ".data/lambda-"));
  const { accessKeyId, secretAccessKey } = credentials();
  options = {
    file: join(root, "examples/server-lambda/index.ts"),
    outfile: join(folder, "index.mjs"),
    port: 0,
    env: {
      AGENT_TOKEN: "a-token",
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      AWS_ENDPOINT_URL_DYNAMODB: endpoint(),
      AWS_REGION: "us-east-1",
      DYNAMODB_TABLE_NAME: tableName(),
    },
  };
  lambda = await startLambda(options);
  client = clientOf(lambda.url);
}, 240_000);

afterAll(async () => {
  await lambda?.stop();
  await rm(folder, { recursive: true, force: true });
});

const clientOf = (apiUrl: string) =>
  new Client({ apiUrl, apiKey: null, defaultHeaders: { authorization: "Bearer a-token" } });

const input = { messages: [{ type: "human", content: "Hello!" }] };
const finished = { values: { messages: [{ content: "Hello!" }, { content: ANSWER }] }, next: [] };

/** The template that deploys it. */
const { Table, Agent } = (
  parse(readFileSync(join(root, "examples/server-lambda/template.yaml"), "utf8"), { logLevel: "error" }) as {
    Resources: Record<string, { Properties: Properties }>;
  }
).Resources;

/** As EventBridge's schedule does. @returns how many runs it has gone on with */
const sweep = async (): Promise<number> =>
  Number(
    await (
      await fetch(`${lambda.url}/2015-03-31/functions/function/invocations`, {
        method: "POST",
        body: Agent!.Properties.Events.Sweep.Properties.Input,
      })
    ).text(),
  );

test("its template makes the table that infra/cloudformation.yaml makes, a URL that streams, and a schedule", () => {
  const { Properties: made } = readStack(new URL("../../infra/cloudformation.yaml", import.meta.url)).resources.Table!;
  const { AttributeDefinitions, KeySchema, TimeToLiveSpecification, BillingMode } = made;
  expect(Table!.Properties).toEqual({ AttributeDefinitions, KeySchema, TimeToLiveSpecification, BillingMode });
  expect(Agent!.Properties).toMatchObject({
    Handler: "index.handler",
    FunctionUrlConfig: { InvokeMode: "RESPONSE_STREAM" },
    Events: { Sweep: { Type: "ScheduleV2" } },
  });
});

test("the function lets nobody in without the token", async () => {
  for (const authorization of ["", "Bearer ", "Bearer undefined", "a-token"])
    expect((await fetch(`${lambda.url}/threads/search`, { method: "POST", headers: { authorization } })).status).toBe(
      401,
    );
});

test("the function URL gives an answer word by word, and answers without a body too", async () => {
  const { thread_id } = await client.threads.create();
  const words: string[] = [];
  for await (const { event, data } of client.runs.stream(thread_id, "agent", { input, streamMode: "messages-tuple" })) {
    if (event === "messages") words.push(data[0].content as string);
  }
  expect(words.join("")).toBe(ANSWER);
  expect(words.length).toBeGreaterThan(10);
  expect(await client.threads.getState(thread_id)).toMatchObject(finished);

  expect(await client.threads.search({ limit: 1, metadata: {} })).toMatchObject([{ thread_id }]);
  await client.threads.delete(thread_id); // 204
  await expect(client.threads.get(thread_id)).rejects.toThrow(/404/);
});

test("a body that Lambda passes as base64 arrives as it was sent, and so does a query", async () => {
  const { thread_id } = await client.threads.create({ metadata: { text: "é ❤ \u{1f600}" } });
  const patched = await fetch(`${lambda.url}/threads/${thread_id}`, {
    method: "PATCH",
    headers: { authorization: "Bearer a-token", "content-type": "application/octet-stream", cookie: "a=1; b=2" },
    body: new TextEncoder().encode(JSON.stringify({ metadata: { more: "ü \u{1f600}" } })),
  });
  expect(await patched.json()).toMatchObject({ metadata: { text: "é ❤ \u{1f600}", more: "ü \u{1f600}" } });
  await client.runs.wait(thread_id, "agent", { input });
  const runs = (limit: number) => client.runs.list(thread_id, { limit });
  expect([await runs(1), await runs(0)].map(({ length }) => length)).toEqual([1, 0]);
});

test("a client that goes does not end a run: Lambda does not tell the function, which goes on", async () => {
  const { thread_id } = await client.threads.create();
  const leaving = new AbortController();
  const stream = client.runs.stream(thread_id, "agent", {
    input,
    signal: leaving.signal,
    streamMode: "messages-tuple",
  });
  for await (const { event } of stream) if (event === "messages") break;
  leaving.abort();
  await client.runs.join(thread_id, (await client.runs.list(thread_id))[0]!.run_id);
  expect(await client.threads.getState(thread_id)).toMatchObject(finished);
});

test("the function has ended a run in the background when it returns", async () => {
  const forgetful = await startLambda({ ...options, isReused: false });
  try {
    const { runs } = clientOf(forgetful.url);
    const { thread_id } = await client.threads.create();
    await runs.create(thread_id, "agent", { input });
    await expect.poll(async () => (await client.threads.get(thread_id)).status, { timeout: 15_000 }).toBe("idle");
    expect(await client.threads.getState(thread_id)).toMatchObject(finished);
  } finally {
    await forgetful.stop();
  }
});

test("a run that is to begin later is begun by the schedule's event, and once", async () => {
  const { thread_id } = await client.threads.create();
  await client.runs.create(thread_id, "agent", { input, afterSeconds: 1 });
  await expect.poll(sweep, { timeout: 60_000, interval: 500 }).toBe(1);
  expect(await sweep()).toBe(0);
  expect(await client.threads.getState(thread_id)).toMatchObject(finished);
});

test("a run whose function is ended in the middle goes on with the schedule's event", async () => {
  const { thread_id } = await client.threads.create();
  const stream = client.runs.stream(thread_id, "agent", {
    input,
    streamMode: "messages-tuple",
    onDisconnect: "continue",
  });
  const cut = (async () => {
    for await (const { event } of stream) if (event === "messages") await lambda.reclaim();
  })();
  await expect(cut).rejects.toThrow();
  expect(await client.threads.get(thread_id)).toMatchObject({ status: "busy" });
  // When its lease has ended, after 20 seconds at the latest.
  await expect.poll(sweep, { timeout: 60_000, interval: 2_000 }).toBe(1);
  expect(await client.threads.getState(thread_id)).toMatchObject(finished);
});

test("who has a resumable stream hears all of it though the function is ended in the middle", async () => {
  const { thread_id } = await client.threads.create();
  const ids: string[] = [];
  let text = "";
  let isCut = false;
  for await (const part of client.runs.stream(thread_id, "agent", {
    input,
    streamMode: ["messages-tuple", "values"],
    streamResumable: true,
    onDisconnect: "continue",
  })) {
    const { id, event, data } = part as { id?: string; event: string; data: unknown };
    if (id !== undefined && event !== "end") ids.push(id); // that one has the id before it, as SSE has it
    // Taken up before its input was applied, it tells of the state without that first.
    if (event === "values") text = (data as { messages: { content: string }[] }).messages.at(-1)?.content ?? "";
    if (event !== "messages" || isCut) continue;
    isCut = true;
    await lambda.reclaim();
  }
  expect(isCut).toBe(true);
  expect(text).toBe(ANSWER);
  expect(new Set(ids).size).toBe(ids.length);
  expect(await client.threads.getState(thread_id)).toMatchObject(finished);
});
