import type { CacheFullKey, CacheNamespace } from "@langchain/langgraph-checkpoint";
import { invalidInput } from "../errors.js";

/** @throws DynamoDBSaverError `INVALID_INPUT` */
export function checkKeys(keys: unknown): CacheFullKey[] {
  const isKey = (fullKey: unknown): boolean =>
    Array.isArray(fullKey) && isNamespace(fullKey[0]) && typeof fullKey[1] === "string";
  if (areAll(keys, isKey)) return keys as CacheFullKey[];
  throw invalidInput(
    'A key of the cache must be a pair of a namespace and a text, for example [["nodes", "slow"], "key"].',
  );
}

/** @throws DynamoDBSaverError `INVALID_INPUT` */
export function checkNamespaces(namespaces: unknown): CacheNamespace[] {
  if (areAll(namespaces, isNamespace)) return namespaces as CacheNamespace[];
  throw invalidInput('clear needs an array of namespaces, for example [["nodes", "slow"]]; [] is for all.');
}

const isNamespace = (namespace: unknown): boolean => areAll(namespace, (label) => typeof label === "string");

/** Spread, an array has no holes, which `every` would pass over. */
const areAll = (array: unknown, is: (element: unknown) => boolean): boolean =>
  Array.isArray(array) && [...(array as unknown[])].every(is);
