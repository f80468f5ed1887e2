import { emptyCheckpoint } from "@langchain/langgraph-checkpoint";
import { DynamoDBCache, DynamoDBSaver, DynamoDBStore } from "langgraph-checkpoint-dynamodb";
import { DynamoDBReader } from "langgraph-checkpoint-dynamodb/reader";
import { S3VectorIndex } from "langgraph-checkpoint-dynamodb/s3-vectors";

// Before the first request a Worker has neither random numbers nor timers.
const place = {
  tableName: "none",
  region: "us-east-1",
  credentials: { accessKeyId: "local", secretAccessKey: "local" },
  s3: { bucket: "none" },
  encryption: { key: new Uint8Array(32) },
};
const made = [DynamoDBSaver, DynamoDBStore, DynamoDBCache, DynamoDBReader].map((Made) => new Made(place));
const { region, credentials } = place;
made.push(new S3VectorIndex({ vectorBucketName: "vectors", indexName: "one", dims: 2, region, credentials }));

export default {
  async fetch(_request, env) {
    const saver = DynamoDBSaver.fromEnv(env);
    const config = { configurable: { thread_id: "worker", checkpoint_ns: "" } };
    const checkpoint = { ...emptyCheckpoint(), channel_values: { answer: 42 }, channel_versions: { answer: 1 } };
    await saver.put(config, checkpoint, { source: "input", step: -1, parents: {} }, { answer: 1 });

    const tuple = await saver.getTuple(config);
    const read = await DynamoDBReader.fromEnv(env).getTuple(config);
    if (made.length !== 5) throw new Error("Not all were made.");
    return Response.json([tuple, read].map(({ checkpoint }) => checkpoint.channel_values));
  },
};
