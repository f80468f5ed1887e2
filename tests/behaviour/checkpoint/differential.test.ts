import { Command, END, interrupt, Send, START, StateGraph } from "@langchain/langgraph";
import { describe, expect, it } from "vitest";
import { collect } from "../../lanes/savers/checkpoints.js";
import { provideContext } from "langgraph-checkpoint-dynamodb/context";
import { expectSameAsMemorySaver, THREAD, type Program } from "../../lanes/savers/compare-savers.js";
import { State, parallel } from "../../lanes/graphs/parallel-graph.js";

provideContext();

/** What LangGraph's own MemorySaver does with a graph is what ours has to do. */

const programs: Record<string, Program> = {
  "a node that interrupts beside one that is done, then updateState": async (saver) => {
    const runs: string[] = [];
    await parallel(saver, runs).invoke({ log: ["input"], ask: true }, THREAD);
    await parallel(saver, runs).updateState(THREAD, { log: ["a person"], fromRight: 7 }, "right");
    const between = (await parallel(saver).getState(THREAD)).values;
    expect(between.log).toContain("left");
    await parallel(saver, runs).invoke(null, THREAD);
    return { graph: parallel(saver), seen: { runs: runs.toSorted(), between } };
  },

  "a node that interrupts beside one that is done, then resume": async (saver) => {
    const runs: string[] = [];
    await parallel(saver, runs).invoke({ log: ["input"], ask: true }, THREAD);
    const end = await parallel(saver, runs).invoke(new Command({ resume: "yes" }), THREAD);
    expect(runs.toSorted()).toEqual(["left", "right", "right"]);
    return { graph: parallel(saver), seen: end };
  },

  "an update while a node waits, then resume": async (saver) => {
    await parallel(saver).invoke({ log: ["input"], ask: true }, THREAD);
    await parallel(saver).updateState(THREAD, { fromLeft: "from outside" }, "left");
    await parallel(saver).invoke(new Command({ resume: "yes" }), THREAD);
    await parallel(saver).invoke({ log: ["again"], ask: false }, THREAD);
    return { graph: parallel(saver) };
  },

  "a state that is ended by updateState while a node waits": async (saver) => {
    await parallel(saver).invoke({ log: ["input"], ask: true }, THREAD);
    await parallel(saver).updateState(THREAD, null, END);
    await parallel(saver).invoke({ log: ["again"], ask: false }, THREAD);
    return { graph: parallel(saver) };
  },

  "forks from every checkpoint, with updates, copies and replays": async (saver) => {
    await parallel(saver).invoke({ log: ["input"], ask: false }, THREAD);
    await parallel(saver).invoke({ log: ["more"], ask: true }, THREAD);
    const history = await collect(parallel(saver).getStateHistory(THREAD));
    for (const [i, { config, next }] of history.entries()) {
      if (next.length === 1 && next[0] === "last") {
        const fork = await parallel(saver).updateState(config, { log: [`fork ${i}`] }, "left");
        await parallel(saver).invoke(null, fork);
      } else {
        const copy = await parallel(saver).updateState(config, null, "__copy__");
        if (next.length > 0) await parallel(saver).invoke(null, copy);
      }
      await parallel(saver).invoke(null, config);
    }
    return { graph: parallel(saver), seen: history.length };
  },

  "subgraphs with namespaces of their own, of which one interrupts": async (saver) => {
    const build = () => {
      const inner = new StateGraph(State)
        .addNode("question", ({ log }) => ({ log: [`asked ${interrupt<string, string>(`at ${log.length}`)}`] }))
        .addNode("note", () => ({ log: ["noted"] }))
        .addEdge(START, "note")
        .addEdge("note", "question")
        .addEdge("question", END)
        .compile();
      const middle = new StateGraph(State)
        .addNode("inner", inner as never)
        .addEdge(START, "inner")
        .addEdge("inner", END)
        .compile();
      return new StateGraph(State)
        .addNode("before", () => ({ log: ["before"] }))
        .addNode("middle", middle as never)
        .addNode("beside", () => ({ log: ["beside"] }))
        .addEdge(START, "before")
        .addEdge("before", "middle")
        .addEdge("before", "beside")
        .addEdge("middle", END)
        .addEdge("beside", END)
        .compile({ checkpointer: saver() });
    };
    await build().invoke({ log: ["input"] }, THREAD);
    const waiting = await build().getState(THREAD, { subgraphs: true });
    expect(waiting.tasks.some(({ state }) => state && "values" in state)).toBe(true);
    await build().invoke(new Command({ resume: "first" }), THREAD);
    await build().invoke({ log: ["again"] }, THREAD);
    const end = await build().invoke(new Command({ resume: "second" }), THREAD);
    return { graph: build(), seen: end };
  },

  "a fan-out by Send, of which some interrupt": async (saver) => {
    const build = () =>
      new StateGraph(State)
        .addNode("plan", () => ({ log: ["planned"] }))
        .addNode("work", ({ fromRight: n }: { fromRight: number }) => ({
          log: [n % 3 === 2 ? `work ${n} ${interrupt<number, string>(n)}` : `work ${n}`],
        }))
        .addNode("collect", ({ log }) => ({ fromLeft: `${log.length}` }))
        .addEdge(START, "plan")
        .addConditionalEdges("plan", () => Array.from({ length: 9 }, (_, n) => new Send("work", { fromRight: n })))
        .addEdge("work", "collect")
        .addEdge("collect", END)
        .compile({ checkpointer: saver() });
    await build().invoke({ log: ["input"] }, THREAD);
    for (const { tasks } of [await build().getState(THREAD)]) {
      const resume = Object.fromEntries(
        tasks.flatMap(({ interrupts }) => interrupts.map(({ id, value }) => [id!, `answer ${value}`])),
      );
      expect(Object.keys(resume)).toHaveLength(3);
      await build().invoke(new Command({ resume }), THREAD);
    }
    return { graph: build() };
  },

  "an error in one of two parallel nodes, then another try": async (saver) => {
    const runs: string[] = [];
    let broken = true;
    const build = () =>
      new StateGraph(State)
        .addNode("sound", () => {
          runs.push("sound");
          return { log: ["sound"], fromLeft: "sound" };
        })
        .addNode("broken", async () => {
          runs.push("broken");
          await new Promise((resolve) => setTimeout(resolve, 20)); // the other one is done by then
          if (broken) throw new Error("not yet");
          return { log: ["mended"] };
        })
        .addNode("last", ({ log }) => ({ log: [`last ${log.length}`] }))
        .addEdge(START, "sound")
        .addEdge(START, "broken")
        .addEdge("sound", "last")
        .addEdge("broken", "last")
        .addEdge("last", END)
        .compile({ checkpointer: saver() });
    await expect(build().invoke({ log: ["input"] }, THREAD)).rejects.toThrow("not yet");
    const failed = await build().getState(THREAD);
    broken = false;
    await build().invoke(null, THREAD);
    expect(runs.toSorted()).toEqual(["broken", "broken", "sound"]); // what had succeeded is not run again
    return { graph: build(), seen: failed.next };
  },
};

for (const durability of ["sync", "async", "exit"] as const) {
  programs[`durability ${durability}`] = async (saver) => {
    const options = { ...THREAD, durability };
    await parallel(saver).invoke({ log: ["input"], ask: false }, options);
    await parallel(saver).invoke({ log: ["second"], ask: true }, options);
    await parallel(saver).invoke(new Command({ resume: "yes" }), options);
    await parallel(saver).updateState(THREAD, { log: ["update"] }, "last");
    await parallel(saver).invoke({ log: ["third"], ask: false }, options);
    const history = await collect(parallel(saver).getStateHistory(THREAD));
    await parallel(saver).invoke(null, { ...options, ...history[1]!.config });
    return { graph: parallel(saver) };
  };
}

describe.each(["warm", "cold"] as const)(
  "a graph on %s instances has the states it has on MemorySaver:",
  (instances) => {
    it.each(Object.keys(programs))("%s", async (name) => {
      await expectSameAsMemorySaver(programs[name]!, instances);
    });
  },
);
