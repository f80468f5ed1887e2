// A graph that remembers: two runs on one thread, then the checkpoints that they left, newest first.
// Each node's step is a checkpoint in DynamoDB; run it again, and the thread goes on where it was.
//
//   npm run example -- quickstart
import { MessagesValue, START, StateGraph, StateSchema } from "@langchain/langgraph";
import { DynamoDBSaver } from "langgraph-checkpoint-dynamodb";

const checkpointer = new DynamoDBSaver({ tableName: "langgraph-checkpoints", region: "us-east-1" });
await checkpointer.setup(); // once: creates the table if there is none

const graph = new StateGraph(new StateSchema({ messages: MessagesValue }))
  // Here you would ask your model.
  .addNode("answer", ({ messages }) => ({
    messages: { role: "assistant", content: `The first I heard was "${messages[0]?.text}"` },
  }))
  .addEdge(START, "answer")
  .compile({ checkpointer });

const ada = { configurable: { thread_id: "ada" } };
await graph.invoke({ messages: { role: "user", content: "I am Ada." } }, ada);
const { messages } = await graph.invoke({ messages: { role: "user", content: "Who am I?" } }, ada);
console.log(messages.at(-1)?.text);

for await (const { createdAt, metadata, values } of graph.getStateHistory(ada)) {
  console.log(createdAt, `step ${metadata?.step}`, metadata?.source, `${values.messages.length} messages`);
}
