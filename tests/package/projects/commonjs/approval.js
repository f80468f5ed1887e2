const { Annotation, Command, interrupt, START, StateGraph } = require("@langchain/langgraph");
const { DynamoDBSaver } = require("langgraph-checkpoint-dynamodb");

async function main([id, answer]) {
  const Transfer = Annotation.Root({ amount: Annotation(), status: Annotation() });
  const graph = new StateGraph(Transfer)
    .addNode("approve", ({ amount }) => ({ status: interrupt(`Send ${amount} euros?`) === "yes" ? "sent" : "declined" }))
    .addEdge(START, "approve")
    .compile({ checkpointer: DynamoDBSaver.fromEnv(process.env) });

  const input = answer === undefined ? { amount: 250 } : new Command({ resume: answer });
  console.log(JSON.stringify(await graph.invoke(input, { configurable: { thread_id: id } })));
}

main(process.argv.slice(2));
