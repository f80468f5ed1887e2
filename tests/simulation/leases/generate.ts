import { Random } from "../../lanes/hostile/random.js";
import { generateShares } from "../calls/fault-shares.js";
import type { LeaseCall, LeasePlan, MachinePlan, Op, Trouble } from "./plan.js";

const LEASE_SECONDS = [1, 2, 5, 15];
/** Half of what clocks are apart at most. */
const MOST_SKEW_MS = 2_490;

/** The history of a seed. */
export function generateLeases(seed: string): LeasePlan {
  const random = new Random(`leases ${seed}`);
  const threads = random.chance(0.75) ? ["t"] : ["t", "t#1"];
  const namespaces = random.chance(0.6) ? [""] : ["", "child:1"];
  const instances = generateMachines(random);
  const count = 4 + random.below(random.chance(0.3) ? 14 : 7);
  const calls: LeaseCall[] = [];
  const sizes = { threads: threads.length, namespaces: namespaces.length, machines: instances.length };
  const rare = random.weighted({ none: 5, delete: 1, prune: 1, copy: 1, all: 1 });
  const breaksAt = random.chance(0.2) ? 1 + random.below(count) : -1;
  for (let n = 0; n < count; n++) {
    if (n === breaksAt) calls.push(...breakWhileThinking(random, calls.length, sizes));
    calls.push(generateCall(random, calls.length, sizes, rare));
  }
  const rate = random.chance(0.35) ? 0 : random.pick([0.02, 0.05, 0.12, 0.25]);
  return {
    seed,
    instances,
    threads,
    namespaces,
    calls,
    turn: 0,
    shares: generateShares(random, rate),
    pageBytes: random.pick([1_048_576, 1_048_576, 20_000, 4_000, 800]),
    schedule: 0,
  };
}

function generateMachines(random: Random): MachinePlan[] {
  const areApart = random.chance(0.7);
  const history = random.chance(0.12) ? ({ history: "latest" } as const) : {};
  const encryption = random.chance(0.1) ? { encryption: { key: 1, older: [], plain: false } } : {};
  const ttl = random.chance(0.2) ? { ttlSeconds: 86_400 } : {};
  return Array.from({ length: 2 + random.below(3) }, (_, i) => ({
    name: "ABCD"[i]!,
    compression: random.chance(0.3) ? ("gzip" as const) : ("none" as const),
    skewMs: areApart ? random.pick([-MOST_SKEW_MS, MOST_SKEW_MS, random.below(2 * MOST_SKEW_MS) - MOST_SKEW_MS]) : 0,
    ...history,
    ...encryption,
    ...ttl,
  }));
}

interface Sizes {
  threads: number;
  namespaces: number;
  machines: number;
}

function generateCall(random: Random, n: number, sizes: Sizes, rare: string): LeaseCall {
  const isRare = (kind: string): number => (rare === kind || rare === "all" ? 1.5 : 0);
  const kind =
    n === 0
      ? random.pick(["run", "run", "hold"] as const)
      : random.weighted({
          hold: 9,
          run: 2,
          read: 2,
          break: 0.7,
          delete: isRare("delete"),
          prune: isRare("prune"),
          copy: isRare("copy"),
          pause: 1,
        });
  const common = {
    n,
    by: random.below(sizes.machines),
    overlap: random.chance(0.3) ? 0 : 1 + random.below(3),
    ...(random.chance(0.3) && { fresh: true }),
    thread: random.chance(0.8) ? 0 : random.below(sizes.threads),
  };
  switch (kind) {
    case "hold": {
      const leaseSeconds = random.pick(LEASE_SECONDS);
      const ops = generateOps(random, sizes, leaseSeconds);
      const waits = random.weighted({ never: 3, briefly: 1, "long enough": 4 });
      return {
        ...common,
        kind,
        way: random.chance(0.5) ? "with" : "acquire",
        leaseSeconds,
        waitSeconds: waits === "never" ? 0 : waits === "briefly" ? 1 + random.below(4) : 40,
        ops,
        ...troubleOf(random, ops.length, leaseSeconds, 0.4),
      };
    }
    case "run": {
      const ops = generateOps(random, sizes, 3);
      return { ...common, kind, ops, ...(n > 0 && troubleOf(random, ops.length, 3, 0.1)) };
    }
    case "read":
      return { ...common, kind, ns: random.below(sizes.namespaces) };
    case "prune":
      return { ...common, kind, keepLast: 1 + random.below(2) };
    case "pause":
      return { ...common, kind, seconds: random.pick([1, 3, 6, 11, 25]) };
    default:
      return { ...common, kind };
  }
}

/** A lease is broken while its holder thinks, and that goes on when another one has claimed what it had put. */
function breakWhileThinking(random: Random, from: number, { machines }: Sizes): LeaseCall[] {
  const by = random.below(machines);
  const other = { by: (by + 1) % machines, thread: 0 };
  const step = { kind: "step", ns: 0 } as const;
  const lease = { way: "acquire", leaseSeconds: 15, waitSeconds: 40 } as const;
  const holds: Op[] = [
    { ...step, tasks: random.below(3) },
    { kind: "think", seconds: 3 },
    { ...step, tasks: 2 },
  ];
  const claims: Op[] = [{ ...step, tasks: 1 + random.below(2), unfinished: true }];
  // A call begins when those that it may not overlap have ended, so the pause is before the hold that it runs beside.
  return [
    { n: from, ...other, overlap: 0, kind: "pause", seconds: 1 },
    { n: from + 1, by, thread: 0, overlap: 1, kind: "hold", ...lease, ops: holds },
    { n: from + 2, ...other, overlap: 1, kind: "break" },
    { n: from + 3, ...other, overlap: 2, kind: "hold", ...lease, ops: claims },
  ];
}

function troubleOf(random: Random, ops: number, leaseSeconds: number, share: number): { trouble?: Trouble } {
  if (!random.chance(share)) return {};
  const kind = random.weighted({ dies: 2, stalls: 2, sleeps: 1 });
  const seconds = leaseSeconds * random.pick([0.5, 1.1, 2, 4]) + random.pick([0, 5, 10]);
  return { trouble: { kind, op: random.below(ops + 1), steps: random.below(12), seconds } };
}

function generateOps(random: Random, sizes: Sizes, leaseSeconds: number): Op[] {
  const ns = (): number => (random.chance(0.7) ? 0 : random.below(sizes.namespaces));
  return Array.from({ length: 1 + random.below(5) }, (): Op => {
    const kind = random.weighted({ step: 8, read: 2, list: 1, renew: 1, think: 2 });
    if (kind === "renew") return { kind };
    if (kind === "think") return { kind, seconds: leaseSeconds * random.pick([0.2, 0.5, 1.2, 3]) };
    if (kind !== "step") return { kind, ns: ns() };
    return {
      kind,
      ns: ns(),
      tasks: random.below(3),
      ...(random.chance(0.12) && { fork: random.next() }),
      ...(random.chance(0.2) && { interrupts: true }),
      ...(random.chance(0.15) && { unfinished: true }),
      ...(random.chance(0.3) && { async: true }),
    };
  });
}
