import { LeaseLostError } from "langgraph-checkpoint-dynamodb";
import { describe, expect, test } from "vitest";
import { errorOf, faultyFetch } from "../../lanes/faults/faulty-fetch.js";
import {
  collect,
  emptyThread,
  idAt,
  idsOf,
  latestOf,
  noiseText,
  putStep,
  valuesAt,
} from "../../lanes/savers/checkpoints.js";
import { createSaver } from "../../lanes/savers/harness.js";
import { Late, takeOver, thread, under } from "../../lanes/savers/late-holder.js";
import { begunThread } from "../../lanes/savers/leased-saver.js";
import { skewed } from "../../lanes/savers/stores.js";

/* Orders in which requests of holders arrive, fail and are answered. */

test("late writes to an ancestor of what a holder has read leave it in lists, and a DeltaChannel whole", async () => {
  const world = await thread();
  const { late, older, oldLease, one } = world;
  const guest = createSaver(world.world);
  await guest.getTuple(latestOf(one));
  await guest.putWrites(one.config, [["log", "seen"]], "task");
  late.hold();
  const lost = older.putWrites(under(one, oldLease).config, [["log", "late"]], "other-task");
  await late.holds(1);
  const two = await putStep(guest, one, { m: 2 }, { metadata: { counters_since_delta_snapshot: { log: [1, 1] } } });
  const { saver, lease, step } = await takeOver(world);
  late.letGo();
  await lost;

  const ids = [two, one].map(({ checkpoint }) => checkpoint.id);
  expect(idsOf(await collect(saver.list(latestOf(step))))).toEqual(ids);
  expect((await saver.getTuple(latestOf(step)))?.checkpoint.id).toBe(two.checkpoint.id);
  expect((await saver.getTuple(step.config))?.pendingWrites).toEqual([["task", "log", "seen"]]);
  const history = await saver.getDeltaChannelHistory({ config: under(two, lease).config, channels: ["log"] });
  expect(history.log!.writes).toEqual([["task", "log", "seen"]]);
});

test("after a put that has failed, the question of a holder is still the latest", async () => {
  const world = await thread();
  const { late, older, oldLease, one } = world;
  late.hold();
  const lost = putStep(older, under(one, oldLease), { n: "late" });
  await late.holds(1);
  let isDown = false;
  const { fetch } = faultyFetch(({ operation }) => {
    if (isDown && operation === "PutItem") throw new TypeError("fetch failed");
    return undefined;
  });
  const saver = createSaver({ ...world.world, fetch, maxAttempts: 1 });
  await saver.breakLease("t");
  const lease = await saver.acquireLease("t");
  const step = under(one, lease);
  await saver.getTuple(latestOf(step));
  isDown = true;
  await errorOf(putStep(saver, step, { n: "never" }));
  isDown = false;
  await saver.putWrites(step.config, [["__interrupt__", { value: "?" }]], "task");
  await lease.release();
  late.letGo();
  await lost;
  const tuple = await createSaver(world.world).getTuple(latestOf(one));
  expect(tuple?.checkpoint.id).toBe(one.checkpoint.id);
  expect(tuple?.pendingWrites).toEqual([["task", "__interrupt__", { value: "?" }]]);
});

test.each([
  ["another process whose clock is behind", 4],
  ["one whose clock is ahead", -4],
])("who has acquired a lease sees what %s stores under it", async (_, behind) => {
  const { world, one } = await begunThread();
  await createSaver(world).withLease("t", async (held) => {
    const saver = createSaver(world);
    await saver.getTuple(latestOf(under(one, held)));
    await putStep(saver, under(one, held), { n: "before" }, { id: idAt(Date.now()) });
  });
  const saver = createSaver(world);
  const lease = await saver.acquireLease("t");
  const base = (await saver.getTuple(latestOf(under(one, lease))))!;
  const given = JSON.parse(JSON.stringify(lease.configurable)) as typeof lease.configurable;
  await skewed(-behind, async () => {
    const other = createSaver(world);
    const step = { config: { configurable: { ...base.config.configurable, ...given } }, checkpoint: base.checkpoint };
    await putStep(other, step, { n: "other" }, { id: idAt(Date.now()) });
  });
  expect(await valuesAt(saver, latestOf(under(one, lease)))).toEqual({ n: "other" });
  await lease.release();
  expect(await valuesAt(createSaver(world), latestOf(one))).toEqual({ n: "other" });
});

describe("a release", () => {
  test.each([
    ["a put", /"S#/],
    ["writes", /"S#/],
  ])("waits for %s that is under way", async (what, which) => {
    const { world, one } = await begunThread();
    const late = new Late(which);
    const saver = createSaver({ ...world, fetch: late.fetch });
    const lease = await saver.acquireLease("t");
    const step = under(one, lease);
    await saver.getTuple(latestOf(step));
    late.hold();
    const long = noiseText(200_000);
    const stored =
      what === "a put" ? putStep(saver, step, { n: long }) : saver.putWrites(step.config, [["n", long]], "task");
    await late.holds(1);
    let isOver = false;
    const released = lease.release().then(() => (isOver = true));
    const other = createSaver(world);
    await expect(other.acquireLease("t")).rejects.toMatchObject({ code: "THREAD_BUSY" });
    expect(isOver).toBe(false);
    late.letGo();
    await stored;
    await released;
    const next = await other.acquireLease("t");
    const tuple = await other.getTuple(latestOf(under(one, next)));
    expect([
      ...Object.values(tuple!.checkpoint.channel_values),
      ...tuple!.pendingWrites!.map(([, , value]) => value),
    ]).toContain(long);
  });

  test.each([true, false])(
    "whose answer is lost is none that was lost, though another holder comes (put: %s)",
    async (puts) => {
      const { world, one } = await begunThread();
      const other = createSaver(world);
      let isLost = false;
      const { fetch } = faultyFetch(async ({ body, forward }) => {
        if (isLost || !body.includes("REMOVE #until")) return forward();
        isLost = true;
        await forward();
        await other.acquireLease("t");
        throw new TypeError("fetch failed");
      });
      const saver = createSaver({ ...world, fetch });
      const run = saver.withLease("t", async (lease) => {
        await saver.getTuple(latestOf(under(one, lease)));
        if (puts) await putStep(saver, under(one, lease), { n: 2 });
        return "done";
      });
      expect(await run).toBe("done");
      expect(isLost).toBe(true);
    },
  );

  test("of a lease that was broken says so", async () => {
    const { world, one } = await begunThread();
    const saver = createSaver(world);
    const run = saver.withLease("t", async (lease) => {
      await putStep(saver, under(one, lease), { n: 2 });
      await createSaver(world).breakLease("t");
    });
    await expect(run).rejects.toBeInstanceOf(LeaseLostError);
    expect(await valuesAt(saver, latestOf(emptyThread("t")))).toEqual({ n: 2 });
  });
});
