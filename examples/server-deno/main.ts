// The agent server in Deno. It may listen, reach DynamoDB, and read the variables that say where that is and what
// clients have to send. LangGraph also asks where your home is, for settings of LangSmith.
//
//   npm run example -- server-deno
//   curl -N http://127.0.0.1:2024/runs/stream -H "authorization: Bearer local-token" --json \
//     '{"assistant_id": "agent", "input": {"messages": "Hello!"}, "stream_mode": "messages-tuple"}'
//   deno run --no-prompt --unstable-cron --allow-net=127.0.0.1:2024,dynamodb.us-east-1.amazonaws.com
//   "--allow-env=AWS_*,DYNAMODB_*,LANGGRAPH_*,AGENT_TOKEN,PORT" --allow-sys=homedir main.ts
import { FakeListChatModel } from "@langchain/core/utils/testing";
import { MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";
import { DynamoDBSaver } from "langgraph-checkpoint-dynamodb";
import { createAgentServer } from "langgraph-checkpoint-dynamodb/server";

const token = Deno.env.get("AGENT_TOKEN");
if (!token) throw new Error("Set AGENT_TOKEN: what clients have to send.");

// In place of a model.
const model = new FakeListChatModel({ responses: ["Your model would answer here, word by word."], sleep: 20 });

const agent = new StateGraph(MessagesAnnotation)
  .addNode("answer", async ({ messages }) => ({ messages: await model.invoke(messages) }))
  .addEdge(START, "answer")
  .compile();

const checkpointer = new DynamoDBSaver({ tableName: Deno.env.get("DYNAMODB_TABLE_NAME") ?? "langgraph-checkpoints" });
await checkpointer.setup();

const server = createAgentServer({
  graphs: { agent },
  checkpointer,
  authenticate: (request) =>
    request.headers.get("authorization") === `Bearer ${token}`
      ? { owner: "me" }
      : new Response("Who are you?", { status: 401 }),
});

// Goes on with runs that are due, and with those whose process has died.
void Deno.cron("sweep", "* * * * *", async () => void (await server.sweep()));

Deno.serve(
  {
    hostname: "127.0.0.1",
    port: Number(Deno.env.get("PORT") ?? 2024),
    onListen: ({ port }) => console.log(`Listening at http://127.0.0.1:${port}`),
  },
  (request) => server.fetch(request),
);
