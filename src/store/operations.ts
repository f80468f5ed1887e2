import {
  InvalidNamespaceError,
  type GetOperation,
  type ListNamespacesOperation,
  type MatchCondition,
  type Operation,
  type PutOperation,
  type SearchOperation,
} from "@langchain/langgraph-checkpoint";
import { checkTtl } from "../config.js";
import { invalidInput } from "../errors.js";

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

/** @throws DynamoDBSaverError `INVALID_INPUT` */
export function checkOperation(operation: Operation): CheckedOperation {
  if (typeof operation !== "object" || operation === null) throw invalidInput("batch needs an array of operations, each of them an object.");
  if ("namespacePrefix" in operation) {
    const { namespacePrefix, filter, limit = 10, offset = 0, query } = operation;
    checkLabels("namespacePrefix", namespacePrefix);
    if (filter !== undefined && filter !== null && typeof filter !== "object") throw invalidInput('filter must be an object, for example { status: "active" }.');
    if (query !== undefined && query !== null && typeof query !== "string") throw invalidInput("query must be a string.");
    return { kind: "search", op: { ...operation, limit: checkCount("limit", limit, 0), offset: checkCount("offset", offset, 0) } };
  }
  if ("key" in operation || "value" in operation) {
    const { namespace, key } = operation as GetOperation;
    checkLabels("namespace", namespace);
    if (typeof key !== "string") throw invalidInput(`The key of an item must be a string, not ${kindOf(key)}.`);
    if (!("value" in operation)) return { kind: "get", op: operation };
    const op: StorePutOperation = operation as unknown as StorePutOperation;
    const { value, index, ttlSeconds } = op;
    if (typeof value !== "object") throw invalidInput(`The value of an item must be an object, or null to delete it, not ${kindOf(value)}.`);
    const isIndex = index === undefined || index === null || index === false || (Array.isArray(index) && index.every((path) => typeof path === "string"));
    if (!isIndex) throw invalidInput('index must be false, or an array of paths such as ["title", "chapters[*].content"].');
    if (ttlSeconds !== undefined && ttlSeconds !== null) checkTtl("ttlSeconds", ttlSeconds, invalidInput);
    return { kind: "put", op };
  }
  const { matchConditions, maxDepth, limit, offset = 0 } = operation;
  for (const condition of matchConditions ?? []) checkCondition(condition);
  if (maxDepth !== undefined) checkCount("maxDepth", maxDepth, 1);
  if (limit !== undefined) checkCount("limit", limit, 0);
  return { kind: "list", op: { ...operation, offset: checkCount("offset", offset, 0) } };
}

/**
 * What `put` of every LangGraph store refuses; `batch` of none does.
 * @throws InvalidNamespaceError
 */
export function checkNamespace(namespace: string[]): void {
  const refuse = (problem: string): never => {
    throw new InvalidNamespaceError(`${problem} Got: ${JSON.stringify(namespace)}`);
  };
  if (!Array.isArray(namespace) || namespace.length === 0) refuse("A namespace must be an array of one label or more.");
  for (const label of namespace) {
    if (typeof label !== "string") refuse("The labels of a namespace must be strings.");
    if (label === "") refuse("The labels of a namespace must not be empty.");
    if (label.includes(".")) refuse("The labels of a namespace must not contain periods.");
  }
  if (namespace[0] === "langgraph") refuse('The first label of a namespace must not be "langgraph".');
}

function checkLabels(name: string, labels: unknown): void {
  if (Array.isArray(labels) && labels.every((label) => typeof label === "string")) return;
  throw invalidInput(`${name} must be an array of strings, for example ["users", "ada"], not ${kindOf(labels)}.`);
}

function checkCondition({ matchType, path }: MatchCondition): void {
  if (matchType !== "prefix" && matchType !== "suffix") throw invalidInput('The matchType of a condition must be "prefix" or "suffix".');
  checkLabels("The path of a condition", path);
}

function checkCount(name: string, count: unknown, min: number): number {
  if (typeof count === "number" && count >= min && (Number.isInteger(count) || count === Infinity)) return count;
  throw invalidInput(`${name} must be a whole number from ${min}, not ${typeof count === "number" ? count : kindOf(count)}.`);
}

const kindOf = (value: unknown): string => (value === null || value === undefined ? String(value) : Array.isArray(value) ? "an array" : typeof value === "object" ? "an object" : `a ${typeof value}`);
