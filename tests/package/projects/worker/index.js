import { emptyCheckpoint } from "@langchain/langgraph-checkpoint";
import { DynamoDBSaver } from "langgraph-checkpoint-dynamodb";
import { DynamoDBReader } from "langgraph-checkpoint-dynamodb/reader";

export default {
  async fetch(_request, env) {
    const saver = DynamoDBSaver.fromEnv(env);
    const config = { configurable: { thread_id: "worker", checkpoint_ns: "" } };
    const checkpoint = { ...emptyCheckpoint(), channel_values: { answer: 42 }, channel_versions: { answer: 1 } };
    await saver.put(config, checkpoint, { source: "input", step: -1, parents: {} }, { answer: 1 });

    const tuple = await saver.getTuple(config);
    const read = await DynamoDBReader.fromEnv(env).getTuple(config);
    return Response.json([tuple, read].map(({ checkpoint }) => checkpoint.channel_values));
  },
};
