/**
 * Vectors of a store in Amazon S3 Vectors.
 * @module
 */
export { S3VectorIndex } from "./vectors/s3-vector-index.js";
export type { S3VectorIndexOptions } from "./vectors/options.js";
export type { VectorSetupResult } from "./vectors/setup.js";
export type { VectorIndex, VectorMatch } from "./store/vector-index.js";
export { AwsRequestError, DynamoDBSaverError, isDynamoDBSaverError } from "./errors.js";
export type { AwsErrorDetails, DynamoDBSaverErrorCode } from "./errors.js";
