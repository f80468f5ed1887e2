import { DynamoDBSaver, DynamoDBStore } from "langgraph-checkpoint-dynamodb";
import { provideContext } from "langgraph-checkpoint-dynamodb/context";
import { createAgentServer, type ExecutionContextLike } from "langgraph-checkpoint-dynamodb/server";
import { agentsOf } from "./agents.js";
import { graphsOf } from "./graphs.js";

/* A Worker with the graphs of the tests. */

provideContext();

interface Env {
  /** Answers when the test lets nodes go on. */
  GATE_URL: string;
  KEY_PREFIX: string;
}

export default {
  fetch(request: Request, env: Env, ctx: ExecutionContextLike): Promise<Response> {
    const pass = async (): Promise<void> => void (await fetch(env.GATE_URL)).text();
    const waits = { done: [], gate: { pass } };
    const options = { keyPrefix: env.KEY_PREFIX };
    const server = createAgentServer({
      graphs: { ...graphsOf(waits), ...agentsOf(waits) },
      checkpointer: DynamoDBSaver.fromEnv({ ...env }, options),
      store: DynamoDBStore.fromEnv({ ...env }, options),
      authenticate: false,
    });
    return server.fetch(request, env, ctx);
  },
};
