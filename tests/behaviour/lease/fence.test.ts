import { describe, expect, test } from "vitest";
import { collect, idsOf, latestOf, putStep, valuesAt } from "../../lanes/savers/checkpoints.js";
import { createSaver } from "../../lanes/savers/harness.js";
import { takeOver, thread, under } from "../../lanes/savers/late-holder.js";
import { createReader } from "../checkpoint/readers.js";

/* What an older holder puts late, when a younger one has read: each way to read, and each way to write. */

describe.each([
  ["the root's namespace", "", {}],
  ["a subgraph's namespace", "child:1", {}],
  ["an encrypted thread", "", { encryption: { key: new Uint8Array(32).fill(7) } }],
  ["a thread that expires", "", { ttlSeconds: 3_600 }],
  ["a thread whose history is not kept", "", { history: "latest" as const }],
])("in %s, a checkpoint that comes late", (_, ns, options) => {
  test("is absent to the younger holder, in every way to read", async () => {
    const world = await thread(options, ns);
    const { late, older, oldLease, one } = world;
    late.hold();
    const lost = putStep(older, under(one, oldLease), { n: "late" }, { id: "1f0fffff-0000-6000-8000-000000000001" });
    await late.holds(1);
    const { saver, step } = await takeOver(world);
    late.letGo();
    await lost;

    expect(await valuesAt(saver, latestOf(step))).toMatchObject({ n: 1 });
    expect(idsOf(await collect(saver.list(latestOf(step))))).toEqual([one.checkpoint.id]);
    const byId = {
      configurable: { ...step.config.configurable, checkpoint_id: "1f0fffff-0000-6000-8000-000000000001" },
    };
    expect(await saver.getTuple(byId)).toBeUndefined();

    const two = await putStep(saver, step, { n: 2 });
    // Also to everyone else now, although its id is the highest.
    expect(two.checkpoint.id < "1f0fffff").toBe(true);
    for (const reader of [saver, createSaver(world.world)])
      expect(await valuesAt(reader, latestOf({ ...two, config: one.config }))).toMatchObject({ n: 2 });
  });
});

test("a checkpoint that comes late does not hide what the younger holder's task has written", async () => {
  const world = await thread();
  const { late, older, oldLease, one } = world;
  late.hold();
  const lost = putStep(older, under(one, oldLease), { n: "late" }, { id: "1f0fffff-0000-6000-8000-000000000001" });
  await late.holds(1);
  const { saver, step, lease } = await takeOver(world);
  await saver.putWrites(step.config, [["n", "paid"]], "task");
  await lease.release();
  late.letGo();
  await lost;

  const next = createSaver(world.world);
  await next.withLease("t", async (held) => {
    const tuple = await next.getTuple(latestOf(under(one, held)));
    expect(tuple?.config.configurable?.checkpoint_id).toBe(one.checkpoint.id);
    expect(tuple?.pendingWrites).toEqual([["task", "n", "paid"]]);
  });
  expect((await createReader(world.world).getTuple(latestOf(one)))?.config.configurable?.checkpoint_id).toBe(
    one.checkpoint.id,
  );
});

describe("writes that come late", () => {
  async function lateWrites(task: string) {
    const world = await thread();
    const { late, older, oldLease, one } = world;
    late.hold();
    const lost = older.putWrites(under(one, oldLease).config, [["n", "late"]], task);
    await late.holds(1);
    const taken = await takeOver(world);
    return { ...world, ...taken, lost };
  }

  test("are no pending writes of what the younger holder reads", async () => {
    const { late, lost, saver, step, one } = await lateWrites("task");
    late.letGo();
    await lost;
    expect((await saver.getTuple(latestOf(step)))?.pendingWrites).toEqual([]);
    expect((await saver.getTuple(step.config))?.pendingWrites).toEqual([]);
    expect((await collect(saver.list(latestOf(step))))[0]?.pendingWrites).toEqual([]);
    expect((await collect(saver.list(latestOf(one)))).map(({ pendingWrites }) => pendingWrites?.length)).toEqual([1]);
  });

  test("do not take the place of what the younger holder writes, whichever came first", async () => {
    for (const comesFirst of [true, false]) {
      const { world, late, lost, saver, step, one } = await lateWrites("task");
      if (comesFirst) {
        late.letGo();
        await lost;
      }
      await saver.putWrites(step.config, [["n", "paid"]], "task");
      late.letGo();
      await lost;
      for (const [reader, config] of [
        [saver, step.config],
        [createSaver(world), one.config],
      ] as const)
        expect((await reader.getTuple(config))?.pendingWrites).toEqual([["task", "n", "paid"]]);
    }
  });

  test("that were there when the younger holder read stay, with what it writes beside them", async () => {
    const world = await thread();
    await world.older.putWrites(under(world.one, world.oldLease).config, [["__interrupt__", "approve?"]], "task");
    const { saver, step } = await takeOver(world);
    expect((await saver.getTuple(step.config))?.pendingWrites).toEqual([["task", "__interrupt__", "approve?"]]);
    await saver.putWrites(step.config, [["__resume__", "yes"]], "task");
    await saver.putWrites(step.config, [["n", 2]], "task");
    expect((await createSaver(world.world).getTuple(world.one.config))?.pendingWrites).toEqual(
      expect.arrayContaining([
        ["task", "__interrupt__", "approve?"],
        ["task", "__resume__", "yes"],
        ["task", "n", 2],
      ]),
    );
  });
});
