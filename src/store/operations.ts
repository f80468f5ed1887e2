import type {
  GetOperation,
  ListNamespacesOperation,
  MatchCondition,
  Operation,
  PutOperation,
  SearchOperation,
} from "@langchain/langgraph-checkpoint";
import { kindOf } from "../checks.js";
import { invalidInput } from "../errors.js";
import { checkKey, checkLabels } from "./labels.js";
import { checkPutOptions, putOptionsOf } from "./put-options.js";

/** A put that can say for how long. */
export interface StorePutOperation extends PutOperation {
  /** How long the item lives, in seconds; `null`: it stays. Default: the store's `ttl.defaultTtlSeconds`. */
  ttlSeconds?: number | null | undefined;
}

/** What LangGraph's stores do in a batch, told apart as they do it. */
export type CheckedOperation =
  | { kind: "get"; op: GetOperation }
  | { kind: "search"; op: SearchOperation & { limit: number; offset: number } }
  | { kind: "put"; op: StorePutOperation }
  | { kind: "list"; op: Partial<ListNamespacesOperation> & { offset: number } };

/**
 * What an operation asks for, as it is now: the caller may change its objects while the store works.
 * @throws DynamoDBSaverError `INVALID_INPUT`
 */
export function checkOperation(operation: Operation): CheckedOperation {
  if (typeof operation !== "object" || operation === null)
    throw invalidInput("batch needs an array of operations, each of them an object.");
  if ("namespacePrefix" in operation) {
    const { filter, limit, offset, query } = operation;
    const namespacePrefix = checkLabels("namespacePrefix", operation.namespacePrefix, { allowEmpty: true });
    if (filter !== undefined && filter !== null && typeof filter !== "object")
      throw invalidInput('filter must be an object, for example { status: "active" }.');
    if (query !== undefined && query !== null && typeof query !== "string")
      throw invalidInput("query must be a string.");
    return {
      kind: "search",
      op: {
        namespacePrefix,
        ...(filter && { filter: copyOf(filter) as Record<string, unknown> }),
        ...(query && { query }),
        limit: checkCount("limit", limit ?? 10, 0),
        offset: checkCount("offset", offset ?? 0, 0),
      },
    };
  }
  if ("key" in operation || "value" in operation) return checkItemOperation(operation as StorePutOperation);
  const { matchConditions: conditions, maxDepth, limit, offset } = operation;
  if (conditions !== undefined && !Array.isArray(conditions))
    throw invalidInput('matchConditions must be an array, for example [{ matchType: "prefix", path: ["users"] }].');
  const matchConditions = conditions?.map(checkCondition);
  return {
    kind: "list",
    op: {
      ...(matchConditions && { matchConditions }),
      ...((maxDepth ?? undefined) !== undefined && { maxDepth: checkCount("maxDepth", maxDepth, 1) }),
      ...((limit ?? undefined) !== undefined && { limit: checkCount("limit", limit, 0) }),
      offset: checkCount("offset", offset ?? 0, 0),
    },
  };
}

/** Of a filter, as far as its conditions go. */
function copyOf(filter: unknown, levels = 3): unknown {
  if (typeof filter !== "object" || filter === null || levels === 0) return filter;
  if (Array.isArray(filter)) return [...(filter as unknown[])];
  return Object.fromEntries(Object.entries(filter).map(([name, value]) => [name, copyOf(value, levels - 1)]));
}

function checkItemOperation(operation: GetOperation | StorePutOperation): CheckedOperation {
  const isPut = "value" in operation && operation.value !== null;
  const place = { namespace: checkLabels("namespace", operation.namespace, { isPut }), key: checkKey(operation.key) };
  if (!("value" in operation)) return { kind: "get", op: place };
  const { value } = operation;
  if (typeof value !== "object")
    throw invalidInput(`The value of an item must be an object, or null to delete it, not ${kindOf(value)}.`);
  const said = putOptionsOf(value);
  const { index = said?.index, ttlSeconds = said?.ttlSeconds } = operation;
  checkPutOptions({ index, ttlSeconds });
  // A copy has lost what was said beside the value, so that no serde can meet it.
  return {
    kind: "put",
    op: {
      ...place,
      value: said ? { ...value } : value,
      ttlSeconds,
      ...(index !== undefined && { index: index && [...index] }),
    },
  };
}

function checkCondition(condition: MatchCondition): MatchCondition {
  const { matchType, path } = condition ?? {};
  if (matchType !== "prefix" && matchType !== "suffix")
    throw invalidInput('The matchType of a condition must be "prefix" or "suffix".');
  return { matchType, path: checkLabels("The path of a condition", path, { allowEmpty: true }) };
}

function checkCount(name: string, count: unknown, min: number): number {
  if (typeof count === "number" && count >= min && (Number.isInteger(count) || count === Infinity)) return count;
  throw invalidInput(
    `${name} must be a whole number from ${min}, not ${typeof count === "number" ? count : kindOf(count)}.`,
  );
}
