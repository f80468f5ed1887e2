import type { Context, MiddlewareHandler } from "hono";
import { DynamoDBSaver, DynamoDBStore } from "langgraph-checkpoint-dynamodb";
import { createAgent, type Agent } from "./agent.js";
import type { Env } from "./env.js";
import { HttpError } from "./http-error.js";
import { chooseModel } from "./model/choose-model.js";
import { Usage } from "./usage.js";

/** What a handler finds in its Hono context. */
export interface App {
  Bindings: Env;
  Variables: {
    keyPrefix: string;
    agent: Agent;
    /** The same, for a run that must be the only one from where it begins. */
    onlyAgent: Agent;
    checkpointer: DynamoDBSaver;
    usage: Usage;
  };
}

export type AppContext = Context<App>;

/**
 * Builds saver, store and agent for one request. All are cheap, and so nothing is shared between requests (a Worker may
 * not use the I/O of another request) and each response can tell what it cost.
 */
export const withAgent: MiddlewareHandler<App> = async (c, next) => {
  const usage = new Usage();
  const { S3_BUCKET: bucket } = c.env;
  const options = { keyPrefix: c.var.keyPrefix, onEvent: usage.record, ...(bucket && { s3: { bucket } }) };
  const checkpointer = DynamoDBSaver.fromEnv(c.env, options);
  const store = DynamoDBStore.fromEnv(c.env, options);
  c.set("usage", usage);
  c.set("checkpointer", checkpointer);
  const model = chooseModel(c.env);
  c.set("agent", createAgent({ model, checkpointer, store }));
  const only = DynamoDBSaver.fromEnv(c.env, { ...options, conflict: "reject" });
  c.set("onlyAgent", createAgent({ model, checkpointer: only, store }));
  await next();
  // A stream has not spent anything yet when its headers leave: it reports as its `usage` event.
  if (!c.res.headers.get("content-type")?.startsWith("text/event-stream")) {
    c.header("x-dynamodb-usage", JSON.stringify(usage));
  }
};

/** `:id` of the path: any text, percent-encoded where a URL needs it. */
export function threadId(c: AppContext): string {
  const id = c.req.param("id");
  if (!id) throw new HttpError(404, "NOT_FOUND", "The path lacks a thread id: /threads/:id.");
  return id;
}
