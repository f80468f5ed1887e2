import { DynamoDBSaver, DynamoDBStore, isDynamoDBSaverError } from "langgraph-checkpoint-dynamodb";
import {
  createAgentServer,
  type AgentServer,
  type Caller,
  type ExecutionContextLike,
} from "langgraph-checkpoint-dynamodb/server";
import { createAgent } from "./agent.js";
import { authenticate, refuseWithoutSecret } from "./authenticate.js";
import type { Env } from "./env.js";
import { chooseModel } from "./model/choose-model.js";
import { refuseWrites } from "./refuse-writes.js";
import { headersFor, isPage, refuseOtherSites, secured } from "./security.js";
import { Usage } from "./usage.js";

/** A Worker has 128 MB, and holds a document several times while it is stored. As JSON it may be longer than it is. */
const MAX_BODY_BYTES = 5 * 1024 * 1024;

/**
 * The API of LangGraph's own server, for one request. All of this is cheap to make, and so nothing is shared between
 * requests (a Worker may not use the I/O of another request) and each answer can tell what it cost.
 */
function serverFor(env: Env, usage = new Usage(), caller: Caller = {}): AgentServer {
  const { S3_BUCKET: bucket } = env;
  const options = { onEvent: usage.record, ...(bucket && { s3: { bucket } }) };
  const server: AgentServer = createAgentServer({
    graphs: { agent: createAgent(chooseModel(env)) },
    checkpointer: DynamoDBSaver.fromEnv(env, options),
    store: DynamoDBStore.fromEnv(env, options),
    limits: { bodyBytes: MAX_BODY_BYTES },
    authenticate: async (request) =>
      (await refuseWrites(request, MAX_BODY_BYTES, (own) => server.fetch(own))) ?? caller,
  });
  return server;
}

async function answer(request: Request, env: Env, ctx: ExecutionContextLike): Promise<Response> {
  // Files without a secret: the page asks for a token, and sends it with each request.
  if (isPage(request)) return env.ASSETS?.fetch(request) ?? new Response("There is no page.", { status: 404 });
  // Before anything is made of the configuration: what is wrong with that is told to users alone.
  const caller = await authenticate(request, env);
  if (caller instanceof Response) return caller;
  const usage = new Usage();
  return usage.toldIn(await serverFor(env, usage, caller).fetch(request, env, ctx));
}

/** What is configured wrongly; the messages of this package hold no secret. */
function failed(error: unknown): Response {
  console.error(error);
  const message = isDynamoDBSaverError(error)
    ? error.message
    : "Something went wrong in the Worker. Its log says what.";
  return new Response(message, { status: 500 });
}

export default {
  async fetch(request: Request, env: Env, ctx: ExecutionContextLike): Promise<Response> {
    const refused = refuseOtherSites(request, env) ?? refuseWithoutSecret(env);
    return secured(refused ?? (await answer(request, env, ctx).catch(failed)), headersFor(request));
  },

  /** Goes on with runs whose Worker has gone: see `triggers` in wrangler.toml. */
  scheduled(_event: unknown, env: Env, ctx: ExecutionContextLike): void {
    ctx.waitUntil(serverFor(env).sweep());
  },
};
