import { DynamoDBSaver, ThreadBusyError } from "langgraph-checkpoint-dynamodb";
import { describe, expect, test } from "vitest";
import { errorOf } from "../../lanes/faults/faulty-fetch.js";
import { emptyThread, idAt, latestOf, putStep, valuesAt, type Step } from "../../lanes/savers/checkpoints.js";
import { createSaver } from "../../lanes/savers/harness.js";
import { Late, under } from "../../lanes/savers/late-holder.js";
import { skewed } from "../../lanes/savers/stores.js";
import { newPrefix } from "../../lanes/stored/requests.js";

/* A thread that is copied to where leases have been, or are. */

const LATER = 100;
const LONG = 10_000;

interface Places {
  world: { keyPrefix: string };
  saver: DynamoDBSaver;
  /** Put under a lease of the thread that is copied. */
  one: Step;
}

async function places(world = { keyPrefix: newPrefix() }): Promise<Places> {
  const saver = createSaver(world);
  return { world, saver, one: await putLeased(saver, "from", 1) };
}

const putLeased = async (saver: DynamoDBSaver, threadId: string, n: number, options = {}): Promise<Step> =>
  saver.withLease(threadId, async (lease) => {
    const tuple = await saver.getTuple({ configurable: { thread_id: threadId, ...lease.configurable } });
    const start = under(emptyThread(threadId), lease);
    const from = tuple
      ? { ...start, config: { configurable: { ...tuple.config.configurable, ...lease.configurable } } }
      : start;
    return putStep(saver, from, { n }, { id: idAt(Date.now()), ...options });
  });

const at = (threadId: string): Step => emptyThread(threadId);

describe("where another lease was", () => {
  test.each([
    [
      "a holder has died before the first checkpoint",
      async (world: Places["world"]) => void (await createSaver(world).acquireLease("to", { leaseSeconds: 1 })),
    ],
    [
      "a thread has expired",
      async (world: Places["world"]) => {
        const saver = createSaver({ ...world, ttlSeconds: 60 });
        for (let n = 1; n < 4; n++) await putLeased(saver, "to", n);
      },
    ],
  ])("%s, what is put after a copy is seen by everybody", async (_, before) => {
    const world = { keyPrefix: newPrefix() };
    await before(world);
    const all = await places(world);
    await skewed(LONG, async () => {
      // Its lease is younger than what was there.
      await putLeased(all.saver, "from", 2);
      await all.saver.copyThread("from", "to");
    });
    await skewed(LONG + LATER, async () => {
      const { token } = await all.saver.withLease("from", (lease) => lease);
      const other = createSaver(all.world);
      expect(await other.withLease("to", (lease) => lease.token)).toBeGreaterThanOrEqual(token);
      await putLeased(other, "to", 3);
      for (const saver of [other, createSaver(all.world)])
        expect(await valuesAt(saver, latestOf(at("to")))).toEqual({ n: 3 });
      await putLeased(createSaver(all.world), "to", 4);
      expect(await valuesAt(other, latestOf(at("to")))).toEqual({ n: 4 });
    });
  });
});

test("a copy to where somebody has a lease is refused, and nothing is stored", async () => {
  const { world, saver } = await places();
  await saver.withLease("to", async (lease) => {
    for (const copying of [saver, createSaver(world)]) {
      const error = await errorOf(copying.copyThread("from", "to"));
      expect(error).toBeInstanceOf(ThreadBusyError);
      expect(error).toMatchObject({ threadId: "to", token: lease.token });
    }
    await lease.renew();
    expect(await valuesAt(saver, latestOf(at("to")))).toBeUndefined();
    await putStep(saver, under(at("to"), lease), { n: "own" });
  });
  expect(await valuesAt(createSaver(world), latestOf(at("to")))).toEqual({ n: "own" });
});

test("a lease that is taken while a thread is copied there makes the copy fail, and stays", async () => {
  const { world, saver } = await places();
  const late = new Late(/"C##/);
  const copying = createSaver({ ...world, fetch: late.fetch });
  late.hold();
  const copied = errorOf(copying.copyThread("from", "to"));
  await late.holds(1);
  const lease = await saver.acquireLease("to");
  late.letGo();
  expect(await copied).toMatchObject({
    code: "INVALID_INPUT",
    message: expect.stringContaining("leased while it was being"),
  });
  await lease.renew();
  await putStep(saver, under(at("to"), lease), { n: "own" });
  await lease.release();
  expect(await valuesAt(createSaver(world), latestOf(at("to")))).toEqual({ n: "own" });
  await expect(createSaver(world).copyThread("from", "to")).rejects.toMatchObject({ code: "INVALID_INPUT" });
});
