import { Annotation, Command, interrupt, Send, START, StateGraph } from "@langchain/langgraph";
import type { AcquiredLease, DynamoDBSaver } from "langgraph-checkpoint-dynamodb";
import { provideContext } from "langgraph-checkpoint-dynamodb/context";
import { expect, test } from "vitest";
import { putStep } from "../../lanes/savers/checkpoints.js";
import { createSaver } from "../../lanes/savers/harness.js";
import { Late, takeOver, thread, under } from "../../lanes/savers/late-holder.js";
import { newPrefix } from "../../lanes/stored/requests.js";

provideContext();

/*
 * A younger holder answers one of several questions, and puts no checkpoint. What an older one had under way is late.
 */

const State = Annotation.Root({
  answers: Annotation<string[]>({ reducer: (all, more) => [...all, ...more].sort(), default: () => [] }),
});

const graphOf = (checkpointer: DynamoDBSaver, paid: (name: string) => void = () => undefined) =>
  new StateGraph(State)
    .addNode("ask", ({ name }: { name: string }) => {
      const answer = interrupt<string, string>(`Pay ${name}?`);
      paid(name);
      return { answers: [`${name}: ${answer}`] };
    })
    .addConditionalEdges(START, () => ["ann", "bob", "cem"].map((name) => new Send("ask", { name })))
    .compile({ checkpointer });

type Graph = ReturnType<typeof graphOf>;

const configOf = (lease?: Pick<AcquiredLease, "configurable">): { configurable: Record<string, unknown> } => ({
  configurable: { thread_id: "t", ...lease?.configurable },
});

/** The questions that are open to whoever reads this: of tasks that have written nothing else. */
async function openFor(saver: DynamoDBSaver, config: ReturnType<typeof configOf>): Promise<unknown[]> {
  const pending = (await saver.getTuple(config))!.pendingWrites!;
  const answered = new Set(pending.flatMap(([task, channel]) => (channel === "answers" ? task : [])));
  return (await graphOf(saver).getState(config)).tasks
    .filter(({ id }) => !answered.has(id))
    .flatMap(({ interrupts }) => interrupts.map(({ value }) => value as unknown))
    .sort();
}

/** A person's answer to the question about somebody. */
async function answer(graph: Graph, config: ReturnType<typeof configOf>, name: string, text: string): Promise<void> {
  const { tasks } = await graph.getState(config);
  const asked = tasks.flatMap(({ interrupts }) => interrupts).find(({ value }) => value === `Pay ${name}?`);
  await graph.invoke(new Command({ resume: { [asked!.id!]: text } }), config);
}

/** Three questions are open; the older holder has one answer under way when the younger one answers another. */
async function twoAnswers(): Promise<DynamoDBSaver> {
  const world = { keyPrefix: newPrefix() };
  const late = new Late();
  const older = createSaver({ ...world, fetch: late.fetch });
  await graphOf(older).invoke({}, configOf());
  const lost = await older.acquireLease("t");
  await answer(graphOf(older), configOf(lost), "cem", "in time");
  const answered = answer(
    graphOf(older, () => late.hold()),
    configOf(lost),
    "bob",
    "too late",
  ).catch(() => undefined);
  await late.holds(1);
  const younger = createSaver(world);
  await younger.breakLease("t");
  await younger.withLease("t", async (lease) => answer(graphOf(younger), configOf(lease), "ann", "yes"));
  late.letGo();
  await answered;
  return createSaver(world);
}

test("a late answer to another question shows up to nobody who has no lease", async () => {
  const saver = await twoAnswers();
  expect(await openFor(saver, configOf())).toEqual(["Pay bob?"]);
  for await (const { pendingWrites } of saver.list(configOf()))
    expect(JSON.stringify(pendingWrites)).not.toContain("too late");
});

test("the next holder does not go on with a late answer to another question, and does with those in time", async () => {
  const saver = await twoAnswers();
  const paid: string[] = [];
  await saver.withLease("t", async (lease) => {
    const graph = graphOf(saver, (name) => paid.push(name));
    await graph.invoke(null, configOf(lease));
    expect(paid).toEqual([]);
    expect(await openFor(saver, configOf(lease))).toEqual(["Pay bob?"]);
    await answer(graph, configOf(lease), "bob", "no");
    expect((await graph.getState(configOf(lease))).values).toEqual({
      answers: ["ann: yes", "bob: no", "cem: in time"],
    });
  });
  expect(paid).toEqual(["bob"]);
});

test.each(["copied", "exported and imported"])("a late answer stays away where the thread is %s", async (how) => {
  const saver = await twoAnswers();
  const graph = graphOf(saver);
  if (how === "copied") await saver.copyThread("t", "other");
  else await saver.importThread(saver.exportThread("t"), { threadId: "other" });
  const config = { configurable: { thread_id: "other" } };
  expect(await openFor(saver, config)).toEqual(["Pay bob?"]);
  await answer(graph, config, "bob", "no");
  expect((await graph.getState(config)).values).toEqual({ answers: ["ann: yes", "bob: no", "cem: in time"] });
});

test("of several younger holders, that which has claimed last says what came late", async () => {
  const world = await thread();
  const { late, older, oldLease, one } = world;
  const { config } = under(one, oldLease);
  const reader = createSaver(world.world);
  const names = async (): Promise<unknown[]> =>
    ((await reader.getTuple(one.config))?.pendingWrites ?? []).map(([, , value]) => value).sort();
  await older.putWrites(config, [["n", "early"]], "early");
  late.hold();
  const lost = older.putWrites(config, [["n", "late"]], "a late task");
  await late.holds(1);

  const second = await takeOver(world);
  const third = await takeOver(world);
  await third.saver.putWrites(third.step.config, [["n", "third"]], "third");
  late.letGo();
  await lost;
  // A younger one that has read it goes on with what was there, and no other does.
  await second.saver.putWrites(second.step.config, [["n", "second"]], "second").catch(() => undefined);
  expect(await names()).toEqual(["early", "third"]);

  await third.lease.release();
  const fourth = await takeOver(world);
  await fourth.saver.putWrites(fourth.step.config, [["n", "fourth"]], "fourth");
  expect(await names()).toEqual(["early", "fourth", "third"]);
});

test("what goes on from a late write has it in its DeltaChannel, and what goes on from others has not", async () => {
  const world = await thread();
  const { late, older, oldLease, one } = world;
  const options = { metadata: { counters_since_delta_snapshot: { n: [1, 1] } } };
  late.hold();
  const step = under(one, oldLease);
  const lost = older
    .putWrites(step.config, [["n", "late"]], "a late task")
    .then(() => putStep(older, step, {}, options));
  await late.holds(1);
  const { saver, lease, step: own } = await takeOver(world);
  await saver.putWrites(own.config, [["n", "answer"]], "task");
  late.letGo();
  const branch = await lost;
  const logOf = async (config: object): Promise<unknown[]> =>
    (await createSaver(world.world).getDeltaChannelHistory({ config, channels: ["n"] })).n!.writes.map(
      ([, , value]) => value,
    );
  expect(await logOf(branch.config)).toEqual(["late"]);

  // Without a lease, one goes on from what is pending.
  await lease.release();
  const next = createSaver(world.world);
  await next.getTuple(one.config);
  const two = await putStep(next, one, {}, options);
  expect(await logOf(two.config)).toEqual(["answer"]);
});

test("writes without a lease, and those to a checkpoint of the same one, say nothing of what was read", async () => {
  const { world, one } = await thread();
  const saver = createSaver(world);
  await saver.breakLease("t");
  await saver.putWrites(one.config, [["n", "none"]], "none");
  await saver.withLease("t", async (lease) => {
    const step = under(one, lease);
    await saver.getTuple(step.config);
    const two = await putStep(saver, step, { n: 2 });
    await saver.putWrites(two.config, [["n", "own"]], "own");
  });
  const lines: string[] = [];
  for await (const line of saver.exportThread("t")) lines.push(line);
  expect(lines.filter((line) => line.includes("#W#"))).toHaveLength(2);
  expect(lines.filter((line) => line.includes('"seen"'))).toEqual([]);
});
