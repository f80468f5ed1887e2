/*
 * The texts that a path finds in a value, as LangGraph's InMemoryStore reads paths: `a.b`, `a[*].b`, `a[0]`, `a[-1]`,
 * `*` for every element or property, `{a,b.c}` for several, and `$` for all of it as JSON. A property can be a getter
 * of its class, as the `text` of a message is.
 */

type Step =
  | { kind: "all" }
  | { kind: "each" }
  | { kind: "element"; index: number }
  | { kind: "elements" }
  | { kind: "several"; paths: string[][] }
  | { kind: "property"; name: string };

/** A path's parts: text in brackets or braces is one, and dots divide the rest. */
const PART = /\[(?:[^[\]]|\[[^\]]*\])*\]?|\{(?:[^{}]|\{[^}]*\})*\}?|[^.[{]+/g;

export interface TextPath {
  path: string;
  steps: Step[];
}

export const textPath = (path: string): TextPath => ({ path, steps: partsOf(path).map(stepOf) });

const partsOf = (path: string): string[] => path.match(PART) ?? [];

function stepOf(part: string, position: number): Step {
  if (part === "$" && position === 0) return { kind: "all" };
  if (part.startsWith("[") && part.endsWith("]"))
    return part === "[*]" ? { kind: "elements" } : { kind: "element", index: parseInt(part.slice(1), 10) };
  if (part.startsWith("{") && part.endsWith("}"))
    return {
      kind: "several",
      paths: part
        .slice(1, -1)
        .split(",")
        .map((path) => partsOf(path.trim())),
    };
  return part === "*" ? { kind: "each" } : { kind: "property", name: part };
}

/** The texts at a path, in the order of the value. */
export function textsAt(value: unknown, [step, ...rest]: Step[]): string[] {
  if (!step) return textOf(value);
  switch (step.kind) {
    case "all":
      return [...textOf(value), ...propertyTexts(value, "$", rest)];
    case "elements":
      return Array.isArray(value) ? value.flatMap((element) => textsAt(element, rest)) : [];
    case "element": {
      if (!Array.isArray(value)) return [];
      const index = step.index < 0 ? value.length + step.index : step.index;
      return index >= 0 && index < value.length ? textsAt(value[index], rest) : [];
    }
    case "each":
      return isObject(value) ? Object.values(value).flatMap((element) => textsAt(element, rest)) : [];
    case "several":
      return isObject(value)
        ? step.paths.filter((path) => path.length > 0).flatMap((path) => textOf(path.reduce(propertyOf, value)))
        : [];
    case "property":
      return propertyTexts(value, step.name, rest);
  }
}

const propertyTexts = (value: unknown, name: string, rest: Step[]): string[] =>
  isObject(value) && name in value ? textsAt((value as Record<string, unknown>)[name], rest) : [];

const propertyOf = (value: unknown, name: string): unknown =>
  isObject(value) && name in value ? (value as Record<string, unknown>)[name] : undefined;

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;

function textOf(value: unknown): string[] {
  // What says that it is nothing has no text.
  if (isObject(value)) return [JSON.stringify(value, null, 2) as string | undefined].flatMap((text) => text ?? []);
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? [String(value)] : [];
}
