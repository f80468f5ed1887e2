import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  announce,
  authorization,
  expectError,
  get,
  newThread,
  play,
  request,
  startAgent,
  stopAgent,
  worker,
} from "./edge-agent.js";

beforeAll(startAgent);

afterAll(stopAgent);

describe("a bad request", () => {
  const thread = "/threads/nobody";
  it.each<[string, string, unknown, number, string, RegExp]>([
    ["POST", `${thread}/runs`, "{", 400, "BAD_JSON", /not JSON. Send {"message"/],
    ["POST", `${thread}/runs`, "", 400, "BAD_JSON", /empty/],
    ["POST", `${thread}/runs`, [], 400, "BAD_REQUEST", /expected object/],
    ["POST", `${thread}/runs`, {}, 400, "BAD_REQUEST", /message: .*Send {"message"/],
    ["POST", `${thread}/runs`, { message: 7 }, 400, "BAD_REQUEST", /expected string/],
    ["POST", `${thread}/runs`, { message: "" }, 400, "BAD_REQUEST", /message/],
    ["POST", `${thread}/runs`, { message: "hi", mesage: 1 }, 400, "BAD_REQUEST", /mesage/],
    ["POST", `${thread}/runs`, { message: null }, 404, "THREAD_NOT_FOUND", /runs/],
    ["POST", `${thread}/resume`, { approve: "yes" }, 400, "BAD_REQUEST", /approve: .*boolean/],
    ["POST", `${thread}/resume`, { approve: true }, 404, "THREAD_NOT_FOUND", /runs/],
    ["POST", `${thread}/fork`, {}, 400, "BAD_REQUEST", /checkpoint_id/],
    ["POST", `${thread}/fork`, { checkpoint_id: "x", as_node: "agent" }, 400, "BAD_REQUEST", /values/],
    ["POST", `${thread}/fork`, { checkpoint_id: "nope" }, 404, "CHECKPOINT_NOT_FOUND", /history/],
    [
      "POST",
      `${thread}/state`,
      { values: { messages: [{ role: "robot", content: "" }] } },
      400,
      "BAD_REQUEST",
      /values.messages.0.role/,
    ],
    ["POST", `${thread}/state`, { values: {}, as_node: "nobody" }, 400, "BAD_REQUEST", /as_node/],
    ["POST", `${thread}/state`, { values: { refunds: [] } }, 400, "BAD_REQUEST", /refunds/],
    ["POST", `${thread}/state`, { values: {} }, 404, "THREAD_NOT_FOUND", /runs/],
    ["GET", `${thread}/state`, undefined, 404, "THREAD_NOT_FOUND", /runs/],
    ["GET", `${thread}/state?checkpoint_id=nope`, undefined, 404, "CHECKPOINT_NOT_FOUND", /history/],
    ["GET", `${thread}/history`, undefined, 404, "THREAD_NOT_FOUND", /runs/],
    ["GET", `${thread}/history?limit=0`, undefined, 400, "BAD_REQUEST", /limit/],
    ["GET", "/threads?limit=many", undefined, 400, "BAD_REQUEST", /limit/],
    ["GET", "/threads/%/state", undefined, 400, "BAD_URL", /encodeURIComponent/],
    ["GET", "/nothing/here", undefined, 404, "NOT_FOUND", /GET \/ lists/],
  ])("%s %s with %j is answered with %i %s", async (method, path, body, status, code, says) => {
    await expectError(await request(method, path, body), status, code, says);
  });

  it("with the wrong method is told the right ones", async () => {
    const response = await request("PUT", `${thread}/state`);
    expect(response.headers.get("allow")).toBe("GET, POST");
    await expectError(response, 405, "METHOD_NOT_ALLOWED", /GET, POST/);
  });

  it("that says it is too long is refused before it is read", async () => {
    await expectError(await announce("POST", `${thread}/runs`, 65_537), 413, "BODY_TOO_LARGE", /65536 bytes/);
  });

  it("that does not tell how long it is is measured all the same", async () => {
    const body = new Blob(["x".repeat(66_000)]).stream();
    const headers = { ...authorization(), "content-type": "application/json" };
    const response = await fetch(`${worker.url}${thread}/runs`, {
      method: "POST",
      headers,
      body,
      duplex: "half",
    } as RequestInit);
    await expectError(response, 413, "BODY_TOO_LARGE", /65536 bytes/);
  });

  it("to resume, continue or replay what has ended is a conflict", async () => {
    const ended = newThread();
    await play(`${ended}/runs`, { message: "What is 6 * 7?" });
    const { checkpoint_id } = await get(`${ended}/state`);
    await expectError(await request("POST", `${ended}/resume`, { approve: true }), 409, "NOTHING_TO_RESUME", /runs/);
    await expectError(await request("POST", `${ended}/runs`, { message: null }), 409, "NOTHING_TO_CONTINUE", /message/);
    await expectError(
      await request("POST", `${ended}/fork`, { checkpoint_id }),
      409,
      "NOTHING_TO_RUN",
      /message or values/,
    );
  });
});
