import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startWorker } from "../../scripts/lib/demo/worker.js";
import {
  answerOf,
  built,
  client,
  clientOf,
  newThread,
  nodesOf,
  play,
  request,
  said,
  say,
  startAgent,
  stopAgent,
  tokenOf,
  updates,
  valuesOf,
  vars,
  type Json,
} from "./edge-agent.js";

beforeAll(startAgent);

afterAll(stopAgent);

describe("memory across threads", () => {
  const clientFor = async (user: string) => clientOf(undefined, await tokenOf(user));
  type User = Awaited<ReturnType<typeof clientFor>>;
  /** Says it in a thread of its own, as a user. */
  const tell = async (as: User, message: string, thread?: string) =>
    answerOf(await say(thread ?? (await newThread(as)), message, as));
  const question = "What do you know about me?";

  it("is of the user, whichever thread he is in, and of nobody else", async () => {
    // Signs that a key may not have as they are.
    const ada = await clientFor(`ada.x:%#*@example.com ${crypto.randomUUID()}`);
    const bob = await clientFor(`bob ${crypto.randomUUID()}`);
    expect(await tell(ada, "Please remember that I wear size 43.")).toBe("I will remember it: I wear size 43.");
    await tell(ada, "Remember that I like red.");

    const later = await newThread(ada);
    expect(await tell(ada, question, later)).toBe("I know this: I wear size 43; I like red.");
    expect(await tell(ada, question, later)).toBe("I know this: I wear size 43; I like red.");
    expect(await tell(bob, question)).toMatch(/^I know nothing about you yet/);
  });

  it("outlives the thread in which something was said", async () => {
    const eve = await clientFor(`eve ${crypto.randomUUID()}`);
    const thread = await newThread(eve);
    await tell(eve, "Remember that I hike.", thread);
    await eve.threads.delete(thread);
    expect(await tell(eve, question)).toBe("I know this: I hike.");
  });
});

describe("a run", () => {
  it("streams what each node does, then that it has ended, then what it cost", async () => {
    const events = await say(await newThread(), "Where is order 1042?");
    expect(events.map(({ event }) => event)).toEqual(["metadata", "updates", "updates", "updates", "end", "usage"]);
    expect(nodesOf(events)).toEqual(["agent", "tools", "agent"]);
    expect(events[1]?.data.agent.messages[0].tool_calls).toMatchObject([
      { name: "lookup_order", args: { order_id: "1042" } },
    ]);
    expect(answerOf(events)).toMatch(/trail running shoes, is delivered/);
  });

  it("streams an answer word by word, under the id that it has in the state", async () => {
    const thread = await newThread();
    const events = await play(thread, { input: said("What is 6 * 7?"), streamMode: ["messages-tuple", "updates"] });
    const { messages } = await valuesOf(thread);
    expect(messages.at(-1).content).toBe("That makes 42.");
    const pieces = events.filter(({ event, data }) => event === "messages" && data[0].id === messages.at(-1).id);
    expect(pieces.map(({ data }) => data[0].content)).toEqual(["That ", "makes ", "42."]);
    expect(updates(events).flatMap((data) => Object.values<Json>(data)[0].messages)).toEqual(messages.slice(1));
  });

  it("goes on with the conversation of its thread, and only with that", async () => {
    const [thread, other] = [await newThread(), await newThread()];
    await say(thread, "Where is order 1043?");
    expect(answerOf(await say(thread, "What did that order cost?"))).toMatch(/espresso grinder/);
    expect(answerOf(await say(other, "What did that order cost?"))).toMatch(/What do you need/);
    const { messages } = await valuesOf(thread);
    const turn = ["human", "ai", "tool", "ai"];
    expect(messages.map((message: Json) => message.type)).toEqual([...turn, ...turn]);
  });

  it("keeps threads apart that run at the same time", async () => {
    const orders = ["1041", "1042", "1043", "1041", "1042", "1043"];
    const runs = await Promise.all(orders.map(async (order) => say(await newThread(), `Please refund order ${order}`)));
    const asked = runs.map((events) => updates(events).at(-1).__interrupt__[0].value.tool_calls[0].args.order_id);
    expect(asked).toEqual(orders);
  });

  it("takes any text as a thread id", async () => {
    for (const id of ["a/b", "a#b", "a%2Fb", "#", "ünï cödé 🧵", "..%2F..", "x?y=z&", "C#~"]) {
      await play(id, { input: said(`What is 1 + ${id.length}?`), ifNotExists: "create" });
      const { values, checkpoint } = await client.threads.getState<Json>(id);
      expect([checkpoint.thread_id, values.messages.at(-1).content]).toEqual([id, `That makes ${1 + id.length}.`]);
      await client.threads.delete(id);
    }
  });
});

describe("the costs", () => {
  it("of a run are its usage event, of any other request a header", async () => {
    const thread = await newThread();
    await say(thread, "Where is order 1042?");
    const usage = (await say(thread, "What is 6 * 7?")).at(-1);
    const sum = (column: string) =>
      Object.values<Json>(usage?.data).reduce((total, operation) => total + operation[column], 0);
    for (const column of ["requests", "bytes_sent", "bytes_received", "write_units", "read_units"]) {
      expect(sum(column), column).toBeGreaterThan(0);
    }
    const response = await request("GET", `/threads/${thread}/state`);
    expect(JSON.parse(response.headers.get("x-dynamodb-usage") ?? "")).toMatchObject({
      Query: { requests: 1, write_units: 0 },
    });
  });
});

describe("a Worker", () => {
  it("says that it is up, without a database", async () => {
    const response = await request("GET", "/ok");
    expect([await response.json(), response.headers.get("x-dynamodb-usage")]).toEqual([{ ok: true }, "{}"]);
  });

  it("needs no Node compatibility", () => {
    expect(built.compatibilityFlags).toEqual([]);
  });

  it("keeps what is not to be shown to browsers, and is no page", async () => {
    const { headers } = await request("GET", "/ok");
    expect(Object.fromEntries(headers)).toMatchObject({
      "cache-control": "no-store",
      "content-security-policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
      "x-content-type-options": "nosniff",
    });
  });

  it.each<[string, Record<string, string | undefined>, RegExp]>([
    ["whose table is missing says so", { DYNAMODB_TABLE_NAME: "no-such-table" }, /TABLE_NOT_FOUND/],
    ["that cannot reach DynamoDB says so", { AWS_ENDPOINT_URL_DYNAMODB: "http://127.0.0.1:9" }, /NETWORK/],
    ["whose bucket's name is wrong says so", { S3_BUCKET: "No_Bucket" }, /s3.bucket/],
    ["that lacks its table's name says so", { DYNAMODB_TABLE_NAME: undefined }, /tableName|DYNAMODB_TABLE_NAME/],
  ])("%s", async (_, broken, says) => {
    const other = await startWorker(built, { vars: { ...vars, ...broken } });
    try {
      for (const response of [
        await request("POST", "/threads/x/runs/stream", { assistant_id: "agent", input: null }, other.url),
        await request("GET", "/threads/x/state", undefined, other.url),
        await request("POST", "/threads/search", {}, other.url),
      ]) {
        const text = await response.text();
        expect([response.status, text]).toEqual([500, expect.stringMatching(says)]);
        expect(text).not.toMatch(/localSecret|\bat .*\.js/);
      }
    } finally {
      await other.kill();
    }
  });
});
