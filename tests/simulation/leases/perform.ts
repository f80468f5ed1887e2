import type { AcquiredLease, ThreadLease } from "langgraph-checkpoint-dynamodb";
import { fail } from "../model/shown.js";
import { Agent } from "./agent.js";
import { judgeBusy, judgeGrant, judgeLoss, RunEnded } from "./lease-rules.js";
import { attempt, type Attempt, type LeaseWorld, type Process } from "./lease-world.js";
import type { LeaseCall, LeaseCallOf } from "./plan.js";
import type { RecordedRun } from "./records.js";

/** Makes a call of a history, and judges what comes of it. */
export async function performLease(world: LeaseWorld, call: LeaseCall): Promise<void> {
  const process = world.process(call.by, call.fresh);
  world.globals.runOn(process.client);
  // Of a process that dies, nothing more is heard.
  await Promise.race([made(world, process, call), process.dead]);
}

async function made(world: LeaseWorld, process: Process, call: LeaseCall): Promise<void> {
  const { model } = world;
  const thread = world.plan.threads[call.thread]!;
  switch (call.kind) {
    case "hold":
      return hold(world, process, call, thread);
    case "run": {
      const run = begin(world, process, call.n, thread, 0);
      return unlessEnded(new Agent(world, process, run).live(call.ops, call.trouble));
    }
    case "read": {
      const ns = world.plan.namespaces[call.ns]!;
      const config = { configurable: { thread_id: thread, checkpoint_ns: ns } };
      const result = await attempt(world, process, () => process.saver.getTuple(config), ["MISSING_DATA"]);
      if (result.code === undefined) world.judge.latest(result.value, [thread, ns], undefined, result.span);
      return;
    }
    case "break": {
      const start = world.moment();
      model.breaking.set(thread, (model.breaking.get(thread) ?? 0) + 1);
      for (const one of holders(world, thread)) one.mayBeFree = Math.min(one.mayBeFree, start.step);
      const { value, span } = await attempt(world, process, () => process.saver.breakLease(thread));
      model.breaking.set(thread, model.breaking.get(thread)! - 1);
      const broken = value && model.runs.find((one) => one.thread === thread && one.token === value.token);
      if (broken) broken.broken = Math.min(broken.broken, span.end.step);
      return;
    }
    case "delete": {
      model.beginDeletion(thread);
      await attempt(world, process, () => process.saver.deleteThread(thread));
      return model.endDeletion(thread);
    }
    case "prune":
      await attempt(world, process, async () => process.saver.prune({ threadIds: [thread], keepLast: call.keepLast }));
      return;
    case "copy":
      return copy(world, process, thread, `${thread} copy ${call.n}`);
    case "pause":
      await new Promise((resolve) => setTimeout(resolve, call.seconds * 1_000));
  }
}

const holders = ({ model }: LeaseWorld, thread: string): RecordedRun[] =>
  model.runs.filter((one) => one.thread === thread && one.leaseSeconds > 0);

/** A run that begins. @param leaseSeconds 0 without a lease */
export function begin(
  world: LeaseWorld,
  { plan }: Process,
  n: number,
  thread: string,
  leaseSeconds: number,
): RecordedRun {
  const run: RecordedRun = {
    ...{ n, thread, holder: `run ${n}`, skewMs: plan.skewMs, token: 0, leaseSeconds },
    ...{ asked: world.moment(), granted: undefined, sureUntilMs: 0, silentMs: Infinity },
    ...{ mayBeFree: world.model.breaking.get(thread) ? world.steps : Infinity },
    ...{ broken: Infinity, isDone: false, hasFirst: false },
    isUnsure: (world.model.deleting.get(thread) ?? 0) > 0,
    bases: new Map(),
    listed: new Map(),
    shown: new Map(),
  };
  world.model.runs.push(run);
  return run;
}

async function hold(
  world: LeaseWorld,
  process: Process,
  { n, way, leaseSeconds, waitSeconds, ops, trouble }: LeaseCallOf<"hold">,
  thread: string,
): Promise<void> {
  const { saver } = process;
  const run = begin(world, process, n, thread, leaseSeconds);
  const options = { leaseSeconds, waitSeconds, holder: run.holder };
  const live = (lease: ThreadLease): Promise<void> => {
    judgeGrant(world, run, lease.token);
    return new Agent(world, process, run, lease).live(ops, trouble);
  };
  const mayFail = ["THREAD_BUSY", "LEASE_LOST"];
  if (way === "with") {
    let isWhole = false;
    const held = async (lease: ThreadLease): Promise<void> => {
      // Whose lease is broken is told at its next renewal, and not if it ends before.
      await unlessEnded(live(lease).then(() => void (isWhole = run.mayBeFree === Infinity)));
      run.mayBeFree = Math.min(run.mayBeFree, world.steps);
    };
    const result = await attempt(world, process, () => saver.withLease(thread, held, options), mayFail);
    run.isDone = isWhole && result.code === undefined;
    return judgeEnd(world, process, run, result, waitSeconds);
  }
  const result = await attempt(world, process, () => saver.acquireLease(thread, options), mayFail);
  if (result.code !== undefined) return judgeEnd(world, process, run, result, waitSeconds);
  const lease: AcquiredLease = result.value;
  await unlessEnded(live(lease));
  run.mayBeFree = Math.min(run.mayBeFree, world.moment().step);
  await attempt(world, process, () => lease.release());
  run.silentMs = Math.min(run.silentMs, world.globals.nowMs);
}

function judgeEnd(
  world: LeaseWorld,
  process: Process,
  run: RecordedRun,
  result: Attempt<unknown>,
  waitSeconds: number,
): void {
  run.silentMs = Math.min(run.silentMs, world.globals.nowMs);
  if (result.code === "THREAD_BUSY") judgeBusy(world, process, run, result, waitSeconds);
  if (result.code === "LEASE_LOST") judgeLoss(world, run, result.metFaults);
}

async function unlessEnded(run: Promise<void>): Promise<void> {
  await run.catch((error: unknown) => {
    if (!(error instanceof RunEnded)) throw error;
  });
}

/** A copy has the latest of its thread, and its next lease a higher token. */
async function copy(world: LeaseWorld, process: Process, from: string, to: string): Promise<void> {
  const { saver } = process;
  const copied = await attempt(world, process, async () => saver.copyThread(from, to), ["INVALID_INPUT"]);
  if (copied.code !== undefined) return;
  const config = { configurable: { thread_id: to } };
  const read = await attempt(world, process, () => saver.getTuple(config));
  if (read.code !== undefined) return;
  const latest = world.judge.latest(read.value, [from, ""], undefined, {
    start: copied.span.start,
    end: read.span.end,
  });
  if (!latest) return;
  const lease = await attempt(world, process, () => saver.acquireLease(to, { leaseSeconds: 1 }));
  if (lease.code === undefined && lease.value.token <= latest.run.token)
    fail(`A copy's lease has token ${lease.value.token}, and its latest checkpoint ${latest.run.token}`);
}
