const { emptyCheckpoint } = require("@langchain/langgraph-checkpoint");
const { DynamoDBSaver } = require("langgraph-checkpoint-dynamodb");
const { DynamoDBReader } = require("langgraph-checkpoint-dynamodb/reader");

async function main() {
  const saver = DynamoDBSaver.fromEnv(process.env);
  const config = { configurable: { thread_id: "commonjs", checkpoint_ns: "" } };
  const checkpoint = { ...emptyCheckpoint(), channel_values: { answer: 42 }, channel_versions: { answer: 1 } };
  await saver.put(config, checkpoint, { source: "input", step: -1, parents: {} }, { answer: 1 });

  const tuple = await saver.getTuple(config);
  const read = await DynamoDBReader.fromEnv(process.env).getTuple(config);
  console.log(JSON.stringify([tuple, read].map(({ checkpoint }) => checkpoint.channel_values)));
}

main();
