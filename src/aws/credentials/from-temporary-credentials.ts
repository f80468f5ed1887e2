import { invalidConfig } from "../../errors.js";
import { Clock } from "../client/clock.js";
import {
  CredentialSource,
  credentialsProblem,
  EXPOSED,
  exposed,
  type AwsCredentials,
  type AwsCredentialsProvider,
  type CredentialSourceOptions,
} from "../client/credentials.js";
import { sign, type SigningKeys } from "../client/sign.js";
import { ask } from "./ask.js";
import { fromEnv } from "./from-env.js";
import { renewed, required, serviceAt, settingsOf, type ClientConfig, type ProviderOptions } from "./provider.js";
import { sessionName, stsQuestion } from "./sts.js";

/** Parameters of STS's "AssumeRole", in its own names. */
export interface AssumeRoleParams {
  RoleArn: string;
  /** Stands in CloudTrail. Default: the name of this package, and the time. */
  RoleSessionName?: string | undefined;
  /** How long they last, in seconds: 900 to the role's maximum. Default: 3,600. */
  DurationSeconds?: number | undefined;
  /** What the role's trust policy may ask of another account. */
  ExternalId?: string | undefined;
  /** A policy as JSON that narrows what the role may do, for example to one tenant's `dynamodb:LeadingKeys`. */
  Policy?: string | undefined;
  PolicyArns?: { arn: string }[] | undefined;
  Tags?: { Key: string; Value: string }[] | undefined;
  TransitiveTagKeys?: string[] | undefined;
  SourceIdentity?: string | undefined;
}

export interface FromTemporaryCredentialsOptions extends ProviderOptions, CredentialSourceOptions {
  params: AssumeRoleParams;
  /** Who assumes the role: an object, or any provider. Default: {@link fromEnv}. */
  masterCredentials?: AwsCredentials | AwsCredentialsProvider | undefined;
  /** Where STS is. Default of `region`: `AWS_REGION`, then `AWS_DEFAULT_REGION`. */
  clientConfig?: ClientConfig | undefined;
}

/**
 * Credentials of a role, by STS's "AssumeRole".
 *
 * @example
 * ```ts
 * import { fromTemporaryCredentials } from "langgraph-checkpoint-dynamodb/credentials";
 *
 * const credentials = fromTemporaryCredentials({ params: { RoleArn: "arn:aws:iam::123456789012:role/checkpoints" } });
 * ```
 * @throws DynamoDBSaverError `INVALID_CONFIG`; the provider itself `CredentialsProviderError` and `ABORTED`
 */
export function fromTemporaryCredentials(options: FromTemporaryCredentialsOptions): AwsCredentialsProvider {
  const name = "fromTemporaryCredentials";
  const settings = settingsOf(name, options);
  const { params, masterCredentials = fromEnv(), clientConfig = {}, dangerouslyAllowBrowser } = options;
  required(name, "params.RoleArn", params?.RoleArn, '"arn:aws:iam::123456789012:role/name"');
  if (typeof masterCredentials !== "function") {
    const problem = credentialsProblem(masterCredentials);
    if (problem) throw invalidConfig(`${name}: masterCredentials: got ${problem}.`);
    if (!dangerouslyAllowBrowser && exposed(masterCredentials))
      throw invalidConfig(`${name}: masterCredentials are long-lived. ${EXPOSED}`);
  }
  const { url, region } = serviceAt(name, "sts", clientConfig);
  const master = new CredentialSource(masterCredentials, options);
  const clock = new Clock();
  const keys: SigningKeys = new Map();

  return renewed(async () => {
    const credentials = await master.get();
    const question = stsQuestion(name, url, "AssumeRole", { RoleSessionName: sessionName(), ...params });
    const { method, headers } = question;
    const signed = (body: Uint8Array<ArrayBuffer>): Promise<Headers> =>
      sign({ method, url, headers, body, service: "sts", region }, credentials, clock.offsetMs, keys);
    return ask(settings, { ...question, sign: { headers: signed, clock } });
  }, settings.signal);
}
