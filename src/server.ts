/*
 * The agent server: the API of LangGraph's own, so that clients made for that one work against a Worker, a Lambda or a
 * script whose only server is DynamoDB.
 */

export { createAgentServer, type AgentServer } from "./server/server.js";
export type {
  AgentGraph,
  AgentServerOptions,
  Authenticate,
  Caller,
  CorsOptions,
  EndedRun,
  ExecutionContextLike,
  ServerLimits,
  StoreLike,
} from "./server/options.js";
export type { RunName } from "./server/runs/record.js";
