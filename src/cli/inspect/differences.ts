import { create } from "jsondiffpatch";

/** What is different at one place inside a value. */
export interface Difference {
  /** Names and indices; of what was removed from a list, the index that it had. */
  path: (string | number)[];
  change: "added" | "removed" | "changed" | "moved";
  before?: unknown;
  after?: unknown;
  /** Where it was in its list before it was moved. */
  from?: number;
}

const patcher = create({
  // A message that was trimmed from a list's beginning must not make all others different.
  objectHash: (value: object, index?: number) => idOf(value) ?? `at ${index}`,
  arrays: { detectMove: true },
});

function idOf(value: object): string | undefined {
  const { kwargs, id } = value as { kwargs?: { id?: unknown } | null; id?: unknown };
  const own = kwargs?.id ?? id;
  return typeof own === "string" ? own : undefined;
}

/** The differences between two JSON values, in their order. */
export function differencesOf(before: unknown, after: unknown): Difference[] {
  return flattened(patcher.diff(comparable(before), comparable(after)), []);
}

/** Bytes are compared as text: the differ would take them for an object of numbers. */
const comparable = (value: unknown): unknown =>
  value instanceof Uint8Array ? `<${value.length} bytes> ${Buffer.from(value).toString("base64")}` : value;

/*
 * jsondiffpatch's deltas: [after] is added, [before, after] changed, [before, 0, 0] removed, ["", to, 3] moved within a
 * list; an object has deltas by name, and one of a list `_t: "a"`, deltas by new index, and by `_` and the old index.
 */
function flattened(delta: unknown, path: (string | number)[]): Difference[] {
  if (delta === undefined) return [];
  if (Array.isArray(delta)) return [ofOne(delta as unknown[], path)];
  const { _t, ...parts } = delta as Record<string, unknown>;
  const isList = _t === "a";
  // What was removed has old indices, and comes before what has new ones.
  const inOrder = Object.entries(parts).sort(
    ([a], [b]) => Number(b.startsWith("_") && isList) - Number(a.startsWith("_") && isList),
  );
  return inOrder.flatMap(([name, part]) => flattened(part, [...path, isList ? Number(name.replace("_", "")) : name]));
}

function ofOne(delta: unknown[], path: (string | number)[]): Difference {
  const [first, second, kind] = delta;
  if (delta.length === 1) return { path, change: "added", after: first };
  if (kind === 0) return { path, change: "removed", before: first };
  if (kind === 3)
    return { path: [...path.slice(0, -1), second as number], change: "moved", from: path.at(-1) as number };
  return { path, change: "changed", before: first, after: second };
}
