// The agent server in Node, in a Hono application that can have other routes as well. A refund waits for a person.
// On SIGTERM it takes no more requests, and ends when the runs that are under way have ended.
//
//   npm run example -- server-node
//   curl -N http://127.0.0.1:2024/runs/stream -H "authorization: Bearer local-token" --json \
//     '{"assistant_id": "agent", "input": {"messages": "Hello!"}, "stream_mode": "messages-tuple"}'
import { serve } from "@hono/node-server";
import { AIMessage } from "@langchain/core/messages";
import { FakeListChatModel } from "@langchain/core/utils/testing";
import { interrupt, MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";
import { Hono } from "hono";
import { DynamoDBSaver } from "langgraph-checkpoint-dynamodb";
import { createAgentServer } from "langgraph-checkpoint-dynamodb/server";

const { AGENT_TOKEN: token, PAGE_ORIGIN = "http://localhost:5173", PORT = "2024" } = process.env;
if (!token) throw new Error("Set AGENT_TOKEN: what clients have to send.");

// In place of a model.
const model = new FakeListChatModel({ responses: ["Your model would answer here. Ask for a refund!"], sleep: 50 });

const agent = new StateGraph(MessagesAnnotation)
  .addNode("answer", async ({ messages }) => ({ messages: await model.invoke(messages) }))
  .addNode("refund", () => {
    const isApproved = interrupt("Give 40 euros back?") === "approve";
    return { messages: new AIMessage(isApproved ? "40 euros are on their way." : "Nothing is given back.") };
  })
  .addConditionalEdges(START, ({ messages }) => (/refund/i.test(messages.at(-1)?.text ?? "") ? "refund" : "answer"), [
    "answer",
    "refund",
  ])
  .compile();

const checkpointer = DynamoDBSaver.fromEnv(process.env);
await checkpointer.setup();

const server = createAgentServer({
  graphs: { agent },
  checkpointer,
  authenticate: (request) =>
    request.headers.get("authorization") === `Bearer ${token}`
      ? { owner: "me" }
      : new Response("Who are you?", { status: 401 }),
  cors: { origins: [PAGE_ORIGIN] },
});

const app = new Hono();
app.get("/", (context) => context.text("Routes of your own."));
app.mount("/", (request) => server.fetch(request));

const http = serve({ fetch: app.fetch, hostname: "127.0.0.1", port: Number(PORT) }, ({ port }) =>
  console.log(`Listening at http://127.0.0.1:${port}`),
);

// Goes on with runs that are due, and with those whose process has died.
const sweeping = setInterval(() => void server.sweep().catch(console.error), 60_000);

for (const signal of ["SIGINT", "SIGTERM"])
  process.once(signal, () => {
    clearInterval(sweeping);
    http.close();
  });
