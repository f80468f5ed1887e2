import { problemOf } from "./properties.js";
import { begin, type State } from "./state.js";
import { nextSteps, Wrong, type Action, type Bounds } from "./steps.js";
import type { Rules } from "./rules.js";
import { Random } from "../../lanes/hostile/random.js";

/** Histories that are looked at. */
export interface Space {
  scripts: Action[][];
  clocks: number[];
  watches?: boolean[];
  /** How long they go on, in units of 5 seconds. */
  until: number;
  doubles?: number;
  breaks?: number;
}

export interface Found {
  states: number;
  /** How often a run was granted a lease, a run lost it, and a run ended: a search in which nothing happens is none. */
  ended: Record<"done" | "lost", number>;
  problem?: string;
  /** What happened before it. */
  steps?: string[];
}

const beginning = ({ clocks, watches = [], doubles = 0, breaks = 0 }: Space): State =>
  begin(
    clocks,
    clocks.map((_, i) => watches[i] ?? false),
    doubles,
    breaks,
  );

/**
 * Every state that can be reached, the shortest ways first.
 * @throws when there are more than `maxStates`: what was not looked at is not proven
 */
export function exploreAll(space: Space, rules: Rules, maxStates: number): Found {
  const bounds: Bounds = { ...space, rules };
  const found: Found = { states: 0, ended: { done: 0, lost: 0 } };
  const start = beginning(space);
  const seen = new Set([JSON.stringify(start)]);
  let row: { state: State; way: Way | undefined }[] = [{ state: start, way: undefined }];
  while (row.length > 0) {
    const next: typeof row = [];
    for (const { state, way } of row) {
      found.states++;
      for (const { state: end } of state.runs) if (end !== "runs") found.ended[end]++;
      const problem = problemOf(state, rules);
      if (problem) return { ...found, problem, steps: stepsOf(way) };
      let steps: [string, State][];
      try {
        steps = nextSteps(state, bounds);
      } catch (error) {
        if (!(error instanceof Wrong)) throw error;
        return { ...found, problem: error.message, steps: stepsOf(way) };
      }
      for (const [name, one] of steps) {
        const key = JSON.stringify(one);
        if (seen.has(key)) continue;
        if (seen.size >= maxStates) throw new Error(`More than ${maxStates} states: the rest was not looked at.`);
        seen.add(key);
        next.push({ state: one, way: { name, before: way } });
      }
    }
    row = next;
  }
  return found;
}

interface Way {
  name: string;
  before: Way | undefined;
}

function stepsOf(way: Way | undefined): string[] {
  const steps: string[] = [];
  for (let at = way; at; at = at.before) steps.unshift(at.name);
  return steps;
}

/** Some way through a space that is too large to be looked at whole. */
export function exploreAtRandom(space: Space, rules: Rules, seed: string, ways: number): Found {
  const random = new Random(seed);
  const bounds: Bounds = { ...space, rules };
  const found: Found = { states: 0, ended: { done: 0, lost: 0 } };
  for (let way = 0; way < ways; way++) {
    let state = beginning(space);
    const names: string[] = [];
    for (;;) {
      found.states++;
      const problem = problemOf(state, rules);
      if (problem) return { ...found, problem, steps: names };
      let steps: [string, State][];
      try {
        steps = nextSteps(state, bounds);
      } catch (error) {
        if (!(error instanceof Wrong)) throw error;
        return { ...found, problem: error.message, steps: names };
      }
      const lively = steps.filter(([name]) => !name.includes("pass"));
      const all = lively.length > 0 && !random.chance(0.2) ? lively : steps;
      if (all.length === 0) break;
      const [name, next] = random.pick(all);
      names.push(name);
      state = next;
    }
    for (const { state: end } of state.runs) if (end !== "runs") found.ended[end]++;
  }
  return found;
}
