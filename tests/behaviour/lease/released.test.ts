import { LeaseLostError } from "langgraph-checkpoint-dynamodb";
import { expect, test } from "vitest";
import { errorOf } from "../../lanes/faults/faulty-fetch.js";
import { latestOf, putStep, valuesAt } from "../../lanes/savers/checkpoints.js";
import { under } from "../../lanes/savers/late-holder.js";
import { begunThread } from "../../lanes/savers/leased-saver.js";
import { countedSaver } from "../../lanes/stored/requests.js";

/* A run that goes on after its lease was released by the same instance. */

test("a release fires the signal, and what is stored under it after that is refused without a request", async () => {
  const { world, one } = await begunThread();
  const { saver, log } = countedSaver(world);
  const lease = await saver.acquireLease("t");
  const step = under(one, lease);
  await saver.getTuple(latestOf(step));
  const released = lease.release();
  expect(lease.signal.aborted).toBe(true);
  expect(lease.signal.reason).toBeInstanceOf(LeaseLostError);
  await released;

  const later = await log.during(async () => {
    expect(await errorOf(putStep(saver, step, { n: 2 }))).toBeInstanceOf(LeaseLostError);
    expect(await errorOf(saver.putWrites(step.config, [["n", 2]], "task"))).toMatchObject({ code: "LEASE_LOST" });
    expect(await errorOf(lease.renew())).toMatchObject({ message: expect.stringContaining("it was released") });
  });
  expect(later.operations).toEqual([]);
  expect(await valuesAt(saver, latestOf(step))).toEqual({ n: 1 });
});

test("the signal of withLease has fired when that is over", async () => {
  const { world } = await begunThread();
  const { saver } = countedSaver(world);
  const signal = await saver.withLease("t", ({ signal }) => {
    expect(signal.aborted).toBe(false);
    return signal;
  });
  expect(signal.reason).toBeInstanceOf(LeaseLostError);
});
