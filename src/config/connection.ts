import {
  copied,
  credentialsProblem,
  EXPOSED,
  exposed,
  type AwsCredentials,
  type AwsCredentialsProvider,
} from "../aws/client/credentials.js";
import { awsEndpoint, insecureAdvice, isRegion, isSafe, schemeAdvice, urlOf } from "../aws/client/endpoint.js";
import { text } from "../checks.js";
import { invalidConfig } from "../errors.js";
import type { DynamoDBSaverEnv } from "../options.js";
import { nonEmpty } from "./environment.js";

/* Where the table is, and with which credentials requests go there. */

export function checkEndpoint(name: string, endpoint: unknown, allowInsecure: boolean): string {
  const given = text(name, endpoint, "");
  const url = urlOf(given);
  if (!url) throw invalidConfig(`${name} ${schemeAdvice(given)}`);
  if (url.username || url.password)
    throw invalidConfig(name + " must not hold a user name or password. Pass credentials instead.");
  if (url.search || url.hash) throw invalidConfig(name + " must not have a query or a fragment.");
  if (!isSafe(url, allowInsecure)) {
    throw invalidConfig(
      `${name} ${url.origin} must be https: state and signed requests would travel in the clear. Plain http is ` +
        `for this machine (127.0.0.1). ${insecureAdvice()}`,
    );
  }
  return url.href;
}

export function checkTableName(name: string): string {
  // "Naming rules": 3 to 255 characters. An ARN names a table of another account.
  if (
    /^[A-Za-z0-9_.-]{3,255}$/.test(name) ||
    /^arn:aws[a-z-]*:dynamodb:[a-z0-9-]+:\d{12}:table\/[A-Za-z0-9_.-]{3,255}$/.test(name)
  )
    return name;
  throw invalidConfig(
    `tableName ${JSON.stringify(name)} must have 3 to 255 letters, digits, "_", "-" or ".", or be the ARN of a table.`,
  );
}

export function credentialsFrom(env: DynamoDBSaverEnv): AwsCredentials | undefined {
  const { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret, AWS_SESSION_TOKEN: token } = env;
  if (!id && !secret) return undefined;
  if (!id || !secret)
    throw invalidConfig(
      `${id ? "AWS_SECRET_ACCESS_KEY" : "AWS_ACCESS_KEY_ID"} is missing beside ` +
        `${id ? "AWS_ACCESS_KEY_ID" : "AWS_SECRET_ACCESS_KEY"}. Set both.`,
    );
  return { accessKeyId: id, secretAccessKey: secret, sessionToken: nonEmpty(token) };
}

export function checkCredentials(
  name: string,
  credentials: unknown,
  dangerouslyAllowBrowser: boolean,
): AwsCredentials | AwsCredentialsProvider {
  if (typeof credentials === "function") return credentials as AwsCredentialsProvider;
  const example =
    "Pass credentials: { accessKeyId, secretAccessKey } or an async function that returns them, or set " +
    "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.";
  if (credentials === undefined) throw invalidConfig(`credentials are missing. ${example}`);
  const given = copied(credentials);
  const problem = credentialsProblem(given);
  if (problem) throw invalidConfig(`${name}: got ${problem}. ${example}`);
  if (!dangerouslyAllowBrowser && exposed(given as AwsCredentials))
    throw invalidConfig(`${name} are long-lived. ${EXPOSED}`);
  return given as AwsCredentials;
}

/** The region of the table. By default the environment says it. */
export const regionFrom = (given: string | undefined, env: DynamoDBSaverEnv): string =>
  checkRegion(
    "region",
    text(
      "region",
      given ?? nonEmpty(env.AWS_REGION) ?? nonEmpty(env.AWS_DEFAULT_REGION),
      'Pass region: "us-east-1", or set AWS_REGION.',
    ),
  );

/** The URL of the table's service. By default the environment says it, and then the region. */
export function endpointFrom(
  given: string | undefined,
  env: DynamoDBSaverEnv,
  region: string,
  allowInsecure: boolean,
): string {
  const endpoint = given ?? nonEmpty(env.AWS_ENDPOINT_URL_DYNAMODB) ?? nonEmpty(env.AWS_ENDPOINT_URL);
  return endpoint === undefined ? awsEndpoint("dynamodb", region) : checkEndpoint("endpoint", endpoint, allowInsecure);
}

/** It becomes a part of the host that signed requests go to. */
export function checkRegion(name: string, region: string): string {
  if (isRegion(region)) return region;
  throw invalidConfig(`${name} ${JSON.stringify(region)} is not an AWS region such as "us-east-1".`);
}
