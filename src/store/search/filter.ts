/*
 * Filters, with the semantics of LangGraph's InMemoryStore: values are compared by `===`, sizes as numbers. A filter
 * that is an object of operators only, an empty one included, is a set of conditions.
 */

type Condition = (actual: unknown, given: unknown) => boolean;

const OPERATORS: ReadonlyMap<string, Condition> = new Map<string, Condition>([
  ["$eq", (actual, given) => actual === given],
  ["$ne", (actual, given) => actual !== given],
  ["$gt", (actual, given) => Number(actual) > Number(given)],
  ["$gte", (actual, given) => Number(actual) >= Number(given)],
  ["$lt", (actual, given) => Number(actual) < Number(given)],
  ["$lte", (actual, given) => Number(actual) <= Number(given)],
  ["$in", (actual, given) => Array.isArray(given) && given.includes(actual)],
  ["$nin", (actual, given) => !Array.isArray(given) || !given.includes(actual)],
]);

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
