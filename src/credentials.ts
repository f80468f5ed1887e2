/**
 * Credential providers over `fetch`, for where the AWS SDK does not go or is too much. Names and options are the SDK's
 * (`@aws-sdk/credential-providers`). Each is a function that returns a function for the option `credentials`.
 * @module
 */
export { createCredentialChain } from "./aws/credentials/create-credential-chain.js";
export { fromCognitoIdentityPool } from "./aws/credentials/from-cognito-identity-pool.js";
export { fromContainerMetadata } from "./aws/credentials/from-container-metadata.js";
export { fromEnv } from "./aws/credentials/from-env.js";
export { fromInstanceMetadata } from "./aws/credentials/from-instance-metadata.js";
export { fromTemporaryCredentials } from "./aws/credentials/from-temporary-credentials.js";
export { fromWebToken } from "./aws/credentials/from-web-token.js";
export type {
  CognitoIdentityCredentials,
  FromCognitoIdentityPoolOptions,
  IdentityCache,
} from "./aws/credentials/from-cognito-identity-pool.js";
export type { FromContainerMetadataOptions } from "./aws/credentials/from-container-metadata.js";
export type { FromEnvOptions } from "./aws/credentials/from-env.js";
export type { FromInstanceMetadataOptions } from "./aws/credentials/from-instance-metadata.js";
export type {
  AssumeRoleParams,
  FromTemporaryCredentialsOptions,
} from "./aws/credentials/from-temporary-credentials.js";
export type { FromWebTokenOptions } from "./aws/credentials/from-web-token.js";
export type { ClientConfig, ProviderOptions } from "./aws/credentials/provider.js";
export type { TokenSource } from "./aws/credentials/token.js";
export { CredentialsProviderError } from "./aws/credentials/provider-error.js";
export type { AwsCredentials, AwsCredentialsProvider } from "./aws/client/credentials.js";
export type { Fetch } from "./aws/client/exchange.js";
