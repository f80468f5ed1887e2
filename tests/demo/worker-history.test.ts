import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  answerOf,
  expectError,
  get,
  history,
  newThread,
  nodesOf,
  play,
  request,
  startAgent,
  statusOf,
  stopAgent,
  type Json,
} from "./edge-agent.js";

beforeAll(startAgent);

afterAll(stopAgent);

describe("the history", () => {
  it("lists every superstep, newest first, each under its parent", async () => {
    const thread = newThread();
    await play(`${thread}/runs`, { message: "What is 6 * 7?" });
    const checkpoints = await history(thread);
    expect(checkpoints.map(({ step, source, next }) => [step, source, ...next])).toEqual([
      [3, "loop"],
      [2, "loop", "agent"],
      [1, "loop", "tools"],
      [0, "loop", "agent"],
      [-1, "input", "__start__"],
    ]);
    const parents = checkpoints.map((checkpoint) => checkpoint.parent_checkpoint_id);
    expect(parents).toEqual([...checkpoints.slice(1).map((checkpoint) => checkpoint.checkpoint_id), null]);
  });

  it("comes in pages", async () => {
    const thread = newThread();
    await play(`${thread}/runs`, { message: "What is 6 * 7?" });
    const all = await history(thread);
    const first = await get(`${thread}/history?limit=2`);
    const rest = await get(`${thread}/history?limit=10&before=${first.next_before}`);
    expect([...first.checkpoints, ...rest.checkpoints]).toEqual(all);
    expect(rest.next_before).toBeNull();
  });

  it("shows the state as it was at a checkpoint", async () => {
    const thread = newThread();
    await play(`${thread}/runs`, { message: "What is 6 * 7?" });
    const [latest, ...earlier] = await history(thread);
    expect(await get(`${thread}/state`)).toEqual({ thread_id: thread.slice("/threads/".length), ...latest });
    for (const checkpoint of earlier) {
      expect(await get(`${thread}/state?checkpoint_id=${checkpoint.checkpoint_id}`)).toMatchObject(checkpoint);
    }
  });
});

describe("a fork", () => {
  it("asks again from where the agent asked, and the other branch keeps its answer", async () => {
    const thread = newThread();
    await play(`${thread}/runs`, { message: "Please refund order 1042" });
    await play(`${thread}/resume`, { approve: true });
    const [approved, ...earlier] = await history(thread);
    const question = earlier.find((checkpoint) => checkpoint.next[0] === "approval");

    expect(statusOf(await play(`${thread}/fork`, { checkpoint_id: question.checkpoint_id }))).toBe("waiting");
    await play(`${thread}/resume`, { approve: false });

    const declined = await get(`${thread}/state`);
    expect(declined.values.refunds).toEqual([]);
    expect(declined.values.messages.at(-1).content).toMatch(/declined/);
    expect(await get(`${thread}/state?checkpoint_id=${approved.checkpoint_id}`)).toMatchObject(approved);
    const children = (await history(thread)).filter(
      (checkpoint) => checkpoint.parent_checkpoint_id === question.checkpoint_id,
    );
    expect(children).toHaveLength(2);
  });

  it("runs on with another message", async () => {
    const thread = newThread();
    await play(`${thread}/runs`, { message: "Where is order 1041?" });
    const [end] = await history(thread);
    await play(`${thread}/runs`, { message: "What is 6 * 7?" });
    const events = await play(`${thread}/fork`, { checkpoint_id: end.checkpoint_id, message: "Where is order 1043?" });
    expect(answerOf(events)).toMatch(/espresso grinder/);
    const { values } = await get(`${thread}/state`);
    expect(
      values.messages.filter((message: Json) => message.type === "human").map((message: Json) => message.content),
    ).toEqual(["Where is order 1041?", "Where is order 1043?"]);
  });

  it("runs on with an edited state", async () => {
    const thread = newThread();
    await play(`${thread}/runs`, { message: "Where is order 1041?" });
    const start = (await history(thread)).find((checkpoint) => checkpoint.step === 0);
    const [question] = start.values.messages;
    const events = await play(`${thread}/fork`, {
      checkpoint_id: start.checkpoint_id,
      values: { messages: [{ role: "user", content: "Where is order 1043?", id: question.id }] },
      as_node: "__start__",
    });
    expect(answerOf(events)).toMatch(/espresso grinder/);
    expect((await get(`${thread}/state`)).values.messages).toHaveLength(4);
  });

  it("from the very first checkpoint of a thread works", async () => {
    const thread = newThread();
    await play(`${thread}/runs`, { message: "What is 6 * 7?" });
    const first = (await history(thread)).at(-1);
    expect(nodesOf(await play(`${thread}/fork`, { checkpoint_id: first.checkpoint_id }))).toEqual([
      "agent",
      "tools",
      "agent",
    ]);
    expect((await get(`${thread}/state`)).values.messages.at(-1).content).toBe("That makes 42.");
  });
});

describe("the state", () => {
  it("can be edited by hand, as if a node had done it", async () => {
    const thread = newThread();
    await play(`${thread}/runs`, { message: "What is 6 * 7?" });
    const response = await request("POST", `${thread}/state`, {
      values: { messages: [{ role: "assistant", content: "Forty-two." }] },
      as_node: "agent",
    });
    const { checkpoint_id }: Json = await response.json();
    const state = await get(`${thread}/state`);
    expect(state).toMatchObject({ checkpoint_id, source: "update", next: [] });
    expect(state.values.messages.at(-1).content).toBe("Forty-two.");
  });
});

describe("threads", () => {
  it("are listed by id and in pages, and are gone once deleted", async () => {
    const prefix = newThread();
    const ids = ["a", "b", "c"].map((letter) => `${prefix.slice("/threads/".length)}-${letter}`);
    for (const id of ids) await play(`/threads/${id}/runs`, { message: "What is 6 * 7?" });

    const listed: string[] = [];
    for (let after = ""; ;) {
      const page = await get(`/threads?limit=2${after && `&after=${encodeURIComponent(after)}`}`);
      listed.push(...page.threads.map((thread: Json) => thread.thread_id));
      expect(page.threads.every((thread: Json) => !Number.isNaN(Date.parse(thread.created_at)))).toBe(true);
      if (page.next_after === null) break;
      after = page.next_after;
    }
    expect(listed).toEqual([...listed].sort());
    expect(new Set(listed).size).toBe(listed.length);
    expect(listed).toEqual(expect.arrayContaining(ids));

    for (const id of ids) expect((await request("DELETE", `/threads/${id}`)).status).toBe(204);
    const left = (await get("/threads?limit=100")).threads.map((thread: Json) => thread.thread_id);
    expect(left.filter((id: string) => ids.includes(id))).toEqual([]);
    await expectError(await request("GET", `/threads/${ids[0]}/state`), 404, "THREAD_NOT_FOUND", /POST \/threads/);
  });

  it("that do not exist can be deleted all the same", async () => {
    expect((await request("DELETE", newThread())).status).toBe(204);
  });
});
