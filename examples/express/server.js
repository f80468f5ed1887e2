// An HTTP API on Express: orders as threads. A large one waits for an approval, for as long as it takes and across
// restarts of the server; the history shows every step.
//
//   npm run example -- express
//   curl http://127.0.0.1:3000/orders/42 --json '{"item": "espresso machine", "price": 900}'
//   curl http://127.0.0.1:3000/orders/42/approval --json '{"approved": true}'
//   curl http://127.0.0.1:3000/orders/42/history
import { Command, END, START, StateGraph, StateSchema, interrupt } from "@langchain/langgraph";
import express from "express";
import { DynamoDBSaver } from "langgraph-checkpoint-dynamodb";
import { z } from "zod";

const Order = z.object({ item: z.string(), price: z.number().positive() });
const Approval = z.object({ approved: z.boolean() });
const State = new StateSchema({ ...Order.shape, status: z.string().default("new") });

const checkpointer = DynamoDBSaver.fromEnv(process.env);
await checkpointer.setup();

const graph = new StateGraph(State)
  .addNode("approve", ({ item, price }) => {
    const { approved } = /** @type {z.infer<typeof Approval>} */ (interrupt(`Buy ${item} for ${price}?`));
    return { status: approved ? "approved" : "rejected" };
  })
  .addNode("buy", () => ({ status: "bought" }))
  .addConditionalEdges(START, ({ price }) => (price > 100 ? "approve" : "buy"), ["approve", "buy"])
  .addConditionalEdges("approve", ({ status }) => (status === "approved" ? "buy" : END), ["buy", END])
  .addEdge("buy", END)
  .compile({ checkpointer });

/** @param {string} thread_id */
const configOf = (thread_id) => ({ configurable: { thread_id } });

/** @param {string} id */
async function viewOf(id) {
  const { values, next, tasks, createdAt } = await graph.getState(configOf(id));
  if (!createdAt) return undefined;
  return { id, ...values, next, question: tasks.flatMap(({ interrupts }) => interrupts)[0]?.value };
}

const app = express();
app.use(express.json());

app.get("/orders", async (_request, response) => {
  const orders = [];
  for await (const { threadId } of checkpointer.listThreads({ limit: 100 })) orders.push(await viewOf(threadId));
  response.json(orders);
});

app.get("/orders/:id", async ({ params }, response) => {
  const order = await viewOf(params.id);
  if (order) response.json(order);
  else response.status(404).json({ error: "There is no such order." });
});

app.post("/orders/:id", async ({ params, body }, response) => {
  if (await viewOf(params.id)) return void response.status(409).json({ error: "There is such an order already." });
  await graph.invoke(Order.parse(body), configOf(params.id));
  response.status(201).json(await viewOf(params.id));
});

app.post("/orders/:id/approval", async ({ params, body }, response) => {
  const resume = Approval.parse(body);
  const order = await viewOf(params.id);
  if (!order?.question) return void response.status(409).json({ error: "This order does not wait for an approval." });
  await graph.invoke(new Command({ resume }), configOf(params.id));
  response.json(await viewOf(params.id));
});

app.get("/orders/:id/history", async ({ params }, response) => {
  const history = [];
  for await (const { createdAt, metadata, next, values } of graph.getStateHistory(configOf(params.id), {
    limit: 100,
  })) {
    history.push({ createdAt, source: metadata?.source, next, status: values.status });
  }
  response.json(history);
});

app.delete("/orders/:id", async ({ params }, response) => {
  await checkpointer.deleteThread(params.id);
  response.sendStatus(204);
});

app.use(
  /** @type {import("express").ErrorRequestHandler} */ (
    (error, _request, response, _next) => {
      if (error instanceof z.ZodError) return response.status(400).json({ error: z.prettifyError(error) });
      if (error.status) return response.status(error.status).json({ error: error.message }); // of express.json()
      console.error(error);
      return response.status(500).json({ error: "That did not work." });
    }
  ),
);

const server = app.listen(Number(process.env.PORT ?? 3000), "127.0.0.1", () => {
  const address = server.address();
  if (typeof address === "object") console.log(`Listening at http://127.0.0.1:${address?.port}`);
});
