import type { RunnableConfig } from "@langchain/core/runnables";
import { invalidInput } from "../errors.js";

/** The ids that a LangGraph config carries; `undefined` where it has none. */
export interface ConfigIds {
  threadId: string | undefined;
  ns: string | undefined;
  checkpointId: string | undefined;
}

/** @throws DynamoDBSaverError `INVALID_INPUT` when an id is there but is not a string */
export function configIds(config: RunnableConfig | undefined): ConfigIds {
  const configurable: unknown = config?.configurable ?? {};
  if (typeof configurable !== "object") {
    throw invalidInput(`config.configurable must be an object, for example { thread_id: "1" }, not a ${typeof configurable}.`);
  }
  const { thread_id, checkpoint_ns, checkpoint_id, thread_ts } = configurable as Record<string, unknown>;
  return {
    threadId: optionalId("thread_id", thread_id),
    ns: optionalId("checkpoint_ns", checkpoint_ns, { allowEmpty: true }),
    // LangGraph means "the latest" by an empty checkpoint id, and `thread_ts` is its older name.
    checkpointId: optionalId("checkpoint_id", checkpoint_id || thread_ts || undefined),
  };
}

/** @throws DynamoDBSaverError `INVALID_INPUT` when it is missing */
export function requireId(name: string, id: unknown, method: string): string {
  const text = optionalId(name, id);
  if (text === undefined) {
    throw invalidInput(`${method} needs a ${name}. Pass it in the config: { configurable: { thread_id: "my-thread" } }.`);
  }
  return text;
}

function optionalId(name: string, id: unknown, { allowEmpty = false } = {}): string | undefined {
  if (id === undefined || id === null) return undefined;
  if (typeof id !== "string") {
    const given = Array.isArray(id) ? "an array" : typeof id === "object" ? "an object" : `a ${typeof id}`;
    throw invalidInput(`${name} must be a string, not ${given}. Convert it, for example with String(${name}).`);
  }
  if (id === "" && !allowEmpty) throw invalidInput(`${name} must not be an empty string.`);
  return id;
}
