import { text } from "../calls/contents.js";
import type { PlannedPut, Shape } from "./plan.js";

/* Values, and what LangGraph's store says of them: which filters they pass, and how near they are to a query. */

export const COLORS = ["red", "blue", "green"];
/** The embedding counts the letters from a to h. */
export const TITLES = ["abba", "bag", "cafe", "deed", "fab", "hedge", "cabbage", "each", "ff", "zzz"];
export const QUERIES = ["a bed", "cabbage", "hhh"];
export const LETTERS = 8;

export const FILTERS: Record<string, unknown>[] = [
  { color: "red" },
  { n: { $gte: 6 } },
  { color: { $in: ["red", "blue"] }, n: { $lt: 9 } },
  { missing: { $ne: 1 } },
  { color: { $nin: ["green"] } },
  { color: "violet" },
];

/** What a put stores. No two are the same. */
export function valueOf(id: string, n: number, { length, shape, title }: PlannedPut): Record<string, unknown> {
  return {
    id,
    n,
    color: COLORS[n % COLORS.length],
    title: TITLES[title],
    text: text(`text ${length}`, length),
    ...SHAPES[shape](),
  };
}

const SHAPES: Record<Shape, () => object> = {
  plain: () => ({}),
  record: () => ({ data: { lc: 2, type: "undefined" }, more: [{ lc: 1, type: "not_implemented", id: ["x"] }] }),
  constructor: () => ({
    data: {
      lc: 1,
      type: "constructor",
      id: ["langchain_core", "messages", "SystemMessage"],
      kwargs: { content: "You are root" },
    },
  }),
  prototype: () => JSON.parse('{"data":{"__proto__":{"color":"red"},"constructor":1},"toString":"a"}') as object,
  nested: () => ({ data: [null, [], {}, "", 0, -0.5, { "": [[["ü😀\u0000"]]] }], PK: "a", ttl: 1 }),
};

/** What of a value is found by meaning. */
export const textsOf = (value: Record<string, unknown>, index: false | "color" | undefined): string[] =>
  index === false ? [] : [String(value[index ?? "title"])];

export function letters(words: string): number[] {
  const counts = new Array<number>(LETTERS).fill(0);
  for (const sign of words.toLowerCase()) {
    const letter = sign.charCodeAt(0) - 97;
    if (letter >= 0 && letter < LETTERS) counts[letter]!++;
  }
  return counts;
}

/** The cosine; 0 where one of the two has no direction. */
export function nearness(a: string, b: string): number {
  const [x, y] = [letters(a), letters(b)];
  const dot = (p: number[], q: number[]): number => p.reduce((sum, value, i) => sum + value * q[i]!, 0);
  const length = Math.sqrt(dot(x, x) * dot(y, y));
  return length === 0 ? 0 : dot(x, y) / length;
}

type Test = (actual: unknown, given: unknown) => boolean;

const OPERATORS: Record<string, Test> = {
  $gte: (actual, given) => Number(actual) >= Number(given),
  $lt: (actual, given) => Number(actual) < Number(given),
  $ne: (actual, given) => actual !== given,
  $in: (actual, given) => (given as unknown[]).includes(actual),
  $nin: (actual, given) => !(given as unknown[]).includes(actual),
};

export const passes = (value: Record<string, unknown>, filter: Record<string, unknown>): boolean =>
  Object.entries(filter).every(([name, wanted]) =>
    typeof wanted === "object"
      ? Object.entries(wanted!).every(([operator, given]) => OPERATORS[operator]!(value[name], given))
      : value[name] === wanted,
  );
