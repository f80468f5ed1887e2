import { assistantOf, type NodeInput } from "../graphs.js";
import { HttpError, notSpoken, unfit } from "../http/http-error.js";
import { booleanIn, fieldsIn, filledIn, isFields, oneIn, textIn, textsIn, type Fields } from "../http/fields.js";
import type { Scope } from "../scope.js";
import type { Kwargs } from "./record.js";

export const STREAM_MODES = [
  "values",
  "updates",
  "messages",
  "messages-tuple",
  "custom",
  "debug",
  "tasks",
  "checkpoints",
  "tools",
  "events",
];

const RESERVED = ["thread_id", "run_id", "checkpoint_id", "checkpoint_ns", "checkpoint_map", "lease", "thread_ts"];
/** What a client does not set of a graph's configurable. */
const isReserved = (name: string): boolean =>
  RESERVED.includes(name) || name.startsWith("__pregel_") || name.startsWith("langgraph_auth");

const withoutReserved = (configurable: Fields): Fields =>
  Object.fromEntries(Object.entries(configurable).filter(([name]) => !isReserved(name)));

/** Names of nodes, or `*` for all of them. */
function nodesIn(body: Fields, name: string): string[] | "*" | undefined {
  return body[name] === "*" ? "*" : textsIn(body, name);
}

function modesIn(body: Fields): string[] {
  const given = typeof body.stream_mode === "string" ? [body.stream_mode] : textsIn(body, "stream_mode");
  const modes = given?.length ? given : ["values"];
  const unknown = modes.find((mode) => !STREAM_MODES.includes(mode));
  if (unknown !== undefined) throw unfit(`stream_mode must be some of ${STREAM_MODES.join(", ")}.`);
  return [...new Set(modes)];
}

const isNodeInput = (value: unknown): value is NodeInput => isFields(value) && typeof value.node === "string";
const isPair = (value: unknown): boolean => Array.isArray(value) && value.length === 2 && typeof value[0] === "string";

export function commandIn(body: Fields): Kwargs["command"] {
  const command = fieldsIn(body, "command");
  if (!command) return undefined;
  const { resume, update, goto } = command;
  const to = goto === undefined || goto === null ? [] : ([goto].flat() as unknown[]);
  if (!to.every((one): one is string | NodeInput => typeof one === "string" || isNodeInput(one)))
    throw unfit("command.goto must be a node's name, { node, input }, or an array of those.");
  if (Array.isArray(update) ? !update.every(isPair) : (update ?? undefined) !== undefined && !isFields(update))
    throw unfit("command.update must be an object, or an array of [channel, value].");
  const isResume = resume !== undefined && resume !== null;
  if (!isResume && (update ?? undefined) === undefined && to.length === 0)
    throw unfit("command must have one of resume, update and goto.");
  return {
    ...(isResume && { resume }),
    ...((update ?? undefined) !== undefined && { update }),
    ...(to.length > 0 && {
      goto: to.map((one) => (typeof one === "string" ? one : { node: one.node, input: one.input ?? null })),
    }),
  };
}

/** Which checkpoint a client names, in a body or as what it calls one. */
export function namedCheckpoint(checkpoint: Fields = {}, id = filledIn(checkpoint, "checkpoint_id")): Fields {
  const map = fieldsIn(checkpoint, "checkpoint_map");
  return {
    checkpoint_ns: filledIn(checkpoint, "checkpoint_ns") ?? "",
    ...(id !== undefined && { checkpoint_id: id }),
    ...(map && { checkpoint_map: map }),
  };
}

function checkpointIn(body: Fields): Fields | undefined {
  const checkpoint = fieldsIn(body, "checkpoint");
  const id = textIn(body, "checkpoint_id");
  return checkpoint || id !== undefined ? namedCheckpoint(checkpoint, id) : undefined;
}

/** What a run is started with. @throws HttpError */
export async function kwargsOf(scope: Scope, body: Fields, isTemporary: boolean): Promise<Kwargs> {
  const asked = textIn(body, "assistant_id");
  if (asked === undefined) throw unfit("assistant_id is missing: the name of a graph.");
  if ((body.webhook ?? undefined) !== undefined) throw notSpoken("webhooks");
  const config = fieldsIn(body, "config") ?? {};
  const { recursion_limit } = config;
  const tags = textsIn(config, "tags");
  if (recursion_limit !== undefined && !(Number.isInteger(recursion_limit) && (recursion_limit as number) > 0))
    throw unfit("config.recursion_limit must be a whole number above 0.");
  return {
    assistant: await assistantOf(scope, asked),
    input: body.input ?? null,
    command: commandIn(body),
    config: {
      configurable: withoutReserved(fieldsIn(config, "configurable") ?? {}),
      ...(tags && { tags }),
      ...(recursion_limit !== undefined && { recursion_limit: recursion_limit as number }),
    },
    context: body.context ?? undefined,
    metadata: fieldsIn(body, "metadata") ?? {},
    user: scope.caller.user,
    stream_mode: modesIn(body),
    stream_subgraphs: booleanIn(body, "stream_subgraphs") ?? false,
    resumable: booleanIn(body, "stream_resumable") ?? false,
    interrupt_before: nodesIn(body, "interrupt_before"),
    interrupt_after: nodesIn(body, "interrupt_after"),
    checkpoint: checkpointIn(body),
    durability:
      oneIn(body, "durability", ["sync", "async", "exit"]) ??
      (booleanIn(body, "checkpoint_during") === false ? "exit" : undefined),
    on_disconnect: oneIn(body, "on_disconnect", ["cancel", "continue"]) ?? "continue",
    multitask_strategy: oneIn(body, "multitask_strategy", ["reject", "enqueue", "interrupt", "rollback"]) ?? "reject",
    isTemporary,
  };
}

/** How long a run is to wait, in milliseconds. */
export function delayIn(body: Fields): number {
  const { after_seconds: seconds } = body;
  if (seconds === undefined || seconds === null) return 0;
  if (typeof seconds !== "number" || !(seconds >= 0 && seconds <= 366 * 86_400))
    throw new HttpError(422, "after_seconds must be a number of seconds, a year at most.");
  return seconds * 1_000;
}
