import {
  isDynamoDBSaverError,
  LeaseLostError,
  ThreadBusyError,
  type AcquiredLease,
} from "langgraph-checkpoint-dynamodb";
import { describe, expect, test } from "vitest";
import { emptyThread, latestOf, putStep, valuesAt } from "../../lanes/savers/checkpoints.js";
import { errorOf } from "../../lanes/faults/faulty-fetch.js";
import { createSaver } from "../../lanes/savers/harness.js";
import { begunThread } from "../../lanes/savers/leased-saver.js";
import { itemsOf } from "../../lanes/stored/raw-table.js";
import { countedSaver, newPrefix } from "../../lanes/stored/requests.js";

describe("a lease", () => {
  test("keeps everyone else away until it is released, and says who has it", async () => {
    const { world } = await begunThread();
    const saver = createSaver(world);
    const lease = await saver.acquireLease("t", { holder: "worker-1" });
    const before = Date.now();
    const error = await errorOf(createSaver(world).acquireLease("t"));
    expect(error).toBeInstanceOf(ThreadBusyError);
    expect(isDynamoDBSaverError(error)).toBe(true);
    expect(error).toMatchObject({
      code: "THREAD_BUSY",
      threadId: "t",
      holder: "worker-1",
      token: lease.token,
      message: expect.stringContaining("waitSeconds"),
    });
    expect((error as unknown as ThreadBusyError).until.getTime()).toBeGreaterThan(before);
    expect(await createSaver(world).getLease("t")).toMatchObject({ holder: "worker-1", token: lease.token });
    await lease.release();
    expect(await createSaver(world).getLease("t")).toBeUndefined();
    const next = await createSaver(world).acquireLease("t");
    expect(next.token).toBe(lease.token + 1);
    await next.release();
  });

  test("of many who ask at once, one gets it", async () => {
    const { world } = await begunThread();
    const asked = await Promise.allSettled(Array.from({ length: 10 }, () => createSaver(world).acquireLease("t")));
    expect(asked.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    for (const one of asked) if (one.status === "rejected") expect(one.reason).toMatchObject({ code: "THREAD_BUSY" });
  });

  test("is acquired, renewed and released by one request each", async () => {
    const { world, one } = await begunThread();
    const { saver, log } = countedSaver(world);
    await saver.getTuple(latestOf(one));
    const acquired = await log.during(() => saver.acquireLease("t"));
    expect(acquired.operations).toEqual(["UpdateItem"]);
    const { result: lease } = acquired;
    expect((await log.during(() => lease.renew())).operations).toEqual(["UpdateItem"]);
    expect((await log.during(() => errorOf(saver.acquireLease("t")))).operations).toEqual(
      // Some embedded servers do not say what they refuse by.
      expect.arrayContaining(["UpdateItem"]),
    );
    expect((await log.during(() => lease.release())).operations).toEqual(["UpdateItem"]);
  });

  test("of a thread without a checkpoint takes two requests more to acquire", async () => {
    const { saver, log } = countedSaver();
    const acquired = await log.during(() => saver.acquireLease("t"));
    expect(acquired.operations).toEqual(["GetItem", "UpdateItem", "UpdateItem"]);
    await acquired.result.release();
  });

  test("costs a put, the writes of a task and a read nothing", async () => {
    const { world, one } = await begunThread();
    const { saver, log } = countedSaver(world);
    await saver.withLease("t", async ({ configurable }) => {
      const under = { configurable: { ...one.config.configurable, ...configurable } };
      const latest = { configurable: { ...under.configurable, checkpoint_id: undefined } };
      expect((await log.during(() => saver.getTuple(latest))).operations).toEqual(["Query"]);
      const written = await log.during(() => saver.putWrites(under, [["n", 2]], "task"));
      expect(written.operations).toEqual(["UpdateItem"]);
      const put = await log.during(() => putStep(saver, { ...one, config: under }, { n: 2 }));
      expect(put.operations).toEqual(["PutItem"]);
      expect((await log.during(() => saver.getTuple(latest))).operations).toEqual(["Query"]);
    });
  });

  test("on a thread without a checkpoint leaves nothing when it is released", async () => {
    const world = { keyPrefix: newPrefix() };
    const saver = createSaver(world);
    const lease = await saver.acquireLease("new");
    expect(await errorOf(createSaver(world).acquireLease("new"))).toMatchObject({ code: "THREAD_BUSY" });
    const [marker, ...more] = await itemsOf(world.keyPrefix, "new");
    expect(more).toEqual([]);
    expect(Number(marker!.ttl!.N)).toBeGreaterThan(Date.now() / 1_000);
    await lease.release();
    expect(await itemsOf(world.keyPrefix, "new")).toEqual([]);
  });

  test("lets a thread begin, which then stays", async () => {
    const world = { keyPrefix: newPrefix() };
    const saver = createSaver(world);
    const start = emptyThread("new");
    await saver.withLease("new", async ({ configurable }) => {
      const config = { configurable: { ...start.config.configurable, ...configurable } };
      await putStep(saver, { ...start, config }, { n: 1 });
    });
    const marker = (await itemsOf(world.keyPrefix, "new")).find(({ SK }) => SK!.S === "C#$")!;
    expect(marker.ttl).toBeUndefined();
    expect(marker.until).toBeUndefined();
    expect(await valuesAt(createSaver(world), latestOf(start))).toEqual({ n: 1 });
  });

  test("that its holder does not renew is taken over, and the holder gets a LeaseLostError", async () => {
    const { world, one } = await begunThread();
    const saver = createSaver(world);
    const lease = await saver.acquireLease("t", { leaseSeconds: 1 });
    const next = await createSaver(world).acquireLease("t", { waitSeconds: 30 });
    const under = { configurable: { ...one.config.configurable, ...lease.configurable } };
    const error = await errorOf(putStep(saver, { ...one, config: under }, { n: "late" }));
    expect(error).toBeInstanceOf(LeaseLostError);
    expect(error).toMatchObject({
      code: "LEASE_LOST",
      threadId: "t",
      message: expect.stringContaining("End this run"),
    });
    expect(lease.signal.aborted).toBe(true);
    expect(lease.signal.reason).toBe(error);
    expect(await errorOf(saver.putWrites(under, [["n", 2]], "task"))).toMatchObject({ code: "LEASE_LOST" });
    expect(await valuesAt(createSaver(world), latestOf(one))).toEqual({ n: 1 });
    await lease.release();
    expect(await createSaver(world).getLease("t")).toMatchObject({ token: next.token });
  });

  test("that nobody else wants goes on after its time, by the next put", async () => {
    const { world, one } = await begunThread();
    const saver = createSaver(world);
    const lease = await saver.acquireLease("t", { leaseSeconds: 1 });
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    const under = { configurable: { ...one.config.configurable, ...lease.configurable } };
    await putStep(saver, { ...one, config: under }, { n: 2 });
    expect(await errorOf(createSaver(world).acquireLease("t"))).toMatchObject({ code: "THREAD_BUSY" });
    await lease.release();
  });

  test("that is broken cannot be renewed, and its thread is free", async () => {
    const { world } = await begunThread();
    const saver = createSaver(world);
    const lease = await saver.acquireLease("t", { holder: "dead" });
    expect(await createSaver(world).breakLease("t")).toMatchObject({ holder: "dead", token: lease.token });
    expect(await errorOf(lease.renew())).toMatchObject({ code: "LEASE_LOST" });
    const next = await createSaver(world).acquireLease("t");
    expect(next.token).toBe(lease.token + 1);
    expect(await createSaver(world).breakLease("other")).toBeUndefined();
  });

  test("that comes while another one is broken stays", async () => {
    const { world } = await begunThread();
    const dead = await createSaver(world).acquireLease("t", { holder: "dead" });
    let next: AcquiredLease | undefined;
    const late: typeof fetch = async (url, init) => {
      if (!next && new Headers(init?.headers).get("x-amz-target")?.endsWith("UpdateItem")) {
        await dead.release();
        next = await createSaver(world).acquireLease("t");
      }
      return fetch(url, init);
    };
    expect(await createSaver({ ...world, fetch: late }).breakLease("t")).toMatchObject({ holder: "dead" });
    await next!.renew();
    expect(await createSaver(world).getLease("t")).toMatchObject({ token: next!.token });
  });

  test("ends with its thread", async () => {
    const { world, one } = await begunThread();
    const saver = createSaver(world);
    const lease = await saver.acquireLease("t");
    await createSaver(world).deleteThread("t");
    expect(await errorOf(lease.renew())).toMatchObject({ code: "LEASE_LOST" });
    const under = { configurable: { ...one.config.configurable, ...lease.configurable } };
    expect(await errorOf(putStep(saver, { ...one, config: under }, { n: 2 }))).toMatchObject({ code: "LEASE_LOST" });
    expect(await itemsOf(world.keyPrefix, "t")).toEqual([]);
  });
});

test.each([
  [{ leaseSeconds: 0 }, "leaseSeconds must be a number of seconds from 1 to 3600"],
  [{ leaseSeconds: "15" }, "leaseSeconds must be a number"],
  [{ waitSeconds: -1 }, "waitSeconds must be a number of seconds from 0 to 86400"],
  [{ holder: "" }, "holder must have from 1 to 200 characters"],
  [{ holder: 1 }, "holder must be a string"],
  [{ signal: {} }, "signal must be an AbortSignal"],
  [{ seconds: 3 }, 'There is no option "seconds"'],
])("acquireLease refuses %j before it sends anything", async (options, message) => {
  const { saver, log } = countedSaver();
  const { result, operations } = await log.during(() => errorOf(saver.acquireLease("t", options as never)));
  expect(result).toMatchObject({ code: "INVALID_INPUT", message: expect.stringContaining(message) });
  expect(operations).toEqual([]);
});

test.each([[{}], ["a lease"], [{ thread_id: "t", token: 1 }]])(
  "configurable.lease that is %j is refused, and not ignored",
  async (lease) => {
    const saver = createSaver();
    const configurable = { thread_id: "t", checkpoint_ns: "", lease };
    expect(await errorOf(saver.getTuple({ configurable }))).toMatchObject({ code: "INVALID_INPUT" });
  },
);
