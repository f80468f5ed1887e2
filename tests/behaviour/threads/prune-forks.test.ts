import { Annotation, DeltaChannel, END, START, StateGraph } from "@langchain/langgraph";
import type { DynamoDBSaver } from "langgraph-checkpoint-dynamodb";
import { describe, expect, it } from "vitest";
import { garbageOf } from "../../lanes/stored/garbage.js";
import { newPrefix } from "../../lanes/stored/requests.js";
import { plainSaver } from "./pruned-threads.js";

/** Nothing runs, so all goes at once. */
const idle = { graceSeconds: 0 };

describe("a fork of what a pruning has left", () => {
  const State = Annotation.Root({
    log: () =>
      new DeltaChannel<string[], string[]>((a, b) => [...a, ...b.flat()], {
        snapshotFrequency: 1_000,
        initialValueFactory: () => [],
      }),
  });
  const graphOn = (checkpointer: DynamoDBSaver) =>
    new StateGraph(State)
      .addNode("a", () => ({ log: ["a"] }))
      .addNode("b", () => ({ log: ["b"] }))
      .addEdge(START, "a")
      .addEdge("a", "b")
      .addEdge("b", END)
      .compile({ checkpointer });
  const config = { configurable: { thread_id: "t" } };

  it.each([1, 2])(
    "has the whole value of a DeltaChannel, with %i checkpoints left, and keeps it when the thread is pruned again",
    async (keepLast) => {
      const keyPrefix = newPrefix();
      const fresh = () => graphOn(plainSaver(keyPrefix));
      await fresh().invoke({ log: ["one"] }, config);
      await fresh().invoke({ log: ["two"] }, config);
      await plainSaver(keyPrefix).prune({ threadIds: ["t"], keepLast, ...idle });
      const before = await fresh().getState(config);

      const fork = await fresh().updateState(before.config, null, "__copy__");

      expect(before.values.log).toEqual(["one", "a", "b", "two", "a", "b"]);
      expect((await fresh().getState(fork)).values).toEqual(before.values);
      expect((await fresh().getState(config)).config).toEqual((await fresh().getState(fork)).config);
      // LangGraph 1.4 does not say of a copy that it has DeltaChannels: then nothing tells that its ancestors are
      // needed.
      if ((await plainSaver(keyPrefix).getTuple(fork))?.metadata?.counters_since_delta_snapshot === undefined) return;
      await plainSaver(keyPrefix).prune({ threadIds: ["t"], keepLast: 1, ...idle });
      expect((await fresh().getState(config)).values).toEqual(before.values);
      await fresh().invoke({ log: ["three"] }, config);
      expect((await fresh().getState(config)).values.log).toEqual([...before.values.log, "three", "a", "b"]);
      expect(await garbageOf({ keyPrefix }, "t")).toEqual([]);
    },
  );
});
