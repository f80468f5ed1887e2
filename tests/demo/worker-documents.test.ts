import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { RawStorage } from "../../scripts/lib/raw-storage.js";
import { keyPrefixOf } from "../../scripts/lib/demo/token.js";
import { startWorker } from "../../scripts/lib/demo/worker.js";
import { BUCKET } from "../lanes/stored/s3-client.js";
import {
  USER,
  announce,
  answerOf,
  authorization,
  built,
  expectError,
  get,
  history,
  newThread,
  play,
  request,
  startAgent,
  statusOf,
  stopAgent,
  vars,
  worker,
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
  const idOf = (thread: string) => thread.slice("/threads/".length);
  const usageOf = (response: Response): Json => JSON.parse(response.headers.get("x-dynamodb-usage") ?? "");

  it("that is large lies in S3, outlives the Worker, is not stored again, and goes with its thread", async () => {
    const noise = Array.from({ length: 20_000 }, () => crypto.randomUUID()); // gzip leaves more than half of it
    const text = [...noise.slice(0, 7_000), "ERROR E-417 ünï", ...noise.slice(7_000)].join("\n");
    const thread = newThread();
    let other = await startWorker(built, { vars: withS3 });
    try {
      const uploaded = await request("PUT", `${thread}/document?name=watch.log`, text, other.url);
      expect([uploaded.status, await uploaded.json()]).toMatchObject([
        200,
        { document: { name: "watch.log", length: text.length } },
      ]);
      expect(usageOf(uploaded).PutObject).toMatchObject({ requests: 1 });
      const [object, ...more] = await storage.objects(idOf(thread));
      expect(object?.bytes).toBeGreaterThanOrEqual(350_000);
      expect(more).toEqual([]);

      await other.kill();
      other = await startWorker(built, { vars: withS3 });
      const events = await play(`${thread}/runs`, { message: "Please find E-417 in my log." }, other.url);
      expect(answerOf(events)).toBe("Line 7001 of watch.log: ERROR E-417 ünï");
      const usage = events.find((event) => event.event === "usage")?.data;
      expect(usage.PutObject).toBeUndefined();
      expect(usage.GetObject).toMatchObject({ requests: 1, bytes_received: object!.bytes });
      expect(await storage.objects(idOf(thread))).toEqual([object]);

      const state: Json = await (await request("GET", `${thread}/state`, undefined, other.url)).json();
      expect(state.values.document).toEqual({ name: "watch.log", length: text.length });
      expect(await (await request("GET", `${thread}/document`, undefined, other.url)).text()).toBe(text);

      expect((await request("DELETE", thread, undefined, other.url)).status).toBe(204);
      expect([await storage.items(idOf(thread)), await storage.objects(idOf(thread))]).toEqual([[], []]);
    } finally {
      await other.kill();
    }
  });

  it("may be as large as it says without S3, too, and replaces the one before", async () => {
    const thread = newThread();
    const text = "0123456789abcdef".repeat(4 * 2 ** 16);
    expect((await request("PUT", `${thread}/document`, "old")).status).toBe(200);
    expect((await request("PUT", `${thread}/document`, text)).status).toBe(200);
    expect((await (await request("GET", `${thread}/document`)).text()) === text).toBe(true);
    await expectError(
      await announce("PUT", `${thread}/document`, text.length + 1),
      413,
      "BODY_TOO_LARGE",
      /4194304 bytes/,
    );
    expect(await history(thread)).toHaveLength(2);
  });

  it("that does not have the word, or is not there, is not made up", async () => {
    const thread = newThread();
    const ask = { message: "Please find E-417 in my document" };
    expect(answerOf(await play(`${thread}/runs`, ask))).toMatch(/No document has been uploaded/);
    await request("PUT", `${thread}/document`, "E-418\n");
    expect(answerOf(await play(`${thread}/runs`, ask))).toBe("There is nothing of that in document.txt.");
    await request("PUT", `${thread}/document`, "E-418\nE-417 and E-417\nE-417");
    expect(answerOf(await play(`${thread}/runs`, ask))).toBe("Line 2 and 1 more of document.txt: E-417 and E-417");
  });

  it("does not come between a question and its answer", async () => {
    const thread = newThread();
    await play(`${thread}/runs`, { message: "Please refund order 1042" });
    await expectError(await request("PUT", `${thread}/document`, "hello"), 409, "RUN_NOT_ENDED", /resume/);
    expect(statusOf(await play(`${thread}/resume`, { approve: true }))).toBe("done");
    expect((await request("PUT", `${thread}/document`, "hello")).status).toBe(200);
    expect(await get(`${thread}/state`)).toMatchObject({
      next: [],
      values: { refunds: [{ order_id: "1042" }], document: { length: 5 } },
    });
  });

  it("must be text", async () => {
    const put = (body: BodyInit) =>
      fetch(`${worker.url}/threads/nobody/document`, { method: "PUT", headers: authorization(), body });
    await expectError(await put(Uint8Array.of(0xff, 0xfe)), 400, "NOT_TEXT", /UTF-8/);
    await expectError(await put(""), 400, "EMPTY_BODY", /curl -T/);
    await expectError(await request("GET", "/threads/nobody/document"), 404, "THREAD_NOT_FOUND", /runs/);
  });
});
