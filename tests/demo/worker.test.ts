import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startWorker } from "../../scripts/lib/demo/worker.js";
import {
  answerOf,
  built,
  expectError,
  get,
  newThread,
  nodesOf,
  play,
  request,
  startAgent,
  statusOf,
  stopAgent,
  tokenOf,
  vars,
  type Json,
} from "./edge-agent.js";

beforeAll(startAgent);

afterAll(stopAgent);

describe("memory across threads", () => {
  /** Says it in a thread of its own, as a user. */
  const tell = async (as: string, message: string, thread = newThread()) =>
    answerOf(await play(`${thread}/runs`, { message }, undefined, as));
  const question = "What do you know about me?";

  it("is of the user, whichever thread he is in, and of nobody else", async () => {
    // Signs that a key may not have as they are.
    const [ada, bob] = await Promise.all(
      [`ada.x:%#*@example.com ${crypto.randomUUID()}`, `bob ${crypto.randomUUID()}`].map(tokenOf),
    );
    expect(await tell(ada!, "Please remember that I wear size 43.")).toBe("I will remember it: I wear size 43.");
    await tell(ada!, "Remember that I like red.");

    const later = newThread();
    expect(await tell(ada!, question, later)).toBe("I know this: I wear size 43; I like red.");
    expect(await tell(ada!, question, later)).toBe("I know this: I wear size 43; I like red.");
    expect(await tell(bob!, question)).toMatch(/^I know nothing about you yet/);
  });

  it("outlives the thread in which something was said", async () => {
    const eve = await tokenOf(`eve ${crypto.randomUUID()}`);
    const thread = newThread();
    await tell(eve, "Remember that I hike.", thread);
    await request("DELETE", thread, undefined, undefined, eve);
    expect(await tell(eve, question)).toBe("I know this: I hike.");
  });
});

describe("a run", () => {
  it("streams what each node does, then what it cost, then how it ended", async () => {
    const events = await play(`${newThread()}/runs`, { message: "Where is order 1042?" });
    expect(events.map((event) => event.event)).toEqual(["metadata", "updates", "updates", "updates", "usage", "end"]);
    expect(nodesOf(events)).toEqual(["agent", "tools", "agent"]);
    expect(events[1]?.data.agent.messages[0].tool_calls).toMatchObject([
      { name: "lookup_order", args: { order_id: "1042" } },
    ]);
    expect(answerOf(events)).toMatch(/trail running shoes, is delivered/);
    expect(statusOf(events)).toBe("done");
  });

  it("goes on with the conversation of its thread, and only with that", async () => {
    const [thread, other] = [newThread(), newThread()];
    await play(`${thread}/runs`, { message: "Where is order 1043?" });
    expect(answerOf(await play(`${thread}/runs`, { message: "What did that order cost?" }))).toMatch(
      /espresso grinder/,
    );
    expect(answerOf(await play(`${other}/runs`, { message: "What did that order cost?" }))).toMatch(/What do you need/);
    const { values } = await get(`${thread}/state`);
    expect(values.messages.map((message: Json) => message.type)).toEqual([
      "human",
      "ai",
      "tool",
      "ai",
      "human",
      "ai",
      "tool",
      "ai",
    ]);
  });

  it("streams messages under the ids they have in the state", async () => {
    const thread = newThread();
    const events = await play(`${thread}/runs`, { message: "What is 6 * 7?" });
    const streamed = events
      .filter((e) => e.event === "updates")
      .flatMap((e) => Object.values<Json>(e.data)[0].messages);
    const { values } = await get(`${thread}/state`);
    expect(values.messages.slice(1)).toEqual(streamed);
    expect(values.messages.at(-1).content).toBe("That makes 42.");
  });

  it("keeps threads apart that run at the same time", async () => {
    const orders = ["1041", "1042", "1043", "1041", "1042", "1043"];
    const runs = await Promise.all(
      orders.map((order) => play(`${newThread()}/runs`, { message: `Please refund order ${order}` })),
    );
    const asked = runs.map(
      (events) => events.find((e) => e.event === "interrupt")?.data.interrupts[0].value.tool_calls[0].args.order_id,
    );
    expect(asked).toEqual(orders);
  });

  it("takes any text as a thread id", async () => {
    for (const id of ["a/b", "a#b", "a%2Fb", "#", "ünï cödé 🧵", "..%2F..", "x?y=z&", "C#~"]) {
      const thread = `/threads/${encodeURIComponent(id)}`;
      await play(`${thread}/runs`, { message: `What is 1 + ${id.length}?` });
      const state = await get(`${thread}/state`);
      expect([state.thread_id, state.values.messages.at(-1).content]).toEqual([id, `That makes ${1 + id.length}.`]);
      await request("DELETE", thread);
    }
  });
});

describe("the costs", () => {
  it("of a run are its usage event, of any other request a header", async () => {
    const thread = newThread();
    await play(`${thread}/runs`, { message: "Where is order 1042?" });
    const usage = (await play(`${thread}/runs`, { message: "What is 6 * 7?" })).find((e) => e.event === "usage")?.data;
    const sum = (column: string) =>
      Object.values<Json>(usage).reduce((total, operation) => total + operation[column], 0);
    for (const column of ["requests", "bytes_sent", "bytes_received", "write_units", "read_units"]) {
      expect(sum(column), column).toBeGreaterThan(0);
    }
    const response = await request("GET", `${thread}/state`);
    expect(JSON.parse(response.headers.get("x-dynamodb-usage") ?? "")).toMatchObject({
      Query: { requests: 1, write_units: 0 },
    });
  });
});

describe("a Worker", () => {
  it("tells its routes and that it is up, without a database", async () => {
    const { routes } = await get("/");
    expect(routes.map(({ route }: Json) => route)).toContain("POST /threads/:id/runs");
    const response = await request("GET", "/healthz");
    expect([await response.json(), response.headers.get("x-dynamodb-usage")]).toEqual([{ status: "ok" }, null]);
  });

  it("needs no Node compatibility", () => {
    expect(built.compatibilityFlags).toEqual([]);
  });

  it.each<[string, Record<string, string | undefined>, number, string, RegExp]>([
    [
      "whose table is missing says how to create it",
      { DYNAMODB_TABLE_NAME: "no-such-table" },
      503,
      "TABLE_NOT_FOUND",
      /setup\(\)/,
    ],
    ["that cannot reach DynamoDB says so", { AWS_ENDPOINT_URL_DYNAMODB: "http://127.0.0.1:9" }, 502, "NETWORK", /./],
    ["whose bucket's name is wrong says so", { S3_BUCKET: "No_Bucket" }, 500, "INVALID_CONFIG", /s3.bucket/],
    [
      "that lacks its table's name says so",
      { DYNAMODB_TABLE_NAME: undefined },
      500,
      "INVALID_CONFIG",
      /tableName|DYNAMODB_TABLE_NAME/,
    ],
  ])("%s", async (_, broken, status, code, says) => {
    const other = await startWorker(built, { vars: { ...vars, ...broken } });
    try {
      const responses = [
        await request("POST", "/threads/x/runs", { message: "hello" }, other.url),
        await request("GET", "/threads/x/state", undefined, other.url),
        await request("GET", "/threads", undefined, other.url),
      ];
      for (const response of responses) {
        expect(await response.clone().text()).not.toMatch(/localSecret|\bat .*\.js/);
        await expectError(response, status, code, says);
      }
    } finally {
      await other.kill();
    }
  });
});
