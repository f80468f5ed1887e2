import { checkObject, optional, wholeNumber } from "../checks.js";
import { invalidConfig } from "../errors.js";
import type { DynamoDBSaver } from "../threads/saver.js";

/** A graph as `compile()` gives it, or an agent of `createAgent()`. */
export interface AgentGraph {
  readonly stream: (...args: never[]) => unknown;
  readonly invoke: (...args: never[]) => unknown;
}

/** What the server uses of a store: a `DynamoDBStore`, or any of LangGraph's. */
export interface StoreLike {
  get(namespace: string[], key: string): Promise<object | null>;
  put(namespace: string[], key: string, value: Record<string, unknown>, index?: false | string[]): Promise<void>;
  delete(namespace: string[], key: string): Promise<void>;
  search(namespacePrefix: string[], options?: object): Promise<object[]>;
  listNamespaces(options?: object): Promise<string[][]>;
}

/** Who makes a request. */
export interface Caller {
  /** Keeps this tenant's threads and store apart from others: it goes behind the `keyPrefix` of the checkpointer. */
  keyPrefix?: string | undefined;
  /** Whose threads these are: it is written into new threads, and those of others are not found. */
  owner?: string | undefined;
  /** Which namespaces of the store may be reached: those that begin so. Needed with `owner` and no `keyPrefix`. */
  namespace?: readonly string[] | undefined;
  /** What graphs get as `configurable.langgraph_auth_user`. It is stored with the run. */
  user?: unknown;
}

/** Lets a request in, or answers it. */
export type Authenticate = (request: Request, env: unknown) => Promise<Response | Caller> | Response | Caller;

export interface CorsOptions {
  /** Origins that browsers may call from, or `"*"` for all. */
  origins: readonly string[] | "*";
  /** Request headers that are let through. Default: those that are asked for. */
  headers?: readonly string[] | undefined;
}

export interface ServerLimits {
  /** Bytes of a request's body. Default: 1 MiB. */
  bodyBytes?: number | undefined;
  /** Runs that wait for one thread. Default: 16, which is also the most. */
  queue?: number | undefined;
  /** Checkpoints that a request for the history gives. Default: 100. */
  history?: number | undefined;
  /** Threads that a page of a search has. Default: 100. */
  search?: number | undefined;
  /** For how long a thread stays taken when the isolate of its run dies, in seconds. Default: 15. */
  leaseSeconds?: number | undefined;
  /**
   * Where `fetch` is given a `ctx`: a run that nobody listens to any more stops after so long, behind the step that it
   * is in, and a sweep goes on with it. Cloudflare ends a Worker 30 seconds after its client has gone. Default: 20.
   */
  drainSeconds?: number | undefined;
  /** For how long runs are kept where the checkpointer has no `ttlSeconds`, in seconds. Default: 30 days. */
  runSeconds?: number | undefined;
}

/** A run that has ended. */
export interface EndedRun {
  thread_id: string;
  run_id: string;
  assistant_id: string;
  status: string;
  keyPrefix: string;
  metadata: Record<string, unknown>;
}

/** What a Worker is called with. */
export interface ExecutionContextLike {
  waitUntil(promise: Promise<unknown>): void;
}

export interface AgentServerOptions {
  /** By the names that clients call them as assistants. */
  graphs: Readonly<Record<string, AgentGraph>>;
  checkpointer: DynamoDBSaver;
  /** For `/store` and for the graphs. Default: the graphs keep their own, and `/store` is not there. */
  store?: StoreLike | undefined;
  /** Without it the server does not start. `false`: everybody may do everything. */
  authenticate: Authenticate | false;
  /** Default: pages of other origins may not call. */
  cors?: CorsOptions | undefined;
  limits?: ServerLimits | undefined;
  /** Is called when a run has ended, once or more often. What it throws is ignored. */
  onRunEnd?: ((run: EndedRun) => unknown) | undefined;
}

/** All options, checked and filled in. */
export interface ServerConfig extends Required<Pick<AgentServerOptions, "graphs" | "checkpointer" | "authenticate">> {
  store: StoreLike | undefined;
  cors: CorsOptions | undefined;
  onRunEnd: AgentServerOptions["onRunEnd"];
  limits: { [K in keyof ServerLimits]-?: number };
}

const KNOWN: readonly string[] = [
  "graphs",
  "checkpointer",
  "store",
  "authenticate",
  "cors",
  "limits",
  "onRunEnd",
] satisfies (keyof AgentServerOptions)[];
const LIMITS = [
  "bodyBytes",
  "queue",
  "history",
  "search",
  "leaseSeconds",
  "drainSeconds",
  "runSeconds",
] satisfies (keyof ServerLimits)[];

/** @throws DynamoDBSaverError `INVALID_CONFIG`, with what to write instead */
export function expandServerOptions(options: AgentServerOptions): ServerConfig {
  checkObject("", options, KNOWN, "{ graphs: { agent: graph }, checkpointer, authenticate }");
  const { graphs, checkpointer, store, authenticate, cors, onRunEnd } = options;
  checkObject("graphs", graphs, undefined, "{ agent: graph }");
  if (Object.keys(graphs).length === 0) throw invalidConfig("graphs is empty. Pass one, for example { agent: graph }.");
  for (const [name, graph] of Object.entries(graphs))
    if (typeof (graph as Partial<AgentGraph> | undefined)?.stream !== "function")
      throw invalidConfig(`graphs.${name} must be a graph as compile() gives it.`);
  if ((checkpointer as Partial<DynamoDBSaver> | undefined)?._opened === undefined)
    throw invalidConfig("checkpointer must be a DynamoDBSaver.");
  if (authenticate !== false && typeof authenticate !== "function")
    throw invalidConfig(
      "authenticate is missing. Pass a function that gives a Response to who may not come in, and otherwise " +
        "{ owner } or { keyPrefix }. Or pass false, and everybody may do everything.",
    );
  const limits = options.limits ?? {};
  checkObject("limits", limits, LIMITS, "{ bodyBytes: 1_048_576 }");
  if (cors !== undefined) {
    checkObject("cors", cors, ["origins", "headers"], '{ origins: ["https://example.com"] }');
    if (cors.origins !== "*" && !Array.isArray(cors.origins))
      throw invalidConfig('cors.origins must be an array of origins, or "*".');
  }
  const number = (name: keyof ServerLimits, usual: number, max: number): number =>
    wholeNumber(`limits.${name}`, limits[name] ?? usual, 1, max);
  return {
    graphs,
    checkpointer,
    store,
    authenticate,
    cors,
    onRunEnd: optional("onRunEnd", onRunEnd, "function"),
    limits: {
      bodyBytes: number("bodyBytes", 1_048_576, 64 * 1_048_576),
      queue: number("queue", 16, 16),
      history: number("history", 100, 1_000),
      search: number("search", 100, 1_000),
      leaseSeconds: number("leaseSeconds", 15, 300),
      drainSeconds: number("drainSeconds", 20, 86_400),
      runSeconds: number("runSeconds", 30 * 86_400, 3_650 * 86_400),
    },
  };
}
