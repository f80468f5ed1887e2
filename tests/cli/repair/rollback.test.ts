import { Command } from "@langchain/langgraph";
import { describe, expect, test } from "vitest";
import { collect } from "../../lanes/savers/checkpoints.js";
import { jsonLines, place, run, runInTerminal, saverAt, type Place } from "../run.js";
import { ask, at, refundGraph, textsOf } from "./refund-graph.js";

const idsOf = async (where: Place, threadId: string): Promise<string[]> =>
  (await collect(saverAt(where).list(at(threadId)))).map(({ checkpoint }) => checkpoint.id);

/** A thread whose payment has failed. */
async function failedThread(where: Place, threadId: string): Promise<string[]> {
  await ask(where, threadId);
  const closed = refundGraph(where, { isOpen: false });
  await expect(closed.invoke(new Command({ resume: "yes" }), at(threadId))).rejects.toThrow("the bank is closed");
  return idsOf(where, threadId);
}

describe("rollback", () => {
  test("lets the next invoke go on from the earlier checkpoint, and keeps what came after it", async () => {
    const where = place();
    const before = await failedThread(where, "t");

    const { code, stdout } = await run(where, ["rollback", "t", "latest~1", "--yes", "--json"]);
    const state = await refundGraph(where).getState(at("t"));
    const after = await idsOf(where, "t");
    const end = await refundGraph(where).invoke(new Command({ resume: "no" }), at("t"));

    expect(code).toBe(0);
    expect(jsonLines(stdout)).toEqual([
      {
        dryRun: false,
        threadId: "t",
        from: before[1],
        previous: before[0],
        next: ["approve"],
        checkpointId: after[0],
      },
    ]);
    expect(after.slice(1)).toEqual(before);
    expect([state.next, state.metadata?.source, textsOf(state.values)]).toEqual([
      ["approve"],
      "fork",
      ["Refund?", "10 euros"],
    ]);
    expect(state.parentConfig?.configurable?.checkpoint_id).toBe(before[2]);
    expect(textsOf(end)).toEqual(["Refund?", "10 euros", "no to 10", "paid 10"]);
  });

  test("says with --dry-run what it would do, and does nothing", async () => {
    const where = place();
    const before = await failedThread(where, "t");

    const { code, stdout } = await run(where, ["rollback", "t", "latest~1", "--dry-run"]);

    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(
        `^Thread "t" would go on from a copy of checkpoint ${before[1]}\\.\n` +
          ".* That is of step 1, .*Z; next: approve\\.\n" +
          ".* Its nodes run anew: .*\n.* What came after it stays as history, .*" +
          `${before[0]}\\.\n$`,
      ),
    ]);
    expect(await idsOf(where, "t")).toEqual(before);
  });

  test("asks first, and does nothing at a no or where nobody can be asked", async () => {
    const where = place();
    const before = await failedThread(where, "t");

    const screen = await runInTerminal(where, ["rollback", "t", "latest~1"], { keys: [["No", "\r"]] });
    const script = await run(where, ["rollback", "t", "latest~1"]);

    expect([screen.code, screen.lines.at(-1)]).toEqual([0, "Nothing was changed."]);
    expect([script.code, script.stderr]).toEqual([2, expect.stringContaining("add --yes")]);
    expect(await idsOf(where, "t")).toEqual(before);
  });

  test("refuses while somebody has the thread, unless it is told to take it away", async () => {
    const where = place();
    const before = await failedThread(where, "t");
    const lease = await saverAt(where).acquireLease("t", { holder: "worker-7", leaseSeconds: 600 });

    const refused = await run(where, ["rollback", "t", "latest~1", "--yes"]);
    const unchanged = await idsOf(where, "t");
    const done = await run(where, ["rollback", "t", "latest~1", "--yes", "--break-lease"]);

    expect([refused.code, refused.stderr]).toEqual([
      1,
      expect.stringMatching(/^error: "worker-7" has thread "t" until .* \[THREAD_BUSY\]\n.* release\n$/),
    ]);
    expect(unchanged).toEqual(before);
    expect(done.code).toBe(0);
    await expect(lease.renew()).rejects.toMatchObject({ code: "LEASE_LOST" });
    expect((await refundGraph(where).getState(at("t"))).next).toEqual(["approve"]);
  });

  test("is of another checkpoint than the latest, and of one that is there", async () => {
    const where = place();
    await ask(where, "t");

    const [latest, unknown] = await Promise.all([
      run(where, ["rollback", "t", "latest", "--yes"]),
      run(where, ["rollback", "t", "ffff", "--yes"]),
    ]);

    expect([latest.code, latest.stderr]).toEqual([2, expect.stringContaining("is the latest already")]);
    expect([unknown.code, unknown.stderr]).toEqual([1, expect.stringContaining('no checkpoint "ffff"')]);
  });

  test("gives the copy a life as long as that of the thread's other checkpoints", async () => {
    const where = place();
    const saver = saverAt(where, { ttlSeconds: 5_000 });
    const first = await saver.put(at("t"), { ...(await emptyAt(1)) }, { source: "input", step: -1, parents: {} }, {});
    await saver.put(first, { ...(await emptyAt(2)) }, { source: "loop", step: 0, parents: {} }, {});

    await run(where, ["rollback", "t", "latest~1", "--yes"]);
    const [copy] = jsonLines((await run(where, ["inspect", "t", "--limit", "1", "--json"])).stdout);

    const lives = Date.parse((copy as { expiresAt: string }).expiresAt) - Date.now();
    expect(lives).toBeGreaterThan(4_000_000);
    expect(lives).toBeLessThan(9_000_000);
  });
});

async function emptyAt(step: number) {
  const { emptyCheckpoint, uuid6 } = await import("@langchain/langgraph-checkpoint");
  return { ...emptyCheckpoint(), id: uuid6(step) };
}
