import type { DynamoDBSaver } from "langgraph-checkpoint-dynamodb";
import { describe, expect, test } from "vitest";
import { emptyThread, idAt, latestOf, putStep, valuesAt, type Step } from "../../lanes/savers/checkpoints.js";
import { createSaver } from "../../lanes/savers/harness.js";
import { thread as lateThread, under } from "../../lanes/savers/late-holder.js";
import { skewed } from "../../lanes/savers/stores.js";
import { newPrefix } from "../../lanes/stored/requests.js";

/* What the marker says of leases: where a search for the latest may end, after those under which somebody looked. */

/** An id of so many seconds after now. */
const idIn = (seconds: number): string => idAt(Date.now() + seconds * 1_000);

async function look(saver: DynamoDBSaver, step: Step): Promise<unknown> {
  return saver.withLease("t", async (lease) => valuesAt(saver, latestOf(under(step, lease))));
}

/** Everybody sees that, also after some have looked, minutes later. */
async function expectLatest(world: object, step: Step, values: Record<string, unknown>): Promise<void> {
  await skewed(400, async () => {
    for (let i = 0; i < 3; i++) {
      expect(await valuesAt(createSaver(world), latestOf(step))).toEqual(values);
      expect(await look(createSaver(world), step)).toEqual(values);
    }
  });
}

/** A run without a lease, which has read the latest before a holder comes, goes on for minutes. */
async function guest(world: object, one: Step): Promise<() => Promise<void>> {
  const saver = createSaver(world);
  await saver.getTuple(latestOf(one));
  return async () => {
    let at = one;
    for (let i = 1; i <= 15; i++) at = await putStep(saver, at, { n: `guest ${i}` }, { id: idIn(i * 20) });
  };
}

async function begun(): Promise<{ world: { keyPrefix: string }; one: Step; guestsOn: () => Promise<void> }> {
  const world = { keyPrefix: newPrefix() };
  const one = await putStep(createSaver(world), emptyThread("t"), { n: 1 }, { id: idIn(-120) });
  return { world, one, guestsOn: await guest(world, one) };
}

describe("after leases under which somebody only looked, the latest is what the lease before has", () => {
  test("put beside a run without a lease that goes on for minutes", async () => {
    const { world, one, guestsOn } = await begun();
    const saver = createSaver(world);
    await saver.withLease("t", async (lease) => putStep(saver, under(one, lease), { n: "paid" }, { id: idIn(0) }));
    await guestsOn();
    await expectLatest(world, one, { n: "paid" });
  });

  test("claimed, beside such a run", async () => {
    const { world, one, guestsOn } = await begun();
    const saver = createSaver(world);
    await saver.withLease("t", async (lease) => {
      await saver.getTuple(latestOf(under(one, lease)));
      await saver.putWrites(under(one, lease).config, [["__interrupt__", { value: "?" }]], "task");
    });
    await guestsOn();
    await expectLatest(world, one, { n: 1 });
  });

  test("put when its holder died", async () => {
    const { world, one, guestsOn } = await begun();
    const saver = createSaver(world);
    const lease = await saver.acquireLease("t");
    await putStep(saver, under(one, lease), { n: "paid" }, { id: idIn(0) });
    await saver.breakLease("t");
    await guestsOn();
    await expectLatest(world, one, { n: "paid" });
  });

  test("put in another process than the one that has acquired and releases it", async () => {
    const { world, one, guestsOn } = await begun();
    const lease = await createSaver(world).acquireLease("t");
    await putStep(createSaver(world), under(one, lease), { n: "paid" }, { id: idIn(0) });
    await lease.release();
    await guestsOn();
    await expectLatest(world, one, { n: "paid" });
  });

  test("put with a request that arrives after its release", async () => {
    const { world, one, older, oldLease, late } = await lateThread();
    const guestsOn = await guest(world, one);
    late.hold();
    const lost = putStep(older, under(one, oldLease), { n: "paid" }, { id: idIn(0) });
    await late.holds(1);
    const released = oldLease.release();
    await late.holds(2);
    late.letGo();
    await Promise.all([lost, released]);
    await guestsOn();
    await expectLatest(world, one, { n: "paid" });
  });

  test("put by a clock that is behind, and in a copy too", async () => {
    const { world, one } = await begun();
    let at = one;
    for (let i = 1; i <= 12; i++) at = await putStep(createSaver(world), at, { n: i }, { id: idIn(-100 + 5 * i) });
    const guestsOn = await guest(world, at);
    const saver = createSaver(world);
    await saver.withLease("t", async (lease) => putStep(saver, under(at, lease), { n: "paid" }, { id: idIn(-110) }));
    await guestsOn();
    await saver.copyThread("t", "u");
    expect(await valuesAt(createSaver(world), latestOf(emptyThread("u")))).toEqual({ n: "paid" });
  });
});

test("a lease that is granted in the millisecond after the first one finds what that one has put", async () => {
  const { world, one } = await begun();
  const saver = createSaver(world);
  const real = Date.now;
  const time = real();
  try {
    Date.now = () => time;
    const first = await saver.acquireLease("t");
    await saver.getTuple(latestOf(under(one, first)));
    const top = await putStep(saver, under(one, first), { n: 2 }, { id: idIn(-122) });
    await first.release();
    Date.now = () => time + 1;
    const second = await saver.acquireLease("t");
    expect(second.token).toBe(first.token + 1);
    expect(await valuesAt(saver, latestOf(under(top, second)))).toEqual({ n: 2 });
    await second.release();
  } finally {
    Date.now = real;
  }
});

describe("in a subgraph's namespace, what a holder has put is found whose clock is behind", () => {
  test("by an instance that has seen the thread before its lease", async () => {
    const { world, one } = await begun();
    const sub = await putStep(createSaver(world), emptyThread("t", "child"), { n: 1 }, { id: idIn(4) });
    const reader = createSaver(world);
    await reader.getTuple(latestOf(one));
    const saver = createSaver(world);
    await saver.withLease("t", async (lease) => putStep(saver, under(sub, lease), { n: "paid" }, { id: idIn(0) }));
    expect(await valuesAt(reader, latestOf(sub))).toEqual({ n: "paid" });
  });

  test("by one that has seen it under an earlier lease", async () => {
    const { world, one } = await begun();
    const saver = createSaver(world);
    const put = (step: Step, n: number, seconds: number): Promise<Step> =>
      saver.withLease("t", async (lease) => putStep(saver, under(step, lease), { n }, { id: idIn(seconds) }));
    const sub = await put(emptyThread("t", "child"), 1, 4);
    const reader = createSaver(world);
    await reader.getTuple(latestOf(one));
    await put(sub, 2, 0);
    expect(await valuesAt(reader, latestOf(sub))).toEqual({ n: 2 });
  });
});
