/**
 * Durable memory for LangGraph.js agents on DynamoDB, over nothing but `fetch`.
 * @module
 */
export { DynamoDBSaver } from "./checkpoint/saver.js";
export { DynamoDBStore } from "./store/store.js";
export { withPutOptions, type StorePutOptions, type ValuePutOptions } from "./store/put-options.js";
export { DynamoDBCache } from "./store/cache.js";
export type { DynamoDBCacheOptions, DynamoDBStoreOptions, StoreTtlOptions } from "./store/options.js";
export type { StorePutOperation } from "./store/operations.js";
export type { VectorIndex, VectorMatch } from "./store/vector-index.js";
export type { DynamoDBSaverEnv, DynamoDBSaverOptions, EncryptionOptions, S3Options } from "./options.js";
export type { AwsCredentials, AwsCredentialsProvider } from "./aws/credentials.js";
export type { Fetch } from "./aws/exchange.js";
export type { AwsService, ConsumedCapacity, DynamoDBSaverEvent, EventListener, RequestEvent, RetryEvent, WarningEvent } from "./aws/events.js";
export type { RestoreProgress } from "./checkpoint/copy-thread.js";
export type { DeleteForRunsOptions } from "./checkpoint/delete-for-runs.js";
export type { ImportOptions, Lines } from "./checkpoint/export-thread.js";
export type { CheckpointSource, ImportFromOptions, ImportFromProgress, ImportFromResult } from "./checkpoint/import-from.js";
export type { LongWorkOptions } from "./checkpoint/long-work.js";
export type { PruneResult } from "./checkpoint/freed.js";
export type { PruneProgress } from "./checkpoint/prune.js";
export type { PruneOptions } from "./checkpoint/prune-options.js";
export { ThreadsFailedError, type ThreadFailure } from "./checkpoint/threads-failed.js";
export type { SetupResult } from "./checkpoint/setup.js";
export type { ListThreadsOptions, ThreadInfo } from "./checkpoint/thread-index.js";
export type { Compression } from "./checkpoint/compression.js";
export type { EncryptionKey } from "./checkpoint/encryption.js";
export type { ConflictMode } from "./checkpoint/head.js";
export type { HistoryMode } from "./checkpoint/latest-only.js";
export { AwsRequestError, CheckpointConflictError, CheckpointDataError, DynamoDBSaverError, StoreDataError, isDynamoDBSaverError } from "./errors.js";
export type { AwsErrorDetails, ConflictDetails, DataErrorCode, DataLocation, DynamoDBSaverErrorCode } from "./errors.js";
