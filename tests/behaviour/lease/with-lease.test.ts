import { describe, expect, test, vi } from "vitest";
import { errorOf } from "../../lanes/faults/faulty-fetch.js";
import { createSaver } from "../../lanes/savers/harness.js";
import { Late } from "../../lanes/savers/late-holder.js";
import { begunThread } from "../../lanes/savers/leased-saver.js";
import { latestOf, putStep } from "../../lanes/savers/checkpoints.js";
import { skewed } from "../../lanes/savers/stores.js";
import { newPrefix } from "../../lanes/stored/requests.js";

describe("withLease", () => {
  test("gives what the function gives, renews meanwhile, and releases", async () => {
    const { world } = await begunThread();
    const saver = createSaver(world);
    const given = await saver.withLease(
      "t",
      async () => {
        await new Promise((resolve) => setTimeout(resolve, 2_500));
        expect(await errorOf(createSaver(world).acquireLease("t"))).toMatchObject({ code: "THREAD_BUSY" });
        return "done";
      },
      { leaseSeconds: 1 },
    );
    expect(given).toBe("done");
    expect(await saver.getLease("t")).toBeUndefined();
  });

  test("releases when the function throws, and throws what it has thrown", async () => {
    const { world } = await begunThread();
    const saver = createSaver(world);
    const error = new Error("of a node");
    expect(await errorOf(saver.withLease("t", () => Promise.reject(error)))).toBe(error);
    expect(await saver.getLease("t")).toBeUndefined();
  });

  test("throws a LeaseLostError, whose signal ends the function, when the lease is broken", async () => {
    const { world } = await begunThread();
    const saver = createSaver(world);
    const run = saver.withLease(
      "t",
      async ({ signal }) => {
        await createSaver(world).breakLease("t");
        await new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("ended"))));
      },
      { leaseSeconds: 1 },
    );
    expect(await errorOf(run)).toMatchObject({ code: "LEASE_LOST" });
  });

  test("waits for another holder as long as it is told to", async () => {
    const { world } = await begunThread();
    const lease = await createSaver(world).acquireLease("t");
    const waiting = createSaver(world).withLease("t", ({ token }) => token, { waitSeconds: 30 });
    await lease.release();
    expect(await waiting).toBe(lease.token + 1);
    await createSaver(world).acquireLease("t");
    const controller = new AbortController();
    const aborted = createSaver(world).withLease("t", () => undefined, { waitSeconds: 30, signal: controller.signal });
    controller.abort();
    expect(await errorOf(aborted)).toMatchObject({ code: "ABORTED" });
  });

  test.each([true, false])(
    "waits for the dead no longer than a lease, whatever their clock (begun: %s)",
    async (isBegun) => {
      const { world } = isBegun ? await begunThread() : { world: { keyPrefix: newPrefix() } };
      vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 3_600_000 });
      const dead = await createSaver(world)
        .acquireLease("t", { leaseSeconds: 1 })
        .finally(() => vi.useRealTimers());
      expect(await createSaver(world).withLease("t", ({ token }) => token, { waitSeconds: 60 })).toBe(dead.token + 1);
    },
  );
});

test("a run that ends well while its renewal is under way is told when that is refused", async () => {
  const { world } = await begunThread();
  const late = new Late();
  const saver = createSaver({ ...world, fetch: late.fetch });
  const run = async (): Promise<string> => {
    late.hold();
    await late.holds(1);
    await createSaver(world).breakLease("t");
    // After the run has ended.
    setTimeout(() => late.letGo(), 0);
    return "done";
  };
  await expect(saver.withLease("t", run, { leaseSeconds: 1 })).rejects.toMatchObject({ code: "LEASE_LOST" });
});

test.each(["broken", "taken over", "deleted with its thread"])(
  "a run whose lease was %s shortly before it ends well is told",
  async (how) => {
    const { world, one } = await begunThread();
    const saver = createSaver(world);
    const other = createSaver(world);
    const run = async ({ configurable }: { configurable: object }): Promise<string> => {
      await putStep(saver, { ...one, config: { configurable: { ...one.config.configurable, ...configurable } } }, {});
      if (how === "deleted with its thread") await other.deleteThread("t");
      else await other.breakLease("t");
      if (how === "taken over") await other.withLease("t", async () => undefined);
      return "done";
    };
    await expect(saver.withLease("t", run)).rejects.toMatchObject({ code: "LEASE_LOST" });
  },
);

test("a renewal shows that its holder lives, also when its clock was set back", async () => {
  const { world } = await begunThread();
  const saver = createSaver(world);
  const lease = await saver.acquireLease("t");
  const before = await saver.getLease("t");
  await skewed(-3_600, () => lease.renew());
  const after = await saver.getLease("t");
  expect(after!.until.getTime()).toBeGreaterThan(before!.until.getTime());
  await lease.release();
});

test("a holder keeps its lease whose reads are behind", async () => {
  const { world, one } = await begunThread();
  let answer: string | undefined;
  const fetch = async (url: string, init: RequestInit): Promise<Response> => {
    if (!new Headers(init.headers).get("x-amz-target")?.endsWith(".Query")) return globalThis.fetch(url, init);
    if (answer !== undefined)
      return new Response(answer, { headers: { "content-type": "application/x-amz-json-1.0" } });
    const given = await globalThis.fetch(url, init);
    answer = await given.clone().text();
    return given;
  };
  const saver = createSaver({ ...world, consistentRead: false, fetch });
  await saver.getTuple(latestOf(one));
  await saver.withLease("t", async ({ configurable, signal }) => {
    const config = { configurable: { ...latestOf(one).configurable, ...configurable } };
    expect((await saver.getTuple(config))?.checkpoint.id).toBe(one.checkpoint.id);
    expect(signal.aborted).toBe(false);
  });
});
