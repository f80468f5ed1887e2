import type { DynamoDBSaverEvent } from "langgraph-checkpoint-dynamodb";
import { provideContext } from "langgraph-checkpoint-dynamodb/context";
import { createAgentServer } from "langgraph-checkpoint-dynamodb/server";
import { expect, test } from "vitest";
import { fourNodes } from "../../lanes/graphs/four-nodes.js";
import { createSaver } from "../../lanes/savers/harness.js";
import { get, post } from "../../lanes/server/mortal.js";
import { allEvents } from "../../lanes/server/served.js";
import { newPrefix } from "../../lanes/stored/requests.js";

provideContext();

/** A server that counts its requests to DynamoDB. */
function counting() {
  const sent = { requests: 0 };
  const onEvent = (event: DynamoDBSaverEvent): void => {
    if (event.type === "request") sent.requests += event.attempts;
  };
  const server = createAgentServer({
    graphs: { agent: fourNodes() },
    checkpointer: createSaver({ keyPrefix: newPrefix(), onEvent }),
    authenticate: () => ({ owner: "ada" }),
    // For no renewal, on however slow a machine.
    limits: { leaseSeconds: 300 },
  });
  /** How many requests a call takes, until its answer is read. */
  const cost = async (method: string, path: string, body?: unknown): Promise<number> => {
    sent.requests = 0;
    const init = body === undefined ? { method } : { method, body: JSON.stringify(body) };
    const response = await server.fetch(new Request(`https://agent.example${path}`, init));
    expect([method, path, response.ok]).toEqual([method, path, true]);
    await response.text();
    return sent.requests;
  };
  return { server, sent, cost };
}

test("calls cost what the documentation says", async () => {
  const { server, cost } = counting();
  expect(await cost("GET", "/ok")).toBe(0);
  expect(await cost("POST", "/assistants/search", {})).toBe(0);
  expect(await cost("POST", "/threads", {})).toBe(1);
  expect(await cost("POST", "/threads", { thread_id: "t" })).toBe(2);
  const input = { assistant_id: "agent", input: { question: "Why?" } };
  for (let turn = 0; turn < 2; turn++) await cost("POST", "/threads/t/runs/wait", input);
  const [run] = (await (await get(server, "/threads/t/runs")).json()) as { run_id: string }[];
  const path = `/threads/t/runs/${run!.run_id}`;
  for (const read of ["/threads/t", "/threads/t/state", "/threads/t/history", "/threads/t/runs", path])
    expect([read, await cost("GET", read)]).toEqual([read, 2]);
  expect(await cost("GET", `${path}/join`)).toBe(4);
  expect(await cost("PATCH", "/threads/t", { metadata: { topic: "tea" } })).toBe(2);
  expect(await cost("POST", "/threads/search", {})).toBe(1);
  expect(await cost("POST", "/threads/t/state", { values: { plan: "other" }, as_node: "planner" })).toBe(8);
});

test.each([
  [false, 20],
  [true, 45],
])("a turn of four nodes, with a log %s, takes %i requests at most", async (stream_resumable, most) => {
  const { server, sent } = counting();
  await post(server, "/threads", { thread_id: "t" });
  const body = { assistant_id: "agent", input: { question: "Why?" }, stream_mode: "updates", stream_resumable };
  const turns: number[] = [];
  for (let turn = 0; turn < 4; turn++) {
    sent.requests = 0;
    const events = await allEvents(await post(server, "/threads/t/runs/stream", body));
    expect(events.filter(({ event }) => event === "updates")).toHaveLength(4);
    turns.push(sent.requests);
  }
  // The first one of a thread adds its marker and its entry in the index.
  expect(turns[0]).toBeLessThanOrEqual(most + 4);
  expect(Math.max(...turns.slice(1))).toBeLessThanOrEqual(most);
});
