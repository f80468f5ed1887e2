import { expect } from "vitest";
import type { Started } from "./client.js";
import { ENTRIES } from "./graph.js";
import type { Instances } from "./instances.js";

interface Run {
  run_id: string;
  status: string;
}

/** Runs that have not ended are swept, until none is left. */
async function settle(instances: Instances, threads: readonly string[]): Promise<void> {
  const deadline = performance.now() + 90_000;
  for (;;) {
    const open: string[] = [];
    for (const thread of threads)
      for (const { run_id, status } of await instances.json<Run[]>("GET", `/threads/${thread}/runs?limit=1000`))
        if (status === "pending" || status === "running") open.push(`${thread} ${run_id} ${status}`);
    if (open.length === 0) return;
    if (performance.now() > deadline) expect(open).toEqual([]);
    await instances.any().sweep();
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

/** What a log says of each run, which must be the beginning of all that a run writes, in one piece. */
function groupsOf(log: readonly string[]): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  let before: string | undefined;
  for (const entry of log) {
    const [tag, step] = entry.split(" ") as [string, string];
    if (tag !== before) expect([tag, groups.has(tag)]).toEqual([tag, false]);
    groups.set(tag, [...(groups.get(tag) ?? []), step]);
    before = tag;
  }
  for (const [tag, steps] of groups) expect([tag, steps]).toEqual([tag, ENTRIES.slice(0, steps.length)]);
  return groups;
}

/** Every run has ended, no thread is busy, and each has what its runs have written, once. */
export async function judge(instances: Instances, threads: readonly string[], started: readonly Started[]) {
  await settle(instances, threads);
  const tally: Record<string, number> = {};
  for (const thread of threads) {
    const found = await instances.json<{ status: string; values: { log?: string[] } }>("GET", `/threads/${thread}`);
    expect([thread, found.status]).not.toEqual([thread, "busy"]);
    const groups = groupsOf(found.values.log ?? []);
    const runs = await instances.json<Run[]>("GET", `/threads/${thread}/runs?limit=1000`);
    const statusOf = new Map(runs.map(({ run_id, status }) => [run_id, status]));
    for (const { tag, run, asks } of started.filter((one) => one.thread === thread)) {
      const status = statusOf.get(run) ?? "rolled back";
      tally[status] = (tally[status] ?? 0) + 1;
      const steps = groups.get(tag)?.length ?? 0;
      if (status === "success") expect([tag, steps >= (asks ? 2 : ENTRIES.length)]).toEqual([tag, true]);
      if (status === "rolled back") expect([tag, steps]).toEqual([tag, 0]);
    }
    // Nobody has it any more.
    const input = { log: ["last in"], asks: false };
    const response = await instances.call("POST", `/threads/${thread}/runs/wait`, { assistant_id: "work", input });
    const values = (await response.json()) as { log: string[] };
    expect([thread, values.log.slice(-4)]).toEqual([thread, ENTRIES.map((step) => `last ${step}`)]);
  }
  return tally;
}
