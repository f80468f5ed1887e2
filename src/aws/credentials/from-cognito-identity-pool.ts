import { invalidConfig } from "../../errors.js";
import type { AwsCredentials } from "../client/credentials.js";
import { jsonOf, nameIn, temporary } from "./answer.js";
import { ask, type Question } from "./ask.js";
import { CredentialsProviderError } from "./provider-error.js";
import { renewed, required, serviceAt, settingsOf, type ClientConfig, type ProviderOptions } from "./provider.js";
import { tokenFrom, type TokenSource } from "./token.js";

/** Keeps a visitor's identity from one page load to the next. `localStorage` fits. */
export interface IdentityCache {
  getItem(key: string): string | null | undefined | Promise<string | null | undefined>;
  setItem(key: string, value: string): unknown;
  removeItem(key: string): unknown;
}

export interface FromCognitoIdentityPoolOptions extends ProviderOptions {
  /** `"us-east-1:xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx"` */
  identityPoolId: string;
  /**
   * Tokens of a signed-in user by provider, for example `{ "cognito-idp.us-east-1.amazonaws.com/us-east-1_abc": () =>
   * idToken }`. Default: a guest.
   */
  logins?: Record<string, TokenSource> | undefined;
  /** For pools with several roles: which one. */
  customRoleArn?: string | undefined;
  accountId?: string | undefined;
  /** Where the identity's id (no secret) is kept. Without it, every new provider of a guest is a new identity. */
  cache?: IdentityCache | undefined;
  /**
   * Whose identity it is in `cache`, where several users share it. Default: that of the guest; with `logins` none is
   * kept.
   */
  userIdentifier?: string | undefined;
  /** Where Cognito is. Default of `region`: the pool's. */
  clientConfig?: ClientConfig | undefined;
}

/** Credentials of one of the pool's identities, and which. */
export interface CognitoIdentityCredentials extends AwsCredentials {
  /** In IAM policies `${cognito-identity.amazonaws.com:sub}`: make it the saver's `keyPrefix` to keep users apart. */
  identityId: string;
}

/**
 * Temporary credentials for a browser, from an Amazon Cognito identity pool. No request is signed.
 *
 * @example
 * ```ts
 * import { DynamoDBSaver } from "langgraph-checkpoint-dynamodb";
 * import { fromCognitoIdentityPool } from "langgraph-checkpoint-dynamodb/credentials";
 *
 * const credentials = fromCognitoIdentityPool({ identityPoolId: "us-east-1:…", cache: localStorage });
 * const { identityId } = await credentials();
 * const keyPrefix = `${identityId}#`;
 * const checkpointer = new DynamoDBSaver({ tableName: "checkpoints", region: "us-east-1", credentials, keyPrefix });
 * ```
 * @throws DynamoDBSaverError `INVALID_CONFIG`; the provider itself `CredentialsProviderError` and `ABORTED`
 */
export function fromCognitoIdentityPool(
  options: FromCognitoIdentityPoolOptions,
): () => Promise<CognitoIdentityCredentials> {
  const name = "fromCognitoIdentityPool";
  const settings = settingsOf(name, options);
  const { identityPoolId, logins, customRoleArn, accountId, cache, clientConfig = {} } = options;
  required(name, "identityPoolId", identityPoolId, '"us-east-1:xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx"');
  if (!/^[\w-]+:[0-9a-f-]+$/.test(identityPoolId))
    throw invalidConfig(
      `${name}: identityPoolId must be the pool's id with its region, such as ` +
        `"us-east-1:xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx".`,
    );
  const { url } = serviceAt(name, "cognito-identity", {
    ...clientConfig,
    region: clientConfig.region ?? identityPoolId.split(":")[0],
  });
  const user = options.userIdentifier ?? (Object.keys(logins ?? {}).length === 0 ? "ANONYMOUS" : undefined);
  // The key of the AWS SDK v3, whose guests stay who they are.
  const cacheKey = user && `aws:cognito-identity-credentials:${identityPoolId}:${user}`;
  let identityId: string | undefined;

  const call = (operation: string, input: Input): Promise<Record<string, unknown>> =>
    ask(settings, cognitoQuestion(url, operation, input));

  const identify = async (Logins: Record<string, string> | undefined): Promise<string> => {
    const { IdentityId: id } = await call("GetId", { IdentityPoolId: identityPoolId, AccountId: accountId, Logins });
    if (typeof id !== "string" || id === "")
      throw new CredentialsProviderError(name, "the answer has no IdentityId.", { status: 200, attempts: 1 });
    if (cacheKey) await cache?.setItem(cacheKey, id);
    return id;
  };

  const provider = renewed(async () => {
    const Logins = await tokensOf(name, logins);
    const known = identityId ?? ((cacheKey && (await cache?.getItem(cacheKey))) || undefined);
    const credentialsOf = (IdentityId: string): Promise<Record<string, unknown>> =>
      call("GetCredentialsForIdentity", { IdentityId, Logins, CustomRoleArn: customRoleArn });
    let id = known ?? (await identify(Logins));
    let answer: Record<string, unknown>;
    try {
      answer = await credentialsOf(id);
    } catch (error) {
      const deleted = error instanceof CredentialsProviderError && error.serviceCode === "ResourceNotFoundException";
      if (!known || !deleted) throw error;
      if (cacheKey) await cache?.removeItem(cacheKey);
      id = await identify(Logins);
      answer = await credentialsOf(id);
    }
    const { AccessKeyId, SecretKey, SessionToken, Expiration } = (answer.Credentials ?? {}) as Record<string, unknown>;
    const expiration = typeof Expiration === "number" ? Expiration * 1_000 : undefined;
    const credentials = temporary(name, {
      accessKeyId: AccessKeyId,
      secretAccessKey: SecretKey,
      sessionToken: SessionToken,
      expiration,
    });
    identityId = id;
    return credentials;
  }, settings.signal);

  return async (...args: []) => ({ ...(await provider(...args)), identityId: identityId! });
}

async function tokensOf(
  provider: string,
  logins: Record<string, TokenSource> | undefined,
): Promise<Record<string, string> | undefined> {
  if (!logins) return undefined;
  const entries = Object.entries(logins).map(
    async ([login, source]) => [login, await tokenFrom(provider, `logins[${JSON.stringify(login)}]`, source)] as const,
  );
  return Object.fromEntries(await Promise.all(entries));
}

/** Of an operation. Its tokens are secrets. */
type Input = Record<string, unknown> & { Logins: Record<string, string> | undefined };

function cognitoQuestion(url: string, operation: string, input: Input): Question<Record<string, unknown>> {
  return {
    url,
    method: "POST",
    headers: { "content-type": "application/x-amz-json-1.1", "x-amz-target": `AWSCognitoIdentityService.${operation}` },
    body: JSON.stringify(input),
    secrets: Object.values(input.Logins ?? {}),
    read: jsonOf,
    // With the namespace before it, or a URL after it.
    serviceCode: (answer) =>
      (nameIn(answer, "__type") ?? answer.headers.get("x-amzn-errortype") ?? undefined)
        ?.replace(/^.*#/, "")
        .replace(/:.*/, ""),
    advice: (status, serviceCode) => {
      switch (serviceCode) {
        case "NotAuthorizedException":
          return (
            "The login's token has expired or is not of a provider of this pool; without logins, the pool has to " +
            "allow guests. Give logins as functions that get a fresh token."
          );
        case "ResourceNotFoundException":
          return "There is no such pool or identity in this region. Check identityPoolId.";
        case "InvalidIdentityPoolConfigurationException":
          return (
            "The pool has no role for this user, or may not assume it. Check the pool's roles and their trust " +
            "policies."
          );
        case "InvalidParameterException":
          return "Check identityPoolId, logins and customRoleArn.";
        default:
          return status === 0 ? "Check clientConfig and the network." : undefined;
      }
    },
  };
}
