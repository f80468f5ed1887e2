import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { RawStorage } from "../../scripts/lib/raw-storage.js";
import { keyPrefixOf } from "../../scripts/lib/demo/token.js";
import { startWorker } from "../../scripts/lib/demo/worker.js";
import { BUCKET } from "../lanes/stored/s3-client.js";
import {
  USER,
  answerOf,
  asks,
  built,
  client,
  clientOf,
  history,
  newThread,
  play,
  request,
  resume,
  say,
  startAgent,
  stopAgent,
  valuesOf,
  vars,
  type Json,
} from "./edge-agent.js";

beforeAll(startAgent);

afterAll(stopAgent);

const s3 = inject("s3");

describe("a document", () => {
  /** The pair that this S3 knows; DynamoDB Local takes any. */
  const withS3 = {
    ...vars,
    AWS_ACCESS_KEY_ID: s3.accessKeyId,
    AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
    AWS_ENDPOINT_URL_S3: s3.endpoint,
    S3_BUCKET: BUCKET,
  };
  const storage = new RawStorage({
    credentials: s3,
    dynamodb: {
      endpoint: vars.AWS_ENDPOINT_URL_DYNAMODB,
      tableName: vars.DYNAMODB_TABLE_NAME,
      keyPrefix: keyPrefixOf(USER),
    },
    s3: { endpoint: s3.endpoint, bucket: BUCKET },
  });

  const written = (text: string, name = "document.txt") => ({ values: { document: { name, text } }, asNode: "agent" });
  const upload = (thread: string, text: string) => client.threads.updateState(thread, written(text));

  it("that is large lies in S3, outlives the Worker, is not stored again, and goes with its thread", async () => {
    const noise = Array.from({ length: 20_000 }, () => crypto.randomUUID()); // gzip leaves more than half of it
    const text = [...noise.slice(0, 7_000), "ERROR E-417 ünï", ...noise.slice(7_000)].join("\n");
    const thread = await newThread();
    let other = await startWorker(built, { vars: withS3 });
    try {
      const { values, asNode } = written(text, "watch.log");
      const uploaded = await request("POST", `/threads/${thread}/state`, { values, as_node: asNode }, other.url);
      expect(uploaded.status).toBe(200);
      const cost: Json = JSON.parse(uploaded.headers.get("x-dynamodb-usage") ?? "");
      expect(cost.PutObject).toMatchObject({ requests: 1 });
      const [object, ...more] = await storage.objects(thread);
      expect(object?.bytes).toBeGreaterThanOrEqual(350_000);
      expect(more).toEqual([]);

      await other.kill();
      other = await startWorker(built, { vars: withS3 });
      const again = clientOf(other.url);
      const events = await say(thread, "Please find E-417 in my log.", again);
      expect(answerOf(events)).toBe("Line 7001 of watch.log: ERROR E-417 ünï");
      const usage = events.find(({ event }) => event === "usage")?.data;
      expect(usage.PutObject).toBeUndefined();
      expect(usage.GetObject).toMatchObject({ requests: 1, bytes_received: object!.bytes });
      expect(await storage.objects(thread)).toEqual([object]);
      expect((await valuesOf(thread, again)).document).toEqual({ name: "watch.log", text });

      await again.threads.delete(thread);
      expect([await storage.items(thread), await storage.objects(thread)]).toEqual([[], []]);
    } finally {
      await other.kill();
    }
  });

  it("may have four megabytes without S3, too, and replaces the one before", async () => {
    const thread = await newThread();
    const text = "0123456789abcdef".repeat(4 * 2 ** 16);
    await upload(thread, "old");
    await upload(thread, text);
    expect((await valuesOf(thread)).document.text === text).toBe(true);
    expect(await history(thread)).toHaveLength(2);
  });

  it("that does not have the word, or is not there, is not made up", async () => {
    const thread = await newThread();
    const ask = async (): Promise<Json> => answerOf(await say(thread, "Please find E-417 in my document"));
    expect(await ask()).toMatch(/No document has been uploaded/);
    await upload(thread, "E-418\n");
    expect(await ask()).toBe("There is nothing of that in document.txt.");
    await upload(thread, "E-418\nE-417 and E-417\nE-417");
    expect(await ask()).toBe("Line 2 and 1 more of document.txt: E-417 and E-417");
  });

  it("that comes between a question and its answer leaves nothing approved", async () => {
    const thread = await newThread();
    await say(thread, "Please refund order 1042");
    await upload(thread, "hello");
    expect((await client.threads.getState(thread)).next).toEqual(["approval"]);
    // It asks again.
    expect(asks(await play(thread, { input: null }))).toBe(true);
    expect(asks(await resume(thread, { approve: true }))).toBe(false);
    expect(await valuesOf(thread)).toMatchObject({
      refunds: [{ order_id: "1042" }],
      document: { text: "hello" },
    });
  });
});
