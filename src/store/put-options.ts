import { isPlainObject } from "../checks.js";
import { checkTtl } from "../config/values.js";
import { invalidInput, unreadable } from "../errors.js";

/** What a `put` can say besides LangGraph's own arguments. */
export interface StorePutOptions {
  /** How long the item lives, in seconds; `null`: it stays. Default: the store's `ttl.defaultTtlSeconds`. */
  ttlSeconds?: number | null | undefined;
}

/** What {@link withPutOptions} can say about a value. */
export interface ValuePutOptions {
  /** How long the item lives, in seconds; `null`: it stays. Default: the store's `ttl.defaultTtlSeconds`. */
  ttlSeconds?: number | null | undefined;
  /**
   * `false`: the item is not found by meaning; paths: these fields are embedded. Default: those of the store's option
   * `index`.
   */
  index?: false | string[] | undefined;
}

/** In the global registry of symbols, since a bundle can hold this module twice. */
const PUT_OPTIONS = Symbol.for("langgraph-checkpoint-dynamodb.putOptions");

const NAMES: readonly string[] = ["ttlSeconds", "index"] satisfies (keyof ValuePutOptions)[];

/**
 * A copy of a value that says how {@link DynamoDBStore} has to put it. In a node there is no other way: the store that
 * a node is given passes on namespace, key and value only, and drops the other arguments of `put`.
 *
 * What is said stands beside the value and is never stored. Arguments of `put`, and fields of an operation of `batch`,
 * come before it; said twice about one value, the later word counts for each option. Other stores put the value as it
 * is.
 *
 * @param value a plain object, which is not changed
 * @throws DynamoDBSaverError `INVALID_INPUT`
 *
 * @example
 * ```ts
 * import type { LangGraphRunnableConfig } from "@langchain/langgraph";
 * import { withPutOptions } from "langgraph-checkpoint-dynamodb";
 *
 * export async function remember({ items }: { items: string[] }, { store }: LangGraphRunnableConfig) {
 *   await store!.put(["sessions", "ada"], "cart", withPutOptions({ items }, { ttlSeconds: 3_600, index: false }));
 *   return {};
 * }
 * ```
 */
export function withPutOptions<V extends object>(value: V, options: ValuePutOptions): V {
  if (!isPlainObject(value))
    throw invalidInput('withPutOptions needs a plain object as its value, for example { text: "likes tea" }.');
  checkKnown("withPutOptions", options, NAMES);
  const { index, ttlSeconds } = options;
  checkPutOptions(options);
  let copy: V;
  try {
    copy = { ...value };
  } catch (error) {
    throw unreadable("The value of withPutOptions", error);
  }
  const said = {
    ...putOptionsOf(value),
    ...(ttlSeconds !== undefined && { ttlSeconds }),
    ...(index !== undefined && { index: index && [...index] }),
  };
  // Not enumerable: nobody who goes through the value, or copies it, meets them.
  return Object.defineProperty(copy, PUT_OPTIONS, { value: said });
}

/** What was said about a value, if anything was. */
export function putOptionsOf(value: object | null): ValuePutOptions | undefined {
  if (value === null) return undefined;
  try {
    return Object.hasOwn(value, PUT_OPTIONS) ? (value as Record<symbol, ValuePutOptions>)[PUT_OPTIONS] : undefined;
  } catch {
    // It cannot be read, as a proxy that was revoked. The serde says more of that.
    return undefined;
  }
}

/** @throws DynamoDBSaverError `INVALID_INPUT` when it is no object, or has another option */
export function checkKnown(call: string, options: unknown, names: readonly string[]): void {
  if (typeof options !== "object" || options === null || Array.isArray(options))
    throw invalidInput(`${call} needs its options as an object, for example { ttlSeconds: 3_600 }.`);
  const unknown = Object.keys(options).find((name) => !names.includes(name));
  if (unknown !== undefined)
    throw invalidInput(`${call} has no option ${JSON.stringify(unknown)}. The options are ${names.join(", ")}.`);
}

/** @throws DynamoDBSaverError `INVALID_INPUT` */
export function checkPutOptions({ index, ttlSeconds }: { index?: unknown; ttlSeconds?: unknown }): void {
  const isIndex =
    index === undefined ||
    index === null ||
    index === false ||
    (Array.isArray(index) && Array.from(index).every((path) => typeof path === "string"));
  if (!isIndex)
    throw invalidInput('index must be false, or an array of paths such as ["title", "chapters[*].content"].');
  if (ttlSeconds !== undefined && ttlSeconds !== null) checkTtl("ttlSeconds", ttlSeconds, invalidInput);
}
