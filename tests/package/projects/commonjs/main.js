const { emptyCheckpoint } = require("@langchain/langgraph-checkpoint");
const { DynamoDBSaver } = require("langgraph-checkpoint-dynamodb");

async function main() {
  const saver = DynamoDBSaver.fromEnv(process.env);
  const config = { configurable: { thread_id: "commonjs", checkpoint_ns: "" } };
  const checkpoint = { ...emptyCheckpoint(), channel_values: { answer: 42 }, channel_versions: { answer: 1 } };
  await saver.put(config, checkpoint, { source: "input", step: -1, parents: {} }, { answer: 1 });

  const tuple = await saver.getTuple(config);
  console.log(JSON.stringify(tuple.checkpoint.channel_values));
}

main();
