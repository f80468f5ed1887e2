import { Annotation, Command, DeltaChannel, END, interrupt, Send, START, StateGraph } from "@langchain/langgraph";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { collect } from "../../lanes/savers/checkpoints.js";
import { provideContext } from "langgraph-checkpoint-dynamodb/context";
import { expectSameAsMemorySaver, THREAD, type NextSaver, type Program } from "../../lanes/savers/compare-savers.js";

provideContext();

/** What LangGraph's own MemorySaver does with a graph is what ours has to do. */

const list = () => Annotation<string[]>({ reducer: (a, b) => [...a, ...b], default: () => [] });
const State = Annotation.Root({
  log: list(),
  ask: Annotation<boolean>(),
  fromLeft: Annotation<string>(),
  fromRight: Annotation<number>(),
});

/** Two nodes side by side, of which the right one asks a person; both lead to the last. */
const parallel = (saver: NextSaver, runs: string[] = []) =>
  new StateGraph(State)
    .addNode("left", ({ log }) => {
      runs.push("left");
      return { log: ["left"], fromLeft: `left of ${log.length}` };
    })
    .addNode("right", ({ ask, log }) => {
      runs.push("right");
      const answer = ask ? interrupt<string, string>(`right of ${log.length}?`) : "not asked";
      return { log: [`right ${answer}`], fromRight: log.length };
    })
    .addNode("last", ({ fromLeft, fromRight }) => ({ log: [`last ${fromLeft} ${fromRight}`], ask: false }))
    .addEdge(START, "left")
    .addEdge(START, "right")
    .addEdge("left", "last")
    .addEdge("right", "last")
    .addEdge("last", END)
    .compile({ checkpointer: saver() });

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

// Only the states are compared: a snapshot that is the parent's, ours keeps in the checkpoint and MemorySaver leaves
// out.
describe("a DeltaChannel has the states it has on MemorySaver:", () => {
  type Reducer = (state: string[], writes: string[][]) => string[];
  const append: Reducer = (state, writes) => [...state, ...writes.flat()];
  /** On a fork two tasks write to one checkpoint, and LangGraph orders them by their random ids. */
  const sorted: Reducer = (state, writes) => append(state, writes).sort();
  const stateWith = (reducer: Reducer) =>
    Annotation.Root({
      log: () => new DeltaChannel<string[], string[]>(reducer, { snapshotFrequency: 7, initialValueFactory: () => [] }),
      other: () =>
        new DeltaChannel<string[], string[]>(reducer, { snapshotFrequency: 10_000, initialValueFactory: () => [] }),
      turns: Annotation<number>({ reducer: (a, b) => a + b, default: () => 0 }),
    });
  const build = (saver: NextSaver, reducer = append) =>
    new StateGraph(stateWith(reducer))
      .addNode("answer", ({ log, turns }) => ({ log: [`answer ${log.length} ${turns}`], turns: 1 }))
      .addNode("note", ({ other, turns }) => (turns % 3 ? {} : { other: [`note ${other.length}`] }))
      .addEdge(START, "answer")
      .addEdge("answer", "note")
      .addEdge("note", END)
      .compile({ checkpointer: saver() });

  it("32 turns with forks, updates and replays", async () => {
    const program: Program = async (saver) => {
      for (let turn = 0; turn < 22; turn++) await build(saver, sorted).invoke({ log: [`question ${turn}`] }, THREAD);
      const history = await collect(build(saver, sorted).getStateHistory(THREAD));
      const fork = await build(saver, sorted).updateState(
        history[30]!.config,
        { log: ["forked"], other: ["forked"] },
        "answer",
      );
      await build(saver, sorted).invoke(null, fork);
      for (let turn = 0; turn < 5; turn++)
        await build(saver, sorted).invoke({ log: [`other question ${turn}`] }, THREAD);
      await build(saver, sorted).invoke(null, history[40]!.config);
      const copy = await build(saver, sorted).updateState(history[12]!.config, null, "__copy__");
      await build(saver, sorted).invoke(null, copy);
      for (let turn = 0; turn < 5; turn++)
        await build(saver, sorted).invoke({ log: [`last question ${turn}`] }, THREAD);
      return { graph: build(saver, sorted) };
    };
    await expectSameAsMemorySaver(program, "cold", { checkpoints: false });
  });

  it.each(["async", "exit"] as const)("with durability %s", async (durability) => {
    const program: Program = async (saver) => {
      for (let turn = 0; turn < 12; turn++)
        await build(saver).invoke({ log: [`question ${turn}`] }, { ...THREAD, durability });
      await build(saver).updateState(THREAD, { other: ["updated"] }, "note");
      await build(saver).invoke({ log: ["last"] }, { ...THREAD, durability });
      return { graph: build(saver) };
    };
    await expectSameAsMemorySaver(program, "warm", { checkpoints: false });
  });
});

describe("programs of random steps", () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant("invoke" as const), ask: fc.boolean() }),
    fc.record({ do: fc.constant("resume" as const) }),
    fc.record({ do: fc.constant("update" as const), asNode: fc.constantFrom("left", "right", "last") }),
    fc.record({ do: fc.constant("fork" as const), asNode: fc.constantFrom("left", "right", "last"), at: fc.nat(11) }),
    fc.record({ do: fc.constant("copy" as const), at: fc.nat(11) }),
    fc.record({ do: fc.constant("replay" as const), at: fc.nat(11) }),
  );

  it("have the states they have on MemorySaver", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 2, maxLength: 7 }),
        fc.constantFrom("warm" as const, "cold" as const),
        async (steps, instances) => {
          await expectSameAsMemorySaver(async (saver) => {
            const outcomes: unknown[] = [];
            await parallel(saver).invoke({ log: ["input"], ask: false }, THREAD);
            for (const [i, step] of steps.entries()) {
              const graph = parallel(saver);
              const history = await collect(graph.getStateHistory(THREAD));
              const past = "at" in step ? history[step.at % history.length]!.config : THREAD;
              // LangGraph refuses some of them; then it has to refuse them on both.
              const outcome =
                step.do === "invoke"
                  ? graph.invoke({ log: [`input ${i}`], ask: step.ask }, THREAD)
                  : step.do === "resume"
                    ? graph.invoke(new Command({ resume: `answer ${i}` }), THREAD)
                    : step.do === "replay"
                      ? graph.invoke(null, past)
                      : step.do === "copy"
                        ? graph.updateState(past, null, "__copy__").then((copy) => parallel(saver).invoke(null, copy))
                        : graph.updateState(past, { log: [`update ${i}`], fromRight: i }, step.asNode);
              outcomes.push(
                await outcome.then(
                  (value) => ("configurable" in value ? "updated" : value),
                  (error: Error) => error.message,
                ),
              );
            }
            return { graph: parallel(saver), seen: outcomes };
          }, instances);
        },
      ),
      { numRuns: 12 },
    );
  });
});
