import { provideContext } from "langgraph-checkpoint-dynamodb/context";
import { expect, test } from "vitest";
import { createSaver } from "../../lanes/savers/harness.js";
import { eventsOf, serve, type Sent } from "../../lanes/server/served.js";
import { itemsWithPrefix } from "../../lanes/stored/raw-table.js";

provideContext();

/* What a client may do as soon as it has heard of something, by another instance, where each request takes long. */

const slowly: typeof fetch = async (url, init) => {
  await new Promise((resolve) => setTimeout(resolve, 100));
  return fetch(url, init);
};

const slow = () => serve({}, { fetch: slowly });

test.each(["updates", "values", "tasks", "debug", "checkpoints"])(
  "a question that was heard among %s is answered at once",
  async (mode) => {
    const { call, json, another } = slow();
    await json("POST", "/threads", { thread_id: "t" });
    const body = { assistant_id: "ask", input: {}, stream_mode: mode };
    const shows = ({ data }: Sent): boolean => JSON.stringify(data).includes("Really?");
    for await (const event of eventsOf(await call("POST", "/threads/t/runs/stream", body))) if (shows(event)) break;
    const answer = { assistant_id: "ask", command: { resume: "yes" } };
    const request = new Request("https://agent.example/threads/t/runs/wait", {
      method: "POST",
      body: JSON.stringify(answer),
    });
    expect(await (await another().fetch(request)).json()).toMatchObject({ log: ["answered yes", "after"] });
  },
);

test("behind a cancellation that was waited for, the thread is free", async () => {
  const { call, json, another, effects } = slow();
  await json("POST", "/threads", { thread_id: "t" });
  const { run_id } = await json("POST", "/threads/t/runs", { assistant_id: "steps", input: {} });
  await effects.gate.arrival();
  expect((await call("POST", `/threads/t/runs/${String(run_id)}/cancel?wait=1`)).status).toBe(204);
  const thread = await another().fetch(new Request("https://agent.example/threads/t"));
  expect(await thread.json()).toMatchObject({ status: "interrupted" });
  const next = { assistant_id: "chat", input: { messages: [{ type: "human", content: "Hi" }] } };
  expect((await call("POST", "/threads/t/runs/wait", next)).status).toBe(200);
  effects.gate.open();
});

test("what a lease has left of a thread that is gone keeps nobody from its id, and its owner deletes it", async () => {
  const { call, world } = serve({ authenticate: () => ({ owner: "ada" }) });
  // As where its request comes after the deletion, and its isolate has died.
  await createSaver(world).acquireLease("t");
  expect((await call("DELETE", "/threads/t")).status).toBe(204);
  expect(await itemsWithPrefix(world.keyPrefix)).toEqual([]);
  await createSaver(world).acquireLease("t");
  expect((await call("POST", "/threads", { thread_id: "t" })).status).toBe(200);
  expect((await call("DELETE", "/threads/t")).status).toBe(204);
  expect(await itemsWithPrefix(world.keyPrefix)).toEqual([]);
  expect((await call("DELETE", "/threads/t")).status).toBe(404);
});
