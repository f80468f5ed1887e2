import type { Random } from "../../lanes/hostile/random.js";
import type { Item, Value } from "./item.js";

export const SORT_KEYS = ["a", "a#1", "b", "é", "😀", "z"];
export const NAMES = ["n", "s", "b", "l", "m", "ss", "ns"];
const base64 = (text: string): string => Buffer.from(text).toString("base64");

export function valueFor(random: Random, name: string, depth = 0): Value {
  const leaf = (): Value => valueFor(random, random.pick(["n", "s", "b"]));
  switch (random.chance(0.9) ? name : random.pick(NAMES)) {
    case "n":
      return { N: random.pick(["0", "1", "-2", "7.5", "9007199254740993", "12345678901234567890123456789012345678"]) };
    case "s":
      return { S: random.pick(["", "x", "xy", "é", "😀y"]) };
    case "b":
      return { B: random.pick(["", "x", "xy"].map(base64)) };
    case "ss":
      return { SS: random.pick([["x"], ["x", "y"], ["y", "z", "xy"]]) };
    case "ns":
      return { NS: random.pick([["1"], ["1", "2"], ["7.5", "2"]]) };
    case "l":
      return {
        L: Array.from({ length: random.below(4) }, () =>
          depth > 0 ? leaf() : valueFor(random, random.pick(["n", "s", "m"]), 1),
        ),
      };
    default:
      return {
        M: Object.fromEntries(
          ["p", "q"]
            .filter(() => random.chance(0.7))
            .map((key) => [key, depth > 0 ? leaf() : valueFor(random, random.pick(["n", "s", "l"]), 1)]),
        ),
      };
  }
}

export const keyOf = (random: Random, partitions: string[]): Item => ({
  PK: { S: random.pick(partitions) },
  SK: { S: random.pick(SORT_KEYS) },
});

export const generateItem = (random: Random, partitions: string[]): Item => ({
  ...keyOf(random, partitions),
  ...Object.fromEntries(NAMES.filter(() => random.chance(0.6)).map((name) => [name, valueFor(random, name)])),
});
