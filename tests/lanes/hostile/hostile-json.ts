import type { Random } from "./random.js";

/*
 * JSON that nobody would write: a value of somebody's own with one place changed into what a reader may not expect.
 */

/** Stands for JSON text that no JavaScript value gives, and is replaced after `JSON.stringify`. */
const raw = (json: string): string => `@raw:${json}@`;

const NUMBERS = [
  0,
  1,
  -1,
  2,
  0.5,
  -0.5,
  63,
  64,
  1_024,
  2 ** 16,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32 - 1,
  2 ** 32,
  2 ** 53 - 1,
  -(2 ** 31),
  -(2 ** 53 - 1),
];
const RAW_NUMBERS = ["-0", "1e999", "-1e999", "1e-999", "9007199254740993", "1E5"].map(raw);

/** Lengths, counts and versions that are none. */
export const hostileNumber = (random: Random): unknown =>
  random.chance(0.7) ? random.pick(NUMBERS) : random.pick(RAW_NUMBERS);

const TEXTS = [
  "",
  "a",
  "json",
  "bytes",
  "run",
  "__proto__",
  "constructor",
  "toString",
  "\ud800",
  "\u0000",
  "\u{10ffff}",
  "../",
  "C#$",
  "0",
  "-1",
  "x".repeat(5_000),
];

const OTHERS: unknown[] = [
  null,
  true,
  false,
  [],
  {},
  [[]],
  [[[], []]],
  { length: 2 ** 32 - 1 },
  // No text can be made of these.
  { toString: null, valueOf: null },
  [{ toString: 1 }],
  raw('{"__proto__":{"polluted":true}}'),
  raw('{"constructor":{"prototype":{"polluted":true}}}'),
  { lc: 1, type: "constructor", id: ["langchain_core", "nothing", "Nothing"], kwargs: {} },
  { lc: 1, type: "secret", id: ["PATH"] },
  { lc: 1, type: "not_implemented", id: ["a"] },
  { lc: 2, type: "constructor", id: ["Function"], method: null, args: ["globalThis.polluted = true"], kwargs: {} },
  { lc: 2, type: "constructor", id: ["Map"], method: null, args: [[1]], kwargs: {} },
  { lc: 2, type: "undefined" },
  { lc: 2, type: "delta_snapshot", value: [] },
  Array.from({ length: 3_000 }, (_, i) => i),
  Object.fromEntries(Array.from({ length: 2_000 }, (_, i) => [`name${i}`, i])),
  raw("[".repeat(400) + "]".repeat(400)),
  raw('{"a":'.repeat(400) + "1" + "}".repeat(400)),
];

function hostileValue(random: Random): unknown {
  const kind = random.below(3);
  if (kind === 0) return hostileNumber(random);
  // A copy: it may be changed in its turn.
  return structuredClone(random.pick<unknown>(kind === 1 ? TEXTS : OTHERS));
}

/** JSON text of a value with one to three places changed. */
export function mutateJson(value: unknown, random: Random): string {
  let changed = structuredClone(value);
  for (let count = 1 + random.below(3); count > 0; count--) changed = changeOnce(changed, random);
  return toJson(changed);
}

export const toJson = (value: unknown): string =>
  // A text inside of JSON has its quotes escaped, so they are unescaped again.
  (JSON.stringify(value) ?? "null").replace(/"@raw:(.*?)@"/g, (_, json: string) => JSON.parse(`"${json}"`) as string);

function changeOnce(root: unknown, random: Random): unknown {
  const holders = holdersOf(root);
  if (holders.length === 0 || random.chance(0.12)) return hostileValue(random);
  const holder = random.pick(holders);
  if (Array.isArray(holder)) changeArray(holder, random);
  else changeObject(holder as Record<string, unknown>, random);
  return root;
}

/** Every array and object in a value that has something in it, as far as it was not made here. */
function holdersOf(value: unknown, depth = 0): object[] {
  if (typeof value !== "object" || value === null || depth > 20) return [];
  const inside = Object.values(value);
  return inside.length === 0 ? [] : [value, ...inside.slice(0, 200).flatMap((part) => holdersOf(part, depth + 1))];
}

function changeArray(array: unknown[], random: Random): void {
  const at = random.below(array.length);
  const how = random.weighted({ replace: 5, number: 3, remove: 2, double: 2, insert: 2, swap: 1, cut: 1, many: 1 });
  if (how === "replace") array[at] = hostileValue(random);
  if (how === "number") array[at] = hostileNumber(random);
  if (how === "remove") array.splice(at, 1);
  if (how === "double") array.splice(at, 0, structuredClone(array[at]));
  if (how === "insert") array.splice(at, 0, hostileValue(random));
  if (how === "swap") [array[at], array[0]] = [array[0], array[at]];
  if (how === "cut") array.length = at;
  if (how === "many") for (let i = 0; i < 500; i++) array.push(array[at]);
}

function changeObject(object: Record<string, unknown>, random: Random): void {
  const name = random.pick(Object.keys(object));
  const how = random.weighted({ replace: 5, remove: 3, rename: 2, add: 2 });
  if (how === "replace") object[name] = hostileValue(random);
  if (how === "add") define(object, random.pick(TEXTS), hostileValue(random));
  if (how === "rename") define(object, random.pick(TEXTS), object[name]);
  if (how === "remove" || how === "rename") delete object[name];
}

/** Not by assignment, which takes `__proto__` for more than a name. */
function define(object: object, name: string, value: unknown): void {
  Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true });
}
