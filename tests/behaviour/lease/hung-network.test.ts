import { describe, expect, test } from "vitest";
import { errorOf } from "../../lanes/faults/faulty-fetch.js";
import { putStep } from "../../lanes/savers/checkpoints.js";
import { createSaver } from "../../lanes/savers/harness.js";
import { under } from "../../lanes/savers/late-holder.js";
import { begunThread } from "../../lanes/savers/leased-saver.js";

/* Requests that are never answered. By itself, a request is given up after 40 seconds, and a test fails after 30. */

const abortedOf = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));

/** A network that can hang: it answers nothing until a request is aborted. */
class Network {
  hangs = false;
  sent = 0;

  readonly fetch: typeof fetch = async (url, init) => {
    this.sent++;
    if (!this.hangs) return fetch(url, init);
    await abortedOf(init!.signal!);
    throw init!.signal!.reason;
  };
}

async function world() {
  const { world, one } = await begunThread();
  const network = new Network();
  return { one, network, saver: createSaver({ ...world, fetch: network.fetch }), other: createSaver(world) };
}

const second = { leaseSeconds: 1 };

describe("a lease whose renewals hang", () => {
  test("is lost before another one has done its work, and is not released", async () => {
    const { one, network, saver, other } = await world();
    const events: string[] = [];
    let sentAtEnd = 0;
    const run = saver.withLease(
      "t",
      async (held) => {
        network.hangs = true;
        await abortedOf(held.signal);
        events.push("signal");
        expect(held.signal.reason).toMatchObject({ code: "LEASE_LOST" });
        expect(String(held.signal.reason)).toContain("could not be renewed in time");
        network.hangs = false;
        sentAtEnd = network.sent;
        expect(await errorOf(putStep(saver, under(one, held), {}))).toMatchObject({ code: "LEASE_LOST" });
      },
      second,
    );
    const next = other.withLease(
      "t",
      async () => {
        await new Promise((resolve) => setTimeout(resolve, 3_000));
        events.push("next");
      },
      { waitSeconds: 20 },
    );
    expect(await errorOf(run)).toMatchObject({ code: "LEASE_LOST" });
    expect(network.sent).toBe(sentAtEnd);
    await next;
    expect(events).toEqual(["signal", "next"]);
  });

  test("ends a run that throws, which throws why", async () => {
    const { network, saver } = await world();
    const run = saver.withLease(
      "t",
      async ({ signal }) => {
        network.hangs = true;
        await abortedOf(signal);
        throw new Error("of a node");
      },
      second,
    );
    expect(await errorOf(run)).toMatchObject({ code: "LEASE_LOST" });
  });

  test("ends a put, and refuses those after it", async () => {
    const { one, network, saver } = await world();
    const held = await saver.acquireLease("t", second);
    await new Promise((resolve) => setTimeout(resolve, 500));
    network.hangs = true;
    expect(await errorOf(putStep(saver, under(one, held), {}))).toMatchObject({ code: "LEASE_LOST" });
    expect(held.signal.aborted).toBe(true);
    network.hangs = false;
    expect(await errorOf(putStep(saver, under(one, held), {}))).toMatchObject({ code: "LEASE_LOST" });
  });

  test("is lost when its holder renews it itself", async () => {
    const { network, saver } = await world();
    const held = await saver.acquireLease("t", second);
    network.hangs = true;
    expect(await errorOf(held.renew())).toMatchObject({ code: "LEASE_LOST" });
    expect(await errorOf(held.release())).toMatchObject({ code: "TIMEOUT" });
  });
});

/** Nothing else is done meanwhile, not even by timers. */
function compute(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

test.each(["before", "during"])("a process that was busy %s a renewal keeps its lease", async (when) => {
  const { one, network, saver } = await world();
  const run = async (held: Parameters<typeof under>[1] & { signal: AbortSignal }): Promise<boolean> => {
    const sent = network.sent;
    while (when === "during" && network.sent === sent) await new Promise((resolve) => setTimeout(resolve, 5));
    compute(3_500);
    await putStep(saver, under(one, held), {});
    return held.signal.aborted;
  };
  expect(await saver.withLease("t", run, { leaseSeconds: 3 })).toBe(false);
});

test.each([true, false])(
  "a release that hangs does not keep what the run has given, or thrown (%s)",
  async (isGiven) => {
    const { network, saver } = await world();
    const error = new Error("of a node");
    const run = (): string => {
      network.hangs = true;
      if (isGiven) return "done";
      throw error;
    };
    const running = saver.withLease("t", run, { leaseSeconds: 3 });
    expect(await (isGiven ? running : errorOf(running))).toBe(isGiven ? "done" : error);
  },
);

describe("asking for a lease", () => {
  test("ends with its signal while a request is under way", async () => {
    const { network, saver } = await world();
    network.hangs = true;
    const controller = new AbortController();
    const asking = saver.acquireLease("t", { signal: controller.signal });
    while (network.sent === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    const reason = new Error("the user has left");
    controller.abort(reason);
    expect(await errorOf(asking)).toMatchObject({ code: "ABORTED", cause: reason });
  });

  test.each(["acquireLease", "withLease"])("sends nothing where its signal has fired: %s", async (method) => {
    const { network, saver, other } = await world();
    const options = { signal: AbortSignal.abort() };
    let hasRun = false;
    const asking =
      method === "withLease"
        ? saver.withLease("t", () => void (hasRun = true), options)
        : saver.acquireLease("t", options);
    expect(await errorOf(asking)).toMatchObject({ code: "ABORTED" });
    expect([hasRun, network.sent, await other.getLease("t")]).toEqual([false, 0, undefined]);
  });

  test("ends after waitSeconds where no answer comes", async () => {
    const { network, saver } = await world();
    network.hangs = true;
    expect(await errorOf(saver.acquireLease("t", { waitSeconds: 1 }))).toMatchObject({ code: "TIMEOUT" });
  });

  test("tells after waitSeconds who had the thread, where the last answer does not come", async () => {
    const { network, saver, other } = await world();
    await other.acquireLease("t", { holder: "other" });
    // Long enough for a busy machine to get the first answer.
    const asking = errorOf(saver.acquireLease("t", { waitSeconds: 6 }));
    while (network.sent === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    network.hangs = true;
    expect(await asking).toMatchObject({ code: "THREAD_BUSY", holder: "other" });
  });

  test("ends with the saver's own signal", async () => {
    const controller = new AbortController();
    const network = new Network();
    network.hangs = true;
    const saver = createSaver({ fetch: network.fetch, signal: controller.signal });
    const asking = saver.acquireLease("t", { waitSeconds: 60 });
    while (network.sent === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    controller.abort();
    expect(await errorOf(asking)).toMatchObject({ code: "ABORTED" });
  });

  test("refuses a holder with half a surrogate pair before anything is sent", async () => {
    const { network, saver } = await world();
    expect(await errorOf(saver.acquireLease("t", { holder: "a\ud800" }))).toMatchObject({ code: "INVALID_INPUT" });
    expect(network.sent).toBe(0);
  });
});
