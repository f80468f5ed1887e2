import { Annotation, Command, interrupt, START, StateGraph } from "@langchain/langgraph";
import type { DynamoDBSaver } from "langgraph-checkpoint-dynamodb";
import { provideContext } from "langgraph-checkpoint-dynamodb/context";
import { expect, test } from "vitest";
import { createSaver } from "../../lanes/savers/harness.js";
import { Late } from "../../lanes/savers/late-holder.js";
import { countedSaver, newPrefix } from "../../lanes/stored/requests.js";

provideContext();

/* A question of a subgraph: what an older holder has answered there can arrive after a younger one has looked. */

const State = Annotation.Root({ log: Annotation<string[]>({ reducer: (a, b) => a.concat(b), default: () => [] }) });
const isIn = (ns: RegExp): RegExp => new RegExp(`"SK":\\{"S":"C#${ns.source}`);

/** @param depth of the subgraphs, one in the other, the innermost of which asks */
function graphOf(checkpointer: DynamoDBSaver, heard: (answer: string) => void, depth: number) {
  let inner = new StateGraph(State)
    .addNode("ask", () => {
      const answer: string = interrupt("Pay it back?");
      heard(answer);
      return { log: [answer] };
    })
    .addEdge(START, "ask")
    .compile();
  for (let i = 1; i < depth; i++)
    inner = new StateGraph(State).addNode("deeper", inner).addEdge(START, "deeper").compile() as never;
  return new StateGraph(State).addNode("sub", inner).addEdge(START, "sub").compile({ checkpointer });
}

test.each([1, 2])("the holder's answer counts, %i subgraphs deep", async (depth) => {
  const world = { keyPrefix: newPrefix() };
  const thread_id = "t";
  await graphOf(createSaver(world), () => undefined, depth).invoke({}, { configurable: { thread_id } });

  const late = new Late(isIn(/sub/));
  const older = createSaver({ ...world, fetch: late.fetch });
  const lost = await older.acquireLease(thread_id);
  late.hold();
  const answered = graphOf(older, () => undefined, depth)
    .invoke(new Command({ resume: "yes" }), { configurable: { thread_id, ...lost.configurable } })
    .catch(() => undefined);
  await late.holds(1);
  const younger = createSaver(world);
  await younger.breakLease(thread_id);
  const heard: string[] = [];
  const graph = graphOf(younger, (answer) => heard.push(answer), depth);
  await younger.withLease(thread_id, async ({ configurable }) => {
    const held = { configurable: { thread_id, ...configurable } };
    const { tasks } = await graph.getState(held);
    expect(tasks.map(({ interrupts }) => interrupts.length)).toEqual([1]);
    late.letGo();
    await answered;
    const { log } = await graph.invoke(new Command({ resume: "no" }), held);
    expect(log).toEqual(["no"]);
  });
  expect(heard).toEqual(["no"]);
});

test("the first read of a holder takes 1 request more for each namespace below where a question is open", async () => {
  const world = { keyPrefix: newPrefix() };
  const thread_id = "t";
  await graphOf(createSaver(world), () => undefined, 2).invoke({}, { configurable: { thread_id } });
  const { saver, log } = countedSaver(world);
  const lease = await saver.acquireLease(thread_id);
  const read = async (held: object): Promise<string[]> =>
    (await log.during(() => saver.getTuple({ configurable: { thread_id, ...held } }))).operations;
  expect(await read(lease.configurable)).toEqual(["Query", "Query", "Query"]);
  expect(await read(lease.configurable)).toEqual(["Query"]);
  expect(await read({})).toEqual(["Query"]);

  // Once it is answered, there is nothing to ask any more.
  await graphOf(saver, () => undefined, 2).invoke(new Command({ resume: "yes" }), {
    configurable: { thread_id, ...lease.configurable },
  });
  await lease.release();
  const next = await saver.acquireLease(thread_id);
  expect(await read(next.configurable)).toEqual(["Query"]);
});

test("a thread with a question in a subgraph is exported and imported, and answered there", async () => {
  const world = { keyPrefix: newPrefix() };
  const saver = createSaver(world);
  await graphOf(saver, () => undefined, 2).invoke({}, { configurable: { thread_id: "t" } });
  const lines: string[] = [];
  for await (const line of saver.exportThread("t")) lines.push(line);
  await saver.importThread(lines, { threadId: "imported" });
  const config = { configurable: { thread_id: "imported" } };
  const { log } = await graphOf(createSaver(world), () => undefined, 2).invoke(new Command({ resume: "yes" }), config);
  expect(log).toEqual(["yes"]);
});
