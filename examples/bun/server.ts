// A Bun server that streams answers, word by word, as server-sent events. It keeps nothing in its memory: start it
// again, or start ten of them, and every thread is as it was.
//
//   npm run example -- bun
//   curl -N http://127.0.0.1:3000/threads/ada/messages -d "Hi, I am Ada."
//   curl http://127.0.0.1:3000/threads/ada
import { MessagesValue, START, StateGraph, StateSchema, type LangGraphRunnableConfig } from "@langchain/langgraph";
import { DynamoDBSaver } from "langgraph-checkpoint-dynamodb";

const checkpointer = DynamoDBSaver.fromEnv(process.env);
await checkpointer.setup();

const State = new StateSchema({ messages: MessagesValue });

const graph = new StateGraph(State)
  .addNode("answer", ({ messages }, { writer }: LangGraphRunnableConfig) => {
    // In place of a model that streams.
    const heard = messages.filter((message) => message.type === "human");
    const words = `That was message ${heard.length}; the first was: ${heard[0]?.text}`.split(" ");
    for (const word of words) writer?.({ token: word });
    return { messages: { role: "assistant", content: words.join(" ") } };
  })
  .addEdge(START, "answer")
  .compile({ checkpointer });

const configOf = (thread_id: string) => ({ configurable: { thread_id } });

const server = Bun.serve({
  hostname: "127.0.0.1",
  port: process.env.PORT ?? 3000,
  routes: {
    "/threads": {
      GET: async () => Response.json(await Array.fromAsync(checkpointer.listThreads({ limit: 100 }))),
    },
    "/threads/:id": {
      GET: async ({ params }) => {
        const state = await graph.getState(configOf(params.id));
        if (!state.createdAt) return Response.json({ error: "There is no such thread." }, { status: 404 });
        const { messages } = state.values as typeof State.State;
        return Response.json(messages.map(({ type, text }) => ({ type, text })));
      },
      DELETE: async ({ params }) => {
        await checkpointer.deleteThread(params.id);
        return new Response(null, { status: 204 });
      },
    },
    "/threads/:id/messages": {
      POST: async (request) => {
        const input = { messages: { role: "user", content: await request.text() } };
        const events = await graph.stream(input, {
          ...configOf(request.params.id),
          streamMode: "custom",
          encoding: "text/event-stream",
        });
        return new Response(events, { headers: { "content-type": "text/event-stream" } });
      },
    },
  },
});

console.log(`Listening at ${server.url.origin}`);
