import { NO_FAULTS, type Call, type InstancePlan, type Plan } from "./calls/plan.js";
import { kindOf } from "./kind.js";
import { runHistory } from "./run-history.js";
import { shrinkWith, type Shrunk, type Simpler } from "./shrink-with.js";

/** Leaves out what a failure of savers does not need. */
export const shrink = (plan: Plan, problem: string, tell?: (line: string) => void): Promise<Shrunk<Plan>> =>
  shrinkWith({ run: runHistory, kindOf, simplerOnes }, plan, problem, tell);

function simplerOnes(plan: Plan): Simpler<Plan>[] {
  const all: Simpler<Plan>[] = [];
  all.push((p) => (p.ending === "nothing" ? undefined : { ...p, ending: "nothing" }));
  all.push((p) => (Object.values(p.shares).some((share) => share > 0) ? { ...p, shares: NO_FAULTS } : undefined));
  for (const fault of Object.keys(NO_FAULTS) as (keyof typeof NO_FAULTS)[])
    all.push((p) => (p.shares[fault] > 0 ? { ...p, shares: { ...p.shares, [fault]: 0 } } : undefined));
  all.push((p) => (p.pageBytes === 1_048_576 ? undefined : { ...p, pageBytes: 1_048_576 }));
  // All have it or none: with and without, they do not see each other's every step.
  all.push((p) =>
    p.instances.some(({ conflict }) => conflict)
      ? { ...p, instances: p.instances.map(({ conflict: _, ...rest }) => rest) }
      : undefined,
  );
  plan.instances.forEach((_, i) => {
    // The calls of one instance may be another's as well.
    for (let j = 0; j < i; j++)
      all.push((p) =>
        p.calls.some(({ by }) => by === i)
          ? { ...p, calls: p.calls.map((call) => (call.by === i ? { ...call, by: j } : call)) }
          : undefined,
      );
    for (const option of ["s3", "encryption", "ttlSeconds", "refreshOnRead", "history", "lagSteps", "only"] as const) {
      all.push((p) =>
        p.instances[i]![option] === undefined
          ? undefined
          : withInstance(p, i, ({ [option]: _option, ...rest }) => rest),
      );
    }
    all.push((p) =>
      p.instances[i]!.compression === "none"
        ? undefined
        : withInstance(p, i, (one) => ({ ...one, compression: "none" })),
    );
  });
  plan.calls.forEach(({ n }) => {
    for (const simplify of simplerCalls) {
      all.push((p) => {
        const call = p.calls.find((one) => one.n === n);
        const simpler = call && simplify(call);
        return simpler && { ...p, calls: p.calls.map((one) => (one.n === n ? simpler : one)) };
      });
    }
  });
  return all;
}

const withInstance = (plan: Plan, i: number, change: (instance: InstancePlan) => InstancePlan): Plan => ({
  ...plan,
  instances: plan.instances.map((one, j) => (i === j ? change(one) : one)),
});

const simplerCalls: ((call: Call) => Call | undefined)[] = [
  (call) => (call.overlap > 0 ? { ...call, overlap: 0 } : undefined),
  (call) => (call.fresh ? { ...call, fresh: false } : undefined),
  (call) => (call.kind === "put" && call.logs > 0 ? { ...call, logs: 0 } : undefined),
  (call) =>
    call.kind === "put" && (call.snapshot || call.readFirst || call.fork)
      ? { ...call, snapshot: false, readFirst: false, fork: false }
      : undefined,
  (call) => (call.kind === "put" && call.parent !== "latest" ? { ...call, parent: "latest" } : undefined),
  (call) => ("ns" in call && typeof call.ns === "number" && call.ns > 0 ? { ...call, ns: 0 } : undefined),
  (call) => ("ttl" in call && call.ttl !== undefined ? { ...call, ttl: undefined } : undefined),
  ...[0, 1, 2, 3].map(
    (i) => (call: Call) =>
      call.kind === "put" && call.changes.length > i
        ? { ...call, changes: call.changes.filter((_, j) => j !== i) }
        : undefined,
  ),
];
