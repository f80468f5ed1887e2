import { Annotation, DeltaChannel, END, START, StateGraph } from "@langchain/langgraph";
import { describe, it } from "vitest";
import { collect } from "../../lanes/savers/checkpoints.js";
import { provideContext } from "langgraph-checkpoint-dynamodb/context";
import { expectSameAsMemorySaver, THREAD, type NextSaver, type Program } from "../../lanes/savers/compare-savers.js";

provideContext();

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
