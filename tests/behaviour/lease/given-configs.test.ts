import { Annotation, Command, interrupt, START, StateGraph } from "@langchain/langgraph";
import type { DynamoDBSaver } from "langgraph-checkpoint-dynamodb";
import { provideContext } from "langgraph-checkpoint-dynamodb/context";
import { expect, test } from "vitest";
import { createSaver } from "../../lanes/savers/harness.js";
import { newPrefix } from "../../lanes/stored/requests.js";

/* LangGraph puts under configs that the saver has given out: they are of the lease that the call was made under. */

provideContext();

const State = Annotation.Root({
  out: Annotation<string[]>({ reducer: (a, b) => [...a, ...b], default: () => [] }),
});

const steps = (checkpointer: DynamoDBSaver) =>
  new StateGraph(State)
    .addNode("a", () => ({ out: ["a"] }))
    .addNode("b", () => ({ out: ["b"] }))
    .addEdge(START, "a")
    .addEdge("a", "b")
    .compile({ checkpointer });

const configurable = { thread_id: "t" };

/** A thread that has run under a lease before, and who has the next one. */
async function held() {
  const world = { keyPrefix: newPrefix() };
  const first = createSaver(world);
  await first.withLease("t", (lease) =>
    steps(first).invoke({ out: ["in"] }, { configurable: { ...configurable, ...lease.configurable } }),
  );
  const saver = createSaver(world);
  const lease = await saver.acquireLease("t");
  return { world, graph: steps(saver), lease, config: { configurable: { ...configurable, ...lease.configurable } } };
}

async function older({ graph, config }: Awaited<ReturnType<typeof held>>) {
  for await (const snapshot of graph.getStateHistory(config)) if (snapshot.next[0] === "b") return snapshot;
  throw new Error("There is no such checkpoint.");
}

test("a copy of an older checkpoint is its holder's latest, and everybody's", async () => {
  const all = await held();
  const { world, graph, lease, config } = all;
  const { config: from } = await older(all);
  await graph.updateState({ configurable: { ...from.configurable, ...lease.configurable } }, null, "__copy__");
  expect((await graph.getState(config)).next).toEqual(["b"]);
  expect((await graph.invoke(null, config)).out).toEqual(["in", "a", "b"]);
  await lease.release();
  const state = await steps(createSaver(world)).getState({ configurable });
  expect(state).toMatchObject({ next: [], values: { out: ["in", "a", "b"] }, metadata: { step: 3 } });
});

test("a config of the history goes on under the lease that it was read under", async () => {
  const all = await held();
  const { world, graph } = all;
  await graph.invoke(null, (await older(all)).config);
  await createSaver(world).breakLease("t");
  const before = await older(all);
  await all.lease.renew().catch(() => undefined);
  await expect(graph.invoke(null, before.config)).rejects.toThrow(/lease/);
});

test("of several updates none is stored once the lease is lost", async () => {
  const { world, graph, lease, config } = await held();
  const updates = ["one", "two"].map((text) => ({ updates: [{ values: { out: [text] }, asNode: "a" }] }));
  await graph.bulkUpdateState(config, updates);
  expect((await graph.getState(config)).values).toEqual({ out: ["in", "a", "b", "one", "two"] });
  await createSaver(world).breakLease("t");
  await lease.renew().catch(() => undefined);
  await expect(graph.bulkUpdateState(config, updates)).rejects.toThrow(/lease/);
  expect((await steps(createSaver(world)).getState({ configurable })).values.out).toHaveLength(5);
});

test.each(["qa", "qb"])("a holder that has read the answer of a deleted run goes on without it: %s", async (which) => {
  const world = { keyPrefix: newPrefix() };
  const graphOf = (checkpointer: DynamoDBSaver) =>
    new StateGraph(State)
      .addNode("a", () => ({ out: [`a:${interrupt<string, string>("qa")}${interrupt<string, string>("qa2")}`] }))
      .addNode("b", () => ({ out: [`b:${interrupt<string, string>("qb")}`] }))
      .addEdge(START, "a")
      .addEdge(START, "b")
      .compile({ checkpointer });
  const run = (run_id: string, work: (saver: DynamoDBSaver, config: { configurable: object }) => Promise<unknown>) => {
    const saver = createSaver(world);
    return saver.withLease("t", (lease) =>
      work(saver, { configurable: { ...configurable, run_id, ...lease.configurable } }),
    );
  };
  const asked = async (saver: DynamoDBSaver, config: { configurable: object }) =>
    (await graphOf(saver).getState(config)).tasks.flatMap(({ interrupts }) => interrupts);
  await run("r1", (saver, config) => graphOf(saver).invoke({ out: ["in"] }, config));
  await run("r2", async (saver, config) => {
    const { id } = (await asked(saver, config)).find(({ value }) => value === which)!;
    return graphOf(saver).invoke(new Command({ resume: { [id!]: "BAD" } }), config);
  });
  await run("r3", async (saver, config) => {
    await asked(saver, config);
    await saver.deleteForRuns(["r2"], { threadIds: ["t"] });
    for (let questions = await asked(saver, config); questions.length > 0; questions = await asked(saver, config))
      await graphOf(saver).invoke(
        new Command({ resume: Object.fromEntries(questions.map(({ id }) => [id, "GOOD"])) }),
        config,
      );
  });
  const { values } = await graphOf(createSaver(world)).getState({ configurable });
  expect(values.out).toEqual(["in", "a:GOODGOOD", "b:GOOD"]);
});
