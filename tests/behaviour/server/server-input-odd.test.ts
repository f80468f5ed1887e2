import { Annotation, START, StateGraph } from "@langchain/langgraph";
import { provideContext } from "langgraph-checkpoint-dynamodb/context";
import { expect, test } from "vitest";
import { createSaver } from "../../lanes/savers/harness.js";
import { createStore } from "../../lanes/savers/stores.js";
import { human, serve, type Served } from "../../lanes/server/served.js";
import { newPrefix } from "../../lanes/stored/requests.js";
import { itemsWithPrefix, MARKER, putRaw } from "../../lanes/stored/raw-table.js";

provideContext();

const nested = (levels: number, open = '{"a":', close = "}"): string => open.repeat(levels) + 1 + close.repeat(levels);
const KEYED = `{"resume":{"${"0".repeat(32)}":1}}`;

const sent =
  ({ server }: Served) =>
  (method: string, path: string, body?: string): Promise<Response> =>
    server.fetch(new Request(`https://agent.example${path}`, { method, ...(body !== undefined && { body }) }));

/** All that is stored. A marker changes with each lease. */
const stored = async ({ world }: Served): Promise<string[]> =>
  (await itemsWithPrefix(world.keyPrefix)).filter(({ SK }) => SK?.S !== MARKER).map((item) => JSON.stringify(item));

/** A server with a thread that has answered, one that asks and one without a state. */
async function threads(): Promise<Served> {
  const keyPrefix = newPrefix();
  const served = serve({ store: createStore({ keyPrefix: `${keyPrefix}S` }) }, { keyPrefix });
  for (const thread_id of ["chat", "ask", "empty"]) await served.json("POST", "/threads", { thread_id });
  await served.json("POST", "/threads/chat/runs/wait", { assistant_id: "chat", input: human("Hi") });
  await served.json("POST", "/threads/ask/runs/wait", { assistant_id: "ask", input: {} });
  return served;
}

test("what the caller is to blame for is answered with what to do, and nothing of it is stored", async () => {
  const served = await threads();
  const send = sent(served);
  const update = (update: string) => `{"supersteps":[{"updates":[${update}]}]}`;
  const run = (fields: string) => `{"assistant_id":"chat","input":{},${fields}}`;
  const RESUME = `{"assistant_id":"ask","command":${KEYED}}`;
  const refused: [path: string, body: string, message: RegExp][] = [
    ["/threads/chat/state", '{"values":"x"}', /values must be an object/],
    ["/threads/chat/state", '{"values":[["a",1]],"as_node":"__copy__"}', /values must be an object/],
    ["/threads/chat/state", '{"values":5}', /values must be an object/],
    ["/threads/chat/state", '{"values":{},"as_node":"nope"}', /Node "nope" does not exist/],
    ["/threads/chat/state", '{"values":{},"as_node":"toString"}', /does not take/],
    ["/threads/chat/state", '{"values":{},"checkpoint":{"checkpoint_ns":"nope"}}', /Subgraph "nope" not found/],
    ["/threads/chat/state", '{"values":{},"checkpoint":{"checkpoint_ns":5}}', /checkpoint_ns must be a text/],
    ["/threads/chat/state", `{"values":${nested(501)}}`, /values is nested deeper than 500 levels/],
    ["/threads/chat/state/checkpoint", '{"checkpoint":{"checkpoint_id":"\\ud800"}}', /half a surrogate pair/],
    ["/threads/chat/history", '{"limit":"0x10"}', /limit must be a whole number/],
    ["/threads/chat/history", '{"limit":[5]}', /limit must be a whole number/],
    ["/threads", update('{"values":{},"as_node":"nope"}'), /Node "nope" does not exist/],
    ["/threads", update('{"values":"x","as_node":"answer"}'), /Expected node "answer" to return an object/],
    ["/threads", update('{"values":{}},{"values":{}}'), /"asNode" is required/],
    ["/threads", update('{"command":{"goto":[{"node":"answer"}]},"as_node":"answer"}'), /must be names of nodes/],
    ["/threads", update('{"command":{"update":{}},"as_node":"__input__"}'), /A command is what a node returns/],
    ["/threads", '{"thread_id":"\\udc00"}', /thread_id has half a surrogate pair/],
    ["/threads", `{"metadata":${nested(101)}}`, /metadata is nested deeper than 100 levels/],
    ["/threads", `{"metadata":${nested(100_000, "[", "]")}}`, /metadata is nested deeper than 100 levels/],
    ["/threads", '{"metadata":{"n":-1e999}}', /metadata has a number that is too large/],
    ["/threads", '{"metadata":{"a":[{"__proto__":{}}]}}', /metadata has a field __proto__/],
    ["/threads", '{"__proto__":{"thread_id":"x"}}', /__proto__ is no field/],
    ["/threads/count", `{"metadata":${nested(4_000)}}`, /nested deeper/],
    ["/threads/empty/runs/wait", RESUME, /no state, and so no interrupt/],
    ["/threads/new/runs/wait", RESUME.replace("{", '{"if_not_exists":"create",'), /no state, and so no interrupt/],
    ["/threads/new/runs/stream", run('"if_not_exists":"create","after_seconds":1'), /in the background/],
    ["/threads/chat/runs/wait", run('"if_not_exists":"maybe"'), /if_not_exists must be one of/],
    ["/threads/chat/runs/wait", run('"config":{"tags":"x"}'), /tags must be an array/],
    ["/threads/chat/runs/wait", run(`"metadata":${nested(101)}`), /metadata is nested deeper/],
    ["/runs/wait", RESUME, /no state, and so no interrupt/],
    ["/runs", run('"on_completion":"perhaps"'), /on_completion must be one of/],
    ["/runs", '{"assistant_id":"chat\\ud800"}', /assistant_id has half a surrogate pair/],
    ["/store/items/search", '{"namespace_prefix":["\\ud800"]}', /namespace_prefix has half/],
    ["/store/namespaces", '{"max_depth":-1}', /max_depth must be a whole number/],
  ];
  const before = await stored(served);
  for (const [path, body, message] of refused) {
    const response = await send("POST", path, body);
    expect([path, body.slice(0, 200), response.status]).toEqual([path, body.slice(0, 200), 422]);
    expect(await response.text()).toMatch(message);
  }
  expect((await send("PATCH", "/threads/chat", `{"metadata":${nested(101)}}`)).status).toBe(422);
  expect((await send("GET", "/threads/%ED%A0%80")).status).toBe(422);
  expect(await stored(served)).toEqual(before);

  // Only a reducer sees this one, when LangGraph has noted it as a write.
  const state = await served.json("GET", "/threads/chat/state");
  const response = await send("POST", "/threads/chat/state", '{"values":{"messages":7}}');
  expect([response.status, await response.text()]).toEqual([422, expect.stringMatching(/does not take these values/)]);
  expect(await served.json("GET", "/threads/chat/state")).toEqual(state);
});

test("no odd field of a body brings the server down, and none that is refused leaves anything", async () => {
  const served = await threads();
  const send = sent(served);
  const odd = ["true", "-1", "1e300", '""', '"\\u0000"', "[null]", '[["a",1]]', '{"constructor":{"a":1}}', nested(99)];
  const routes: [method: string, path: string, fields: string[]][] = [
    ["POST", "/assistants/search", ["metadata", "offset"]],
    ["POST", "/threads", ["thread_id", "metadata", "supersteps"]],
    ["POST", "/threads/search", ["metadata", "ids", "limit", "offset"]],
    ["PATCH", "/threads/chat", ["metadata"]],
    ["POST", "/threads/ask/state", ["values", "as_node", "checkpoint"]],
    ["POST", "/threads/ask/history", ["before", "metadata", "checkpoint"]],
    ["POST", "/threads/none/runs/wait", ["input", "command"]],
    ["PUT", "/store/items", ["namespace", "key", "value", "index"]],
    ["POST", "/store/items/search", ["namespace_prefix", "filter", "offset"]],
    ["POST", "/store/namespaces", ["prefix", "suffix", "max_depth"]],
  ];
  let before = await stored(served);
  let refusals = 0;
  for (const [method, path, fields] of routes)
    for (const field of fields) {
      for (const value of odd) {
        const response = await send(method, path, `{"${field}":${value}}`);
        const text = await response.text();
        expect([path, field, value, response.status < 500]).toEqual([path, field, value, true]);
        if (response.ok) before = [];
        else refusals++;
        if (!response.ok) expect(text).not.toMatch(/TypeError|RangeError|undefined|\.js/);
        if (before.length === 0) before = await stored(served);
      }
      expect(await stored(served)).toEqual(before);
    }
  expect(refusals).toBeGreaterThan(100);
});

test("a thread whose metadata are odder than any may be today is found, and shown without them", async () => {
  const { json, world } = await threads();
  await json("PATCH", "/threads/empty", { metadata: { topic: "tea" } });
  const rows = (await itemsWithPrefix(world.keyPrefix)).filter(({ PK }) => PK?.S?.includes("D#0"));
  const row = rows.find(({ SK }) => SK?.S === "empty")!;
  // As it is stored without compression.
  await putRaw({ ...row, data: { B: btoa(`\0{"metadata":{"topic":"tea","odd":${nested(4_000)}}}`) } });
  expect(await json("POST", "/threads/search", { metadata: { topic: "tea" } })).toMatchObject([
    { thread_id: "empty", metadata: { topic: "tea" } },
  ]);
  expect(await json("POST", "/threads/search", {})).toHaveLength(rows.length);
  await json("PATCH", "/threads/empty", { metadata: { mood: "good" } });
  expect((await json("GET", "/threads/empty")).metadata).toEqual({ topic: "tea", mood: "good" });
});

test("an answer by id that waited for its turn in a thread without a state fails with what to do", async () => {
  const { json, server } = await threads();
  const body = { assistant_id: "ask", command: JSON.parse(KEYED), after_seconds: 0.001 };
  const { run_id } = await json("POST", "/threads/empty/runs", body);
  while ((await server.sweep()) === 0) await new Promise((resolve) => setTimeout(resolve, 100));
  expect(await json("GET", `/threads/empty/runs/${String(run_id)}`)).toMatchObject({ status: "error" });
  expect(await json("GET", `/threads/empty/runs/${String(run_id)}/join`)).toMatchObject({
    __error__: { message: expect.stringMatching(/^The thread has no state/) },
  });
});

test("HEAD is answered as GET, without a body, and cancels nothing", async () => {
  const served = await threads();
  const send = sent(served);
  for (const path of ["/ok", "/threads/chat", "/threads/chat/state", "/threads/none", "/nothing"]) {
    const [head, get] = [await send("HEAD", path), await send("GET", path)];
    expect([head.status, head.headers.get("content-type")]).toEqual([get.status, get.headers.get("content-type")]);
    expect(await head.text()).toBe("");
    expect(await get.text()).not.toBe("");
  }
  const { json, effects, settled } = served;
  const { run_id } = await json("POST", "/threads/empty/runs", { assistant_id: "steps", input: {} });
  await effects.gate.arrival();
  const run = `/threads/empty/runs/${String(run_id)}`;
  for (const listen of ["join", "stream"])
    expect((await send("HEAD", `${run}/${listen}?cancel_on_disconnect=1`)).status).toBe(200);
  effects.gate.open();
  await settled();
  expect(await json("GET", run)).toMatchObject({ status: "success" });
});

test("a command in supersteps updates the state as its node, and goes where it says", async () => {
  const log = Annotation<string[]>({ reducer: (a, b) => [...a, ...b], default: () => [] });
  const graph = new StateGraph(Annotation.Root({ log }))
    .addNode("first", () => ({ log: ["first"] }), { ends: ["second", "third"] })
    .addNode("second", () => ({ log: ["second"] }))
    .addNode("third", () => ({ log: ["third"] }))
    .addEdge(START, "first")
    .compile();
  const { json } = serve({ graphs: { graph } });
  const commands = [
    { command: { update: { log: ["a"] }, goto: "third" }, next: ["third"], log: ["in", "a"] },
    { command: { update: [["log", ["b"]]], goto: ["second", "third"] }, next: ["second", "third"], log: ["in", "b"] },
    { command: { goto: "second" }, next: ["second"], log: ["in"] },
    { command: { resume: "nothing asks" }, next: [], log: ["in"] },
  ];
  for (const { command, next, log } of commands) {
    const input = { updates: [{ values: { log: ["in"] }, as_node: "__start__" }] };
    const supersteps = [input, { updates: [{ values: null, command, as_node: "first" }] }];
    const made = await json("POST", "/threads", { supersteps });
    const state = await json("GET", `/threads/${String(made.thread_id)}/state`);
    expect(state).toMatchObject({ values: { log }, next });
  }
});

test("supersteps are refused for a thread that has a state already, which stays", async () => {
  const { call, world } = await threads();
  const supersteps = [{ updates: [{ values: human("Hi"), as_node: "nope" }] }];
  // Made past the server, which has no row of it.
  await createSaver(world).copyThread("chat", "copy");
  for (const thread_id of ["chat", "copy"])
    expect((await call("POST", "/threads", { thread_id, supersteps })).status).toBe(409);
  for (const thread_id of ["chat", "copy"])
    expect(await createSaver(world).getTuple({ configurable: { thread_id } })).toBeDefined();
});
