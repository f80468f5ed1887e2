import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  answerOf,
  asks,
  client,
  newThread,
  nodesOf,
  request,
  resume,
  say,
  startAgain,
  startAgent,
  stopAgent,
  valuesOf,
  worker,
} from "./edge-agent.js";

beforeAll(startAgent);

afterAll(stopAgent);

describe("an interrupt", () => {
  it("outlives the Worker: another one goes on when a person approves", async () => {
    const thread = await newThread();
    expect(asks(await say(thread, "Please refund order 1042"))).toBe(true);

    await worker.kill();
    await expect(request("GET", "/ok")).rejects.toThrow();
    await startAgain();

    const waiting = await client.threads.get(thread);
    expect(waiting).toMatchObject({ status: "interrupted", values: { refunds: [] } });
    expect(Object.values(waiting.interrupts)[0]?.[0]?.value).toMatchObject({
      tool_calls: [{ name: "refund_order", args: { order_id: "1042", amount: 129.9 } }],
    });

    const resumed = await resume(thread, { approve: true });
    expect(nodesOf(resumed)).toEqual(["approval", "tools", "agent"]);
    expect(answerOf(resumed)).toMatch(/€129.90 for order 1042/);
    expect(await client.threads.get(thread)).toMatchObject({
      status: "idle",
      interrupts: {},
      values: { refunds: [{ order_id: "1042", amount: 129.9 }] },
    });
  });

  it("that is declined leads to an answer and to no refund", async () => {
    const thread = await newThread();
    await say(thread, "Please refund order 1042");
    const resumed = await resume(thread, { approve: false, reason: "the shoes were worn" });
    expect(answerOf(resumed)).toMatch(/declined \(the shoes were worn\)/);
    expect((await valuesOf(thread)).refunds).toEqual([]);
  });

  it("is passed over by a new message, and then nothing is refunded", async () => {
    const thread = await newThread();
    await say(thread, "Please refund order 1042");
    expect(answerOf(await say(thread, "Never mind"))).toMatch(/What do you need/);
    await resume(thread, { approve: true });
    expect((await valuesOf(thread)).refunds).toEqual([]);
  });
});

describe("an answer by the id of its question", () => {
  const ask = async (thread: string, order: string): Promise<string> => {
    await say(thread, `Please refund order ${order}`);
    return Object.values((await client.threads.get(thread)).interrupts)[0]![0]!.id!;
  };

  it("is taken where that is open, and answers no other one", async () => {
    const thread = await newThread();
    const first = await ask(thread, "1042");
    expect(asks(await resume(thread, { [first]: { approve: true } }))).toBe(false);
    const second = await ask(thread, "1041");

    await resume(thread, { [first]: { approve: true } });

    const { interrupts, values } = await client.threads.get(thread);
    expect(Object.values(interrupts)).toMatchObject([[{ id: second }]]);
    expect(values).toMatchObject({ refunds: [{ order_id: "1042" }] });
  });
});

describe("answers that come at once to one question", () => {
  /** What each of them came to: what was streamed, or why it was refused. */
  const settle = async (thread: string, answers: object[]): Promise<string[]> =>
    Promise.all(answers.map((answer) => resume(thread, answer).then(JSON.stringify, String)));

  it("pay once, and the others are told that the thread is busy", async () => {
    for (let round = 0; round < 5; round++) {
      const thread = await newThread();
      await say(thread, "Please refund order 1041");
      const told = await settle(thread, [{ approve: true }, { approve: true }, { approve: true }]);

      expect(told.filter((text) => /"refunds":\[\{/.test(text))).toHaveLength(1);
      // One that comes when all is over finds nothing to answer.
      const late = told.filter((text) => /422: The thread is busy/.test(text) || !text.includes('"approval"'));
      expect(late).toHaveLength(2);
      expect((await valuesOf(thread)).refunds).toHaveLength(1);
    }
  });

  it("do what one of them says, a yes or a no", async () => {
    for (let round = 0; round < 5; round++) {
      const thread = await newThread();
      await say(thread, "Please refund order 1041");
      const told = await settle(thread, [{ approve: false }, { approve: true }]);

      const paid = told.filter((text) => /"refunds":\[\{/.test(text)).length;
      const { refunds, messages } = await valuesOf(thread);
      expect(refunds).toHaveLength(paid);
      expect(messages.at(-1).content).toMatch(paid ? /€89.00/ : /declined/);
    }
  });
});
