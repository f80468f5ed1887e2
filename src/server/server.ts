import { isPlainObject } from "../checks.js";
import { invalidInput } from "../errors.js";
import { readRow } from "./directory.js";
import { preflight, withCors } from "./http/cors.js";
import { errorResponse, HttpError, notFound, unfit } from "./http/http-error.js";
import type { Call } from "./call.js";
import { expandServerOptions, type AgentServerOptions, type Caller, type ExecutionContextLike } from "./options.js";
import { isReadable, routeOf } from "./routes.js";
import type { RunName } from "./runs/record.js";
import { sweep, takeUpAll } from "./runs/take-up.js";
import { Scopes } from "./scope.js";

/** What `createAgentServer` gives. */
export interface AgentServer {
  /**
   * Answers a request. In a Worker, pass what it was called with: a run goes on when its client has gone.
   *
   * @param env is passed to `authenticate`
   */
  fetch(request: Request, env?: unknown, ctx?: ExecutionContextLike): Promise<Response>;
  /** Goes on with one run, if nobody does: for the consumer of a queue. @returns whether it has */
  work(run: RunName): Promise<boolean>;
  /** Goes on with all runs that are due and that nobody goes on with: for a cron trigger. @returns how many */
  sweep(): Promise<number>;
}

/**
 * Serves graphs by the API of LangGraph's own server, out of the table that their checkpoints are in.
 *
 * @throws DynamoDBSaverError `INVALID_CONFIG`, also where `authenticate` is missing
 *
 * @example
 * ```ts
 * import { MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";
 * import { DynamoDBSaver } from "langgraph-checkpoint-dynamodb";
 * import { createAgentServer } from "langgraph-checkpoint-dynamodb/server";
 *
 * const graph = new StateGraph(MessagesAnnotation)
 *   .addNode("answer", () => ({ messages: [{ role: "assistant", content: "Hello!" }] }))
 *   .addEdge(START, "answer")
 *   .compile();
 * const checkpointer = new DynamoDBSaver({ tableName: "langgraph-checkpoints", region: "us-east-1" });
 * const token = "a long random text";
 * const server = createAgentServer({
 *   graphs: { agent: graph },
 *   checkpointer,
 *   authenticate: (request) =>
 *     request.headers.get("authorization") === `Bearer ${token}`
 *       ? { owner: "me" }
 *       : new Response("Who are you?", { status: 401 }),
 * });
 * const response = await server.fetch(new Request("https://example.com/ok"));
 * ```
 */
export function createAgentServer(options: AgentServerOptions): AgentServer {
  const config = expandServerOptions(options);
  const scopes = new Scopes(config);

  async function answer(request: Request, env: unknown, ctx: ExecutionContextLike | undefined): Promise<Response> {
    const url = new URL(request.url);
    const isHead = request.method === "HEAD";
    // Who asks so leaves at once, and means nothing by it.
    if (isHead) url.searchParams.delete("cancel_on_disconnect");
    const found = routeOf(isHead ? "GET" : request.method, url.pathname);
    // Who is nobody learns of no route.
    const caller = config.authenticate === false ? {} : await config.authenticate(request, env);
    if (caller instanceof Response) return caller;
    if (!isReadable(url.pathname)) throw unfit("The path is not UTF-8. Write ids in it with encodeURIComponent().");
    if (!found) throw notFound("route");
    const { route, path } = found;
    const scope = scopes.of(checkCaller(caller));
    const thread = route.needs === "thread" ? await readRow(scope, path.thread_id!) : undefined;
    if (route.needs === "thread" && !thread) throw notFound("thread");
    const goesOn = (work: Promise<unknown>): void => {
      const done = work.catch(() => undefined);
      ctx?.waitUntil(done);
    };
    const patienceMs = ctx && config.limits.drainSeconds * 1_000;
    const call: Call = { request, url, path, scope, thread, goesOn, patienceMs };
    return route.handle(call);
  }

  return {
    async fetch(request, env, ctx) {
      if (request.method === "OPTIONS") return preflight(request, config.cors);
      const response = await answer(request, env, ctx).catch(errorResponse);
      if (request.method !== "HEAD") return withCors(response, request, config.cors);
      await response.body?.cancel().catch(() => undefined);
      return withCors(new Response(null, response), request, config.cors);
    },
    async work(run) {
      const { thread_id, run_id, keyPrefix } = (run ?? {}) as Partial<RunName>;
      if (typeof thread_id !== "string" || typeof run_id !== "string")
        throw invalidInput("work needs { thread_id, run_id }, and keyPrefix where authenticate gives one.");
      return (await takeUpAll(scopes.of({ keyPrefix }), thread_id, run_id))?.status !== undefined;
    },
    async sweep() {
      return sweep(scopes.of({}), (keyPrefix) => scopes.of({ keyPrefix }));
    },
  };
}

const CALLER_FIELDS: readonly string[] = ["keyPrefix", "owner", "namespace", "user"] satisfies (keyof Caller)[];

/**
 * What `authenticate` has given. A mistake of it must not let anybody in: a `Response` of another library than the
 * runtime's own is none here, and is no caller either.
 */
function checkCaller(caller: Caller): Caller {
  const isText = (value: unknown): boolean => value === undefined || (typeof value === "string" && value !== "");
  if (isPlainObject(caller) && Object.keys(caller).every((name) => CALLER_FIELDS.includes(name))) {
    const { keyPrefix, owner, namespace } = caller;
    const isNamespace = Array.isArray(namespace) && namespace.every((label) => typeof label === "string");
    if (isText(keyPrefix) && isText(owner) && (namespace === undefined || isNamespace)) return caller;
  }
  throw new HttpError(
    500,
    "authenticate has to give a Response of this runtime, or { keyPrefix, owner, namespace, user } and nothing else.",
  );
}
