import { provideContext } from "langgraph-checkpoint-dynamodb/context";
import { createAgentServer } from "langgraph-checkpoint-dynamodb/server";
import { expect, test } from "vitest";
import { createSaver } from "../../lanes/savers/harness.js";
import { graphsOf } from "../../lanes/server/graphs.js";
import { Gate, human, serve } from "../../lanes/server/served.js";
import { itemsWithPrefix } from "../../lanes/stored/raw-table.js";

provideContext();

const effects = () => ({ done: [], gate: new Gate() });

test("a server does not start without authenticate, unless it is told that everybody may do everything", () => {
  const options = { graphs: graphsOf(effects()), checkpointer: createSaver() };
  expect(() => createAgentServer(options as never)).toThrow(/authenticate is missing/);
  expect(() => createAgentServer({ ...options, authenticate: false })).not.toThrow();
});

test("a thread is created, read, patched and deleted", async () => {
  const { json, call } = serve();
  const made = await json("POST", "/threads", { metadata: { topic: "tea" } });
  expect(made).toMatchObject({ status: "idle", metadata: { topic: "tea" }, values: null, interrupts: {} });
  const path = `/threads/${String(made.thread_id)}`;
  expect(await json("PATCH", path, { metadata: { mood: "good" } })).toMatchObject({
    metadata: { topic: "tea", mood: "good" },
  });
  expect(await json("GET", path)).toMatchObject({
    thread_id: made.thread_id,
    metadata: { topic: "tea", mood: "good" },
  });
  expect((await call("DELETE", path)).status).toBe(204);
  expect((await call("GET", path)).status).toBe(404);
});

test("a thread of an id that is there is a conflict, or is given as it is", async () => {
  const { json, call } = serve();
  await json("POST", "/threads", { thread_id: "a/b ü", metadata: { n: 1 } });
  const again = await call("POST", "/threads", { thread_id: "a/b ü" });
  expect(again.status).toBe(409);
  expect(again.headers.get("content-type")).toMatch(/^text\/plain/);
  expect(await json("POST", "/threads", { thread_id: "a/b ü", if_exists: "do_nothing" })).toMatchObject({
    metadata: { n: 1 },
  });
  expect(await json("GET", `/threads/${encodeURIComponent("a/b ü")}`)).toMatchObject({ thread_id: "a/b ü" });
});

test("threads are found by metadata, status and id, in an order and by pages, and are counted", async () => {
  const { json, call } = serve();
  for (const n of [1, 2, 3]) await json("POST", "/threads", { thread_id: `t${n}`, metadata: { n, of: { kind: "x" } } });
  await json("POST", "/threads/t2/runs/wait", { assistant_id: "ask", input: {} });
  const ids = async (body: object): Promise<unknown[]> =>
    (await json<{ thread_id: string }[]>("POST", "/threads/search", body)).map(({ thread_id }) => thread_id);

  expect(await ids({ sort_by: "thread_id", sort_order: "asc" })).toEqual(["t1", "t2", "t3"]);
  expect(await ids({ sort_by: "created_at" })).toEqual(["t3", "t2", "t1"]);
  expect(await ids({})).toEqual(["t2", "t3", "t1"]);
  expect(await ids({ metadata: { n: 2 } })).toEqual(["t2"]);
  expect(await ids({ metadata: { of: { kind: "y" } } })).toEqual([]);
  expect(await ids({ status: "interrupted" })).toEqual(["t2"]);
  expect(await ids({ ids: ["t1"] })).toEqual(["t1"]);
  const page = await call("POST", "/threads/search", { sort_by: "thread_id", sort_order: "asc", limit: 1, offset: 1 });
  expect(await page.json()).toMatchObject([{ thread_id: "t2" }]);
  expect(page.headers.get("x-pagination-total")).toBe("3");
  expect(await json("POST", "/threads/count", { metadata: { of: { kind: "x" } } })).toBe(3);
});

test("a list has the beginning of a thread's first message", async () => {
  const { json } = serve();
  await json("POST", "/threads", { thread_id: "t" });
  await json("POST", "/threads/t/runs/wait", { assistant_id: "chat", input: human("Hello there") });
  await json("POST", "/threads/t/runs/wait", { assistant_id: "chat", input: human("Once more") });
  expect(await json("POST", "/threads/search", {})).toMatchObject([
    { values: { messages: [{ type: "human", content: "Hello there" }] }, metadata: { graph_id: "chat" } },
  ]);
});

test("state, history and a state at a checkpoint are those of the graph", async () => {
  const { json } = serve();
  await json("POST", "/threads", { thread_id: "t" });
  await json("POST", "/threads/t/runs/wait", { assistant_id: "chat", input: human("Hi") });
  const state = await json<{ checkpoint: { checkpoint_id: string } }>("GET", "/threads/t/state");
  expect(state).toMatchObject({
    values: {
      messages: [
        { type: "human", content: "Hi" },
        { type: "ai", content: "You said Hi." },
      ],
    },
    next: [],
    tasks: [],
    checkpoint: { thread_id: "t", checkpoint_ns: "" },
    parent_checkpoint: { thread_id: "t" },
  });
  const history = await json<{ checkpoint: { checkpoint_id: string } }[]>("POST", "/threads/t/history", { limit: 10 });
  expect(history.map(({ checkpoint }) => checkpoint.checkpoint_id)[0]).toBe(state.checkpoint.checkpoint_id);
  expect(history).toHaveLength(3);
  const first = history.at(-1)!.checkpoint;
  expect(await json("GET", "/threads/t/history?limit=1")).toHaveLength(1);
  expect(await json("POST", "/threads/t/history", { before: { configurable: history[1]!.checkpoint } })).toHaveLength(
    1,
  );
  expect(await json("GET", `/threads/t/state/${first.checkpoint_id}`)).toMatchObject({ next: ["__start__"] });
  expect(await json("POST", "/threads/t/state/checkpoint", { checkpoint: first })).toMatchObject({
    next: ["__start__"],
    checkpoint: first,
  });
});

test("a state is updated as a node, and what runs has the thread meanwhile", async () => {
  const {
    json,
    call,
    effects: { gate },
    settled,
  } = serve();
  await json("POST", "/threads", { thread_id: "t", metadata: { graph_id: "steps" } });
  const updated = await json("POST", "/threads/t/state", { values: { log: ["by hand"] }, as_node: "first" });
  expect(updated).toMatchObject({ checkpoint: { thread_id: "t", checkpoint_ns: "" } });
  expect(await json("GET", "/threads/t/state")).toMatchObject({ values: { log: ["by hand"] }, next: ["second"] });

  await json("POST", "/threads/t/runs", { assistant_id: "steps", input: null });
  await gate.arrival();
  const busy = await call("POST", "/threads/t/state", { values: { log: ["no"] } });
  expect([busy.status, await busy.text()]).toEqual([409, "Thread is busy"]);
  gate.open();
  await settled();
  expect(await json("GET", "/threads/t/state")).toMatchObject({ values: { log: ["by hand", "second"] }, next: [] });
});

test("a copy of a thread has its state and metadata, and goes its own way", async () => {
  const { json } = serve();
  await json("POST", "/threads", { thread_id: "t", metadata: { topic: "tea" } });
  await json("POST", "/threads/t/runs/wait", { assistant_id: "chat", input: human("Hi") });
  const copy = await json("POST", "/threads/t/copy");
  const path = `/threads/${String(copy.thread_id)}`;
  await json("POST", `${path}/runs/wait`, { assistant_id: "chat", input: human("And?") });
  expect(await json("GET", path)).toMatchObject({
    metadata: { topic: "tea" },
    values: { messages: [{ content: "Hi" }, {}, { content: "And?" }, {}] },
  });
  expect(await json("GET", "/threads/t")).toMatchObject({ values: { messages: [{ content: "Hi" }, {}] } });
  const empty = await json("POST", "/threads", {});
  expect(await json("POST", `/threads/${String(empty.thread_id)}/copy`)).toMatchObject({ status: "idle" });
});

test("supersteps make a thread as it was", async () => {
  const { json } = serve();
  const made = await json("POST", "/threads", {
    metadata: { graph_id: "chat" },
    supersteps: [{ updates: [{ values: human("Hi"), as_node: "__start__" }] }],
  });
  expect(await json("GET", `/threads/${String(made.thread_id)}/state`)).toMatchObject({
    values: { messages: [{ type: "human", content: "Hi" }] },
    next: ["answer"],
  });
});

test.each(["the server", "the saver"])("nothing of a thread is left when %s has deleted it", async (by) => {
  const { json, world, server } = serve({ limits: { leaseSeconds: 1 } });
  await json("POST", "/threads", { thread_id: "t" });
  await json("POST", "/threads/t/runs/wait", { assistant_id: "chat", input: human("Hi"), stream_resumable: true });
  const own = async (): Promise<string[]> =>
    (await itemsWithPrefix(world.keyPrefix)).map(({ PK, SK }) => `${PK?.S} ${SK?.S}`);
  expect((await own()).length).toBeGreaterThan(5);
  if (by === "the server") await json("DELETE", "/threads/t");
  else {
    await createSaver(world).deleteThread("t");
    // That a run was begun stands in the list of what is due, where a sweep finds that it is gone.
    expect(await own()).toEqual([expect.stringContaining("#DUE#0 ")]);
    while ((await own()).length > 0) {
      expect(await server.sweep()).toBe(0);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
  expect(await own()).toEqual([]);
});

test("what the server stores is encrypted where the saver encrypts", async () => {
  const { json, world } = serve({}, { encryption: { key: new Uint8Array(32).fill(3) } });
  await json("POST", "/threads", { thread_id: "t", metadata: { secret: "in metadata" } });
  await json("POST", "/threads/t/runs/wait", {
    assistant_id: "chat",
    input: human("a secret"),
    stream_resumable: true,
  });
  const stored = (await itemsWithPrefix(world.keyPrefix))
    .flatMap((item) => Object.values(item))
    .map(({ B, S }) => (B === undefined ? S : atob(B)))
    .join("\n");
  expect(stored).not.toContain("secret");
  expect(await json("GET", "/threads/t")).toMatchObject({ metadata: { secret: "in metadata" } });
});
