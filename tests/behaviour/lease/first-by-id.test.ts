import type { BaseCheckpointSaver } from "@langchain/langgraph-checkpoint";
import { expect, test } from "vitest";
import { collect, idsOf, latestOf, putStep, type Step } from "../../lanes/savers/checkpoints.js";
import { createSaver } from "../../lanes/savers/harness.js";
import { thread, under } from "../../lanes/savers/late-holder.js";
import { countedSaver } from "../../lanes/stored/requests.js";

/* A holder that reads in another way first, as who goes back or looks at the history does, is fenced all the same. */

const LATE = "1f0fffff-0000-6000-8000-000000000001";

const byId = async (saver: BaseCheckpointSaver, { config }: Step): Promise<unknown> => saver.getTuple(config);
const byList = async (saver: BaseCheckpointSaver, step: Step): Promise<unknown> => collect(saver.list(latestOf(step)));

test.each([
  ["by id", "", byId],
  ["a list", "", byList],
  ["by id in a subgraph's namespace", "child:1", byId],
  ["a list of a subgraph's namespace", "child:1", byList],
])("where the first read is %s, what an older holder puts after it is absent", async (_, ns, readFirst) => {
  const { late, older, oldLease, one, world } = await thread({}, ns);
  late.hold();
  const lost = Promise.all([
    putStep(older, under(one, oldLease), { n: "late" }, { id: LATE }),
    older.putWrites(under(one, oldLease).config, [["n", "late"]], "task"),
  ]);
  await late.holds(2);
  const saver = createSaver(world);
  await saver.breakLease("t");
  const step = under(one, await saver.acquireLease("t"));
  await readFirst(saver, step);
  late.letGo();
  await lost;

  const tuple = await saver.getTuple(latestOf(step));
  expect(tuple?.config.configurable?.checkpoint_id).toBe(one.checkpoint.id);
  expect(tuple?.pendingWrites).toEqual([]);
  expect(idsOf(await collect(saver.list(latestOf(step))))).toEqual([one.checkpoint.id]);
});

test("the first read of a holder by id takes 1 request more, and the next one none", async () => {
  const { one, world } = await thread();
  const { saver, log } = countedSaver(world);
  await saver.breakLease("t");
  const step = under(one, await saver.acquireLease("t"));
  const sent = async (): Promise<string[]> => (await log.during(() => saver.getTuple(step.config))).operations;
  expect(await sent()).toEqual(["Query", "Query"]);
  expect(await sent()).toEqual(["Query"]);
});
