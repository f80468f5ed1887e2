import { optional } from "../../checks.js";
import { invalidConfig, type DynamoDBSaverError } from "../../errors.js";
import { CredentialSource, type AwsCredentials, type AwsCredentialsProvider } from "../client/credentials.js";
import { awsEndpoint, insecureAdvice, isRegion, isSafe, schemeAdvice, urlOf } from "../client/endpoint.js";
import { allowsInsecureEndpoint, runtimeEnv, variable } from "../client/env-variables.js";
import type { Fetch } from "../client/exchange.js";
import { singleFlight } from "../client/single-flight.js";

/** Options of every provider that sends requests. */
export interface ProviderOptions {
  /** Sends the requests. Default: the global `fetch`. */
  fetch?: Fetch | undefined;
  /** Ends what is under way with the error `ABORTED`, and refuses what comes after. */
  signal?: AbortSignal | undefined;
  /** How long one attempt may take, in milliseconds. Default: 5,000; for metadata services 1,000. */
  timeout?: number | undefined;
  /** How many further attempts a request gets after a transient failure; 10 at most. Default: 2. */
  maxRetries?: number | undefined;
}

/** Where a provider's service is. */
export interface ClientConfig {
  /** For example `"us-east-1"`. */
  region?: string | undefined;
  /**
   * URL of the service; plain `http` for this machine, and for others with `allowInsecureEndpoint`. Default:
   * `AWS_ENDPOINT_URL_…` of the service, `AWS_ENDPOINT_URL`, AWS's own.
   */
  endpoint?: string | undefined;
  /**
   * Lets `endpoint` be plain `http` to another host, such as `"http://localstack:4566"`. Credentials then travel in the
   * clear. A browser refuses it all the same. Default: `DYNAMODB_ALLOW_INSECURE_ENDPOINT`, then `false`.
   */
  allowInsecureEndpoint?: boolean | undefined;
}

/** The same, checked and filled in. */
export interface Settings {
  provider: string;
  fetch: Fetch;
  signal: AbortSignal | undefined;
  timeout: number;
  maxRetries: number;
}

/** @throws DynamoDBSaverError `INVALID_CONFIG` */
export function settingsOf(provider: string, options: ProviderOptions, defaultTimeout = 5_000): Settings {
  if (typeof options !== "object" || options === null)
    throw invalidConfig(`${provider}: the options must be an object.`);
  const { signal, timeout = defaultTimeout, maxRetries = 2 } = options;
  const fetchOption = options.fetch ?? (typeof fetch === "function" ? fetch.bind(globalThis) : undefined);
  if (typeof fetchOption !== "function")
    throw invalidConfig(`${provider}: fetch must be a function; this runtime has no global one unless you pass it.`);
  const inRange = (value: unknown, min: number, max: number): boolean =>
    Number.isInteger(value) && (value as number) >= min && (value as number) <= max;
  if (!inRange(timeout, 1, 600_000))
    throw invalidConfig(`${provider}: timeout must be a whole number of milliseconds from 1 to 600000.`);
  if (!inRange(maxRetries, 0, 10)) throw invalidConfig(`${provider}: maxRetries must be a whole number from 0 to 10.`);
  return { provider, fetch: fetchOption, signal, timeout, maxRetries };
}

/** A text that an option has to give. Its value may be a secret, so no message shows it. */
export function required(provider: string, name: string, value: unknown, example: string): string {
  if (typeof value === "string" && value !== "") return value;
  throw invalidConfig(
    `${provider}: ${name} ${value === undefined || value === "" ? "is missing" : "must be a string"}. Pass ` +
      `${name}: ${example}.`,
  );
}

/** The URL of a service, and the region to sign for. */
export function serviceAt(
  provider: string,
  service: string,
  { region, endpoint, allowInsecureEndpoint }: ClientConfig,
  env: object = runtimeEnv(),
): { url: string; region: string } {
  const where = region ?? variable(env, "AWS_REGION") ?? variable(env, "AWS_DEFAULT_REGION");
  if (where === undefined)
    throw invalidConfig(
      `${provider}: the region is missing. Pass clientConfig: { region: "us-east-1" }, or set AWS_REGION.`,
    );
  if (typeof where !== "string" || !isRegion(where))
    throw invalidConfig(`${provider}: clientConfig.region is not an AWS region such as "us-east-1".`);
  const given =
    endpoint ??
    variable(env, `AWS_ENDPOINT_URL_${service.toUpperCase().replace("-", "_")}`) ??
    variable(env, "AWS_ENDPOINT_URL");
  const allowed =
    optional(`${provider}: clientConfig.allowInsecureEndpoint`, allowInsecureEndpoint, "boolean") ??
    allowsInsecureEndpoint(env) ??
    false;
  const error = (problem: string): DynamoDBSaverError => invalidConfig(`${provider}: ${problem}`);
  return {
    region: where,
    url:
      given === undefined
        ? awsEndpoint(service, where)
        : safeUrl("clientConfig.endpoint", given, [], allowed, error).href,
  };
}

/**
 * A URL that a secret may be sent to: `https`, or `http` to this machine or one of AWS's hosts for this purpose.
 * @param allowInsecure whether the caller allows `http` to others; `undefined` where nobody is asked
 */
export function safeUrl(
  name: string,
  value: string,
  awsHosts: readonly string[],
  allowInsecure: boolean | undefined,
  error: (problem: string) => DynamoDBSaverError,
): URL {
  const url = urlOf(value);
  if (!url) throw error(`${name} ${schemeAdvice(value)}`);
  if (url.username || url.password) throw error(`${name} must not hold a user name or password.`);
  if (isSafe(url, allowInsecure ?? false) || (url.protocol === "http:" && awsHosts.includes(url.hostname))) return url;
  const hosts = ["this machine", ...awsHosts].join(", ");
  throw error(
    `${name} must be https: credentials would travel in the clear. Plain http is for ` +
      `${hosts}${allowInsecure === undefined ? " only." : `. ${insecureAdvice()}`}`,
  );
}

/**
 * A provider that keeps what it got, renews it 5 minutes before it expires, and asks once for several callers at once.
 * With `forceRefresh` it asks in any case: the service has refused what there is.
 */
export function renewed(ask: () => Promise<AwsCredentials>, signal: AbortSignal | undefined): AwsCredentialsProvider {
  const source = new CredentialSource(singleFlight(ask, signal));
  return async (options?: { forceRefresh?: boolean }) => {
    if (options?.forceRefresh) source.discard();
    return { ...(await source.get()) };
  };
}
