/**
 * Reads threads without LangChain.
 * @module
 */
export { DynamoDBReader, type DynamoDBReaderOptions } from "./checkpoint/read/reader.js";
export type { ListThreadsOptions, ThreadInfo } from "./checkpoint/thread-index.js";
export { AwsRequestError, CheckpointDataError, DynamoDBSaverError, isDynamoDBSaverError } from "./errors.js";
export type { AwsErrorDetails, DataErrorCode, DataLocation, DynamoDBSaverErrorCode } from "./errors.js";
