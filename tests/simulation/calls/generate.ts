import { Random } from "../../lanes/hostile/random.js";
import { generateInstances, TTLS } from "./generate-instances.js";
import { generateShares } from "./fault-shares.js";
import { type Call, type CallKind, type Change, type Choice, type Plan } from "./plan.js";

/** Ids with signs that have a meaning in keys, and some that differ only where an escape is forgotten. */
const THREADS = ["t", "t#1", "t%231", "tä😀", "%"];
const NAMESPACES = ["", "child:1", "child:1#2", "child:1%232", "child:1|deep:2"];
const JUMPS = [1, 30, 120, 301, 700, 1_100, 1_600, 3_700, 4_500, 90_000, 10 * 86_400];

/** The history of a seed. */
export function generate(seed: string): Plan {
  const random = new Random(`plan ${seed}`);
  const few = (max: number): number => 1 + random.below(max);
  const threads = [...THREADS].slice(0, few(3));
  if (random.chance(0.3)) threads[0] = random.pick(THREADS.slice(3));
  const namespaces = NAMESPACES.slice(0, random.chance(0.5) ? 1 : few(NAMESPACES.length));
  const instances = generateInstances(random);
  const count = 4 + random.below(random.chance(0.3) ? 26 : 14);
  const turn = instances.some(({ only }) => only) ? 1 + random.below(count) : 0;
  const calls: Call[] = [];
  const ttls = instances.flatMap(({ ttlSeconds }) => ttlSeconds ?? []);
  const theme = themeOf(random, ttls.length > 0);
  const weights = { ...generateWeights(random), ...THEMES[theme] };
  for (let n = 0; n < count; n++) {
    const able = instances.flatMap(({ only }, i) => (!only || (only === "before") === n < turn ? [i] : []));
    const aging = able.filter((i) => instances[i]!.ttlSeconds === ttls[0]);
    const by = random.pick(theme === "aging" && aging.length > 0 && random.chance(0.8) ? aging : able);
    const sizes = { threads: threads.length, namespaces: namespaces.length, ttls, theme };
    calls.push(generateCall(random, n, by, weights, sizes));
  }
  const rate = random.chance(0.4) ? 0 : random.pick([0.01, 0.03, 0.08, 0.15]);
  const shares = generateShares(random, rate);
  return {
    seed,
    instances,
    threads,
    namespaces,
    calls,
    hasLog: random.chance(0.6),
    turn,
    shares,
    pageBytes: random.pick([1_048_576, 1_048_576, 20_000, 4_000, 800]),
    schedule: 0,
    ending: random.weighted({ nothing: 2, delete: 3, prune: 2, expire: 2, copy: 2 }),
  };
}

type Weights = Record<CallKind, number>;

/** Each history does some of the things often, and others never. */
function generateWeights(random: Random): Weights {
  const maybe = (weight: number, share = 0.5): number => (random.chance(share) ? weight : 0);
  return {
    put: 10,
    writes: maybe(4, 0.7),
    get: 2,
    list: maybe(2),
    delta: maybe(2),
    threads: maybe(1, 0.3),
    delete: maybe(2),
    prune: maybe(2),
    deleteRuns: maybe(2, 0.3),
    copy: maybe(2, 0.4),
    export: maybe(2, 0.35),
    import: maybe(2, 0.5),
    again: maybe(1, 0.3),
    copyFork: maybe(1, 0.3),
    jump: maybe(2),
    sweep: maybe(1),
    settle: maybe(1),
  };
}

interface Sizes {
  threads: number;
  namespaces: number;
  ttls: number[];
  theme: Theme;
}

type Theme = "all" | "aging" | "pruning" | "runs";

/** A third of the histories do again and again what takes several steps to go wrong. */
const THEMES: Record<Theme, Partial<Weights>> = {
  all: {},
  aging: { put: 8, jump: 6, sweep: 3, get: 2, delete: 0, prune: 0, deleteRuns: 0, copy: 0, import: 0, again: 0 },
  pruning: { put: 9, prune: 6, jump: 3, get: 2, delete: 0, copy: 0, import: 0, again: 0 },
  runs: { put: 9, writes: 3, deleteRuns: 3, delta: 2, get: 2, delete: 0, copy: 0, import: 0, again: 0 },
};

/** A put, a part of a life, a put, a part of a life … */
function agingKind(random: Random, n: number, weights: Weights): CallKind {
  if (random.chance(0.25)) return random.weighted(weights);
  return n % 2 === 0 ? "put" : "jump";
}

function themeOf(random: Random, hasTtl: boolean): Theme {
  if (!random.chance(0.35)) return "all";
  return hasTtl ? "aging" : random.chance(0.5) ? "pruning" : "runs";
}

function generateCall(
  random: Random,
  n: number,
  by: number,
  weights: Weights,
  { threads, namespaces, ttls, theme }: Sizes,
): Call {
  const kind = n === 0 ? "put" : theme === "aging" ? agingKind(random, n, weights) : random.weighted(weights);
  const common = {
    n,
    by,
    overlap: random.chance(0.55) ? 0 : 1 + random.below(3),
    ...(random.chance(0.15) && { fresh: true }),
  };
  const thread = random.chance(theme === "aging" ? 0.95 : 0.6) ? 0 : random.below(threads);
  const ns = random.chance(theme === "aging" ? 0.95 : 0.65) ? 0 : random.below(namespaces);
  const choice = (latest: number): Choice => (random.chance(latest) ? "latest" : random.next());
  const some = <T>(share: number, value: () => T): T | undefined => (random.chance(share) ? value() : undefined);
  const ttl = (): { ttl?: number } => (random.chance(ttls.length > 0 ? 0.15 : 0.04) ? { ttl: random.pick(TTLS) } : {});
  switch (kind) {
    case "put":
      return {
        ...common,
        kind,
        thread,
        ns,
        ...ttl(),
        parent: random.chance(0.08) ? "none" : choice(theme === "aging" ? 0.95 : 0.75),
        changes: generateChanges(random, n === 0 ? 0.7 : theme === "aging" ? 0.12 : 0.4),
        run: random.below(3),
        fork: random.chance(0.08),
        logs: random.chance(0.4) ? 1 + random.below(2) : 0,
        snapshot: random.chance(0.1),
        readFirst: random.chance(0.4),
      };
    case "again":
      return { ...common, kind, thread };
    case "copyFork":
    case "get":
      return { ...common, kind, thread, ns, of: choice(0.5) };
    case "writes":
      return {
        ...common,
        kind,
        thread,
        ns,
        ...ttl(),
        of: choice(0.7),
        task: random.below(3),
        special: random.chance(0.35),
        many: 1 + random.below(3),
        length: random.pick([20, 20, 1_500, 5_000]),
        ...(random.chance(0.7) && { run: random.below(3) }),
      };
    case "list": {
      const [limit, before, run] = [
        some(0.3, () => 1 + random.below(3)),
        some(0.2, () => random.next()),
        some(0.2, () => random.below(3)),
      ];
      const where = {
        thread: random.chance(0.2) ? ("all" as const) : thread,
        ns: random.chance(0.4) ? ("all" as const) : ns,
      };
      return {
        ...common,
        kind,
        ...where,
        ...(limit !== undefined && { limit }),
        ...(before !== undefined && { before }),
        ...(run !== undefined && { run }),
      };
    }
    case "delta":
      return { ...common, kind, thread, ns, of: random.next() };
    case "threads":
      return { ...common, kind, latest: random.chance(0.5) };
    case "delete":
    case "export":
      return { ...common, kind, thread };
    case "prune":
      return { ...common, ...generatePrune(random, thread, ns) };
    case "deleteRuns":
      return {
        ...common,
        kind,
        runs: random.chance(0.7) ? [random.below(3)] : [0, 1],
        thread: random.chance(0.7) ? thread : "all",
      };
    case "copy":
      return { ...common, kind, from: thread, to: random.below(threads) };
    case "import":
      return { ...common, kind, export: random.below(10), to: random.chance(0.6) ? "same" : random.below(threads) };
    case "jump": {
      // A part of a life, so that what is shared is renewed now and then.
      const part = Math.ceil(
        random.pick([0.3, 0.4, 0.45, 0.6, 0.8]) *
          (ttls.length === 0 ? 4_000 : theme === "aging" ? ttls[0]! : random.pick(ttls)),
      );
      const any = random.pick(ttls.length > 0 ? JUMPS : JUMPS.slice(0, 9));
      return { ...common, kind, overlap: 0, seconds: random.chance(theme === "aging" ? 0.9 : 0.2) ? part : any };
    }
    case "sweep":
    case "settle":
      return { ...common, kind, overlap: 0 };
  }
}

function generatePrune(
  random: Random,
  thread: number,
  ns: number,
): Omit<Extract<Call, { kind: "prune" }>, "n" | "by" | "overlap"> {
  const where = { kind: "prune" as const, thread: random.chance(0.8) ? thread : ("all" as const) };
  if (random.chance(0.1)) return { ...where, strategy: random.chance(0.5) ? "delete" : "keep_latest" };
  return {
    ...where,
    ...(random.chance(0.8) && { keepLast: 1 + random.below(2) }),
    ...(random.chance(0.2) && { olderThanSeconds: random.pick([1, 600, 4_000]) }),
    ...(random.chance(0.2) && { ns }),
    ...(random.chance(0.3) && { graceSeconds: 0 as const }),
    ...(random.chance(0.1) && { dryRun: true }),
  };
}

function generateChanges(random: Random, share: number): Change[] {
  const changes: Change[] = [];
  for (const channel of ["doc", "other", "list", "n"]) {
    if (!random.chance(channel === "n" ? 0.6 : share)) continue;
    if (channel === "n") changes.push({ channel, to: "unique", length: 8 });
    else if (channel === "list") changes.push({ channel, to: "longer", length: random.pick([100, 600, 1_500]) });
    else if (random.chance(0.7)) changes.push({ channel, to: "document", document: random.below(4) });
    else changes.push({ channel, to: "unique", length: random.pick([40, 1_300, 3_000]) });
  }
  return changes;
}
