import { Annotation, Command, interrupt, START, StateGraph } from "@langchain/langgraph";
import type { DynamoDBSaver } from "langgraph-checkpoint-dynamodb";
import { provideContext } from "langgraph-checkpoint-dynamodb/context";
import { expect, test } from "vitest";
import { latestOf, putStep } from "../../lanes/savers/checkpoints.js";
import { createSaver } from "../../lanes/savers/harness.js";
import { Late, takeOver, thread, under } from "../../lanes/savers/late-holder.js";
import { newPrefix } from "../../lanes/stored/requests.js";

provideContext();

/* Writes of an older holder that come after a younger one has written to the checkpoint. */

test("a question stands that a younger holder has asked, when an older answer comes late", async () => {
  const world = { keyPrefix: newPrefix() };
  const late = new Late();
  const thread_id = "t";
  const graphOf = (checkpointer: DynamoDBSaver, paid = (): void => undefined) =>
    new StateGraph(Annotation.Root({ outcome: Annotation<string>() }))
      .addNode("refund", () => {
        if (interrupt("Pay it back?") !== "yes") return { outcome: `kept: ${interrupt("Why not?")}` };
        paid();
        return { outcome: "paid" };
      })
      .addEdge(START, "refund")
      .compile({ checkpointer });
  await graphOf(createSaver(world)).invoke({}, { configurable: { thread_id } });

  const older = createSaver({ ...world, fetch: late.fetch });
  const lost = await older.acquireLease(thread_id);
  const answered = graphOf(older, () => late.hold())
    .invoke(new Command({ resume: "yes" }), { configurable: { thread_id, ...lost.configurable } })
    .catch(() => undefined);
  await late.holds(1);
  const younger = createSaver(world);
  await younger.breakLease(thread_id);
  await younger.withLease(thread_id, async ({ configurable }) =>
    graphOf(younger).invoke(new Command({ resume: "no" }), { configurable: { thread_id, ...configurable } }),
  );
  late.letGo();
  await answered;

  const next = createSaver(world);
  await next.withLease(thread_id, async ({ configurable }) => {
    const held = { configurable: { thread_id, ...configurable } };
    const { tasks } = await graphOf(next).getState(held);
    expect(tasks.map(({ interrupts }) => interrupts.map(({ value }) => value as unknown))).toEqual([["Why not?"]]);
    const { outcome } = await graphOf(next).invoke(new Command({ resume: "too late" }), held);
    expect(outcome).toBe("kept: too late");
  });
});

test.each([
  ["has asked", "task", "__interrupt__", "latest", false],
  ["has failed", "task", "__error__", "latest", false],
  ["has only answered", "task", "__resume__", "latest", false],
  ["has asked of no task", "00000000-0000-0000-0000-000000000000", "__interrupt__", "latest", false],
  ["has asked in a replay", "task", "__interrupt__", "replayed", true],
])("where a younger holder %s, older writes of the task are read or not", async (_, task, channel, how, isRead) => {
  const world = await thread();
  const { late, older, oldLease, one } = world;
  late.hold();
  const lost = older.putWrites(under(one, oldLease).config, [["n", "late"]], task);
  await late.holds(1);
  const { saver, lease, step } = await takeOver(world);
  if (how === "replayed") await putStep(saver, step, { n: 2 });
  await saver.putWrites(step.config, [[channel, { value: "?" }]], task);
  await lease.release();
  late.letGo();
  await lost;

  const next = createSaver(world.world);
  const config = one.config;
  const written = async (): Promise<unknown[]> =>
    ((await next.getTuple(config))?.pendingWrites ?? []).map(([, channel]) => channel).filter((name) => name === "n");
  expect(await written()).toEqual(isRead ? ["n"] : []);

  // What goes on from there has no more in its DeltaChannel than its holder has seen.
  if (how === "replayed") return;
  await next.withLease("t", async (held) => {
    const under2 = under(one, held);
    await next.getTuple(latestOf(under2));
    await next.putWrites(under2.config, [["n", "other"]], "other-task");
    const two = await putStep(next, under2, { m: 2 }, { metadata: { counters_since_delta_snapshot: { n: [1, 1] } } });
    const history = await createSaver(world.world).getDeltaChannelHistory({ config: two.config, channels: ["n"] });
    const values = history.n!.writes.map(([, , value]) => value).sort();
    expect(values).toEqual(isRead ? ["late", "other"] : ["other"]);
  });
});
