/*
 * Filters, with the semantics of LangGraph's InMemoryStore: values are compared by `===`, and sizes as numbers. An
 * object has no size here. A filter that is an object of operators only, an empty one included, is a set of conditions.
 */

type Condition = (actual: unknown, given: unknown) => boolean;

const OPERATORS: ReadonlyMap<string, Condition> = new Map<string, Condition>([
  ["$eq", (actual, given) => actual === given],
  ["$ne", (actual, given) => actual !== given],
  ["$gt", (actual, given) => sizeOf(actual) > sizeOf(given)],
  ["$gte", (actual, given) => sizeOf(actual) >= sizeOf(given)],
  ["$lt", (actual, given) => sizeOf(actual) < sizeOf(given)],
  ["$lte", (actual, given) => sizeOf(actual) <= sizeOf(given)],
  ["$in", (actual, given) => Array.isArray(given) && given.includes(actual)],
  ["$nin", (actual, given) => !Array.isArray(given) || !given.includes(actual)],
]);

/** An object has none: how it turns itself into a number is a matter of who has stored it, and may fail. */
const sizeOf = (value: unknown): number =>
  value === null || !["object", "function", "symbol"].includes(typeof value) ? Number(value) : NaN;

export type Filter = Readonly<Record<string, unknown>>;

/** Whether a value has, at its top level, what every entry of the filter asks for. */
export function passes(value: unknown, filter: Filter): boolean {
  return Object.entries(filter).every(([name, wanted]) => holds((value as Record<string, unknown>)[name], wanted));
}

function holds(actual: unknown, wanted: unknown): boolean {
  const conditions = typeof wanted === "object" && wanted !== null ? Object.entries(wanted) : undefined;
  if (!conditions?.every(([operator]) => OPERATORS.has(operator))) return actual === wanted;
  return conditions.every(([operator, given]) => OPERATORS.get(operator)!(actual, given));
}
