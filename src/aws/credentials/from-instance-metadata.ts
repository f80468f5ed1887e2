import { optional } from "../../checks.js";
import { codeIn, withBase64 } from "../client/answer-text.js";
import type { AwsCredentials, AwsCredentialsProvider } from "../client/credentials.js";
import { allowsInsecureEndpoint, runtimeEnv, variable } from "../client/env-variables.js";
import type { Answer } from "../client/exchange.js";
import { jsonOf, nameIn, temporary, textOfAnswer } from "./answer.js";
import { ask } from "./ask.js";
import { CredentialsProviderError } from "./provider-error.js";
import { renewed, safeUrl, settingsOf, type ProviderOptions, type Settings } from "./provider.js";

/** The link-local addresses of EC2's metadata service. */
const IPV4 = "169.254.169.254";
const IPV6 = "[fd00:ec2::254]";
const ROLES = "/latest/meta-data/iam/security-credentials/";
/** A session is needed for two requests, every few hours; a day's token would only lie about. At most 21,600. */
const TOKEN_SECONDS = 300;

export interface FromInstanceMetadataOptions extends ProviderOptions {
  /** Name of the instance's role. Default: the one that the service names. */
  profile?: string | undefined;
  /**
   * Default: `AWS_EC2_METADATA_SERVICE_ENDPOINT`, or the service's own: by IPv6 where
   * `AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE` says so.
   */
  endpoint?: string | undefined;
  /**
   * Lets `endpoint` be plain `http` to another host, such as one that imitates the service. Default:
   * `DYNAMODB_ALLOW_INSECURE_ENDPOINT`, then `false`.
   */
  allowInsecureEndpoint?: boolean | undefined;
  /** An object of variables. Default: the runtime's own environment. */
  env?: object | undefined;
}

/**
 * Credentials of an EC2 instance's role, by version 2 of its metadata service (IMDSv2). Version 1 is never used:
 * without a session token, whoever can make the program send a GET gets the credentials.
 *
 * In a container the answer with the token has one hop more to go. Where it does not arrive, raise the limit:
 * `aws ec2 modify-instance-metadata-options --http-put-response-hop-limit 2 --instance-id …`
 *
 * @throws DynamoDBSaverError `INVALID_CONFIG`; the provider itself `CredentialsProviderError` and `ABORTED`
 */
export function fromInstanceMetadata(options: FromInstanceMetadataOptions = {}): AwsCredentialsProvider {
  const settings = settingsOf("fromInstanceMetadata", options, 1_000);
  optional(`${settings.provider}: allowInsecureEndpoint`, options.allowInsecureEndpoint, "boolean");
  return renewed(() => askInstance(settings, options), settings.signal);
}

async function askInstance(
  settings: Settings,
  { profile, endpoint, allowInsecureEndpoint, env = runtimeEnv() }: FromInstanceMetadataOptions,
): Promise<AwsCredentials> {
  const { provider } = settings;
  if (variable(env, "AWS_EC2_METADATA_DISABLED")?.toLowerCase() === "true") {
    throw new CredentialsProviderError(provider, "AWS_EC2_METADATA_DISABLED forbids it.", { tryNextLink: true });
  }
  const byIPv6 = variable(env, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE")?.toLowerCase() === "ipv6";
  const given = endpoint ?? variable(env, "AWS_EC2_METADATA_SERVICE_ENDPOINT") ?? `http://${byIPv6 ? IPV6 : IPV4}`;
  const allowed = allowInsecureEndpoint ?? allowsInsecureEndpoint(env) ?? false;
  const { origin } = safeUrl(
    "endpoint",
    given,
    [IPV4, IPV6],
    allowed,
    (problem) => new CredentialsProviderError(provider, problem),
  );

  const token = await ask(settings, {
    url: `${origin}/latest/api/token`,
    method: "PUT",
    headers: { "x-aws-ec2-metadata-token-ttl-seconds": String(TOKEN_SECONDS) },
    secrets: [],
    read: (answer) => word(answer, /^[\x21-\x7e]+$/),
    serviceCode: () => undefined,
    advice: (status) => {
      if (status === 0)
        return (
          "Is this an EC2 instance? In a container, raise the hop limit: aws ec2 modify-instance-metadata-options " +
          "--http-put-response-hop-limit 2."
        );
      if (status === 403)
        return "The metadata service is switched off for this instance, or the request came through a proxy.";
      return "IMDSv2 is needed; IMDSv1 is refused.";
    },
    mayBeAbsent: true,
  });

  const get = <T>(path: string, read: (answer: Answer) => T): Promise<T> =>
    ask(settings, {
      url: origin + path,
      method: "GET",
      headers: { "x-aws-ec2-metadata-token": token },
      secrets: [token],
      read,
      serviceCode: (answer) => nameIn(answer, "Code"),
      advice: (status) =>
        status === 404
          ? "The instance has no role, or not that one. Attach an instance profile, or check the option profile."
          : undefined,
    });

  // "IAM role names": and nothing that could lead to another path.
  const role = profile ?? (await get(ROLES, (answer) => word(answer, /^[\w+=,.@-]+$/)));
  return get(ROLES + encodeURIComponent(role), (answer) => {
    const { Code, AccessKeyId, SecretAccessKey, Token, Expiration } = jsonOf(answer);
    if (typeof Code === "string" && Code !== "Success") {
      const code = codeIn(Code, withBase64([token]));
      const named = code ? ` (${code})` : "";
      throw new CredentialsProviderError(
        provider,
        `the metadata service could not assume the instance's role${named}. Check the role's trust policy: it ` +
          "has to allow ec2.amazonaws.com.",
        {
          status: answer.status,
          attempts: 1,
        },
      );
    }
    return temporary(provider, {
      accessKeyId: AccessKeyId,
      secretAccessKey: SecretAccessKey,
      sessionToken: Token,
      expiration: Expiration,
    });
  });
}

/** An answer that is one word. @throws SyntaxError if it is not */
function word(answer: Answer, pattern: RegExp): string {
  const text = textOfAnswer(answer);
  if (!pattern.test(text)) throw new SyntaxError("The answer is not one word.");
  return text;
}
