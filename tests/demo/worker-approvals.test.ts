import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  answerOf,
  expectError,
  get,
  newThread,
  nodesOf,
  play,
  request,
  startAgain,
  startAgent,
  statusOf,
  stopAgent,
  worker,
} from "./edge-agent.js";

beforeAll(startAgent);

afterAll(stopAgent);

describe("an interrupt", () => {
  it("outlives the Worker: another one goes on when a person approves", async () => {
    const thread = newThread();
    const events = await play(`${thread}/runs`, { message: "Please refund order 1042" });
    expect(events.map((event) => event.event)).toEqual([
      "metadata",
      "updates",
      "updates",
      "updates",
      "interrupt",
      "usage",
      "end",
    ]);
    expect(statusOf(events)).toBe("waiting");

    await worker.kill();
    await expect(request("GET", "/healthz")).rejects.toThrow();
    await startAgain();

    const waiting = await get(`${thread}/state`);
    expect(waiting).toMatchObject({ next: ["approval"], values: { refunds: [] } });
    expect(waiting.interrupts[0].value.tool_calls).toMatchObject([
      { name: "refund_order", args: { order_id: "1042", amount: 129.9 } },
    ]);

    const resumed = await play(`${thread}/resume`, { approve: true });
    expect(nodesOf(resumed)).toEqual(["approval", "tools", "agent"]);
    expect(answerOf(resumed)).toMatch(/€129.90 for order 1042/);
    expect(await get(`${thread}/state`)).toMatchObject({
      next: [],
      interrupts: [],
      values: { refunds: [{ order_id: "1042", amount: 129.9 }] },
    });
  });

  it("that is declined leads to an answer and to no refund", async () => {
    const thread = newThread();
    await play(`${thread}/runs`, { message: "Please refund order 1042" });
    const resumed = await play(`${thread}/resume`, { approve: false, reason: "the shoes were worn" });
    expect(answerOf(resumed)).toMatch(/declined \(the shoes were worn\)/);
    expect((await get(`${thread}/state`)).values.refunds).toEqual([]);
  });

  it("is not passed over by a new message", async () => {
    const thread = newThread();
    await play(`${thread}/runs`, { message: "Please refund order 1042" });
    for (const message of ["Never mind", null]) {
      await expectError(await request("POST", `${thread}/runs`, { message }), 409, "WAITING_FOR_APPROVAL", /resume/);
    }
    expect(await get(`${thread}/state`)).toMatchObject({ next: ["approval"], interrupts: [{}] });
  });
});

describe("an answer by the id of its question", () => {
  const ask = async (thread: string, order: string): Promise<string> => {
    await play(`${thread}/runs`, { message: `Please refund order ${order}` });
    return (await get(`${thread}/state`)).interrupts[0].id as string;
  };

  it("is taken where that is open, and answers no other one", async () => {
    const thread = newThread();
    const first = await ask(thread, "1042");
    expect(statusOf(await play(`${thread}/resume`, { approve: true, interrupt_id: first }))).toBe("done");
    const second = await ask(thread, "1041");

    const late = await request("POST", `${thread}/resume`, { approve: true, interrupt_id: first });

    await expectError(late, 409, "NOTHING_TO_RESUME", /state/);
    expect(await get(`${thread}/state`)).toMatchObject({
      interrupts: [{ id: second }],
      values: { refunds: [{ order_id: "1042" }] },
    });
  });
});

describe("answers that come at once to one question", () => {
  const refundsOf = async (thread: string): Promise<number> => (await get(`${thread}/state`)).values.refunds.length;

  it("pay once, and the others are told that they came too late", async () => {
    for (let round = 0; round < 5; round++) {
      const thread = newThread();
      await play(`${thread}/runs`, { message: "Please refund order 1041" });
      const answers = [1, 2, 3].map(() => request("POST", `${thread}/resume`, { approve: true }));
      const texts = await Promise.all(answers.map(async (answer) => (await answer).text()));

      expect(texts.filter((text) => /"refunds":\[\{/.test(text))).toHaveLength(1);
      const late = texts.filter((text) => /"code":"(CONFLICT|NOTHING_TO_RESUME)"/.test(text));
      expect(late).toHaveLength(2);
      expect(await refundsOf(thread)).toBe(1);
    }
  });

  it("do what one of them says, a yes or a no", async () => {
    for (let round = 0; round < 5; round++) {
      const thread = newThread();
      await play(`${thread}/runs`, { message: "Please refund order 1041" });
      const answers = [false, true].map((approve) => request("POST", `${thread}/resume`, { approve }));
      const texts = await Promise.all(answers.map(async (answer) => (await answer).text()));

      expect(texts.filter((text) => /"code":"(CONFLICT|NOTHING_TO_RESUME)"/.test(text))).toHaveLength(1);
      const paid = texts.filter((text) => /"refunds":\[\{/.test(text)).length;
      expect(await refundsOf(thread)).toBe(paid);
      expect((await get(`${thread}/state`)).values.messages.at(-1).content).toMatch(paid ? /€89.00/ : /declined/);
    }
  });
});
