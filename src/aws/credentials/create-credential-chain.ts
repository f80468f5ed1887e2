import { invalidConfig } from "../../errors.js";
import type { AwsCredentialsProvider } from "../client/credentials.js";
import { CredentialsProviderError } from "./provider-error.js";

/**
 * The first of these providers that has credentials. One that has none here (its error says `tryNextLink`, as those of
 * the AWS SDK v3 do too) is passed over; any other failure is an error, because what follows would be somebody else's
 * credentials.
 *
 * @example
 * ```ts
 * import { createCredentialChain, fromContainerMetadata } from "langgraph-checkpoint-dynamodb/credentials";
 * import { fromEnv, fromInstanceMetadata } from "langgraph-checkpoint-dynamodb/credentials";
 *
 * // The same code on a developer's machine, in Lambda, ECS, EKS and EC2.
 * const credentials = createCredentialChain(fromEnv(), fromContainerMetadata(), fromInstanceMetadata());
 * ```
 * @throws CredentialsProviderError when the provider is called and none of them has any
 */
export function createCredentialChain(...providers: AwsCredentialsProvider[]): AwsCredentialsProvider {
  if (providers.length === 0 || !providers.every((provider) => typeof provider === "function")) {
    throw invalidConfig(
      "createCredentialChain needs one provider or more, for example fromEnv(), fromContainerMetadata().",
    );
  }
  return async (...args: []) => {
    const passedOver: string[] = [];
    for (const provider of providers) {
      try {
        return await provider(...args);
      } catch (error) {
        if ((error as { tryNextLink?: unknown } | undefined)?.tryNextLink !== true) throw error;
        passedOver.push(error instanceof CredentialsProviderError ? error.message : "another provider had none.");
      }
    }
    throw new CredentialsProviderError(
      "createCredentialChain",
      `no provider has credentials here. ${passedOver.join(" ")}`,
      { tryNextLink: true },
    );
  };
}
