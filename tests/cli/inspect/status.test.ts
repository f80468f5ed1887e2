import { describe, expect, test } from "vitest";
import { Command } from "@langchain/langgraph";
import { emptyThread, idAt, putStep } from "../../lanes/savers/checkpoints.js";
import { ask, at, refundGraph } from "../repair/refund-graph.js";
import { jsonLines, place, run, saverAt, type Place } from "../run.js";
import type { Line } from "./inspected.js";

/** A thread of each status that a graph can be in. */
async function threadsAt(where: Place): Promise<void> {
  await Promise.all(["done", "failed", "running", "waiting"].map((id) => ask(where, id)));
  await refundGraph(where).invoke(new Command({ resume: "yes" }), at("done"));
  const closed = refundGraph(where, { isOpen: false });
  await expect(closed.invoke(new Command({ resume: "yes" }), at("failed"))).rejects.toThrow("the bank is closed");
  await saverAt(where).acquireLease("running", { holder: "worker-7", leaseSeconds: 3_600 });
  await refundGraph(where)
    .invoke(null, { ...at("done"), interruptBefore: ["price"] })
    .catch(() => undefined);
  const stopped = { ...at("unfinished"), interruptBefore: ["price" as const] };
  await refundGraph(where).invoke({ messages: [] }, stopped);
}

const listed = async (where: Place, ...args: string[]): Promise<Line[]> => {
  const { code, stdout, stderr } = await run(where, ["threads", ...args, "--json"]);
  expect([code, stderr]).toEqual([0, ""]);
  return jsonLines(stdout);
};

describe("threads --status", () => {
  test("tells what each thread is doing, why, and what that has cost", async () => {
    const where = place();
    await threadsAt(where);

    const { code, stdout, stderr } = await run(where, ["threads", "--status"]);

    expect(code).toBe(0);
    const [head, ...rows] = stdout.trimEnd().split("\n");
    expect(head).toMatch(/^thread +status +step +last checkpoint +what$/);
    expect(rows).toEqual([
      expect.stringMatching(/^done +done +3 /),
      expect.stringMatching(/^failed +failed .*"the bank is closed"$/),
      expect.stringMatching(/^running +running .*worker-7 has it until /),
      expect.stringMatching(/^unfinished +unfinished .*next: price$/),
      expect.stringMatching(/^waiting +waiting .*\{refund: 10\}$/),
    ]);
    expect(stderr).toMatch(/^Looked at 5 threads: 1[3-9] requests, \d+ read units\.\n$/);
  });

  test("gives a script only those that were asked for", async () => {
    const where = place();
    await threadsAt(where);

    const some = await listed(where, "--status", "failed,waiting");
    const first = await listed(where, "--status", "failed,waiting,done", "--limit", "1");
    const wrong = await run(where, ["threads", "--status", "broken"]);

    expect(some).toMatchObject([
      { threadId: "failed", status: "failed", next: ["pay"], errors: [{ message: "the bank is closed" }], lease: null },
      { threadId: "waiting", status: "waiting", latest: { step: 1 }, interrupts: [{ value: { refund: 10 } }] },
    ]);
    expect(first.map(({ threadId }: Line) => threadId)).toEqual(["done"]);
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining("It must be some of running, failed")]);
  });

  test("with --since leaves out what is older, and shows what runs however old it is", async () => {
    const where = place();
    const saver = saverAt(where);
    const hoursAgo = (hours: number): string => idAt(Date.now() - hours * 3_600_000);
    await putStep(saver, emptyThread("new"), { n: 1 }, { id: hoursAgo(1) });
    for (const id of ["old", "old-running"]) await putStep(saver, emptyThread(id), { n: 1 }, { id: hoursAgo(30) });
    await saver.acquireLease("old-running", { leaseSeconds: 3_600 });

    const found = await listed(where, "--since", "12h");

    expect(found.map(({ threadId, status }: Line) => [threadId, status])).toEqual([
      ["new", "done"],
      ["old-running", "running"],
    ]);
  });
});

describe("lease", () => {
  test("shows who has a thread, and ends with 1 where there is no such thread", async () => {
    const where = place();
    for (const id of ["a", "b"]) await putStep(saverAt(where), emptyThread(id), { n: 1 });
    const { token } = await saverAt(where).acquireLease("a", { holder: "worker-7", leaseSeconds: 600 });

    const [held, free, none, text] = await Promise.all([
      run(where, ["lease", "a", "--json"]),
      run(where, ["lease", "b", "--json"]),
      run(where, ["lease", "typo", "--json"]),
      run(where, ["lease", "a"]),
    ]);

    expect([held.code, free.code, none.code]).toEqual([0, 0, 1]);
    expect(jsonLines(held.stdout)).toEqual([
      { threadId: "a", lease: { holder: "worker-7", until: expect.stringMatching(/Z$/), token } },
    ]);
    expect(jsonLines(free.stdout)).toEqual([{ threadId: "b", lease: null }]);
    expect(text.stdout).toMatch(/^"worker-7" has "a" until .*Z, and may renew\.\n$/);
  });
});

describe("watch", () => {
  test("shows checkpoints as they come and what the thread is doing, until it is one of the statuses", async () => {
    const where = place();
    await ask(where, "t");
    const watching = run(where, ["watch", "t", "--interval", "0.1s", "--until", "done", "--json"]);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    await refundGraph(where).invoke(new Command({ resume: "yes" }), at("t"));

    const { code, stdout } = await watching;

    const lines = jsonLines(stdout) as Line[];
    expect(code).toBe(0);
    expect(lines.at(-1)).toMatchObject({ status: "done", next: [] });
    const steps = lines.flatMap(({ checkpoint }: Line) => checkpoint?.step ?? []);
    expect(steps.at(-1)).toBe(3);
    expect(steps).toEqual([...new Set(steps)].sort((a, b) => a - b));
  });

  test("sends one request a look while nothing comes", async () => {
    const where = place();
    await ask(where, "t");

    const { code, stdout, stderr } = await run(where, ["watch", "t", "--until", "waiting", "--verbose"]);

    expect([code, stdout]).toEqual([0, expect.stringMatching(/step 1 .*waits[^]*waiting \{refund: 10\}\n$/)]);
    expect(stderr).toMatch(/^dynamodb Query 200/);
    const gone = await run(where, ["watch", "typo"]);
    expect([gone.code, gone.stderr]).toEqual([1, expect.stringContaining('There is no thread "typo".')]);
  });
});
