import { emptyCheckpoint, type BaseCheckpointSaver, type Checkpoint } from "@langchain/langgraph-checkpoint";
import { DynamoDBSaver, isDynamoDBSaverError, type DynamoDBSaverErrorCode, type DynamoDBSaverOptions } from "langgraph-checkpoint-dynamodb";
import { DynamoDBReader } from "langgraph-checkpoint-dynamodb/reader";

declare const process: { env: Record<string, string | undefined> };

const overrides: Partial<DynamoDBSaverOptions> = { compression: "none", onEvent: (event) => void event.type };
// @ts-expect-error There is no such compression: the types are really there, and not `any`.
overrides.compression = "brotli";
overrides.compression = "gzip";

const saver: BaseCheckpointSaver = DynamoDBSaver.fromEnv(process.env, overrides);
const config = { configurable: { thread_id: "typescript-bundler", checkpoint_ns: "" } };
const checkpoint: Checkpoint = { ...emptyCheckpoint(), channel_values: { answer: 42 }, channel_versions: { answer: 1 } };
await saver.put(config, checkpoint, { source: "input", step: -1, parents: {} }, { answer: 1 });

const tuple = await saver.getTuple(config);
const read = await DynamoDBReader.fromEnv(process.env).getTuple(config);
console.log(JSON.stringify([tuple, read].map((found) => found?.checkpoint.channel_values)));

const codeOf = (error: unknown): DynamoDBSaverErrorCode | undefined => (isDynamoDBSaverError(error) ? error.code : undefined);
if (codeOf(new Error("not ours")) !== undefined) throw new Error("a guard that takes every error");
