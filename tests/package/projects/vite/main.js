import { emptyCheckpoint } from "@langchain/langgraph-checkpoint";
import { DynamoDBSaver } from "langgraph-checkpoint-dynamodb";
import { DynamoDBReader } from "langgraph-checkpoint-dynamodb/reader";

const { VITE_TABLE_NAME, VITE_ENDPOINT } = import.meta.env;
const options = {
  tableName: VITE_TABLE_NAME,
  endpoint: VITE_ENDPOINT,
  region: "us-east-1",
  credentials: async () => ({ accessKeyId: "local", secretAccessKey: "local" }), // in a page of your own: Cognito's
};
const saver = new DynamoDBSaver(options);

const config = { configurable: { thread_id: "vite", checkpoint_ns: "" } };
const checkpoint = { ...emptyCheckpoint(), channel_values: { answer: 42 }, channel_versions: { answer: 1 } };
await saver.put(config, checkpoint, { source: "input", step: -1, parents: {} }, { answer: 1 });

const tuple = await saver.getTuple(config);
const read = await new DynamoDBReader(options).getTuple(config);
console.log(JSON.stringify([tuple, read].map(({ checkpoint }) => checkpoint.channel_values)));
