import { describe, expect, test } from "vitest";
import { emptyThread, idAt, latestOf, putStep, type Step } from "../../lanes/savers/checkpoints.js";
import { createSaver } from "../../lanes/savers/harness.js";
import { under } from "../../lanes/savers/late-holder.js";
import { skewed } from "../../lanes/savers/stores.js";
import { newPrefix } from "../../lanes/stored/requests.js";

describe("a run without a lease that goes on for minutes", () => {
  /** Puts a checkpoint, lets a holder store something beside a guest, and the guest go on. */
  async function thread(store: (saver: ReturnType<typeof createSaver>, step: Step) => Promise<unknown>) {
    const world = { keyPrefix: newPrefix() };
    const start = Date.now();
    const guest = createSaver(world);
    const one = await putStep(guest, emptyThread("t"), { n: 1 }, { id: idAt(start - 120_000) });
    await guest.getTuple(latestOf(one));
    const holder = createSaver(world);
    await holder.withLease("t", async (lease) => {
      const step = under(one, lease);
      await holder.getTuple(latestOf(step));
      await store(holder, step);
    });
    let at = one;
    for (let i = 1; i <= 15; i++) at = await putStep(guest, at, { n: `guest ${i}` }, { id: idAt(start + i * 20_000) });
    return { world, one };
  }

  test("does not hide the checkpoint that a holder has put meanwhile", async () => {
    const { world, one } = await thread((holder, step) =>
      putStep(holder, step, { n: "paid" }, { id: idAt(Date.now()) }),
    );
    const next = createSaver(world);
    expect((await next.getTuple(latestOf(one)))?.checkpoint.channel_values).toEqual({ n: "paid" });
    await next.withLease("t", async (lease) => {
      const tuple = await next.getTuple(latestOf(under(one, lease)));
      expect(tuple?.checkpoint.channel_values).toEqual({ n: "paid" });
    });
  });

  test("does not hide what a task has written under a lease meanwhile", async () => {
    const { world, one } = await thread((holder, step) => holder.putWrites(step.config, [["n", "paid"]], "task"));
    const next = createSaver(world);
    await next.withLease("t", async (lease) => {
      for (const step of [one, under(one, lease)])
        expect(await next.getTuple(latestOf(step))).toMatchObject({
          checkpoint: { id: one.checkpoint.id },
          pendingWrites: [["task", "n", "paid"]],
        });
    });
  });
});

test("a run without a lease on an old checkpoint hides no later holder, whose clock is behind", async () => {
  const world = { keyPrefix: newPrefix() };
  const start = Date.now();
  const first = createSaver(world);
  const root = await putStep(first, emptyThread("t"), { n: 1 }, { id: idAt(start - 1_000) });
  const one = await first.withLease("t", async (lease) => {
    await first.getTuple(latestOf(under(root, lease)));
    return putStep(first, under(root, lease), { n: "first" }, { id: idAt(start + 2_500) });
  });
  const second = createSaver(world);
  await second.withLease("t", async (lease) => {
    await second.getTuple(latestOf(under(one, lease)));
    await putStep(second, under(one, lease), { n: "second" }, { id: idAt(start) });
  });
  const bare = { ...one, config: { configurable: { ...root.config.configurable, checkpoint_id: one.checkpoint.id } } };
  await putStep(createSaver(world), bare, { n: "guest" }, { id: idAt(start + 20_000) });
  await skewed(21, async () => (await createSaver(world).acquireLease("t")).release());

  expect((await createSaver(world).getTuple(latestOf(root)))?.checkpoint.channel_values).toEqual({ n: "second" });
});
