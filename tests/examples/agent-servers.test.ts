import { rmSync } from "node:fs";
import { Client } from "@langchain/langgraph-sdk";
import { afterAll, afterEach, expect, test } from "vitest";
import { checkpointsOf, data, running, serving, valuesOf } from "./run.js";

/** The examples of the agent server that are programs, called by LangGraph's published client. */

afterEach(() => {
  for (const child of running) child.kill();
});
afterAll(() => rmSync(data, { recursive: true, force: true }));

const clientOf = (apiUrl: string) =>
  new Client({
    apiUrl,
    apiKey: null,
    defaultHeaders: { authorization: "Bearer local-token" },
    callerOptions: { maxRetries: 0 },
  });

const human = (content: string) => ({ messages: [{ type: "human", content }] });

/** What a model says in a run, and in how many pieces it comes. */
async function said(client: Client, thread_id: string, content: string): Promise<{ text: string; pieces: number }> {
  const pieces: string[] = [];
  for await (const { event, data } of client.runs.stream(thread_id, "agent", {
    input: human(content),
    streamMode: "messages-tuple",
  }))
    if (event === "messages") pieces.push(data[0].content as string);
  return { text: pieces.join(""), pieces: pieces.length };
}

test.each(["server-node", "server-deno"])(
  "%s streams words to who knows the token, and to nobody else; a second process knows the thread",
  async (name) => {
    const thread_id = await serving(name, async (url) => {
      for (const headers of [{}, { authorization: "Bearer undefined" }, { authorization: "local-token" }])
        expect((await fetch(`${url}/threads`, { method: "POST", headers })).status).toBe(401);
      const client = clientOf(url);
      const { thread_id } = await client.threads.create();
      const { text, pieces } = await said(client, thread_id, "Hello!");
      expect(text).toMatch(/^Your model would answer here/);
      expect(pieces).toBeGreaterThan(10);
      return thread_id;
    });
    await serving(name, async (url) => {
      await said(clientOf(url), thread_id, "And now?");
      expect(await clientOf(url).threads.getState(thread_id)).toMatchObject({
        values: { messages: [{ content: "Hello!" }, {}, { content: "And now?" }, {}] },
      });
    });
    expect(valuesOf((await checkpointsOf(name, thread_id))[0]!).messages).toHaveLength(4);
  },
);

test("server-node lets in the page that it is told of alone, asks before a refund, and has other routes", async () => {
  await serving("server-node", async (url) => {
    const preflight = (origin: string) =>
      fetch(`${url}/threads`, {
        method: "OPTIONS",
        headers: {
          origin,
          "access-control-request-method": "POST",
          "access-control-request-headers": "authorization",
        },
      });
    expect(Object.fromEntries((await preflight("http://localhost:5173")).headers)).toMatchObject({
      "access-control-allow-origin": "http://localhost:5173",
      "access-control-allow-headers": "authorization",
    });
    expect((await preflight("http://localhost:5174")).headers.has("access-control-allow-origin")).toBe(false);
    expect(await (await fetch(url)).text()).toBe("Routes of your own.");

    const client = clientOf(url);
    const { thread_id } = await client.threads.create();
    await client.runs.wait(thread_id, "agent", { input: human("A refund, please.") });
    expect((await client.threads.get(thread_id)).status).toBe("interrupted");
    const values = await client.runs.wait(thread_id, "agent", { command: { resume: "reject" } });
    expect(values).toMatchObject({ messages: [{}, { content: "Nothing is given back." }] });
  });
});

test("server-node, asked to end, first ends the run that is under way, though nobody listens to it", async () => {
  const thread_id = await serving("server-node", async (url) => {
    const client = clientOf(url);
    const { thread_id } = await client.threads.create();
    await client.runs.create(thread_id, "agent", { input: human("Hello!"), streamMode: "messages-tuple" });
    return thread_id;
  });
  expect(valuesOf((await checkpointsOf("server-node", thread_id))[0]!).messages).toHaveLength(2);
});
