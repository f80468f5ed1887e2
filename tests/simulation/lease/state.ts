import type { Claim, Grants, Ranked } from "../../../src/checkpoint/fence.js";
import { FirstReads } from "../../../src/checkpoint/first-reads.js";
import { above, type Marker, type Rules, type Told } from "./rules.js";

/*
 * A thread, its runs, and the requests that are under way. Times are in units of 5 seconds. All of it is plain data, so
 * that states can be compared.
 */

/** A lease lasts two units. */
export const LEASE = 2;

export interface StoredCheckpoint {
  id: string;
  parentId: string | undefined;
  token: number;
  over?: string[] | undefined;
  /** What the run that put it had seen of its parent's writes: what it must be rebuilt from. */
  basis: string[];
}

export interface StoredWrites {
  on: string;
  task: string;
  token: number;
  claims: boolean;
  /** What its holder had read first, where it says so. */
  seen?: string[] | undefined;
  /** The token of whoever has written it: others only where holders have no place of their own. */
  by: number;
}

export type Payload =
  | {
      kind: "acquire";
      lease: string;
      until: number;
      expired: number;
      began: number;
      seen?: { lease: string; until: number } | undefined;
    }
  | { kind: "renew"; lease: string; token: number; until: number }
  | { kind: "release"; lease: string; token: number; told: Told }
  | { kind: "put"; checkpoint: StoredCheckpoint }
  | { kind: "writes"; writes: StoredWrites };

export interface Request {
  run: number;
  payload: Payload;
  /** How often it can still arrive. */
  copies: number;
  /** Of its first arrival: whether it was done, and the token that it was granted. */
  answer?:
    | {
        isDone: boolean;
        token: number;
        since?: number | undefined;
        stored?: number | undefined;
        storedFrom?: number | undefined;
      }
    | undefined;
  /** Whether its run waits for the answer. */
  isAwaited: boolean;
}

export interface Run {
  /** How far its clock is ahead. */
  clock: number;
  /** Whether it waits for a lease by watching the marker. */
  watches: boolean;
  /** The place in its script. */
  at: number;
  state: "runs" | "done" | "lost";
  token: number;
  lease: string;
  /** What the marker said before its lease, and when that was granted by its own clock. */
  before: Grants;
  began: number;
  /** Whether it has sent something that may be stored. */
  hasBegun: boolean;
  /** When it sent what was granted last. */
  renewedAt: number;
  sentAt: number;
  watched?: { lease: string; until: number; since: number } | undefined;
  /** What it has read first: `null` where it has not read yet. */
  base: Ranked | undefined | null;
  seen: string[];
  /** Acknowledged checkpoints, and writes as `on task`. */
  puts: string[];
  writes: string[];
}

export interface State {
  now: number;
  marker: Marker;
  checkpoints: StoredCheckpoint[];
  writes: StoredWrites[];
  runs: Run[];
  requests: Request[];
  /** Doubles that may still be made. */
  doubles: number;
  breaks: number;
}

const EPOCH = 0x01b21dd213814000n;
const START_MS = 1_700_000_000_000;

/** A time in units of 5 seconds, in milliseconds since 1970. */
export const msAt = (time: number): number => START_MS + time * 5_000;

/** An id of LangGraph's form, made at a time in units of 5 seconds. */
export function idAt(time: number, counter: number): string {
  const ticks = (BigInt(msAt(time)) * 10_000n + EPOCH + BigInt(counter)).toString(16).padStart(15, "0");
  return `${ticks.slice(0, 8)}-${ticks.slice(8, 12)}-6${ticks.slice(12)}-8000-000000000000`;
}

export function begin(clocks: number[], watches: boolean[], doubles: number, breaks: number): State {
  const old: StoredCheckpoint = { id: idAt(-100, 0), parentId: undefined, token: 0, basis: [] };
  const interrupted: StoredCheckpoint = { id: idAt(-99, 0), parentId: old.id, token: 0, basis: [] };
  return {
    now: 0,
    marker: {
      ...{ token: 0, lease: undefined, until: undefined, seconds: LEASE },
      ...{ since: undefined, stored: undefined, storedFrom: undefined },
    },
    checkpoints: [old, interrupted],
    writes: [],
    runs: clocks.map((clock, i) => ({
      clock,
      watches: watches[i]!,
      at: 0,
      state: "runs",
      token: 0,
      lease: "",
      before: { token: 0 },
      began: 0,
      hasBegun: false,
      renewedAt: 0,
      sentAt: 0,
      base: null,
      seen: [],
      puts: [],
      writes: [],
    })),
    requests: [],
    doubles,
    breaks,
  };
}

/** The checkpoints as readers meet them, a holder among them. */
export function ranked({ checkpoints, writes }: State, { claims, isLateClaim }: Rules, reads?: FirstReads): Ranked[] {
  return checkpoints
    .map(({ id, parentId, token }) => {
      const one = { id, parentId, token, claimed: 0 };
      const all = writes.filter(
        (write) => write.on === id && write.claims && !(reads && isLateClaim(reads, one, write.token)),
      );
      const claimed = claims ? all.reduce((most, write) => Math.max(most, write.token), 0) : 0;
      return { ...one, claimed };
    })
    .sort((a, b) => (a.id < b.id ? 1 : -1));
}

/** What a run remembers, as the package's own class has it. */
export function readsOf({ token, base, seen, puts, writes, before }: Run): FirstReads {
  const reads = new FirstReads(token, before);
  if (base === null) return reads;
  reads.readLatest("", base);
  if (base)
    reads.readWrites(
      "",
      base.id,
      seen.map((one) => {
        const [task = "", token] = one.split("@");
        return { sortKey: one, task, token: Number(token), names: ["w0"], seen: undefined, special: {} };
      }),
    );
  if (writes.some((one) => base && one.startsWith(`${base.id} `))) reads.stored("", base!.id);
  if (puts.length > 0) reads.put("");
  return reads;
}

/** The latest checkpoint to a holder, or to a reader without a lease. */
export function latestFor(state: State, rules: Rules, run?: Run): Ranked | undefined {
  if (!run || run.token === 0) return rules.latest(ranked(state, rules), rules.bounds(state.marker));
  const reads = readsOf(run);
  const all = ranked(state, rules, reads);
  const isYoungest = state.marker.token <= run.token;
  const own = run.puts.length > 0 ? reads.bounds("") : rules.bounds(run.before);
  return rules.latest(
    all.filter((one) => !rules.isLate(reads, one)),
    isYoungest ? own : rules.bounds(state.marker),
  );
}

/** The latest of all, however far one has to look for it. */
export const topOf = (state: State, rules: Rules): Ranked | undefined =>
  ranked(state, rules).reduce<Ranked | undefined>((top, one) => (top && above(top, one) ? top : one), undefined);

/** The pending writes of a checkpoint, `task@token` each: those of the youngest token for each task. */
export function pendingOf({ writes }: State, on: string, isSeen: (one: StoredWrites) => boolean): string[] {
  const youngest = new Map<string, StoredWrites>();
  for (const one of writes) {
    if (one.on !== on || !isSeen(one)) continue;
    const other = youngest.get(one.task);
    if (!other || one.token > other.token) youngest.set(one.task, one);
  }
  return [...youngest.values()].map(({ task, by }) => `${task}@${by}`).sort();
}

export function pendingFor(state: State, rules: Rules, on: string, run?: Run): string[] {
  const reads = run && readsOf(run);
  const isThere = (one: StoredWrites): boolean => !reads || rules.seesWrite(reads, on, one.task, one.token);
  const claims = claimsOn(state, on, isThere);
  return pendingOf(state, on, (one) => isThere(one) && !rules.isUnseen(claims, { ...one, name: "w0" }));
}

/** What those say who claim a checkpoint. */
export const claimsOn = (
  { writes }: State,
  on: string,
  isThere: (one: StoredWrites) => boolean = () => true,
): Claim[] =>
  writes
    .filter((one) => one.on === on && one.seen && isThere(one))
    .map(({ token, seen }) => ({ token, seen: new Set(seen) }));
