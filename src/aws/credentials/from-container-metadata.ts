import type { AwsCredentials, AwsCredentialsProvider } from "../client/credentials.js";
import { runtimeEnv, variable } from "../client/env-variables.js";
import { jsonOf, nameIn, temporary } from "./answer.js";
import { ask } from "./ask.js";
import { CredentialsProviderError } from "./provider-error.js";
import { renewed, safeUrl, settingsOf, type ProviderOptions, type Settings } from "./provider.js";
import { tokenFrom, type TokenSource } from "./token.js";

/** "Container credential provider": the agents of ECS and of EKS Pod Identity, by IPv4 and IPv6. */
const ECS_HOST = "169.254.170.2";
const HOSTS = [ECS_HOST, "169.254.170.23", "[fd00:ec2::23]"];

export interface FromContainerMetadataOptions extends ProviderOptions {
  /** A path at the ECS agent. Default: `AWS_CONTAINER_CREDENTIALS_RELATIVE_URI`. */
  awsContainerCredentialsRelativeUri?: string | undefined;
  /** A URL: `https`, or `http` to this machine or an agent's address. Default: `AWS_CONTAINER_CREDENTIALS_FULL_URI`. */
  awsContainerCredentialsFullUri?: string | undefined;
  /**
   * Goes into the header `authorization`. EKS Pod Identity has it in the file that
   * `AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE` names and changes it there, so give a function that reads it. Default:
   * `AWS_CONTAINER_AUTHORIZATION_TOKEN`.
   */
  awsContainerAuthorizationToken?: TokenSource | undefined;
  /** An object of variables. Default: the runtime's own environment. */
  env?: object | undefined;
}

/**
 * Credentials of the role of an ECS task, of a pod by EKS Pod Identity, or of whatever else sets
 * `AWS_CONTAINER_CREDENTIALS_…` (Lambda SnapStart, Greengrass, CodeBuild, CloudShell).
 *
 * @example
 * ```ts
 * import { readFile } from "node:fs/promises";
 * import { fromContainerMetadata } from "langgraph-checkpoint-dynamodb/credentials";
 *
 * // EKS Pod Identity, in Node: reading the file is the caller's part.
 * const credentials = fromContainerMetadata({
 *   awsContainerAuthorizationToken: () => readFile(process.env.AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE!, "utf8"),
 * });
 * ```
 * @throws DynamoDBSaverError `INVALID_CONFIG`; the provider itself `CredentialsProviderError` and `ABORTED`
 */
export function fromContainerMetadata(options: FromContainerMetadataOptions = {}): AwsCredentialsProvider {
  const settings = settingsOf("fromContainerMetadata", options, 1_000);
  return renewed(() => askAgent(settings, options), settings.signal);
}

async function askAgent(settings: Settings, options: FromContainerMetadataOptions): Promise<AwsCredentials> {
  const { provider } = settings;
  const url = agentUrl(provider, options);
  const token = await authorization(provider, options);
  return ask(settings, {
    url,
    method: "GET",
    headers: { accept: "application/json", ...(token && { authorization: token }) },
    secrets: token ? [token] : [],
    read(answer) {
      const { AccessKeyId, SecretAccessKey, Token, Expiration } = jsonOf(answer);
      return temporary(provider, {
        accessKeyId: AccessKeyId,
        secretAccessKey: SecretAccessKey,
        sessionToken: Token,
        expiration: Expiration,
      });
    },
    serviceCode: (answer) => nameIn(answer, "code", "Code"),
    advice: (status) => {
      if (status === 401 || status === 403)
        return "Check awsContainerAuthorizationToken, and that the token is read anew when it changes.";
      if (status >= 400 && status < 500) return "Check that the task or pod has a role.";
      return status === 0 ? "Check that the agent runs, and that this container can reach it." : undefined;
    },
  });
}

function agentUrl(provider: string, options: FromContainerMetadataOptions): string {
  const env = options.env ?? runtimeEnv();
  const relative =
    options.awsContainerCredentialsRelativeUri ?? variable(env, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
  const full = options.awsContainerCredentialsFullUri ?? variable(env, "AWS_CONTAINER_CREDENTIALS_FULL_URI");
  const error = (problem: string): CredentialsProviderError => new CredentialsProviderError(provider, problem);
  if (relative !== undefined) {
    if (!relative.startsWith("/"))
      throw error('AWS_CONTAINER_CREDENTIALS_RELATIVE_URI must be a path that begins with "/".');
    return `http://${ECS_HOST}${relative}`;
  }
  if (full !== undefined) return safeUrl("AWS_CONTAINER_CREDENTIALS_FULL_URI", full, HOSTS, undefined, error).href;
  throw new CredentialsProviderError(
    provider,
    "neither AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor AWS_CONTAINER_CREDENTIALS_FULL_URI is set here. ECS, EKS " +
      "Pod Identity and their like set one of them.",
    {
      tryNextLink: true,
    },
  );
}

async function authorization(provider: string, options: FromContainerMetadataOptions): Promise<string | undefined> {
  const env = options.env ?? runtimeEnv();
  const source = options.awsContainerAuthorizationToken;
  if (source === undefined && variable(env, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE") !== undefined) {
    const problem =
      "the token is in the file that AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE names, and this package reads no files.";
    const advice =
      "Pass a function that does, in Node: awsContainerAuthorizationToken: () => " +
      'readFile(process.env.AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE!, "utf8").';
    throw new CredentialsProviderError(provider, `${problem} ${advice}`);
  }
  const token = source ?? variable(env, "AWS_CONTAINER_AUTHORIZATION_TOKEN");
  return token === undefined ? undefined : tokenFrom(provider, "awsContainerAuthorizationToken", token);
}
