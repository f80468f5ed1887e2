import { describe, expect, test } from "vitest";
import { errorOf } from "../../lanes/faults/faulty-fetch.js";
import { collect, idsOf, latestOf, putStep, valuesAt } from "../../lanes/savers/checkpoints.js";
import { createSaver } from "../../lanes/savers/harness.js";
import { takeOver, thread, under, type Thread } from "../../lanes/savers/late-holder.js";

/* What becomes of a thread with leases behind it: forks, others beside the holder, DeltaChannels, and its care. */

test.each([
  ["", async () => undefined],
  [
    ", also of a task that had asked somebody before",
    ({ older, one, oldLease }: Thread) =>
      older.putWrites(under(one, oldLease).config, [["__interrupt__", { value: "?" }]], "other-task"),
  ],
])("what a DeltaChannel is rebuilt from leaves out writes that came late%s", async (_, before) => {
  const world = await thread();
  const { late, older, oldLease, one } = world;
  await before(world);
  late.hold();
  const lost = older.putWrites(under(one, oldLease).config, [["log", "late"]], "other-task");
  await late.holds(1);
  const { saver, step } = await takeOver(world);
  await saver.putWrites(step.config, [["log", "good"]], "task");
  const metadata = { counters_since_delta_snapshot: { log: [1, 1] } };
  const two = await putStep(saver, step, { n: 2 }, { metadata });
  late.letGo();
  await lost;
  for (const reader of [saver, createSaver(world.world)]) {
    const history = await reader.getDeltaChannelHistory({ config: two.config, channels: ["log"] });
    expect(history.log!.writes).toEqual([["task", "log", "good"]]);
  }
});

test("a holder forks and replays from older checkpoints, and what it puts last is the latest", async () => {
  const world = await thread();
  const two = await putStep(createSaver(world.world), world.one, { n: 2 });
  const { saver, lease } = await takeOver(world);
  const replayed = under(world.one, lease);
  // Writes to what is not the latest claim nothing.
  await saver.putWrites(replayed.config, [["n", "again"]], "task");
  expect(await valuesAt(createSaver(world.world), latestOf(two))).toEqual({ n: 2 });
  const fork = await putStep(saver, replayed, { n: "fork" }, { metadata: { source: "fork" } });
  expect(await valuesAt(createSaver(world.world), latestOf(two))).toEqual({ n: "fork" });
  expect(idsOf(await collect(saver.list(latestOf(under(two, lease)))))).toEqual(
    [fork, two, world.one].map(({ checkpoint }) => checkpoint.id),
  );
});

test("who has no lease is never refused, and what it puts goes on from what it has read", async () => {
  const world = await thread();
  const { saver, lease, step } = await takeOver(world);
  const two = await putStep(saver, step, { n: 2 });
  const other = createSaver(world.world);
  await other.getTuple(latestOf(world.one));
  const plain = { ...two, config: { configurable: { ...two.config.configurable } } };
  await putStep(other, plain, { n: "update" });
  expect(await valuesAt(saver, latestOf(under(two, lease)))).toEqual({ n: "update" });
  await putStep(saver, under(two, lease), { n: 3 });
  expect(await valuesAt(other, latestOf(world.one))).toEqual({ n: 3 });
});

test('with conflict: "reject", holder and others find the head as before', async () => {
  const world = await thread({ conflict: "reject" });
  const { saver, lease, step } = await takeOver(world);
  const two = await putStep(saver, step, { n: 2 });
  expect(await errorOf(putStep(createSaver(world.world), world.one, { n: "other" }))).toMatchObject({
    code: "CONFLICT",
    headId: two.checkpoint.id,
  });
  await putStep(saver, under(two, lease), { n: 3 });
  expect(await valuesAt(createSaver(world.world), latestOf(world.one))).toEqual({ n: 3 });
});

describe("a thread with leases behind it", () => {
  /** The latest has a lower id than an older holder's last one, as where clocks are apart. */
  async function withLateTop() {
    const world = await thread();
    const top = await putStep(world.older, under(world.one, world.oldLease), { n: "top" }, { id: "1f0fffff-1" });
    const { saver, lease } = await takeOver(world);
    const latest = await putStep(saver, under(top, lease), { n: "latest" });
    await saver.putWrites(under(latest, lease).config, [["n", "pending"]], "task");
    await lease.release();
    return { ...world, saver, latest, top };
  }

  test("is pruned to its latest checkpoint, whatever the ids say", async () => {
    const { saver, world, one } = await withLateTop();
    await saver.prune({ threadIds: ["t"], keepLast: 1, graceSeconds: 0 });
    expect(await valuesAt(createSaver(world), latestOf(one))).toEqual({ n: "latest" });
  });

  test.each(["copied", "exported and imported"])(
    "reads the same when it is %s, and later leases go on",
    async (how) => {
      const { saver, world, one } = await withLateTop();
      if (how === "copied") await saver.copyThread("t", "u");
      else await saver.importThread(await collect(saver.exportThread("t")), { threadId: "u" });
      const copy = { configurable: { thread_id: "u", checkpoint_ns: "" } };
      const [there, here] = [await createSaver(world).getTuple(copy), await createSaver(world).getTuple(latestOf(one))];
      expect(there?.checkpoint).toEqual(here?.checkpoint);
      expect(there?.pendingWrites).toEqual([["task", "n", "pending"]]);
      expect(await saver.getLease("u")).toBeUndefined();
      await saver.withLease("u", async (held) => {
        const step = { config: there!.config, checkpoint: there!.checkpoint };
        await putStep(saver, under(step, held), { n: "next" });
      });
      expect(await valuesAt(createSaver(world), copy)).toEqual({ n: "next" });
    },
  );

  test("is deleted whole", async () => {
    const { saver, world, one } = await withLateTop();
    await saver.deleteThread("t");
    expect(await createSaver(world).getTuple(latestOf(one))).toBeUndefined();
    const lease = await saver.acquireLease("t");
    expect(await saver.getTuple(latestOf(under(one, lease)))).toBeUndefined();
    await lease.release();
  });
});

test("what answers a holder's question without a lease is the latest, also where nothing is known", async () => {
  const world = await thread();
  const { saver, lease, step } = await takeOver(world);
  await saver.putWrites(step.config, [["__interrupt__", { value: "?" }]], "task");
  await lease.release();
  const bare = { ...world.one, config: { configurable: { ...world.one.config.configurable } } };
  await createSaver(world.world).putWrites(bare.config, [["log", "answer"]], "task");
  const metadata = { counters_since_delta_snapshot: { log: [1, 1] as [number, number] } };
  const next = await putStep(createSaver(world.world), bare, { n: "answered" }, { metadata });

  const reader = createSaver(world.world);
  expect(await valuesAt(reader, latestOf(world.one))).toEqual({ n: "answered" });
  const history = await reader.getDeltaChannelHistory({ config: next.config, channels: ["log"] });
  expect(history.log!.writes).toEqual([["task", "log", "answer"]]);
});
