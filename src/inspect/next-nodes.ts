import type { Checkpoint } from "@langchain/langgraph-checkpoint";
import { SENDS } from "../checkpoint/read/tuple.js";

/*
 * What a graph does next stands in its checkpoint: LangGraph runs the nodes whose triggers have a newer version than
 * they have seen. Without the graph, the triggers are known by their names: those that its StateGraph gives them.
 */

const BRANCH = "branch:to:";
const JOIN = "join:";
const START = "__start__";

/** Channels that only steer the graph: what a reader of the state does not look for. */
export const isInternalChannel = (name: string): boolean => /^(branch:|join:|start:|__)/.test(name);

/** Whether a channel's value says which nodes are next. */
export const tellsNextNodes = (channel: string): boolean =>
  channel === SENDS || channel.startsWith(JOIN) || channel.startsWith(BRANCH);

/**
 * The nodes that LangGraph would run from a checkpoint, one for each task.
 * @param channels those that have a value
 * @param valueOf reads one for which {@link tellsNextNodes} holds
 */
export async function nextNodes(
  body: Partial<Checkpoint>,
  channels: Iterable<string>,
  valueOf: (channel: string) => Promise<unknown>,
): Promise<string[]> {
  let sent: string[] = [];
  const triggeredNodes = new Set<string>();
  for (const channel of channels) {
    if (channel === SENDS) sent = sent.concat(targetsOf(await valueOf(channel)));
    else if (channel === START) triggered(body, channel, START, triggeredNodes);
    else if (channel.startsWith(BRANCH)) {
      if (isAvailable(await valueOf(channel))) triggered(body, channel, channel.slice(BRANCH.length), triggeredNodes);
    } else if (channel.startsWith(JOIN)) {
      const [starts = "", node = ""] = splitAtLast(channel.slice(JOIN.length), ":");
      if (haveAllArrived(starts.split("+"), await valueOf(channel))) triggered(body, channel, node, triggeredNodes);
    }
  }
  return [...sent, ...triggeredNodes];
}

function triggered(
  { channel_versions, versions_seen }: Partial<Checkpoint>,
  channel: string,
  node: string,
  nodes: Set<string>,
): void {
  const version = own(channel_versions, channel);
  const seen = own(own(versions_seen, node), channel);
  if (version !== undefined && (seen === undefined || version > seen)) nodes.add(node);
}

/** Old checkpoints can lack what is looked into. */
const own = <T>(record: Record<string, T> | null | undefined, name: string): T | undefined =>
  record && Object.hasOwn(record, name) ? record[name] : undefined;

/**
 * The channel of a deferred node has a pair: its value, and whether everything else has ended; `undefined` after the
 * node ran.
 */
function isAvailable(value: unknown): boolean {
  const isUndefined =
    (value as { lc?: unknown; type?: unknown } | null)?.lc === 2 && (value as { type?: unknown }).type === "undefined";
  return !isUndefined && !(Array.isArray(value) && value[1] === false);
}

/** `join:a+b:c` runs `c` when `a` and `b` have both been there. */
function haveAllArrived(starts: string[], value: unknown): boolean {
  const isDeferred = Array.isArray(value) && Array.isArray(value[0]);
  const arrived: unknown = isDeferred ? value[0] : value;
  return isAvailable(value) && Array.isArray(arrived) && starts.every((start) => arrived.includes(start));
}

function targetsOf(sends: unknown): string[] {
  if (!Array.isArray(sends)) return [];
  return sends.flatMap((send: unknown) => {
    const node = (send as { node?: unknown } | null)?.node;
    return typeof node === "string" ? [node] : [];
  });
}

function splitAtLast(text: string, sign: string): string[] {
  const at = text.lastIndexOf(sign);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}
