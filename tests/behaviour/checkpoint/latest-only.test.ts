import { Annotation, Command, END, interrupt, START, StateGraph } from "@langchain/langgraph";
import { MemorySaver } from "@langchain/langgraph-checkpoint";
import type { DynamoDBSaverEvent } from "langgraph-checkpoint-dynamodb";
import { provideContext } from "langgraph-checkpoint-dynamodb/context";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { intercepted } from "../../lanes/stored/aws-requests.js";
import {
  collect,
  emptyThread,
  idsOf,
  latestOf,
  putChain,
  putStep,
  valuesAt,
  type Step,
} from "../../lanes/savers/checkpoints.js";
import { putDeltaStep, putDeltaThread } from "../../lanes/savers/delta-thread.js";
import { awsError } from "../../lanes/faults/faulty-fetch.js";
import { createSaver, type SaverOptions } from "../../lanes/savers/harness.js";
import { itemsOf } from "../../lanes/stored/raw-table.js";
import { countedSaver, newPrefix } from "../../lanes/stored/requests.js";
import { checkpointIdOf, isCheckpoint } from "../../lanes/stored/sort-keys.js";
import { createReader } from "./readers.js";

provideContext();

const newPlace = (): Partial<SaverOptions> & { keyPrefix: string } => ({
  keyPrefix: newPrefix(),
  history: "latest",
  compression: "none",
});
const storedIds = async (keyPrefix: string, threadId: string): Promise<string[]> =>
  (await itemsOf(keyPrefix, threadId, "C##")).filter(isCheckpoint).map(checkpointIdOf);
const place = (id: string): string => id.padStart(4, "0");

/** How long what is superseded stays for readers that are at it. */
const WAIT_SECONDS = 30;
const passSeconds = (seconds: number): void => void vi.setSystemTime(Date.now() + seconds * 1_000);

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('history: "latest"', () => {
  it(
    "keeps the newest checkpoint, and deletes four items at once of those that were superseded 30 " + "seconds ago",
    async () => {
      const options = newPlace();
      const { saver, log } = countedSaver(options);
      let step = await putStep(saver, emptyThread("t"), { n: 0 }, { id: place("0") });
      const requests: number[] = [];
      for (let n = 1; n <= 13; n++) {
        const superstep = await log.during(async () => {
          await saver.putWrites(step.config, [["n", n]], "task");
          passSeconds(WAIT_SECONDS / 2);
          return putStep(saver, step, { n }, { id: place(String(n)) });
        });
        requests.push(superstep.operations.length);
        step = superstep.result;
        expect(idsOf(await collect(createSaver(options).list({ configurable: { thread_id: "t" } })))).toEqual([
          place(String(n)),
        ]);
      }
      // Each superstep supersedes a checkpoint and the writes of a task, which wait for two more.
      expect(requests).toEqual([2, 2, 2, 3, 2, 3, 2, 3, 2, 3, 2, 3, 2]);
      expect(await storedIds(options.keyPrefix, "t")).toEqual([place("10"), place("11"), place("12"), place("13")]);
      expect(await valuesAt(createSaver(options), latestOf(step))).toEqual({ n: 13 });
    },
  );

  it("a reader lists what a saver lists: the newest checkpoint alone, and nothing before it", async () => {
    const options = newPlace();
    const saver = createSaver(options);
    const steps = await putChain(saver, emptyThread("t"), [{ n: 1 }, { n: 2 }, { n: 3 }]);
    const newest = steps[2]!;
    for (const one of [saver, createReader(options)]) {
      for (const ns of [{}, { checkpoint_ns: "" }]) {
        const config = { configurable: { thread_id: "t", ...ns } };
        expect(idsOf(await collect(one.list(config)))).toEqual([newest.checkpoint.id]);
        expect(await collect(one.list(config, { before: newest.config }))).toEqual([]);
        // By its id, one that waits to be deleted is there still.
        expect(idsOf(await collect(one.list(steps[1]!.config)))).toEqual([steps[1]!.checkpoint.id]);
      }
    }
    const full = createReader({ ...options, history: "full" });
    expect(await collect(full.list({ configurable: { thread_id: "t" } }))).toHaveLength(3);
  });

  it("an instance that begins in the middle deletes what others have left", async () => {
    const options = newPlace();
    await putChain(
      createSaver({ ...options, history: "full" }),
      emptyThread("t"),
      Array.from({ length: 6 }, (_, n) => ({ n })),
    );
    const saver = createSaver(options);
    const read = async (): Promise<Step> => {
      const tuple = (await saver.getTuple({ configurable: { thread_id: "t" } }))!;
      return { config: tuple.config, checkpoint: tuple.checkpoint };
    };
    await putStep(saver, await read(), { n: 4 });
    passSeconds(WAIT_SECONDS + 1);
    await putStep(saver, await read(), { n: 5 });
    expect(await storedIds(options.keyPrefix, "t")).toHaveLength(3);
  });

  it("what a DeltaChannel is rebuilt from stays until it is stored in full", async () => {
    const options = newPlace();
    const saver = createSaver(options);
    const [, second] = (await putDeltaThread(saver, "t")) as [Step, Step];
    const third = await putDeltaStep(saver, second, "3", 2);
    const fourth = await putDeltaStep(saver, third, "4", 3);
    const { log } = await createSaver(options).getDeltaChannelHistory({ config: fourth.config, channels: ["log"] });
    expect(log).toMatchObject({
      seed: { value: ["a", expect.any(String)] },
      writes: [
        ["task 1", "log", "b"],
        ["task 1", "log", expect.any(String)],
        ["task 2", "log", "c"],
      ],
    });
    expect(idsOf(await collect(createSaver(options).list({ configurable: { thread_id: "t" } })))).toEqual(["4"]);
    const full = await putStep(saver, fourth, { log: "in full" }, { id: "5" });
    passSeconds(WAIT_SECONDS + 1);
    await putStep(saver, full, { n: 6 }, { id: "6" });
    expect(await storedIds(options.keyPrefix, "t")).toEqual(["5", "6"]);
  });

  it("a graph that is interrupted is resumed, and comes to what it comes to with MemorySaver", async () => {
    const State = Annotation.Root({
      log: Annotation<string[]>({ reducer: (a, b) => [...a, ...b], default: () => [] }),
    });
    const graphOn = (checkpointer: MemorySaver | ReturnType<typeof createSaver>) => {
      const child = new StateGraph(State)
        .addNode("ask", () => ({ log: [interrupt<string, string>("May I?")] }))
        .addEdge(START, "ask")
        .addEdge("ask", END)
        .compile();
      return new StateGraph(State)
        .addNode("plan", () => ({ log: ["planned"] }))
        .addNode("child", child)
        .addEdge(START, "plan")
        .addEdge("plan", "child")
        .addEdge("child", END)
        .compile({ checkpointer });
    };
    const run = async (next: () => MemorySaver | ReturnType<typeof createSaver>): Promise<unknown> => {
      const config = { configurable: { thread_id: "t" } };
      for (let round = 0; round < 3; round++) {
        await graphOn(next()).invoke({ log: [`round ${round}`] }, config);
        await graphOn(next()).invoke(new Command({ resume: `yes ${round}` }), config);
      }
      return (await graphOn(next()).getState(config)).values as unknown;
    };
    const memory = new MemorySaver();
    const options = newPlace();
    const warm = createSaver(newPlace());
    const expected = await run(() => memory);
    expect(await run(() => createSaver(options))).toEqual(expected);
    expect(await run(() => warm)).toEqual(expected);
    expect((await collect(warm.list({ configurable: { thread_id: "t", checkpoint_ns: "" } }))).length).toBe(1);
  });

  it("with conflict: reject a put is at most two requests more", async () => {
    const { saver, log } = countedSaver({ ...newPlace(), conflict: "reject" });
    const steps = await putChain(saver, emptyThread("t"), [{ n: 1 }, { n: 2 }, { n: 3 }, { n: 4 }, { n: 5 }, { n: 6 }]);
    passSeconds(WAIT_SECONDS + 1);
    const put = await log.during(() => putStep(saver, steps[5]!, { n: 7 }, { id: "z7" }));
    expect(put.operations).toEqual(["BatchWriteItem", "PutItem", "UpdateItem"]);
  });

  it("what superseded checkpoints referred to is freed by a pruning after one put in 64", async () => {
    const { fetch, sent } = intercepted();
    const saver = createSaver({ ...newPlace(), fetch });
    let step = emptyThread("t");
    let prunings = 0;
    for (let i = 0; i < 300; i++) {
      sent.length = 0;
      step = await putStep(saver, step, { n: i });
      if (sent.length > 2) prunings++;
    }
    expect(prunings).toBeGreaterThan(0);
    expect(prunings).toBeLessThan(15);
  });

  it(
    "a reader that is at a checkpoint when it is superseded has its whole history for half a minute, and then an " +
      "error in place of a shorter one",
    async () => {
      const options = newPlace();
      const run = createSaver(options);
      const [, second] = (await putDeltaThread(run, "t")) as [Step, Step];
      const third = await putDeltaStep(run, second, "3", 2);
      const reader = createSaver(options);
      const tuple = (await reader.getTuple(latestOf(third)))!;
      const history = async (): Promise<unknown[]> =>
        (await reader.getDeltaChannelHistory({ config: tuple.config, channels: ["log"] })).log!.writes;
      let step = await putStep(run, third, { log: "in full" }, { id: "4" });
      for (const id of ["5", "6"]) step = await putStep(run, step, { n: Number(id) }, { id });
      expect(await history()).toHaveLength(3);
      passSeconds(WAIT_SECONDS + 1);
      await putStep(run, step, { n: 7 }, { id: "7" });
      await expect(history()).rejects.toMatchObject({
        code: "MISSING_DATA",
        checkpointId: "3",
        message: expect.stringContaining("Read the latest one"),
      });
      expect((await reader.getDeltaChannelHistory({ config: latestOf(third), channels: ["n"] })).n).toMatchObject({
        writes: [],
      });
    },
  );

  it("a pruning by a put that fails costs nothing but a warning", async () => {
    const options = newPlace();
    const events: DynamoDBSaverEvent[] = [];
    let refused = 0;
    // A pruning begins with a look at the thread's marker.
    const { fetch } = intercepted(({ operation, body }) =>
      refused < 1 && operation === "GetItem" && body.includes('"C#$"') && ++refused
        ? awsError("AccessDeniedException")
        : undefined,
    );
    const saver = createSaver({ ...options, fetch, onEvent: (event) => events.push(event) });
    const warnings = (): DynamoDBSaverEvent[] => events.filter(({ type }) => type === "warning");
    let step = emptyThread("t");
    for (let i = 0; i < 300 && refused === 0; i++) step = await putStep(saver, step, { n: i });
    expect(warnings()).toEqual([
      { type: "warning", code: "PRUNE_FAILED", message: expect.stringContaining("prune()") },
    ]);
    expect(await valuesAt(saver, step.config)).toEqual(step.checkpoint.channel_values);
  });
});
