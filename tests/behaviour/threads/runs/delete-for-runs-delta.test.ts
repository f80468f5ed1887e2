import type { BaseMessage } from "@langchain/core/messages";
import {
  Annotation,
  Command,
  DeltaChannel,
  interrupt,
  messagesDeltaReducer,
  START,
  StateGraph,
} from "@langchain/langgraph";
import { DeltaSnapshot } from "@langchain/langgraph-checkpoint";
import { provideContext } from "langgraph-checkpoint-dynamodb/context";
import { describe, expect, test } from "vitest";
import { collect, emptyThread, makeCheckpoint, metadataOf, putStep } from "../../../lanes/savers/checkpoints.js";
import { putDeltaStep } from "../../../lanes/savers/delta-thread.js";
import { createSaver } from "../../../lanes/savers/harness.js";
import { newPrefix } from "../../../lanes/stored/requests.js";

provideContext();

type Durability = "sync" | "async" | "exit";
const EACH: Durability[] = ["sync", "async", "exit"];
const as = (run_id: string, durability: Durability = "sync") => ({
  configurable: { thread_id: "t", run_id },
  durability,
});

/* A run's first step belongs to the checkpoint of another one. What it has written there is a part of later state. */

describe("deleteForRuns, where a DeltaChannel is rebuilt from what a run wrote to a checkpoint of another", () => {
  const asking = (keyPrefix: string) =>
    new StateGraph({
      log: new DeltaChannel<string[], string[]>((state, writes) => (state ?? []).concat(...writes), {
        snapshotFrequency: 50,
        initialValueFactory: () => [],
      }),
      said: Annotation<string[]>({ reducer: (a, b) => a.concat(b), default: () => [] }),
      question: Annotation<string>,
    })
      .addNode("ask", ({ question }) => {
        const answer = question + (question === "none" ? "" : interrupt<string, string>(question));
        return { log: [answer], said: [answer] };
      })
      .addEdge(START, "ask")
      .compile({ checkpointer: createSaver({ keyPrefix }) });

  /** The values of each checkpoint by its id, the newest first. */
  const historyOf = async (keyPrefix: string): Promise<Map<unknown, unknown>> =>
    new Map(
      (await collect(asking(keyPrefix).getStateHistory(as("")))).map(({ config, values }) => [
        config.configurable!.checkpoint_id,
        values as unknown,
      ]),
    );

  test.each(EACH)("what went on from there is as it was (an answer to an interrupt, durability %s)", async (how) => {
    const keyPrefix = newPrefix();
    await asking(keyPrefix).invoke({ question: "send? " }, as("A", how));
    const ofA = await historyOf(keyPrefix);
    await asking(keyPrefix).invoke(new Command({ resume: "yes" }), as("B", how));
    const ofB = [...(await historyOf(keyPrefix)).keys()].filter((id) => !ofA.has(id));
    await asking(keyPrefix).invoke({ question: "none" }, as("C", how));
    const before = await historyOf(keyPrefix);
    expect([...before.values()][0]).toMatchObject({ log: ["send? yes", "none"] });
    await createSaver({ keyPrefix }).deleteForRuns(["B"], { threadIds: ["t"] });
    expect(await historyOf(keyPrefix)).toEqual(new Map([...before].filter(([id]) => !ofB.includes(id))));
    // So is what a later run goes on from.
    await asking(keyPrefix).invoke({ question: "none" }, as("D", how));
    expect([...(await historyOf(keyPrefix)).values()][0]).toMatchObject({
      log: ["send? yes", "none", "none"],
      said: ["send? yes", "none", "none"],
    });
  });

  test.each(EACH)("the answer goes with the run where nothing went on from it (durability %s)", async (how) => {
    const keyPrefix = newPrefix();
    await asking(keyPrefix).invoke({ question: "send? " }, as("A", how));
    await asking(keyPrefix).invoke(new Command({ resume: "yes" }), as("B", how));
    await createSaver({ keyPrefix }).deleteForRuns(["B"], { threadIds: ["t"] });
    expect((await asking(keyPrefix).getState(as(""))).next).toEqual(["ask"]);
    await asking(keyPrefix).invoke(new Command({ resume: "no" }), as("C", how));
    expect((await asking(keyPrefix).getState(as(""))).values).toMatchObject({ log: ["send? no"], said: ["send? no"] });
  });

  const chat = (keyPrefix: string) =>
    new StateGraph({
      messages: new DeltaChannel<BaseMessage[]>(messagesDeltaReducer as never, {
        snapshotFrequency: 50,
        initialValueFactory: () => [],
      }),
    })
      .addNode("answer", ({ messages }) => ({
        messages: [{ type: "ai", id: `a${messages.length}`, content: `re: ${messages.at(-1)!.text}` } as never],
      }))
      .addEdge(START, "answer")
      .compile({ checkpointer: createSaver({ keyPrefix }) });
  const human = (id: string) => ({ messages: [{ type: "human", id, content: id } as never] });
  const said = async (keyPrefix: string): Promise<string[]> =>
    (await chat(keyPrefix).getState(as(""))).values.messages.map(({ text }: BaseMessage) => text);

  test.each(EACH)("what went on from there is as it was (a chat, durability %s)", async (how) => {
    const keyPrefix = newPrefix();
    for (const run of ["A", "B", "C"]) await chat(keyPrefix).invoke(human(run), as(run, how));
    await createSaver({ keyPrefix }).deleteForRuns(["B"], { threadIds: ["t"] });
    const before = ["A", "re: A", "B", "re: B", "C", "re: C"];
    expect(await said(keyPrefix)).toEqual(before);
    await chat(keyPrefix).invoke(human("D"), as("D", how));
    expect(await said(keyPrefix)).toEqual([...before, "D", "re: D"]);
    await createSaver({ keyPrefix }).deleteForRuns(["D"], { threadIds: ["t"] });
    expect(await said(keyPrefix)).toEqual(before);
  });

  test("what went on from there is as it was (updateState)", async () => {
    const keyPrefix = newPrefix();
    await chat(keyPrefix).invoke(human("A"), as("A"));
    await chat(keyPrefix).updateState(as("E"), human("E"), "answer");
    await chat(keyPrefix).invoke(human("F"), as("F"));
    const before = await said(keyPrefix);
    expect(before).toEqual(["A", "re: A", "E", "F", "re: F"]);
    await createSaver({ keyPrefix }).deleteForRuns(["E"], { threadIds: ["t"] });
    expect(await said(keyPrefix)).toEqual(before);
  });

  test("what goes on from one with a later id, by a clock that was wrong, is as it was", async () => {
    const keyPrefix = newPrefix();
    const saver = createSaver({ keyPrefix });
    const one = await putStep(saver, emptyThread("t"), { log: new DeltaSnapshot(["a"]) }, { id: "5" });
    const { thread_id, checkpoint_ns, checkpoint_id } = one.config.configurable!;
    const by = (run_id: string) => ({ configurable: { thread_id, checkpoint_ns, checkpoint_id, run_id } });
    await saver.putWrites(by("B"), [["log", "b"]], "task 1");
    await saver.putWrites(by("B"), [["other", "c"]], "task 2");
    const { config } = await putDeltaStep(saver, one, "3", 1);
    await createSaver({ keyPrefix }).deleteForRuns(["B"], { threadIds: ["t"] });
    const { log } = await createSaver({ keyPrefix }).getDeltaChannelHistory({ config, channels: ["log"] });
    expect(log!.writes).toEqual([["task 1", "log", "b"]]);
    expect((await createSaver({ keyPrefix }).getTuple(one.config))?.pendingWrites).toEqual([["task 1", "log", "b"]]);
  });

  test("a task whose many writes may be to its channel stays whole, and another one goes", async () => {
    const keyPrefix = newPrefix();
    const saver = createSaver({ keyPrefix });
    const one = await putStep(saver, emptyThread("t"), { log: new DeltaSnapshot(["a"]) }, { id: "1" });
    const config = { configurable: { ...one.config.configurable, run_id: "B" } };
    const many = Array.from({ length: 120 }, (_, i): [string, unknown] => [i === 70 ? "log" : "other", i]);
    await saver.putWrites(config, [...many, ["__resume__", "yes"]], "task 1");
    await saver.putWrites(config, [["other", 1]], "task 2");
    await putDeltaStep(saver, one, "2", 1);
    await createSaver({ keyPrefix }).deleteForRuns(["B"], { threadIds: ["t"] });
    const { pendingWrites } = (await createSaver({ keyPrefix }).getTuple(one.config))!;
    expect(pendingWrites!.map(([task]) => task)).toEqual(Array.from({ length: 121 }, () => "task 1"));
  });

  test("the sends of a checkpoint before format 4 stay, which are what its parent's tasks wrote", async () => {
    const keyPrefix = newPrefix();
    const saver = createSaver({ keyPrefix });
    const one = await putStep(saver, emptyThread("t"), { n: 1 }, { id: "1" });
    const config = { configurable: { ...one.config.configurable, run_id: "B" } };
    await saver.putWrites(config, [["__pregel_tasks", "sent"]], "task 1");
    await saver.putWrites(config, [["other", 1]], "task 2");
    const old = { ...makeCheckpoint({ n: 2 }, { n: 2 }, "2"), v: 3 };
    const two = await saver.put(one.config, old, metadataOf("loop"), { n: 2 });
    await createSaver({ keyPrefix }).deleteForRuns(["B"], { threadIds: ["t"] });
    const { checkpoint } = (await createSaver({ keyPrefix }).getTuple(two))!;
    expect(checkpoint.channel_values.__pregel_tasks).toEqual(["sent"]);
    expect((await createSaver({ keyPrefix }).getTuple(one.config))!.pendingWrites).toEqual([
      ["task 1", "__pregel_tasks", "sent"],
    ]);
  });
});
