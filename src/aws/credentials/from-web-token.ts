import type { AwsCredentialsProvider } from "../client/credentials.js";
import { ask } from "./ask.js";
import { renewed, required, serviceAt, settingsOf, type ClientConfig, type ProviderOptions } from "./provider.js";
import { sessionName, stsQuestion } from "./sts.js";
import { tokenFrom, type TokenSource } from "./token.js";

export interface FromWebTokenOptions extends ProviderOptions {
  roleArn: string;
  /**
   * The OIDC token, or a function that gets it: a token lives for minutes or hours, and is needed for every renewal.
   */
  webIdentityToken: TokenSource;
  /** Stands in CloudTrail. Default: the name of this package, and the time. */
  roleSessionName?: string | undefined;
  /** For OAuth 2.0 tokens of `www.amazon.com` and `graph.facebook.com`, not for OpenID Connect. */
  providerId?: string | undefined;
  policyArns?: { arn: string }[] | undefined;
  /** A policy as JSON that narrows what the role may do. */
  policy?: string | undefined;
  /** How long they last, in seconds: 900 to the role's maximum. Default: 3,600. */
  durationSeconds?: number | undefined;
  /** Where STS is. Default of `region`: `AWS_REGION`, then `AWS_DEFAULT_REGION`. */
  clientConfig?: ClientConfig | undefined;
}

/**
 * Credentials of a role for a token of an identity provider, by STS's "AssumeRoleWithWebIdentity": service accounts of
 * EKS, jobs of GitHub Actions, users of an OpenID provider. The request is not signed and needs no other credentials.
 *
 * @example
 * ```ts
 * import { readFile } from "node:fs/promises";
 * import { fromWebToken } from "langgraph-checkpoint-dynamodb/credentials";
 *
 * // EKS, in Node: reading the file is the caller's part.
 * const credentials = fromWebToken({
 *   roleArn: process.env.AWS_ROLE_ARN!,
 *   webIdentityToken: () => readFile(process.env.AWS_WEB_IDENTITY_TOKEN_FILE!, "utf8"),
 * });
 * ```
 * @throws DynamoDBSaverError `INVALID_CONFIG`; the provider itself `CredentialsProviderError` and `ABORTED`
 */
export function fromWebToken(options: FromWebTokenOptions): AwsCredentialsProvider {
  const name = "fromWebToken";
  const settings = settingsOf(name, options);
  const {
    roleArn,
    webIdentityToken,
    roleSessionName,
    providerId,
    policyArns,
    policy,
    durationSeconds,
    clientConfig = {},
  } = options;
  required(name, "roleArn", roleArn, '"arn:aws:iam::123456789012:role/name"');
  if (typeof webIdentityToken !== "function")
    required(name, "webIdentityToken", webIdentityToken, "the token, or a function that gets it");
  const { url } = serviceAt(name, "sts", clientConfig);

  return renewed(async () => {
    const token = await tokenFrom(name, "webIdentityToken", webIdentityToken);
    const params = {
      RoleArn: roleArn,
      RoleSessionName: roleSessionName ?? sessionName(),
      WebIdentityToken: token,
      ProviderId: providerId,
      PolicyArns: policyArns,
      Policy: policy,
      DurationSeconds: durationSeconds,
    };
    return ask(settings, stsQuestion(name, url, "AssumeRoleWithWebIdentity", params));
  }, settings.signal);
}
