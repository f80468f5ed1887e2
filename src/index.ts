/**
 * Durable memory for LangGraph.js agents on DynamoDB, over nothing but `fetch`.
 * @module
 */
export { DynamoDBSaver } from "./threads/saver.js";
export { DynamoDBStore } from "./store/store.js";
export { withPutOptions, type StorePutOptions, type ValuePutOptions } from "./store/put-options.js";
export { DynamoDBCache } from "./cache/cache.js";
export type { DynamoDBCacheOptions } from "./cache/options.js";
export type { DynamoDBStoreOptions, StoreIndexOptions, StoreTtlOptions } from "./store/options.js";
export type { StorePutOperation } from "./store/operations.js";
export type { VectorIndex, VectorMatch } from "./store/vector-index.js";
export type { DynamoDBSaverEnv, DynamoDBSaverOptions, EncryptionOptions, S3Options } from "./options.js";
export type { AwsCredentials, AwsCredentialsProvider } from "./aws/client/credentials.js";
export type { Fetch } from "./aws/client/exchange.js";
export type {
  AwsService,
  ConsumedCapacity,
  DynamoDBSaverEvent,
  EventListener,
  RequestEvent,
  RetryEvent,
  WarningEvent,
} from "./aws/client/events.js";
export type { RestoreProgress } from "./threads/copy/restore.js";
export type { DeleteForRunsOptions } from "./threads/prune/delete-for-runs.js";
export type { ImportOptions, Lines } from "./threads/copy/import-thread.js";
export type {
  CheckpointSource,
  ImportFromOptions,
  ImportFromProgress,
  ImportFromResult,
} from "./threads/copy/import-from.js";
export type { LongWorkOptions } from "./threads/long-work.js";
export type { PruneResult } from "./threads/prune/result.js";
export type { PruneProgress } from "./threads/prune/each-thread.js";
export type { PruneOptions } from "./threads/prune/options.js";
export { ThreadsFailedError, type ThreadFailure } from "./threads/prune/threads-failed.js";
export type { LeaseOptions } from "./checkpoint/lease/acquire.js";
export type { AcquiredLease, RunUnderLease, ThreadLease } from "./checkpoint/lease/held.js";
export type { LeaseConfig } from "./checkpoint/storage.js";
export { LeaseLostError, ThreadBusyError, type LeaseInfo } from "./checkpoint/lease/errors.js";
export type { SetupResult } from "./table/setup.js";
export type { ListThreadsOptions, ThreadInfo } from "./checkpoint/thread-index.js";
export type { Compression } from "./options.js";
export type { EncryptionKey } from "./options.js";
export type { ConflictMode } from "./options.js";
export type { HistoryMode } from "./options.js";
export {
  AwsRequestError,
  CheckpointConflictError,
  CheckpointDataError,
  DynamoDBSaverError,
  StoreDataError,
  isDynamoDBSaverError,
} from "./errors.js";
export type {
  AwsErrorDetails,
  ConflictDetails,
  DataErrorCode,
  DataLocation,
  DynamoDBSaverErrorCode,
} from "./errors.js";
