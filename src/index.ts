/**
 * Durable memory for LangGraph.js agents on DynamoDB, over nothing but `fetch`.
 * @module
 */
export { DynamoDBSaver } from "./checkpoint/saver.js";
export type { DynamoDBSaverEnv, DynamoDBSaverOptions } from "./config.js";
export type { AwsCredentials, AwsCredentialsProvider } from "./aws/credentials.js";
export type { Fetch } from "./aws/client.js";
export type { ConsumedCapacity, DynamoDBSaverEvent, EventListener, RequestEvent, RetryEvent } from "./aws/events.js";
export type { SetupResult } from "./checkpoint/table.js";
export type { ListThreadsOptions, ThreadInfo } from "./checkpoint/thread-index.js";
export type { Compression } from "./checkpoint/codec.js";
export { AwsRequestError, CheckpointDataError, DynamoDBSaverError, isDynamoDBSaverError } from "./errors.js";
export type { AwsErrorDetails, DataLocation, DynamoDBSaverErrorCode } from "./errors.js";
