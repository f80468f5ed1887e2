import { Annotation, Command, END, interrupt, START, StateGraph } from "@langchain/langgraph/web";
import type { DynamoDBSaver } from "langgraph-checkpoint-dynamodb";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { operationsOf } from "../lanes/aws-requests.js";
import { collect, emptyThread, idsOf, latestOf, noise, putStep, type Step } from "../lanes/checkpoints.js";
import { createSaver } from "../lanes/harness.js";
import { newPrefix } from "../lanes/requests.js";
import { fetchInRealTime, newPlace, saverAt, type WatchedSaver } from "../lanes/s3-saver.js";

const TTL = 1_000;
let start: number;
beforeEach(() => {
  start = Math.ceil(Date.now() / 1_000);
  vi.useFakeTimers({ toFake: ["Date"], now: start * 1_000 });
});
afterEach(() => {
  vi.useRealTimers();
});
const passTo = (seconds: number): void => void vi.setSystemTime((start + seconds) * 1_000);
const refreshing = { ttlSeconds: TTL, refreshOnRead: true };

describe("a conversation with 5 objects and 5 segments, of a turn each 40th of a ttl,", () => {
  test.each<[which: string, isCold: boolean]>([
    ["in one instance", false],
    ["in a new instance each turn", true],
  ])("%s, is renewed twice a ttl at most", async (_, isCold) => {
    const place = newPlace();
    const open = (): WatchedSaver => saverAt(place, undefined, { ...refreshing, fetch: fetchInRealTime });
    let watched = open();
    const values = Object.fromEntries([6_000, 6_001, 6_002, 6_003, 6_004, 3_000, 3_001, 3_002, 3_003, 3_004].map((length, i) => [`c${i}`, noise(length, i + 1)]));
    let step = await putStep(watched.saver, emptyThread("t"), values);
    const renewals: number[] = [];
    let requests = 0;
    for (let turn = 1; turn <= 80; turn++) {
      passTo((turn * TTL) / 40);
      if (isCold) watched = open();
      watched.sent.length = 0;
      await watched.saver.getTuple(latestOf(step));
      step = await putStep(watched.saver, step, { n: turn });
      const operations = operationsOf(watched.sent);
      if (operations.includes("UpdateItem") || operations.includes("PutObject")) renewals.push(turn);
      else requests = Math.max(requests, operations.filter((operation) => operation !== "GetObject").length);
    }
    // Two ttls have passed.
    expect(renewals.length).toBeLessThanOrEqual(4);
    expect(renewals.length).toBeGreaterThanOrEqual(2);
    // The Query, a BatchGetItem where nothing is cached, and the put.
    expect(requests).toBe(isCold ? 3 : 2);
  });
});

test("a thread that is read at least once a ttl lives on, whenever that is", async () => {
  const keyPrefix = newPrefix();
  const step = await putStep(createSaver({ keyPrefix, ...refreshing }), emptyThread("t"), { value: noise(3_000) });
  let at = 0;
  for (const pause of [0.1, 0.99, 0.3, 0.99, 0.99, 0.49, 0.99, 0.01, 0.99]) {
    passTo((at += pause * TTL));
    expect((await createSaver({ keyPrefix, ...refreshing }).getTuple(latestOf(step)))?.checkpoint.channel_values).toEqual({ value: noise(3_000) });
  }
});

test("an interrupted graph that is only looked at keeps what its subgraph has done", async () => {
  const keyPrefix = newPrefix();
  const ran: string[] = [];
  const State = Annotation.Root({ paid: Annotation<string>(), answer: Annotation<string>() });
  const asking = new StateGraph(State)
    .addNode("charge", () => {
      ran.push("charge");
      return { paid: noise(3_000).join() };
    })
    .addNode("ask", (_, config) => ({ answer: interrupt("Is that right?", config as never) as string }))
    .addEdge(START, "charge")
    .addEdge("charge", "ask")
    .addEdge("ask", END)
    .compile();
  const build = (checkpointer: DynamoDBSaver) => new StateGraph(State).addNode("child", asking).addEdge(START, "child").addEdge("child", END).compile({ checkpointer });
  const config = { configurable: { thread_id: "t" } };
  const cold = () => build(createSaver({ keyPrefix, ...refreshing }));
  await cold().invoke({ answer: "" }, config);
  for (let at = 400; at <= 3_600; at += 400) {
    passTo(at);
    await cold().getState(config);
  }
  expect((await cold().invoke(new Command({ resume: "yes" }), config)).answer).toBe("yes");
  expect(ran).toEqual(["charge"]);
});

test("a checkpoint that a pruning has hidden meanwhile stays hidden", async () => {
  const keyPrefix = newPrefix();
  const counted = (n: number): { metadata: Record<string, unknown> } => ({ metadata: { counters_since_delta_snapshot: { log: [n, n] } } });
  const saver = createSaver({ keyPrefix, ttlSeconds: TTL });
  const steps: Step[] = [];
  for (let n = 0; n < 3; n++) {
    const step = await putStep(saver, steps.at(-1) ?? emptyThread("t"), { n }, counted(n));
    await saver.putWrites(step.config, [["log", n]], `task ${n}`);
    steps.push(step);
  }
  passTo(100);
  let isPruned = false;
  const { saver: reader } = saverAt(
    { keyPrefix },
    async ({ operation, forward }) => {
      const answer = await forward();
      if (operation === "Query" && !isPruned) {
        isPruned = true;
        await createSaver({ keyPrefix }).prune({ threadIds: ["t"], keepLast: 1, graceSeconds: 0 });
      }
      return answer;
    },
    refreshing,
  );
  expect(await reader.getTuple(steps[1]!.config)).toBeDefined();
  expect(isPruned).toBe(true);
  expect(idsOf(await collect(createSaver({ keyPrefix }).list(latestOf(steps[0]!))))).toEqual([steps[2]!.checkpoint.id]);
});
