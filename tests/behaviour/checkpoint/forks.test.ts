import { Annotation, END, START, StateGraph } from "@langchain/langgraph";
import { describe, expect, it } from "vitest";
import {
  collect,
  emptyThread,
  latestOf,
  metadataOf,
  nextId,
  noise,
  putChain,
  putStep,
  threadIdOf,
  valuesAt,
  type Step,
} from "../../lanes/savers/checkpoints.js";
import { createSaver } from "../../lanes/savers/harness.js";
import { newPrefix } from "../../lanes/stored/requests.js";
import { deleteRaw, itemsOf } from "../../lanes/stored/raw-table.js";

/** Long enough to become segments, and alike only at its beginning. */
const story = (branch: string, length: number): string[] =>
  Array.from({ length }, (_, i) => `${i < 20 ? "shared" : branch} ${i} `.repeat(20));

describe("two branches from one checkpoint", () => {
  it.each(["cold", "warm"])("never see each other's values, with %s caches and interleaved puts", async (caches) => {
    const keyPrefix = newPrefix();
    const [one, two] = [createSaver({ keyPrefix }), createSaver({ keyPrefix })];
    const root = await putStep(one, emptyThread(), { story: story("", 20), owner: "nobody" });
    if (caches === "warm") await two.getTuple(root.config);
    const branches = { left: root, right: root };
    const expected: [Step, Record<string, unknown>][] = [];
    for (let turn = 1; turn <= 6; turn++) {
      for (const [name, saver] of [
        ["left", one],
        ["right", two],
      ] as const) {
        const values = { story: story(name, 20 + turn * 5), owner: `${name} ${turn}` };
        branches[name] = await putStep(saver, branches[name], turn % 2 ? values : { owner: values.owner });
        expected.push([branches[name], { ...branches[name].checkpoint.channel_values }]);
      }
    }
    for (const saver of [createSaver({ keyPrefix }), one, two]) {
      for (const [{ config }, values] of expected) expect(await valuesAt(saver, config)).toEqual(values);
    }
    expect(await valuesAt(createSaver({ keyPrefix }), root.config)).toEqual({ story: story("", 20), owner: "nobody" });
  });

  it("that are put at the same moment never see each other's values", async () => {
    const keyPrefix = newPrefix();
    const savers = Array.from({ length: 4 }, () => createSaver({ keyPrefix }));
    const root = await putStep(savers[0]!, emptyThread(), { story: story("", 20), other: 0 });
    const branches = await Promise.all(
      savers.map((saver, i) => putStep(saver, root, { story: story(`branch ${i}`, 40) })),
    );
    const cold = createSaver({ keyPrefix });
    for (const [i, { config }] of branches.entries())
      expect(await valuesAt(cold, config)).toEqual({ story: story(`branch ${i}`, 40), other: 0 });
  });

  it("keep their own pending writes", async () => {
    const saver = createSaver();
    const root = await putStep(saver, emptyThread(), { n: 0 });
    const [left, right] = await Promise.all([putStep(saver, root, { n: 1 }), putStep(saver, root, { n: 2 })]);
    await saver.putWrites(left.config, [["n", "left"]], "task");
    expect((await saver.getTuple(right.config))?.pendingWrites).toEqual([]);
    expect((await saver.getTuple(left.config))?.pendingWrites).toEqual([["task", "n", "left"]]);
  });

  it("have the same parent", async () => {
    const saver = createSaver();
    const root = await putStep(saver, emptyThread(), { n: 0 });
    const branches = await putChain(saver, root, [{ n: 1 }]).then(async (left) => [
      ...left,
      await putStep(saver, root, { n: 2 }),
    ]);
    for (const { config } of branches) expect((await saver.getTuple(config))?.parentConfig).toEqual(root.config);
    expect((await saver.getTuple(root.config))?.parentConfig).toBeUndefined();
  });
});

describe("what a put stores", () => {
  it("is everything on a fork, although LangGraph names no new versions there", async () => {
    const keyPrefix = newPrefix();
    const saver = createSaver({ keyPrefix });
    const [first, , third] = await putChain(saver, emptyThread(), [
      { a: 1, story: story("", 30) },
      { a: 2 },
      { a: 3, b: 3 },
    ]);
    // As LangGraph copies the third: a sibling of the second, whose parent has neither these versions nor these values.
    const fork = { ...third!.checkpoint, id: nextId() };
    const config = await saver.put(first!.config, fork, metadataOf("fork"), {});
    expect(await valuesAt(createSaver({ keyPrefix }), config)).toEqual({ a: 3, b: 3, story: story("", 30) });
  });

  it("is everything when a thread's very first checkpoint is forked, which has no parent", async () => {
    const keyPrefix = newPrefix();
    const saver = createSaver({ keyPrefix });
    const start = emptyThread();
    const first = await putStep(saver, start, { a: 1, story: story("", 30) });
    const config = await saver.put(start.config, { ...first.checkpoint, id: nextId() }, metadataOf("fork"), {});
    const tuple = await createSaver({ keyPrefix }).getTuple(config);
    expect(tuple?.checkpoint.channel_values).toEqual({ a: 1, story: story("", 30) });
    expect(tuple?.parentConfig).toBeUndefined();
  });

  it("is everything when the new versions are missing, as from wrappers for the older signature", async () => {
    const saver = createSaver();
    const first = await putStep(saver, emptyThread(), { a: 1, b: 1 }, { newVersions: undefined });
    expect(await valuesAt(saver, first.config)).toEqual({ a: 1, b: 1 });
    const next = await putStep(saver, first, { a: 2 }, { newVersions: undefined });
    expect(await valuesAt(saver, next.config)).toEqual({ a: 2, b: 1 });
  });

  it("is the given value where an update changed it without a new version", async () => {
    const saver = createSaver();
    const first = await putStep(saver, emptyThread(), { a: 1, b: 1 });
    const checkpoint = { ...first.checkpoint, id: nextId(), channel_values: { a: 1, b: "from a pending write" } };
    const config = await saver.put(first.config, checkpoint, metadataOf("update"), {});
    expect(await valuesAt(saver, config)).toEqual({ a: 1, b: "from a pending write" });
  });

  it("is the given value where the parent has another version of it, although it is not named as new", async () => {
    const saver = createSaver();
    const [first, , third] = await putChain(saver, emptyThread(), [{ a: 1, b: 1 }, { a: 2 }, { a: 3, c: 3 }]);
    const config = await saver.put(first!.config, { ...third!.checkpoint, id: nextId() }, metadataOf("loop"), {});
    expect(await valuesAt(saver, config)).toEqual({ a: 3, b: 1, c: 3 });
  });

  it("leaves out a channel that LangGraph emptied", async () => {
    const saver = createSaver();
    const first = await putStep(saver, emptyThread(), { kept: 1, emptied: 1 });
    const checkpoint = {
      ...first.checkpoint,
      id: nextId(),
      channel_values: { kept: 1 },
      channel_versions: { kept: 1, emptied: 2 },
    };
    const config = await saver.put(first.config, checkpoint, metadataOf("loop"), { emptied: 2 });
    expect(await valuesAt(saver, config)).toEqual({ kept: 1 });
  });

  it("is the given values when the parent is gone", async () => {
    const keyPrefix = newPrefix();
    const [first, second] = await putChain(createSaver({ keyPrefix }), emptyThread(), [
      { a: 1, story: story("", 30) },
      { a: 2 },
    ]);
    const parents = await itemsOf(keyPrefix, threadIdOf(first!), "C##");
    expect(parents).toHaveLength(2);
    for (const item of parents) await deleteRaw(item);
    const third = await putStep(createSaver({ keyPrefix }), second!, { a: 3 });
    expect(await valuesAt(createSaver({ keyPrefix }), third.config)).toEqual({ a: 3, story: story("", 30) });
  });

  it("can be put again under the same id, as a retry does", async () => {
    const saver = createSaver();
    const [first, second] = await putChain(saver, emptyThread(), [{ a: 1 }, { a: 2, story: story("", 30) }]);
    const again = await putStep(saver, first!, { a: 2, story: story("", 30) }, { id: second!.checkpoint.id });
    expect(await valuesAt(saver, again.config)).toEqual({ a: 2, story: story("", 30) });
    expect(await collect(saver.list(latestOf(again)))).toHaveLength(2);
  });
});

describe("a graph", () => {
  const State = Annotation.Root({
    log: Annotation<string[]>({ reducer: (a, b) => [...a, ...b], default: () => [] }),
    document: Annotation<Uint8Array>(),
    suffix: Annotation<string>(),
  });
  const build = (checkpointer: ReturnType<typeof createSaver>) =>
    new StateGraph(State)
      .addNode("read", ({ suffix }) => ({ log: [`read ${suffix}`] }))
      .addNode("think", () => ({ log: ["think"] }))
      .addNode("answer", ({ log, suffix }) => ({ log: [`answer ${log.length} ${suffix}`] }))
      .addEdge(START, "read")
      .addEdge("read", "think")
      .addEdge("think", "answer")
      .addEdge("answer", END)
      .compile({ checkpointer });
  const config = { configurable: { thread_id: "1" } };

  it("can be replayed from each of its checkpoints, and comes to the same end", async () => {
    const keyPrefix = newPrefix();
    await build(createSaver({ keyPrefix })).invoke({ log: ["input"], document: noise(5_000), suffix: "a" }, config);
    const end = { log: ["input", "read a", "think", "answer 3 a"], document: noise(5_000), suffix: "a" };
    const history = await collect(build(createSaver({ keyPrefix })).getStateHistory(config));
    expect(history.map(({ next }) => next)).toEqual([[], ["answer"], ["think"], ["read"], ["__start__"]]);
    for (const snapshot of history) {
      const graph = build(createSaver({ keyPrefix }));
      expect(await graph.invoke(null, snapshot.config)).toEqual(end);
      // What was there before is as it was.
      expect((await graph.getState(snapshot.config)).values).toEqual(snapshot.values);
    }
  });

  it("goes on differently from an older checkpoint that was updated, and the first run stays as it was", async () => {
    const keyPrefix = newPrefix();
    const graph = build(createSaver({ keyPrefix }));
    await graph.invoke({ log: ["input"], document: noise(5_000), suffix: "a" }, config);
    const before = await collect(graph.getStateHistory(config));
    const fork = await build(createSaver({ keyPrefix })).updateState(before[2]!.config, {
      suffix: "b",
      log: ["changed"],
    });
    const other = await build(createSaver({ keyPrefix })).invoke(null, fork);
    expect(other).toEqual({
      log: ["input", "read a", "changed", "think", "answer 4 b"],
      document: noise(5_000),
      suffix: "b",
    });
    for (const snapshot of before) expect((await graph.getState(snapshot.config)).values).toEqual(snapshot.values);
    expect((await graph.getState(config)).values).toEqual(other);
  });

  it("can copy its very first checkpoint and run from there", async () => {
    const graph = build(createSaver());
    await graph.invoke({ log: ["input"], document: noise(5_000), suffix: "a" }, config);
    const first = (await collect(graph.getStateHistory(config))).at(-1)!;
    expect(first.parentConfig).toBeUndefined();
    const copy = await graph.updateState(first.config, null, "__copy__");
    expect((await graph.getState(copy)).next).toEqual(first.next);
    expect((await graph.getState(copy)).values).toEqual(first.values);
  });
});
