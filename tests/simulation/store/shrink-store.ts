import { NO_FAULTS } from "../calls/plan.js";
import { shrinkWith, type Shrunk, type Simpler } from "../shrink-with.js";
import type { StoreCall, StoreInstancePlan, StorePlan } from "./plan.js";
import { runStoreHistory } from "./run-store.js";

/** What is wrong with stores and caches, without what differs from history to history. */
export const storeKindOf = (problem: string): string =>
  problem
    .split("\n")[0]!
    .replace(/^Call \d+ \(\w+\): /, "")
    .replace(/(?<=left in the (table|bucket) are ).*/, "…")
    .replace(/(: | \(|; )(?!INVALID|MISSING).*/s, "")
    .replace(/\[.*?\]|"(?:[^"\\]|\\.)*"|\d+/g, "…")
    .slice(0, 90);

/** Leaves out what a failure of stores and caches does not need. */
export const shrinkStore = (
  plan: StorePlan,
  problem: string,
  tell?: (line: string) => void,
): Promise<Shrunk<StorePlan>> =>
  shrinkWith({ run: runStoreHistory, kindOf: storeKindOf, simplerOnes }, plan, problem, tell);

const OPTIONS = [
  "s3",
  "encryption",
  "ttlSeconds",
  "refreshOnRead",
  "index",
  "lagSteps",
  "keyPrefix",
  "skewMs",
  "only",
] as const satisfies (keyof StoreInstancePlan)[];

function simplerOnes(plan: StorePlan): Simpler<StorePlan>[] {
  const all: Simpler<StorePlan>[] = [
    (p) => (p.ending === "nothing" ? undefined : { ...p, ending: "nothing" }),
    (p) => (p.reuses ? { ...p, reuses: false } : undefined),
    (p) => (Object.values(p.shares).some((share) => share > 0) ? { ...p, shares: NO_FAULTS } : undefined),
    (p) => (p.pageBytes === 1_048_576 ? undefined : { ...p, pageBytes: 1_048_576 }),
  ];
  for (const fault of Object.keys(NO_FAULTS) as (keyof typeof NO_FAULTS)[])
    all.push((p) => (p.shares[fault] > 0 ? { ...p, shares: { ...p.shares, [fault]: 0 } } : undefined));
  plan.instances.forEach((_, i) => {
    const change = (p: StorePlan, how: (one: StoreInstancePlan) => StoreInstancePlan): StorePlan => ({
      ...p,
      instances: p.instances.map((one, j) => (i === j ? how(one) : one)),
    });
    // The calls of one instance may be another's as well.
    for (let j = 0; j < i; j++)
      all.push((p) =>
        p.calls.some(({ by }) => by === i)
          ? { ...p, calls: p.calls.map((call) => (call.by === i ? { ...call, by: j } : call)) }
          : undefined,
      );
    for (const option of OPTIONS)
      all.push((p) =>
        p.instances[i]![option] === undefined ? undefined : change(p, ({ [option]: _option, ...rest }) => rest),
      );
    all.push((p) =>
      p.instances[i]!.compression === "none" ? undefined : change(p, (one) => ({ ...one, compression: "none" })),
    );
  });
  // One that is used no more.
  all.push((p) => {
    const last = p.instances.length - 1;
    return last > 0 && p.calls.every(({ by }) => by !== last)
      ? { ...p, instances: p.instances.slice(0, last) }
      : undefined;
  });
  for (const { n } of plan.calls)
    for (const simplify of simplerCalls)
      all.push((p) => {
        const call = p.calls.find((one) => one.n === n);
        const simpler = call && simplify(call);
        return simpler && { ...p, calls: p.calls.map((one) => (one.n === n ? simpler : one)) };
      });
  return all;
}

const simplerCalls: ((call: StoreCall) => StoreCall | undefined)[] = [
  (call) => (call.overlap > 0 ? { ...call, overlap: 0 } : undefined),
  (call) => (call.fresh ? { ...call, fresh: false } : undefined),
  (call) => ("ns" in call && call.ns !== undefined && call.ns > 0 ? { ...call, ns: 0 } : undefined),
  (call) => ("key" in call && call.key > 0 ? { ...call, key: 0 } : undefined),
  (call) => ("length" in call && call.length > 20 ? { ...call, length: 20 } : undefined),
  (call) => ("shape" in call && call.shape !== "plain" ? { ...call, shape: "plain" } : undefined),
  ...(["ttl", "index", "filter", "limit", "offset", "query"] as const).map((name) => (call: StoreCall) => {
    if (!(name in call)) return undefined;
    const { [name]: _, ...rest } = call as StoreCall & Record<string, unknown>;
    return rest;
  }),
  ...[0, 1, 2, 3, 4].map((i) => (call: StoreCall) => {
    if (call.kind === "batch" && call.operations.length > Math.max(1, i))
      return { ...call, operations: call.operations.filter((_, j) => j !== i) };
    if (call.kind === "cacheSet" && call.pairs.length > Math.max(1, i))
      return { ...call, pairs: call.pairs.filter((_, j) => j !== i) };
    return undefined;
  }),
];
