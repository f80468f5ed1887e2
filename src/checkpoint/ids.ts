import type { RunnableConfig } from "@langchain/core/runnables";
import { kindOf } from "../checks.js";
import { invalidInput } from "../errors.js";

/** The ids that a LangGraph config carries; `undefined` where it has none. */
export interface ConfigIds {
  threadId: string | undefined;
  ns: string | undefined;
  checkpointId: string | undefined;
}

/** @throws DynamoDBSaverError `INVALID_INPUT` when an id is there but is not a string */
export function configIds(config: RunnableConfig | undefined): ConfigIds {
  const configurable: unknown = objectOrNone("The config", config, '{ configurable: { thread_id: "1" } }').configurable;
  const { thread_id, checkpoint_ns, checkpoint_id, thread_ts } = objectOrNone(
    "config.configurable",
    configurable,
    '{ thread_id: "1" }',
  );
  return {
    threadId: optionalId("thread_id", thread_id),
    ns: optionalId("checkpoint_ns", checkpoint_ns, { allowEmpty: true }),
    // LangGraph means "the latest" by an empty checkpoint id, and `thread_ts` is its older name.
    checkpointId: optionalId("checkpoint_id", checkpoint_id || thread_ts || undefined),
  };
}

/**
 * @param where how the caller passes it
 * @throws DynamoDBSaverError `INVALID_INPUT` when it is missing
 */
export function requireId(name: string, id: unknown, method: string, where: string): string {
  const text = optionalId(name, id);
  if (text === undefined) throw invalidInput(`${method} needs a ${name}. Pass it ${where}.`);
  return text;
}

/**
 * The run that puts a checkpoint. LangGraph takes it over from `configurable` into `metadata`, for subgraphs too,
 * unless it is there.
 */
export function runIdOf({ metadata, configurable }: RunnableConfig): string | undefined {
  const runId: unknown = metadata?.run_id ?? (configurable as Record<string, unknown> | undefined)?.run_id;
  return typeof runId === "string" && runId !== "" ? runId : undefined;
}

/** Where `thread_id`, `checkpoint_ns` and `checkpoint_id` come from. */
export const inConfig = (name: string): string => `in the config: { configurable: { ${name}: "…" } }`;

function objectOrNone(name: string, value: unknown, example: string): Record<string, unknown> {
  if (value === undefined || value === null) return {};
  if (typeof value === "object" && !Array.isArray(value)) return value as Record<string, unknown>;
  throw invalidInput(`${name} must be an object, for example ${example}, not ${kindOf(value)}.`);
}

export function optionalId(name: string, id: unknown, { allowEmpty = false } = {}): string | undefined {
  if (id === undefined || id === null) return undefined;
  if (typeof id !== "string")
    throw invalidInput(`${name} must be a string, not ${kindOf(id)}. Convert it, for example with String(${name}).`);
  if (id === "" && !allowEmpty) throw invalidInput(`${name} must not be an empty string.`);
  return id;
}

/** 100 ns units from the calendar's beginning, in RFC 9562, to 1970. */
const UNIX_EPOCH = 0x01b21dd213814000n;

const UUID_6 = /^([0-9a-f]{8})-([0-9a-f]{4})-6([0-9a-f]{3})-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/**
 * When a checkpoint was made, as its id says, in milliseconds since 1970: LangGraph's ids are UUIDs of version 6.
 * `undefined` for others.
 */
export function idTime(checkpointId: string): number | undefined {
  const [, high, middle, low] = UUID_6.exec(checkpointId) ?? [];
  return high === undefined ? undefined : Number((BigInt(`0x${high}${middle}${low}`) - UNIX_EPOCH) / 10_000n);
}
