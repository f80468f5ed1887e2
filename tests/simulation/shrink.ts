import { NO_FAULTS, type Call, type InstancePlan, type Plan } from "./calls/plan.js";
import { runHistory } from "./run-history.js";

/** In how many orders of its requests a smaller history is tried. */
const ORDERS = 6;

/** What is wrong, without what differs from history to history. */
export const kindOf = (problem: string): string =>
  problem
    .split("\n")[0]!
    .replace(/^Call \d+ \(\w+\): /, "")
    .replace(
      /(?<=left (in the (table|bucket) )?are ).*|(?<=^Thread ).*(?= was )|expected .*|, but .*|that is not one of .*/s,
      "",
    )
    .replace(/\[".*?\]|\[.*?\]|"(?:[^"\\]|\\.)*"|1f0\d+\S*|(?<=Segment )\S+|\d+/g, "…")
    .replace(/\b[A-DZ](?='s)/, "…")
    .slice(0, 70);

/** Leaves out what a failure does not need, again and again, until nothing more can go. */
export async function shrink(
  plan: Plan,
  problem: string,
  tell: (line: string) => void = () => undefined,
): Promise<{ plan: Plan; problem: string; tried: number }> {
  const kind = kindOf(problem);
  let [best, said, tried] = [plan, problem, 0];
  const accept = async (smaller: Plan): Promise<boolean> => {
    for (let i = 0; i < ORDERS; i++) {
      const candidate = { ...smaller, schedule: best.schedule + i };
      tried++;
      const outcome = await runHistory(candidate);
      if (outcome.problem === undefined || kindOf(outcome.problem) !== kind) continue;
      [best, said] = [candidate, outcome.problem];
      return true;
    }
    return false;
  };
  for (let isSmaller = true; isSmaller;) {
    isSmaller = await withoutCalls(() => best, accept);
    tell(`${best.calls.length} calls left after ${tried} histories`);
    for (const simpler of simplerOnes(best)) {
      const candidate = simpler(best);
      if (candidate && (await accept(candidate))) isSmaller = true;
    }
  }
  return { plan: best, problem: said, tried };
}

/** Halves first, and then one by one. */
async function withoutCalls(best: () => Plan, accept: (plan: Plan) => Promise<boolean>): Promise<boolean> {
  let isSmaller = false;
  for (let size = Math.ceil(best().calls.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = best().calls.length - size; at >= 0; at -= size) {
      const { calls, ...rest } = best();
      if (await accept({ ...rest, calls: [...calls.slice(0, at), ...calls.slice(at + size)] })) isSmaller = true;
    }
  }
  return isSmaller;
}

type Simpler = (plan: Plan) => Plan | undefined;

function simplerOnes(plan: Plan): Simpler[] {
  const all: Simpler[] = [];
  all.push((p) => (p.ending === "nothing" ? undefined : { ...p, ending: "nothing" }));
  all.push((p) => (Object.values(p.shares).some((share) => share > 0) ? { ...p, shares: NO_FAULTS } : undefined));
  for (const fault of Object.keys(NO_FAULTS) as (keyof typeof NO_FAULTS)[])
    all.push((p) => (p.shares[fault] > 0 ? { ...p, shares: { ...p.shares, [fault]: 0 } } : undefined));
  all.push((p) => (p.pageBytes === 1_048_576 ? undefined : { ...p, pageBytes: 1_048_576 }));
  plan.instances.forEach((_, i) => {
    // The calls of one instance may be another's as well.
    for (let j = 0; j < i; j++)
      all.push((p) =>
        p.calls.some(({ by }) => by === i)
          ? { ...p, calls: p.calls.map((call) => (call.by === i ? { ...call, by: j } : call)) }
          : undefined,
      );
    for (const option of [
      "s3",
      "encryption",
      "ttlSeconds",
      "refreshOnRead",
      "history",
      "lagSteps",
      "only",
      "conflict",
    ] as const) {
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
