import { DynamoDBSaver, DynamoDBStore } from "langgraph-checkpoint-dynamodb";
import { createAgentServer, type AgentServer } from "langgraph-checkpoint-dynamodb/server";
import { createAgent } from "../../../workers/agent.js";
import { RuleModel } from "../../../workers/model/rule-model.js";

/** For so long a page that was closed keeps others out. Each superstep is much shorter. */
const LEASE_SECONDS = 5;

/** The rules answer at once. A language model does not, and a person wants to see the steps. */
const THINKING_MS = 600;

/** The agent of `workers/` and its server, in this page. Nothing but DynamoDB is asked over the network. */
export function inPageServer({ endpoint, tableName }: { endpoint: string; tableName: string }): AgentServer {
  const options = {
    tableName,
    region: "us-east-1",
    endpoint,
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
    dangerouslyAllowBrowser: true, // the embedded DynamoDB takes any keys
  };
  return createAgentServer({
    graphs: { agent: createAgent(new RuleModel({ pauseMs: THINKING_MS })) },
    checkpointer: new DynamoDBSaver(options),
    store: new DynamoDBStore(options),
    authenticate: false, // nobody but this page reaches it
    limits: { leaseSeconds: LEASE_SECONDS },
  });
}
