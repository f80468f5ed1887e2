import type { Item, Value } from "../item.js";
import { refuse } from "../service-error.js";
import { typeOf } from "../values.js";

/** The way to an attribute: its name, and then names of a map and places of a list. */
export type Path = (string | number)[];

export const showPath = (path: Path): string => `[${path.join(", ")}]`;

/** What is there in an item; undefined for nothing. */
export function valueAt(item: Item | undefined, path: Path): Value | undefined {
  let value = item?.[path[0] as string];
  for (let i = 1; i < path.length && value; i++) value = childOf(value, path[i]!);
  return value;
}

function childOf(value: Value, step: string | number): Value | undefined {
  if (typeof step === "number") return (value.L as Value[] | undefined)?.[step];
  const map = value.M as Item | undefined;
  return map && Object.hasOwn(map, step) ? map[step] : undefined;
}

/** Of an item, what some paths lead to, where it stands; of a list, the chosen ones close up. */
export function chosen(item: Item, paths: Path[]): Item {
  const found = paths.filter((path) => valueAt(item, path) !== undefined);
  const part = partOf({ M: item }, found);
  return (part?.M as Item | undefined) ?? {};
}

function partOf(value: Value, paths: Path[]): Value | undefined {
  if (paths.some((path) => path.length === 0)) return value;
  const byStep = new Map<string | number, Path[]>();
  for (const [step, ...rest] of paths) byStep.set(step!, [...(byStep.get(step!) ?? []), rest]);
  if (byStep.size === 0) return undefined;
  const parts = [...byStep]
    .sort(([a], [b]) => (typeof a === "number" && typeof b === "number" ? a - b : 0))
    .map(([step, rest]) => [step, partOf(childOf(value, step)!, rest)!] as const);
  return "L" in value ? { L: parts.map(([, part]) => part) } : { M: Object.fromEntries(parts) };
}

const overlaps = (a: Path, b: Path): boolean => a.slice(0, b.length).every((step, i) => step === b[i]);

/** DynamoDB refuses two paths of which one leads through the other. */
export function checkApart(paths: Path[]): void {
  paths.forEach((path, i) => {
    for (const before of paths.slice(0, i))
      if (overlaps(path, before) || overlaps(before, path))
        refuse(
          "Two document paths overlap with each other; must remove or rewrite one of these paths; path one: " +
            `${showPath(before)}, path two: ${showPath(path)}`,
        );
  });
}

/** What becomes of an item: values to set, and paths to remove. Places of a list are those of before. */
export function changed(item: Item, sets: [Path, Value][], removes: Path[]): Item {
  let root: Value = { M: item };
  for (const [path, value] of sets) root = withValue(root, path, value);
  // From the end of a list on, so that the places before stay what they are.
  const order = (path: Path): number => (typeof path.at(-1) === "number" ? (path.at(-1) as number) : 0);
  for (const path of [...removes].sort((a, b) => order(b) - order(a))) root = without(root, path);
  return root.M as Item;
}

const invalid = (): never => refuse("The document path provided in the update expression is invalid for update");

function withValue(within: Value, [step, ...rest]: Path, value: Value): Value {
  const child = childOf(within, step!);
  if (rest.length > 0 && !child) return invalid();
  const next = rest.length > 0 ? withValue(child!, rest, value) : value;
  if (typeof step === "number") {
    if (typeOf(within) !== "L") return invalid();
    const list = [...(within.L as Value[])];
    // Beyond its end, it is added at its end.
    list[Math.min(step, list.length)] = next;
    return { L: list };
  }
  if (typeOf(within) !== "M") return invalid();
  return { M: { ...(within.M as Item), [step!]: next } };
}

function without(within: Value, [step, ...rest]: Path): Value {
  const child = childOf(within, step!);
  if (rest.length > 0 && !child) return invalid();
  if (typeof step === "number") {
    if (typeOf(within) !== "L") return invalid();
    const list = within.L as Value[];
    return { L: rest.length > 0 ? list.with(step, without(child!, rest)) : list.filter((_, i) => i !== step) };
  }
  if (typeOf(within) !== "M") return invalid();
  const { [step!]: _, ...others } = within.M as Item;
  return { M: rest.length > 0 ? { ...(within.M as Item), [step!]: without(child!, rest) } : others };
}
