import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startWorker } from "../../scripts/lib/demo/worker.js";
import {
  built,
  client,
  clientOf,
  newThread,
  request,
  say,
  startAgent,
  stopAgent,
  tokenOf,
  vars,
  worker,
} from "./edge-agent.js";

/* What the server promises, asked of the Worker. */

beforeAll(startAgent);

afterAll(stopAgent);

const told = async (response: Response): Promise<string> => `${response.status} ${await response.text()}`;

describe("a request", () => {
  const run = { assistant_id: "agent", input: null };

  it.each<[string, string, unknown, RegExp]>([
    ["POST", "/runs/stream", "{", /^422 .*not JSON/],
    ["POST", "/runs/stream", [], /^422 .*object/],
    ["POST", "/runs/stream", {}, /^422 .*assistant_id/],
    ["POST", "/runs/stream", { ...run, assistant_id: "nobody" }, /^404 .*assistant/],
    ["POST", "/runs/stream", { ...run, stream_mode: "loud" }, /^422 .*stream_mode/],
    ["POST", "/threads/nobody/runs/stream", run, /^404 .*thread/],
    ["GET", "/threads/nobody/state", undefined, /^404 .*thread/],
    ["POST", "/threads/nobody/history", {}, /^404 .*thread/],
    ["DELETE", "/threads/nobody", undefined, /^404 .*thread/],
    ["POST", "/threads/search", { limit: "many" }, /^422 .*limit/],
    ["GET", "/nothing/here", undefined, /^404 .*route/],
    ["GET", "/threads/%/state", undefined, /^422 .*UTF-8/],
  ])("%s %s with %j is answered with %s", async (method, path, body, says) => {
    expect(await told(await request(method, path, body))).toMatch(says);
  });

  it("without a token learns of no route, and with a made-up one neither", async () => {
    for (const path of ["/ok", "/info", "/threads/nobody", "/nothing/here"])
      for (const token of [undefined, "made.up.token"]) {
        const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
        const response = await fetch(worker.url + path, { headers });
        expect(response.headers.get("www-authenticate")).toBe("Bearer");
        expect(await told(response)).toMatch(/^401 .*token/);
      }
  });

  it("of another user finds no thread", async () => {
    const thread = await newThread();
    await say(thread, "What is 6 * 7?");
    const other = clientOf(undefined, await tokenOf("somebody else"));
    await expect(other.threads.get(thread)).rejects.toThrow(/404/);
    await expect(say(thread, "And 6 * 8?", other)).rejects.toThrow(/404/);
    expect(await other.threads.search()).toEqual([]);
  });

  it("is answered with 503 while there is no secret", async () => {
    const other = await startWorker(built, { vars: { ...vars, AUTH_SECRET: undefined } });
    try {
      expect(await told(await request("GET", "/ok", undefined, other.url))).toMatch(/^503 AUTH_SECRET is not set/);
    } finally {
      await other.kill();
    }
  });

  it("that is too long is refused, also where it does not tell how long it is", async () => {
    const thread = await newThread();
    const text = "x".repeat(6 * 1024 * 1024);
    const values = { values: { document: { name: "long", text } }, asNode: "agent" };
    await expect(client.threads.updateState(thread, values)).rejects.toThrow(/413.*longer than 5242880 bytes/);
    const response = await fetch(`${worker.url}/threads/${thread}/state`, {
      method: "POST",
      headers: { authorization: `Bearer ${await tokenOf("tester")}` },
      body: new Blob([text]).stream(),
      duplex: "half",
    } as RequestInit);
    expect(await told(response)).toMatch(/^413 /);
  });
});

it("a run whose Worker has died is gone on with by the cron trigger of another", async () => {
  const thread = await newThread();
  const { run_id } = await client.runs.create(thread, "agent", {
    input: { messages: [{ role: "user", content: "What is 6 * 7?" }] },
    afterSeconds: 1,
  });
  const other = await startWorker(built, { vars });
  try {
    await expect
      .poll(
        async () => {
          await other.runCron();
          return (await client.runs.get(thread, run_id)).status;
        },
        { timeout: 30_000, interval: 500 },
      )
      .toBe("success");
  } finally {
    await other.kill();
  }
});
