import { provideContext } from "langgraph-checkpoint-dynamodb/context";
import { expect, test } from "vitest";
import { allEvents, eventsOf, human, serve } from "../../lanes/server/served.js";

provideContext();

interface RunShape {
  run_id: string;
  status: string;
}

async function threadOf(options: Parameters<typeof serve>[0] = {}) {
  const served = serve(options);
  await served.json("POST", "/threads", { thread_id: "t" });
  return served;
}

test("a streamed run says which it is, gives what the graph gives, and ends", async () => {
  const { call, json } = await threadOf();
  const response = await call("POST", "/threads/t/runs/stream", {
    assistant_id: "chat",
    input: human("Hi"),
    stream_mode: ["values", "updates", "messages-tuple"],
  });
  expect(response.headers.get("content-type")).toBe("text/event-stream");
  expect(response.headers.get("location")).toBeNull();
  const [, runId] = /^\/threads\/t\/runs\/([\w-]{36})$/.exec(response.headers.get("content-location") ?? "") ?? [];
  const events = await allEvents(response);
  expect(events[0]).toMatchObject({ event: "metadata", data: { run_id: runId, attempt: 1 } });
  expect(events.map(({ event }) => event)).toEqual(["metadata", "values", "messages", "updates", "values", "end"]);
  expect(events[2]!.data).toMatchObject([{ type: "ai", content: "You said Hi." }, { langgraph_node: "answer" }]);
  expect(events[4]!.data).toMatchObject({ messages: [{ type: "human" }, { type: "ai", content: "You said Hi." }] });
  const ids = events.flatMap(({ id }) => (id === undefined ? [] : [BigInt(id)]));
  expect(ids).toHaveLength(events.length - 1);
  expect(ids).toEqual([...ids].sort((a, b) => (a < b ? -1 : 1)));
  expect(await json("GET", `/threads/t/runs/${runId}`)).toMatchObject({ status: "success", thread_id: "t" });
  expect(await json("GET", "/threads/t")).toMatchObject({ status: "idle" });
});

test("the older mode of messages gives their metadata, then each piece, then the whole", async () => {
  const { call } = await threadOf();
  const body = { assistant_id: "chat", input: human("Hi"), stream_mode: "messages" };
  const events = await allEvents(await call("POST", "/threads/t/runs/stream", body));
  const names = events.map(({ event }) => event);
  expect(names).toEqual(expect.arrayContaining(["messages/metadata", "messages/partial", "messages/complete"]));
  expect(names).not.toContain("values");
});

test("debug, checkpoints, tasks and events give no config away", async () => {
  const { call } = await threadOf();
  for (const stream_mode of ["debug", "checkpoints", "tasks", "events"]) {
    const body = { assistant_id: "chat", input: human("Hi"), stream_mode };
    const events = await allEvents(await call("POST", "/threads/t/runs/stream", body));
    expect(events.filter(({ event }) => event === stream_mode).length).toBeGreaterThan(0);
    expect(JSON.stringify(events)).not.toMatch(/"lease"|__pregel_(?!pull|push)/);
  }
});

test("wait gives the last values, and says why a run has failed", async () => {
  const { json, call } = await threadOf();
  expect(await json("POST", "/threads/t/runs/wait", { assistant_id: "chat", input: human("Hi") })).toMatchObject({
    messages: [{}, { content: "You said Hi." }],
  });
  expect(await json("POST", "/threads/t/runs/wait", { assistant_id: "fails", input: {} })).toEqual({
    __error__: { error: "RangeError", message: "It is too far." },
  });
  expect(await json("GET", "/threads/t")).toMatchObject({ status: "error" });
  const [run] = await json<RunShape[]>("GET", "/threads/t/runs");
  expect(run).toMatchObject({ status: "error" });
  expect(await json("GET", `/threads/t/runs/${run!.run_id}/join`)).toMatchObject({
    __error__: { error: "RangeError" },
  });
  const events = await allEvents(
    await call("POST", "/threads/t/runs/stream", { assistant_id: "fails", input: {}, stream_mode: "updates" }),
  );
  expect(events.at(-1)).toMatchObject({ event: "error", data: { error: "RangeError", message: "It is too far." } });
});

test("a run in the background goes on by itself, and is joined", async () => {
  const {
    json,
    effects: { gate },
    settled,
  } = await threadOf();
  const run = await json<RunShape>("POST", "/threads/t/runs", { assistant_id: "steps", input: {} });
  await gate.arrival();
  expect(await json("GET", "/threads/t")).toMatchObject({ status: "busy" });
  expect(await json("GET", `/threads/t/runs/${run.run_id}`)).toMatchObject({ status: "running" });
  const joined = json("GET", `/threads/t/runs/${run.run_id}/join`);
  gate.open();
  expect(await joined).toEqual({ log: ["first", "second"] });
  await settled();
  expect(await json("GET", "/threads/t/runs?status=success")).toMatchObject([{ run_id: run.run_id }]);
  expect(await json("GET", "/threads/t/runs?status=error")).toEqual([]);
});

test("a run that asks is a success whose thread is interrupted, and an answer goes on with it", async () => {
  const { call, json, effects } = await threadOf();
  const events = await allEvents(
    await call("POST", "/threads/t/runs/stream", { assistant_id: "ask", input: {}, stream_mode: ["updates"] }),
  );
  expect(events.at(-2)).toMatchObject({ event: "updates", data: { __interrupt__: [{ value: "Really?" }] } });
  const thread = await json<{ interrupts: Record<string, unknown[]> }>("GET", "/threads/t");
  expect(thread).toMatchObject({ status: "interrupted" });
  expect(Object.values(thread.interrupts)).toMatchObject([[{ value: "Really?" }]]);
  expect(await json("GET", "/threads/t/runs")).toMatchObject([{ status: "success" }]);
  const values = await json("POST", "/threads/t/runs/wait", { assistant_id: "ask", command: { resume: "yes" } });
  expect(values).toEqual({ log: ["answered yes", "after"] });
  expect(effects.done).toEqual(["after"]);
  expect(await json("GET", "/threads/t")).toMatchObject({ status: "idle", interrupts: {} });
});

test("a node that asks twice gets an answer to each", async () => {
  const { json } = await threadOf();
  const run = (body: object) => json("POST", "/threads/t/runs/wait", { assistant_id: "ask-twice", ...body });
  await run({ input: {} });
  await run({ command: { resume: "1" } });
  expect(await json("GET", "/threads/t")).toMatchObject({ status: "interrupted" });
  expect(await run({ command: { resume: "2" } })).toEqual({ log: ["1 and 2"] });
});

test("a run goes on from an older checkpoint", async () => {
  const { json } = await threadOf();
  await json("POST", "/threads/t/runs/wait", { assistant_id: "chat", input: human("One") });
  const [{ checkpoint }] = await json<[{ checkpoint: { checkpoint_id: string } }]>("POST", "/threads/t/history", {});
  await json("POST", "/threads/t/runs/wait", { assistant_id: "chat", input: human("Two") });
  const body = { assistant_id: "chat", input: human("Other"), checkpoint };
  expect(await json("POST", "/threads/t/runs/wait", body)).toMatchObject({
    messages: [{ content: "One" }, {}, { content: "Other" }, { content: "You said Other." }],
  });
  expect(await json("GET", "/threads/t/state")).toMatchObject({
    values: { messages: [{}, {}, { content: "Other" }, {}] },
  });
});

test("who joins a run without a log hears it from then on in the same instance, and its end in another", async () => {
  const {
    json,
    call,
    another,
    effects: { gate },
    settled,
  } = await threadOf();
  const body = { assistant_id: "steps", input: {}, stream_mode: "updates" };
  const run = await json<RunShape>("POST", "/threads/t/runs", body);
  await gate.arrival();
  const path = `/threads/t/runs/${run.run_id}/stream`;
  const joined = await call("GET", path);
  const elsewhere = allEvents(await another().fetch(new Request(`https://agent.example${path}`)));
  const heard = allEvents(joined);
  await new Promise((resolve) => setTimeout(resolve, 500));
  gate.open();
  expect((await heard).map(({ event, data }) => [event, data])).toEqual([
    ["updates", { second: { log: ["second"] } }],
    ["end", null],
  ]);
  expect((await elsewhere).map(({ event }) => event)).toEqual(["end"]);
  await settled();
});

test("interrupt_before stops before a node, and a run without input goes on", async () => {
  const {
    json,
    effects: { gate },
  } = await threadOf();
  const body = { assistant_id: "steps", input: {}, interrupt_before: ["second"] };
  expect(await json("POST", "/threads/t/runs/wait", body)).toEqual({ log: ["first"] });
  expect(await json("GET", "/threads/t")).toMatchObject({ status: "interrupted" });
  const rest = json("POST", "/threads/t/runs/wait", { assistant_id: "steps", input: null });
  await gate.arrival();
  gate.open();
  expect(await rest).toEqual({ log: ["first", "second"] });
});

test("a run without a thread leaves none", async () => {
  const { json, call } = serve();
  expect(await json("POST", "/runs/wait", { assistant_id: "chat", input: human("Hi") })).toMatchObject({
    messages: [{}, { content: "You said Hi." }],
  });
  await allEvents(await call("POST", "/runs/stream", { assistant_id: "chat", input: human("Hi") }));
  expect(await json("POST", "/threads/count", {})).toBe(0);
  await json("POST", "/runs/wait", { assistant_id: "chat", input: human("Hi"), on_completion: "keep" });
  expect(await json("POST", "/threads/count", {})).toBe(1);
});

test("a thread that is not there is made for a run only where that is asked", async () => {
  const { json, call } = serve();
  const body = { assistant_id: "chat", input: human("Hi") };
  expect((await call("POST", "/threads/new/runs/wait", body)).status).toBe(404);
  await json("POST", "/threads/new/runs/wait", { ...body, if_not_exists: "create" });
  expect(await json("GET", "/threads/new")).toMatchObject({ status: "idle", metadata: { graph_id: "chat" } });
});

test("a run that has ended is deleted, and one that has not is not", async () => {
  const {
    json,
    call,
    effects: { gate },
    settled,
  } = await threadOf();
  const run = await json<RunShape>("POST", "/threads/t/runs", { assistant_id: "steps", input: {} });
  await gate.arrival();
  expect((await call("DELETE", `/threads/t/runs/${run.run_id}`)).status).toBe(409);
  gate.open();
  await settled();
  expect((await call("DELETE", `/threads/t/runs/${run.run_id}`)).status).toBe(204);
  expect((await call("GET", `/threads/t/runs/${run.run_id}`)).status).toBe(404);
  expect(await json("GET", "/threads/t/runs")).toEqual([]);
});

test("a stream that is left goes on, or is cancelled where that was asked", async () => {
  const {
    json,
    call,
    effects: { gate, done },
    settled,
  } = await threadOf();
  for (const on_disconnect of ["continue", "cancel"]) {
    const body = { assistant_id: "steps", input: {}, stream_mode: "updates", on_disconnect };
    for await (const { event } of eventsOf(await call("POST", "/threads/t/runs/stream", body)))
      if (event === "updates") break;
    await gate.arrival();
    if (on_disconnect === "continue") gate.open();
    await settled();
    const status = on_disconnect === "continue" ? "idle" : "interrupted";
    expect(await json("GET", "/threads/t")).toMatchObject({ status });
    gate.open();
  }
  expect(done.slice(0, 3)).toEqual(["first", "second", "first"]);
  expect((await json<RunShape[]>("GET", "/threads/t/runs")).map(({ status }) => status)).toEqual([
    "interrupted",
    "success",
  ]);
});

test("onRunEnd hears of a run, and what it throws is ignored", async () => {
  const heard: unknown[] = [];
  const { json } = await threadOf({
    onRunEnd: (run) => {
      heard.push(run);
      throw new Error("no");
    },
  });
  await json("POST", "/threads/t/runs/wait", { assistant_id: "chat", input: human("Hi"), metadata: { for: "Ada" } });
  expect(heard).toMatchObject([{ thread_id: "t", status: "success", metadata: { for: "Ada" } }]);
});
