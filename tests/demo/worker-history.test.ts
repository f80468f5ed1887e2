import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  answerOf,
  asks,
  client,
  history,
  newThread,
  nodesOf,
  play,
  resume,
  said,
  say,
  startAgent,
  stopAgent,
  valuesOf,
  type Json,
} from "./edge-agent.js";

beforeAll(startAgent);

afterAll(stopAgent);

type Checkpoint = Awaited<ReturnType<typeof history>>[number];
const idOf = ({ checkpoint }: Checkpoint): string => checkpoint.checkpoint_id!;
const stateAt = (thread: string, id: string) => client.threads.getState<Json>(thread, id);

describe("the history", () => {
  it("lists every superstep, newest first, each under its parent", async () => {
    const thread = await newThread();
    await say(thread, "What is 6 * 7?");
    const checkpoints = await history(thread);
    expect(checkpoints.map(({ metadata, next }) => [metadata?.step, metadata?.source, ...next])).toEqual([
      [3, "loop"],
      [2, "loop", "agent"],
      [1, "loop", "tools"],
      [0, "loop", "agent"],
      [-1, "input", "__start__"],
    ]);
    const parents = checkpoints.map(({ parent_checkpoint }) => parent_checkpoint?.checkpoint_id);
    expect(parents).toEqual([...checkpoints.slice(1).map(idOf), undefined]);
  });

  it("comes in pages", async () => {
    const thread = await newThread();
    await say(thread, "What is 6 * 7?");
    const all = await history(thread);
    const first = await client.threads.getHistory(thread, { limit: 2 });
    const before = { configurable: { ...first.at(-1)!.checkpoint } };
    const rest = await client.threads.getHistory(thread, { limit: 10, before });
    expect([...first, ...rest]).toEqual(all);
  });

  it("shows the state as it was at a checkpoint", async () => {
    const thread = await newThread();
    await say(thread, "What is 6 * 7?");
    const [latest, ...earlier] = await history(thread);
    expect(await client.threads.getState(thread)).toEqual(latest);
    for (const checkpoint of earlier) {
      const { values, next } = await stateAt(thread, idOf(checkpoint));
      expect({ values, next }).toEqual({ values: checkpoint.values, next: checkpoint.next });
    }
  });
});

describe("a fork", () => {
  it("asks again from where the agent asked, and the other branch keeps its answer", async () => {
    const thread = await newThread();
    await say(thread, "Please refund order 1042");
    await resume(thread, { approve: true });
    const [approved, ...earlier] = await history(thread);
    const question = earlier.find(({ next }) => next[0] === "approval")!;

    expect(asks(await play(thread, { input: null, checkpointId: idOf(question) }))).toBe(true);
    await resume(thread, { approve: false });

    const { refunds, messages } = await valuesOf(thread);
    expect([refunds, messages.at(-1).content]).toEqual([[], expect.stringMatching(/declined/)]);
    expect((await stateAt(thread, idOf(approved!))).values).toEqual(approved!.values);
    const children = (await history(thread)).filter(
      ({ parent_checkpoint }) => parent_checkpoint?.checkpoint_id === idOf(question),
    );
    expect(children).toHaveLength(2);
  });

  it("runs on with another message", async () => {
    const thread = await newThread();
    await say(thread, "Where is order 1041?");
    const [end] = await history(thread);
    await say(thread, "What is 6 * 7?");
    const events = await play(thread, { input: said("Where is order 1043?"), checkpointId: idOf(end!) });
    expect(answerOf(events)).toMatch(/espresso grinder/);
    const { messages } = await valuesOf(thread);
    const asked = messages.filter(({ type }: Json) => type === "human").map(({ content }: Json) => content);
    expect(asked).toEqual(["Where is order 1041?", "Where is order 1043?"]);
  });

  it("runs on with a question that was put another way, in place of the one that was there", async () => {
    const thread = await newThread();
    await say(thread, "Where is order 1041?");
    const start = (await history(thread)).find(({ metadata }) => metadata?.step === 0)!;
    const [question] = start.values.messages;
    const input = said("Where is order 1043?", question.id);
    expect(answerOf(await play(thread, { input, checkpointId: idOf(start) }))).toMatch(/espresso grinder/);
    expect((await valuesOf(thread)).messages).toHaveLength(4);
  });

  it("from the very first checkpoint of a thread works", async () => {
    const thread = await newThread();
    await say(thread, "What is 6 * 7?");
    const first = (await history(thread)).at(-1)!;
    const events = await play(thread, { input: null, checkpointId: idOf(first) });
    expect(nodesOf(events)).toEqual(["agent", "tools", "agent"]);
    expect((await valuesOf(thread)).messages.at(-1).content).toBe("That makes 42.");
  });
});

describe("the state", () => {
  it("can be edited by hand, as if the agent had said it", async () => {
    const thread = await newThread();
    await say(thread, "What is 6 * 7?");
    const messages = [{ role: "assistant", content: "Forty-two." }];
    const { configurable } = await client.threads.updateState(thread, { values: { messages }, asNode: "agent" });
    const state = await client.threads.getState<Json>(thread);
    expect(state).toMatchObject({
      checkpoint: { checkpoint_id: configurable?.checkpoint_id as string },
      metadata: { source: "update" },
      next: [],
    });
    expect(state.values.messages.at(-1).content).toBe("Forty-two.");
  });
});

describe("threads", () => {
  it("are found with the beginning of their first message, in pages, and are gone once deleted", async () => {
    const ids = [await newThread(), await newThread(), await newThread()];
    for (const id of ids) await say(id, "What is 6 * 7?");

    const found: Json[] = [];
    for (let page: Json[] = ids; page.length > 0; found.push(...page))
      page = await client.threads.search({ limit: 2, offset: found.length });
    const listed = found.map(({ thread_id }) => thread_id as string);
    expect(new Set(listed).size).toBe(listed.length);
    expect(listed).toEqual(expect.arrayContaining(ids));
    expect(found.find(({ thread_id }) => thread_id === ids[0])).toMatchObject({
      status: "idle",
      values: { messages: [{ content: "What is 6 * 7?" }] },
    });

    for (const id of ids) await client.threads.delete(id);
    const left = (await client.threads.search({ limit: 100 })).map(({ thread_id }) => thread_id);
    expect(left.filter((id) => ids.includes(id))).toEqual([]);
    await expect(client.threads.getState(ids[0]!)).rejects.toThrow(/404/);
  });
});
