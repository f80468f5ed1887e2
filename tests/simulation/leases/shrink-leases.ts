import { NO_FAULTS } from "../calls/plan.js";
import { shrinkWith, type Shrunk, type Simpler } from "../shrink-with.js";
import type { LeaseCall, LeasePlan, MachinePlan } from "./plan.js";
import { runLeaseHistory } from "./run-leases.js";

/** What is wrong with leases, without what differs from history to history. */
export const leaseKindOf = (problem: string): string =>
  problem
    .split("\n")[0]!
    .replace(/^Call \d+ \(\w+\): /, "")
    .replace(/\[.*?\]|"(?:[^"\\]|\\.)*"|1f[0-9a-f]{6}-[0-9a-f-]*|\d+/g, "…")
    .replace(/(token|of|after|before|reads) (none|nothing|…)/g, "$1 …")
    .slice(0, 70);

/** Leaves out what a failure of leases does not need. */
export const shrinkLeases = (
  plan: LeasePlan,
  problem: string,
  tell?: (line: string) => void,
): Promise<Shrunk<LeasePlan>> =>
  shrinkWith({ run: runLeaseHistory, kindOf: leaseKindOf, simplerOnes }, plan, problem, tell);

function simplerOnes(plan: LeasePlan): Simpler<LeasePlan>[] {
  const all: Simpler<LeasePlan>[] = [
    (p) => (Object.values(p.shares).some((share) => share > 0) ? { ...p, shares: NO_FAULTS } : undefined),
    (p) => (p.pageBytes === 1_048_576 ? undefined : { ...p, pageBytes: 1_048_576 }),
  ];
  for (const fault of Object.keys(NO_FAULTS) as (keyof typeof NO_FAULTS)[])
    all.push((p) => (p.shares[fault] > 0 ? { ...p, shares: { ...p.shares, [fault]: 0 } } : undefined));
  plan.instances.forEach((_, i) => {
    const change = (p: LeasePlan, how: (one: MachinePlan) => MachinePlan): LeasePlan => ({
      ...p,
      instances: p.instances.map((one, j) => (i === j ? how(one) : one)),
    });
    for (const option of ["ttlSeconds", "history", "encryption"] as const)
      all.push((p) =>
        p.instances[i]![option] === undefined ? undefined : change(p, ({ [option]: _option, ...rest }) => rest),
      );
    all.push((p) => (p.instances[i]!.skewMs === 0 ? undefined : change(p, (one) => ({ ...one, skewMs: 0 }))));
    all.push((p) =>
      p.instances[i]!.compression === "none" ? undefined : change(p, (one) => ({ ...one, compression: "none" })),
    );
  });
  plan.calls.forEach(({ n }) => {
    for (const simplify of simplerCalls)
      all.push((p) => {
        const call = p.calls.find((one) => one.n === n);
        const simpler = call && simplify(call);
        return simpler && { ...p, calls: p.calls.map((one) => (one.n === n ? simpler : one)) };
      });
  });
  return all;
}

const simplerCalls: ((call: LeaseCall) => LeaseCall | undefined)[] = [
  (call) => (call.overlap > 0 ? { ...call, overlap: 0 } : undefined),
  (call) => (call.fresh ? { ...call, fresh: false } : undefined),
  (call) => ("trouble" in call ? without(call) : undefined),
  ...[4, 3, 2, 1, 0].map(
    (i) => (call: LeaseCall) =>
      "ops" in call && call.ops.length > i ? { ...call, ops: call.ops.filter((_, j) => j !== i) } : undefined,
  ),
  ...[0, 1, 2].map((i) => (call: LeaseCall) => {
    const op = "ops" in call ? call.ops[i] : undefined;
    if (op?.kind !== "step" || !(op.async || op.interrupts || op.fork !== undefined || op.ns > 0)) return undefined;
    const { kind, tasks, unfinished } = op;
    const plain = { kind, ns: 0, tasks, ...(unfinished && { unfinished }) };
    return { ...call, ops: (call as { ops: (typeof op)[] }).ops.map((one, j) => (j === i ? plain : one)) } as LeaseCall;
  }),
];

function without(call: LeaseCall): LeaseCall {
  const { trouble: _, ...rest } = call as LeaseCall & { trouble?: unknown };
  return rest;
}
