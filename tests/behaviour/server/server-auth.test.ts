import { provideContext } from "langgraph-checkpoint-dynamodb/context";
import { DynamoDBStore } from "langgraph-checkpoint-dynamodb";
import type { Authenticate } from "langgraph-checkpoint-dynamodb/server";
import { expect, test } from "vitest";
import { ROUTES } from "../../../src/server/routes.js";
import { credentials, endpoint, tableName } from "../../lanes/savers/harness.js";
import { human, serve } from "../../lanes/server/served.js";
import { newPrefix } from "../../lanes/stored/requests.js";

provideContext();

/** Who a request is of says its header `x-user`. */
const byOwner: Authenticate = (request) => {
  const owner = request.headers.get("x-user");
  return owner === null ? new Response("Who are you?", { status: 401 }) : { owner };
};

const byTenant: Authenticate = (request) => ({ keyPrefix: `${request.headers.get("x-user")}#` });

const storeOf = (keyPrefix: string): DynamoDBStore =>
  new DynamoDBStore({
    tableName: tableName(),
    region: "us-east-1",
    credentials: credentials(),
    dangerouslyAllowBrowser: true,
    endpoint: endpoint(),
    keyPrefix,
  });

const runId = "01a21fdc-d436-703b-a555-3e5ed09ca687";
const pathOf = (pattern: string, thread: string): string =>
  pattern.replace(":thread_id", thread).replace(":run_id", runId).replace(/:\w+/g, "chat");

test("no route answers without the consent of authenticate", async () => {
  const { call } = serve({ authenticate: byOwner });
  expect(ROUTES.length).toBeGreaterThan(40);
  for (const { method, pattern } of [...ROUTES, { method: "GET", pattern: "/nothing" }]) {
    const body = method === "GET" ? undefined : {};
    const response = await call(method, pathOf(pattern, "t"), body);
    expect([method, pattern, response.status, await response.text()]).toEqual([method, pattern, 401, "Who are you?"]);
  }
});

test("what authenticate gives by mistake lets nobody in", async () => {
  // As a function that only says whether somebody may come in, or that answers with another library's `Response`.
  const verdicts = [undefined, null, false, true, 0, "ada", [], () => ({}), { status: 401 }];
  const ofOthers = new (class Response {
    readonly #body = "no";
    readonly text = (): string => this.#body;
  })();
  const misspelt = [{ owner: "" }, { owner: 1 }, { keyPrefix: 2 }, { namespace: "a" }, { ownerId: "ada" }];
  for (const wrong of [...verdicts, ofOthers, ...misspelt]) {
    const { call } = serve({ authenticate: () => wrong as never });
    expect((await call("GET", "/ok")).status).toBe(500);
  }
});

test("a thread of another owner is not found, on every route that names a thread", async () => {
  const { call } = serve({ authenticate: byOwner });
  const ada = { "x-user": "ada" };
  const eve = { "x-user": "eve" };
  await call("POST", "/threads", { thread_id: "t" }, ada);
  await (await call("POST", "/threads/t/runs/wait", { assistant_id: "chat", input: human("Hi") }, ada)).text();
  const routes = ROUTES.filter(({ pattern }) => pattern.includes(":thread_id") && !pattern.endsWith("/crons"));
  expect(routes.length).toBeGreaterThan(15);
  for (const { method, pattern } of routes) {
    const body = { assistant_id: "chat", input: human("Hi"), if_not_exists: "create", values: {} };
    const response = await call(method, pathOf(pattern, "t"), method === "GET" ? undefined : body, eve);
    expect([method, pattern, response.status]).toEqual([method, pattern, 404]);
  }
  expect(await (await call("POST", "/threads/search", {}, eve)).json()).toEqual([]);
  expect(await (await call("POST", "/threads/count", {}, eve)).json()).toBe(0);
  expect((await call("POST", "/threads", { thread_id: "t", if_exists: "do_nothing" }, eve)).status).toBe(409);
  expect(await (await call("GET", "/threads/t", undefined, ada)).json()).toMatchObject({
    metadata: { owner: "ada" },
    values: { messages: [{}, {}] },
  });
  const patched = await call("PATCH", "/threads/t", { metadata: { owner: "eve" } }, ada);
  expect(await patched.json()).toMatchObject({ metadata: { owner: "ada" } });
});

test("a thread that was made past the server becomes no owner's", async () => {
  const { call, world, json } = serve({ authenticate: false });
  await json("POST", "/threads", { thread_id: "t" });
  await json("POST", "/threads/t/runs/wait", { assistant_id: "chat", input: human("Hi") });
  const owned = serve({ authenticate: byOwner }, world);
  const response = await owned.call(
    "POST",
    "/threads/t/runs/wait",
    { assistant_id: "chat", if_not_exists: "create" },
    {
      "x-user": "eve",
    },
  );
  expect(response.status).toBe(404);
  expect((await call("GET", "/threads/t")).status).toBe(200);
});

test("tenants have threads of their own under the same ids, and a sweep finds what all of them have left", async () => {
  const { call, server, effects } = serve({ authenticate: byTenant });
  for (const tenant of ["a", "b"]) {
    await call("POST", "/threads", { thread_id: "t", metadata: { tenant } }, { "x-user": tenant });
    const body = { assistant_id: "ask", input: {}, after_seconds: 0.001 };
    await call("POST", "/threads/t/runs", body, { "x-user": tenant });
  }
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(await server.sweep()).toBe(2);
  for (const tenant of ["a", "b"])
    expect(await (await call("POST", "/threads/search", {}, { "x-user": tenant })).json()).toMatchObject([
      { thread_id: "t", status: "interrupted", metadata: { tenant } },
    ]);
  expect(effects.done).toEqual([]);
});

test("the store is read and written, by who may", async () => {
  const keyPrefix = newPrefix();
  const store = storeOf(keyPrefix);
  const item = { namespace: ["users", "ada"], key: "k", value: { likes: "tea" } };
  const open = serve({ store }, { keyPrefix });
  expect((await open.call("PUT", "/store/items", item)).status).toBe(204);
  expect(await open.json("GET", "/store/items?namespace=users.ada&key=k")).toMatchObject({
    namespace: ["users", "ada"],
    key: "k",
    value: { likes: "tea" },
    created_at: expect.stringMatching(/^20/) as string,
  });
  expect(await open.json("POST", "/store/items/search", { namespace_prefix: ["users"] })).toMatchObject({
    items: [{ key: "k", value: { likes: "tea" } }],
  });
  expect(await open.json("POST", "/store/namespaces", {})).toEqual({ namespaces: [["users", "ada"]] });

  const shared = serve({ store, authenticate: byOwner }, { keyPrefix });
  expect((await shared.call("POST", "/store/items/search", {}, { "x-user": "eve" })).status).toBe(403);
  const within = serve({ store, authenticate: () => ({ owner: "eve", namespace: ["users", "eve"] }) }, { keyPrefix });
  for (const [method, path, body] of [
    ["GET", "/store/items?namespace=users.ada&key=k", undefined],
    ["PUT", "/store/items", item],
    ["DELETE", "/store/items", item],
    ["POST", "/store/items/search", { namespace_prefix: ["users"] }],
    ["POST", "/store/namespaces", {}],
  ] as const)
    expect((await within.call(method, path, body)).status).toBe(404);
  const tenant = serve({ store, authenticate: byTenant }, { keyPrefix });
  expect(await (await tenant.call("POST", "/store/items/search", {}, { "x-user": "b" })).json()).toEqual({ items: [] });

  expect((await open.call("DELETE", "/store/items", item)).status).toBe(204);
  expect((await open.call("GET", "/store/items?namespace=users.ada&key=k")).status).toBe(404);
  expect((await serve().call("POST", "/store/items/search", {})).status).toBe(404);
  const { json } = serve({ store }, { keyPrefix });
  expect(await json("POST", "/runs/wait", { assistant_id: "user", input: {} })).toEqual({ log: ["null", "store"] });
});

test("a browser of another origin is let in where an option says so, and an error tells it no less", async () => {
  const cors = { origins: ["https://page.example"] };
  const { call } = serve({ cors, authenticate: byOwner });
  const from = (origin: string) => ({ origin, "access-control-request-headers": "x-user" });
  const asked = await call("OPTIONS", "/threads", undefined, from("https://page.example"));
  expect(Object.fromEntries(asked.headers)).toMatchObject({
    "access-control-allow-origin": "https://page.example",
    "access-control-allow-headers": "x-user",
    "access-control-allow-methods": expect.stringContaining("PATCH") as string,
  });
  const refused = await call("GET", "/ok", undefined, from("https://page.example"));
  expect(refused.status).toBe(401);
  expect(refused.headers.get("access-control-expose-headers")).toMatch(/Content-Location, Location/);
  const other = await call("OPTIONS", "/threads", undefined, from("https://eve.example"));
  expect(other.headers.get("access-control-allow-origin")).toBeNull();
});

test("a body that is too long, or is no JSON, is refused", async () => {
  const { call, server } = serve({ limits: { bodyBytes: 100 } });
  expect((await call("POST", "/threads", { metadata: { text: "x".repeat(100) } })).status).toBe(413);
  const send = (body: string) => server.fetch(new Request("https://agent.example/threads", { method: "POST", body }));
  for (const body of ["{", "[]", '"text"', '{"thread_id": 1}', '{"metadata": []}'])
    expect([body, (await send(body)).status]).toEqual([body, 422]);
});

test("assistants are the graphs, by name and by id, and what is not there says so", async () => {
  const { json, call } = serve();
  const all = await json<{ graph_id: string; assistant_id: string }[]>("POST", "/assistants/search", { limit: 100 });
  expect(all.map(({ graph_id }) => graph_id)).toEqual(["chat", "steps", "ask", "ask-twice", "fails", "user"]);
  const [chat] = await json<{ assistant_id: string }[]>("POST", "/assistants/search", { graph_id: "chat" });
  // As LangGraph's own server makes it: a UUID of version 5.
  expect(chat!.assistant_id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(await json("GET", `/assistants/${chat!.assistant_id}`)).toEqual(await json("GET", "/assistants/chat"));
  expect(await json("GET", "/assistants/chat/graph")).toMatchObject({
    nodes: expect.arrayContaining([expect.objectContaining({ id: "answer" })]) as unknown[],
  });
  expect(await json("GET", "/assistants/chat/schemas")).toMatchObject({
    graph_id: "chat",
    state_schema: { type: "object", properties: { messages: {} } },
  });
  expect(await json("GET", "/assistants/chat/subgraphs")).toEqual({});
  expect(await json("GET", "/ok")).toEqual({ ok: true });
  expect(await json("GET", "/info")).toMatchObject({ version: expect.any(String) as string });
  expect((await call("GET", "/assistants/none")).status).toBe(404);
  expect((await call("POST", "/assistants", {})).status).toBe(501);
  expect((await call("POST", "/runs/crons", {})).status).toBe(501);
  expect((await call("GET", "/nowhere")).status).toBe(404);
});
