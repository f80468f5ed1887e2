import { InvalidNamespaceError } from "@langchain/langgraph-checkpoint";
import { kindOf } from "../checks.js";
import { DynamoDBSaverError, invalidInput } from "../errors.js";
import { MAX_LABELS } from "./namespaces.js";

/*
 * One rule for the labels of a namespace in all that a store does: the one of LangGraph's own stores since checkpoint
 * 1.2. `batch` has to enforce it, because that is where nodes come in, and because what the base class checks depends
 * on its version.
 */

/**
 * UTF-16 units of all labels, and of a key. What a key of the table cannot hold stands in an attribute, and an item has
 * 400 KB.
 */
export const MAX_LENGTH = 20_000;

const FORBIDDEN: readonly [sign: string, name: string][] = [
  [".", "a period"],
  [":", "a colon"],
  ["\0", "a NUL"],
];

/**
 * The labels, as they are now.
 * @param name what the caller calls them
 * @throws DynamoDBSaverError `INVALID_INPUT`, its cause an `InvalidNamespaceError` as LangGraph's stores throw it
 */
export function checkLabels(name: string, given: unknown, { allowEmpty = false, isPut = false } = {}): string[] {
  if (!Array.isArray(given))
    throw invalidNamespace(`${name} must be an array of strings, for example ["users", "ada"].`);
  if (given.length > MAX_LABELS)
    throw invalidNamespace(
      `${name} has ${given.length} labels, and may have ${MAX_LABELS}. Join some of them into one.`,
    );
  const labels = Array.from(given as unknown[], (label, i) => checkLabel(`${name}[${i}]`, label));
  if (labels.length === 0 && !allowEmpty)
    throw invalidNamespace(`${name} must have one label or more, for example ["users", "ada"].`);
  if (labels.join("").length > MAX_LENGTH)
    throw invalidNamespace(
      `The labels of ${name} are longer than ${MAX_LENGTH} characters together. Use a hash of what is long.`,
    );
  if (isPut && labels[0] === "langgraph")
    throw invalidNamespace(
      `${name}[0] must not be "langgraph": LangGraph keeps that label for itself. Take another one.`,
    );
  return labels;
}

function checkLabel(name: string, label: unknown): string {
  if (typeof label !== "string") throw invalidNamespace(`${name} must be a string, not ${kindOf(label)}.`);
  if (label === "") throw invalidNamespace(`${name} must not be an empty string.`);
  const found = FORBIDDEN.find(([sign]) => label.includes(sign));
  if (found)
    throw invalidNamespace(
      `${name} must not have ${found[1]} in it, as in all stores of LangGraph. Write another sign for it, for ` +
        `example "_".`,
    );
  return label;
}

/** @throws DynamoDBSaverError `INVALID_INPUT` */
export function checkKey(key: unknown): string {
  if (typeof key !== "string") throw invalidInput(`The key of an item must be a string, not ${kindOf(key)}.`);
  if (key.length > MAX_LENGTH)
    throw invalidInput(
      `The key of an item may have ${MAX_LENGTH} characters, not ${key.length}. Use a hash of what is long.`,
    );
  return key;
}

const invalidNamespace = (message: string): DynamoDBSaverError =>
  new DynamoDBSaverError("INVALID_INPUT", message, { cause: new InvalidNamespaceError(message) });
