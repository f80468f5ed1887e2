import type { AwsCredentialsProvider } from "../client/credentials.js";
import { runtimeEnv, variable } from "../client/env-variables.js";
import { CredentialsProviderError } from "./provider-error.js";

export interface FromEnvOptions {
  /** A Worker's `env`, or another object of variables. Default: the runtime's own environment. */
  env?: object | undefined;
}

/**
 * Credentials from `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN` and `AWS_CREDENTIAL_EXPIRATION`,
 * as AWS Lambda sets them. The variables are read at every call. Sends nothing.
 *
 * @throws CredentialsProviderError when the provider is called and a key is not set
 */
export function fromEnv({ env }: FromEnvOptions = {}): AwsCredentialsProvider {
  return async () => {
    const read = (name: string): string | undefined => variable(env ?? runtimeEnv(), name);
    const accessKeyId = read("AWS_ACCESS_KEY_ID");
    const secretAccessKey = read("AWS_SECRET_ACCESS_KEY");
    if (!accessKeyId || !secretAccessKey) {
      const problem = accessKeyId || secretAccessKey ? "one of the two is not set." : "they are not set here.";
      throw new CredentialsProviderError(
        "fromEnv",
        `${problem} Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or take another provider.`,
        {
          tryNextLink: !accessKeyId && !secretAccessKey,
        },
      );
    }
    const expiration = read("AWS_CREDENTIAL_EXPIRATION");
    return {
      accessKeyId,
      secretAccessKey,
      sessionToken: read("AWS_SESSION_TOKEN"),
      expiration: expiration === undefined ? undefined : new Date(expiration),
    };
  };
}
