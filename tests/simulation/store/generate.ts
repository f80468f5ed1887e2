import { Random } from "../../lanes/hostile/random.js";
import { generateShares } from "../calls/fault-shares.js";
import { generateStoreInstances, LIVES } from "./generate-instances.js";
import type {
  BatchedOperation,
  PlannedPlace,
  PlannedPut,
  PlannedSearch,
  Shape,
  StoreCall,
  StoreCallKind,
  StorePlan,
} from "./plan.js";
import { FILTERS, QUERIES, TITLES } from "./values.js";

/** Some that differ only where an escape, or the end of a label, is forgotten. */
const NAMESPACES = [
  ["users", "ada"],
  ["users"],
  ["users", "ada", "notes"],
  ["usersx"],
  ["users", "ada#notes"],
  ["users", "ada%23notes"],
  ["users#ada"],
  ["ü😀", "*"],
];
const LONG_LABELS = [["a", "x".repeat(1_500)], [`${"x".repeat(1_500)}y`]];
const KEYS = ["k", "k#1", "k%231", "kä😀", "%", `${"k".repeat(1_300)}`];
/** Of texts: in the item, beside it or beyond what an item can hold, whatever the options make of them. */
const LENGTHS = { 20: 8, 1_500: 3, 6_000: 3, 70_000: 1 };
const JUMPS = [1, 30, 61, 120, 301, 700, 3_700, 7_300, 90_000, 10 * 86_400];

/** The history of a seed. */
export function generateStore(seed: string): StorePlan {
  const random = new Random(`store ${seed}`);
  const instances = generateStoreInstances(random);
  const namespaces = pickSome(random, NAMESPACES, 1 + random.below(4));
  if (random.chance(0.1)) namespaces.push(random.pick(LONG_LABELS));
  const keys = pickSome(random, KEYS, 1 + random.below(4));
  const count = 3 + random.below(random.chance(0.3) ? 20 : 10);
  const turn = instances.some(({ only }) => only) ? 1 + random.below(count) : 0;
  const weights = generateWeights(random);
  const make = new CallMaker(random, namespaces, keys, random.chance(0.12));
  const calls = Array.from({ length: count }, (_, n): StoreCall => {
    const able = instances.flatMap(({ only }, i) => (!only || (only === "before") === n < turn ? [i] : []));
    return make.call(n, random.pick(able), n === 0 ? firstKind(weights) : random.weighted(weights));
  });
  const rate = random.chance(0.35) ? 0 : random.pick([0.02, 0.06, 0.12, 0.2]);
  const shares = generateShares(random, rate);
  return {
    seed,
    instances,
    namespaces,
    keys,
    calls,
    turn,
    reuses: random.chance(0.1),
    shares,
    pageBytes: random.pick([1_048_576, 1_048_576, 20_000, 4_000, 800]),
    schedule: 0,
    ending: random.weighted({ nothing: 2, delete: 3, expire: 3 }),
  };
}

/** The first is there more often than the others. */
function pickSome<T>(random: Random, all: readonly T[], count: number): T[] {
  const from = random.chance(0.6) ? [...all] : [...all].reverse();
  const picked: T[] = [];
  while (picked.length < count && from.length > 0)
    picked.push(from.splice(random.chance(0.6) ? 0 : random.below(from.length), 1)[0]!);
  return picked;
}

type Weights = Record<StoreCallKind, number>;

/** Each history does some of the things often, and others never. */
function generateWeights(random: Random): Weights {
  const maybe = (weight: number, share = 0.5): number => (random.chance(share) ? weight : 0);
  const ofStore = random.chance(0.85) ? 1 : 0;
  const ofCache = ofStore === 0 || random.chance(0.15) ? 1 : 0;
  return {
    put: 10 * ofStore,
    delete: maybe(4, 0.75) * ofStore,
    get: 3 * ofStore,
    batch: maybe(3) * ofStore,
    search: maybe(3, 0.7) * ofStore,
    list: maybe(2) * ofStore,
    cacheSet: 8 * ofCache,
    cacheGet: 4 * ofCache,
    cacheClear: maybe(2) * ofCache,
    jump: maybe(2),
    sweep: maybe(2),
    settle: maybe(1, 0.3),
  };
}

const firstKind = ({ put }: Weights): StoreCallKind => (put > 0 ? "put" : "cacheSet");

/** Makes the calls of one history. */
class CallMaker {
  constructor(
    private readonly random: Random,
    private readonly namespaces: string[][],
    private readonly keys: string[],
    private readonly isHostile: boolean,
  ) {}

  call(n: number, by: number, kind: StoreCallKind): StoreCall {
    const { random } = this;
    const overlap = random.chance(0.45) ? 0 : 1 + random.below(3);
    const common = { n, by, overlap, ...(random.chance(0.12) && { fresh: true }) };
    switch (kind) {
      case "put":
        return { ...common, kind, ...this.#put() };
      case "delete":
      case "get":
        return { ...common, kind, ...this.#place() };
      case "search":
        return { ...common, kind, ...this.#search(true) };
      case "batch":
        return { ...common, kind, operations: this.#some(5, () => this.#operation()) };
      case "list":
        return {
          ...common,
          kind,
          ...(random.chance(0.4) && { ns: random.below(this.namespaces.length) }),
          labels: 1 + random.below(2),
          from: random.chance(0.7) ? "prefix" : "suffix",
          ...(random.chance(0.2) && { maxDepth: 1 + random.below(2) }),
          ...(random.chance(0.2) && { limit: random.below(3) }),
        };
      case "cacheSet":
        return {
          ...common,
          kind,
          pairs: this.#some(3, () => ({
            ...this.#place(),
            length: this.#length(),
            ...(random.chance(0.2) && { ttl: random.pick(LIVES) }),
          })),
        };
      case "cacheGet":
        return { ...common, kind, places: this.#some(3, () => this.#place()) };
      case "cacheClear":
        return {
          ...common,
          kind,
          namespaces: random.chance(0.3) ? [] : [random.below(this.namespaces.length)],
        };
      case "jump":
        return { ...common, kind, overlap: 0, seconds: random.pick(JUMPS) };
      case "sweep":
      case "settle":
        return { ...common, kind, overlap: 0 };
    }
  }

  #some<T>(most: number, make: () => T): T[] {
    return Array.from({ length: 1 + this.random.below(most) }, make);
  }

  #place(): PlannedPlace {
    const { random } = this;
    return {
      ns: random.chance(0.6) ? 0 : random.below(this.namespaces.length),
      key: random.chance(0.6) ? 0 : random.below(this.keys.length),
    };
  }

  #length(): number {
    return Number(this.random.weighted<string>(LENGTHS));
  }

  #put(): PlannedPut {
    const { random } = this;
    const shape: Shape = this.isHostile
      ? random.pick<Shape>(["plain", "record", "constructor", "prototype", "nested"])
      : "plain";
    return {
      ...this.#place(),
      length: this.#length(),
      shape,
      title: random.below(TITLES.length),
      ...(random.chance(0.15) && { ttl: random.chance(0.2) ? null : random.pick(LIVES) }),
      ...(random.chance(0.2) && { index: random.chance(0.5) ? (false as const) : ("color" as const) }),
    };
  }

  #search(withPages: boolean): PlannedSearch {
    const { random } = this;
    return {
      ns: random.below(this.namespaces.length),
      labels: random.below(3),
      ...(random.chance(0.35) && { filter: random.below(FILTERS.length) }),
      ...(withPages && random.chance(0.3) && { limit: random.below(4) }),
      ...(withPages && random.chance(0.15) && { offset: random.below(3) }),
      ...(random.chance(0.35) && { query: random.below(QUERIES.length) }),
    };
  }

  #operation(): BatchedOperation {
    const kind = this.random.weighted({ put: 5, delete: 2, get: 3, search: 1 });
    if (kind === "put") return { kind, ...this.#put() };
    if (kind === "search") return { kind, ...this.#search(false) };
    return { kind, ...this.#place() };
  }
}
