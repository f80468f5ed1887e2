// A Deno script that asks, ends, and goes on with the answer in another process: interrupt() keeps the question in
// DynamoDB. It may reach DynamoDB and read the variables that say where. LangGraph also asks where your home is, for
// settings of LangSmith. What LangSmith would like to read besides is refused without a question: --no-prompt.
//
//   npm run example -- deno                  plays: two questions, each answered by a run of its own
//   deno run --no-prompt --allow-net=dynamodb.us-east-1.amazonaws.com "--allow-env=AWS_*,DYNAMODB_*,LANGGRAPH_*"
//   --allow-sys=homedir main.ts "my answer"
import { Command, END, interrupt, START, StateGraph, StateSchema } from "@langchain/langgraph";
import { DynamoDBSaver } from "langgraph-checkpoint-dynamodb";
import { z } from "zod";

const State = new StateSchema({
  name: z.string().default(""),
  city: z.string().default(""),
  greeting: z.string().default(""),
});

const checkpointer = new DynamoDBSaver({ tableName: Deno.env.get("DYNAMODB_TABLE_NAME") ?? "langgraph-checkpoints" });
await checkpointer.setup();

const graph = new StateGraph(State)
  .addNode("ask_name", () => ({ name: interrupt<string, string>("What is your name?") }))
  .addNode("ask_city", ({ name }) => ({ city: interrupt<string, string>(`Where do you live, ${name}?`) }))
  .addNode("greet", ({ name, city }) => ({ greeting: `Welcome, ${name} from ${city}!` }))
  .addEdge(START, "ask_name")
  .addEdge("ask_name", "ask_city")
  .addEdge("ask_city", "greet")
  .addEdge("greet", END)
  .compile({ checkpointer });

const thread = { configurable: { thread_id: "visitor" } };
const [answer] = Deno.args;
await graph.invoke(answer === undefined ? {} : new Command({ resume: answer }), thread);

const state = await graph.getState(thread);
const [question] = state.tasks.flatMap((task) => task.interrupts);
console.log(question ? question.value : (state.values as typeof State.State).greeting);
