import { canonical } from "../calls/contents.js";
import { collect } from "../calls/attempt.js";
import { LOG } from "../calls/plan.js";
import { fail, Violation } from "../model/shown.js";
import type { Outcome } from "../run-history.js";
import { sideBySide } from "../world/side-by-side.js";
import { attempt, LeaseWorld } from "./lease-world.js";
import { performLease } from "./perform.js";
import type { LeasePlan } from "./plan.js";
import { isSure, type RecordedPut } from "./records.js";

/** Lives through a history of runs with leases and without, and judges it. */
export async function runLeaseHistory(plan: LeasePlan, trace?: (line: string) => void): Promise<Outcome> {
  const world = new LeaseWorld(plan);
  if (trace) world.traceTo(trace);
  let problem: string | undefined;
  try {
    await sideBySide(
      world,
      plan,
      () => false,
      (call) => performLease(world, call),
    );
    world.network.calm = true;
    await world.settle();
    world.trace?.("the audit begins");
    for (const thread of plan.threads) await world.calmly(audit(world, thread));
  } catch (error) {
    problem = error instanceof Violation ? error.message : `${(error as Error).stack ?? String(error)}`;
  } finally {
    world.globals.uninstall();
  }
  const { network, steps } = world;
  const hash = network.hash
    .update(problem ?? "")
    .digest("hex")
    .slice(0, 16);
  return { problem, hash, steps, requests: network.requests, faults: network.faults };
}

/** When all is over, by somebody who reads, and then takes the thread. */
async function audit(world: LeaseWorld, thread: string): Promise<void> {
  const { auditor, judge, model, plan } = world;
  world.globals.runOn(auditor.client);
  checkDone(world, thread);
  for (const ns of plan.namespaces) {
    const config = { configurable: { thread_id: thread, checkpoint_ns: ns } };
    const { value, span } = await attempt(world, auditor, () => auditor.saver.getTuple(config), []);
    const latest = judge.latest(value, [thread, ns], undefined, span);
    if (latest?.isUnsure === false) await checkHistory(world, latest);
    const listed = await attempt(world, auditor, () => collect(auditor.saver.list(config)));
    for (const tuple of listed.value ?? []) {
      const put = judge.known(tuple, thread, ns);
      judge.writes(tuple, put, undefined, listed.span);
      if (!put.isUnsure) await checkHistory(world, put);
    }
    const ids = new Set(listed.value?.map(({ checkpoint }) => checkpoint.id));
    const keepsAll = !plan.calls.some(({ kind }) => kind === "prune") && auditor.plan.history === undefined;
    const missing = keepsAll && model.puts.find((one) => isListed(one, thread, ns) && !ids.has(one.id));
    if (missing) fail(`${missing.id} of run ${missing.run.n} was acknowledged, and is not listed`);
  }
  // Whoever has it, is dead, or over.
  const { value: lease } = await attempt(world, auditor, () =>
    auditor.saver.acquireLease(thread, { waitSeconds: 30, holder: "the auditor" }),
  );
  const highest = Math.max(
    ...model.runs.map((run) => (run.thread === thread && !run.isUnsure && run.hasFirst ? run.token : 0)),
    0,
  );
  if (lease!.token <= highest) fail(`The auditor's lease has token ${lease!.token}, and there was ${highest}`);
  await lease!.release();
  if (await auditor.saver.getLease(thread)) fail("A lease that was released is there");
}

const isListed = (one: RecordedPut, thread: string, ns: string): boolean =>
  one.thread === thread && one.ns === ns && isSure(one, Infinity);

/** What a run has put under a lease is rebuilt from what it had seen. */
async function checkHistory(world: LeaseWorld, put: RecordedPut): Promise<void> {
  const { saver } = world.auditor;
  if (put.run.token === 0 || put.versions[LOG] === undefined || hasGuests(world, put)) return;
  const config = { configurable: { thread_id: put.thread, checkpoint_ns: put.ns, checkpoint_id: put.id } };
  const { [LOG]: history } = await saver.getDeltaChannelHistory({ config, channels: [LOG] });
  const shown = history!.writes.map((write) => canonical(write)).filter((text) => !isOfLaterFork(world, put, text));
  const end = put.tail.length === 0 ? [] : shown.slice(-put.tail.length);
  if (end.join() !== put.tail.join())
    fail(`The channel of ${put.id} of run ${put.run.n} ends with ${short(end)}, and was put with ${short(put.tail)}`);
}

/** Whether a run without a lease has written for the tasks of its ancestors: the first writes of an epoch stay. */
function hasGuests({ model }: LeaseWorld, put: RecordedPut): boolean {
  for (let at = put.parent; at; at = at.parent)
    if (model.tasks.some((one) => one.put === at && one.run.token === 0)) return true;
  return false;
}

/** Whether its run, or one without a lease, has written it to an ancestor later: that happens without leases too. */
function isOfLaterFork({ model }: LeaseWorld, put: RecordedPut, shown: string): boolean {
  const task = model.byText.get(shown);
  for (let at: RecordedPut | undefined = put; at && task; at = at.parent)
    if (at.parent === task.put) return (at.run === task.run || task.run.token === 0) && task.start > at.start;
  return false;
}

const short = (texts: string[]): string => `[${texts.map((text) => text.slice(0, 40)).join(", ")}]`;

/** What a run has done that `withLease` has called well is never hidden from a later holder. */
function checkDone({ model }: LeaseWorld, thread: string): void {
  const holders = model.runs.filter((one) => one.thread === thread && one.hasFirst && one.token > 0 && !one.isUnsure);
  for (const run of holders.filter(({ isDone }) => isDone)) {
    for (const later of holders.filter(({ token }) => token > run.token)) {
      for (const [ns, { base }] of later.bases) {
        const own = model.surePuts(thread, ns, Infinity).filter((one) => one.run === run);
        const last = own.sort((a, b) => (a.id < b.id ? -1 : 1)).at(-1);
        if (!last || last === base) continue;
        const isBelow =
          !base || model.epochMax(base) < run.token || (model.tokenMax(base) <= run.token && base.id < last.id);
        if (isBelow && !(base && model.tokenMax(base) > run.token))
          fail(
            `Run ${run.n} has ended well, and run ${later.n} goes on from ${base?.id ?? "nothing"}, before ${last.id}`,
          );
      }
    }
  }
}
