import { notFound } from "./http/http-error.js";
import type { Scope } from "./scope.js";

/* What the server uses of LangGraph's graphs, by their shape: nothing of LangGraph is imported. */

export interface GraphConfig {
  configurable: Record<string, unknown>;
  [name: string]: unknown;
}

export interface SnapshotTask {
  id: string;
  name: string;
  path?: unknown;
  error?: unknown;
  interrupts: { id?: string; value?: unknown }[];
  state?: Snapshot | GraphConfig;
  result?: unknown;
}

export interface Snapshot {
  values: unknown;
  next: string[];
  tasks: SnapshotTask[];
  metadata?: Record<string, unknown>;
  createdAt?: string;
  config: GraphConfig;
  parentConfig?: GraphConfig;
}

export interface Graph {
  checkpointer: unknown;
  store: unknown;
  nodes?: Record<string, unknown>;
  streamChannelsAsIs?: string | string[];
  stream(input: unknown, options: object): Promise<AsyncIterable<unknown>>;
  streamEvents(input: unknown, options: object): AsyncIterable<Record<string, unknown>>;
  getState(config: object, options?: object): Promise<Snapshot>;
  getStateHistory(config: object, options?: object): AsyncIterable<Snapshot>;
  updateState(config: object, values: unknown, asNode?: string): Promise<GraphConfig>;
  bulkUpdateState(config: object, supersteps: object[]): Promise<GraphConfig>;
  withConfig(config: object): Graph;
  getGraphAsync?(config?: object): Promise<{ toJSON(): unknown }>;
  getSubgraphsAsync?(namespace?: string, recurse?: boolean): AsyncIterable<[string, Graph]>;
}

export interface Assistant {
  id: string;
  name: string;
}

/** LangGraph's own namespace for the ids of assistants that come with a graph. */
const NAMESPACE = "6ba7b8219dad11d180b400c04fd430c8";

/** A UUID of version 5, as LangGraph's server makes it of a graph's name. */
async function assistantId(name: string): Promise<string> {
  const space = Uint8Array.from({ length: 16 }, (_, i) => parseInt(NAMESPACE.slice(2 * i, 2 * i + 2), 16));
  const text = new TextEncoder().encode(name);
  const both = new Uint8Array(16 + text.length);
  both.set(space);
  both.set(text, 16);
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-1", both)).slice(0, 16);
  hash[6] = (hash[6]! & 0x0f) | 0x50;
  hash[8] = (hash[8]! & 0x3f) | 0x80;
  const hex = [...hash].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

export const assistantsOf = (scope: Scope): Promise<Assistant[]> =>
  Promise.all(Object.keys(scope.config.graphs).map(async (name) => ({ name, id: await assistantId(name) })));

/** By the graph's name, or by its id. @throws HttpError 404 */
export async function assistantOf(scope: Scope, asked: string): Promise<Assistant> {
  const found = (await assistantsOf(scope)).find(({ name, id }) => asked === name || asked === id);
  if (!found) throw notFound("assistant");
  return found;
}

/** The graph of a name with the checkpointer and the store of the caller. The one that was given stays as it is. */
export function graphOf(scope: Scope, name: string): Graph {
  if (!Object.hasOwn(scope.config.graphs, name)) throw notFound("assistant");
  const given = scope.config.graphs[name] as unknown as Graph & { graph?: Graph };
  // An agent of LangChain has its graph inside.
  const graph = typeof given.graph?.getStateHistory === "function" ? given.graph : given;
  const own = graph.withConfig({});
  own.checkpointer = scope.saver;
  if (scope.store) own.store = scope.store;
  return own;
}

/** The graph that a thread's state is read by: that of its last run, else the first one. */
export function graphOfThread(scope: Scope, metadata: Record<string, unknown>): Graph {
  const name = metadata.graph_id;
  const known = typeof name === "string" && Object.hasOwn(scope.config.graphs, name);
  return graphOf(scope, known ? name : Object.keys(scope.config.graphs)[0]!);
}

/** @throws HttpError 404 where a checkpoint is named and is not there: 1 request, where one is named */
export async function checkNamed({ saver }: Scope, threadId: string, named: Record<string, unknown>): Promise<void> {
  const { checkpoint_id, checkpoint_ns } = named;
  if (checkpoint_id === undefined) return;
  if (!(await saver.getTuple({ configurable: { thread_id: threadId, checkpoint_ns, checkpoint_id } })))
    throw notFound("checkpoint");
}

/** A node that runs with an input of its own. */
export interface NodeInput {
  node: string;
  input: unknown;
}

/** A command as a client gives it. */
export interface CommandFields {
  resume?: unknown;
  update?: unknown;
  goto?: (string | NodeInput)[];
}

/** The channel from which LangGraph makes its own `Send`s, whose class cannot be imported here. */
const SENDS = "__pregel_tasks";

/** What tells LangGraph's graphs that an input is a command, as its class does. */
export class GraphCommand {
  readonly lg_name = "Command";
  readonly resume: unknown;
  readonly update: unknown;
  readonly goto: string[] = [];

  constructor({ resume, update, goto = [] }: CommandFields) {
    this.resume = resume;
    const sends: [string, unknown][] = [];
    for (const to of goto)
      if (typeof to === "string") this.goto.push(to);
      else sends.push([SENDS, { lg_name: "Send", node: to.node, args: to.input }]);
    const updates = Array.isArray(update) ? (update as unknown[]) : Object.entries(update ?? {});
    this.update = sends.length > 0 ? [...updates, ...sends] : update;
  }

  /** What LangGraph asks of a command that stands for what a node has returned. */
  _updateAsTuples(): [string, unknown][] {
    return Array.isArray(this.update) ? (this.update as [string, unknown][]) : Object.entries(this.update ?? {});
  }
}
