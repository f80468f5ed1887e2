import { credentialsProblem, type AwsCredentials } from "../client/credentials.js";
import type { Answer } from "../client/exchange.js";
import { CredentialsProviderError } from "./provider-error.js";

const decoder = new TextDecoder();

/** An answer as JSON. @throws SyntaxError if it is no object */
export function jsonOf({ body }: Answer): Record<string, unknown> {
  const value: unknown = JSON.parse(decoder.decode(body));
  if (typeof value !== "object" || value === null) throw new SyntaxError("The answer is not an object.");
  return value as Record<string, unknown>;
}

/** A member of an error answer that names the error; never throws. */
export function nameIn(answer: Answer, ...names: string[]): string | undefined {
  try {
    const json = jsonOf(answer);
    return names.map((name) => json[name]).find((value): value is string => typeof value === "string");
  } catch {
    return undefined;
  }
}

export const textOfAnswer = ({ body }: Answer): string => decoder.decode(body).trim();

/** What a service answered, under AWS SDK v3's names. */
export type Fields = Record<"accessKeyId" | "secretAccessKey" | "sessionToken" | "expiration", unknown>;

/**
 * Temporary credentials, complete and not expired.
 * @throws CredentialsProviderError with what is wrong, without a value
 */
export function temporary(provider: string, { expiration, ...keys }: Fields): AwsCredentials {
  const ends = typeof expiration === "string" || typeof expiration === "number" ? new Date(expiration) : undefined;
  const credentials = { ...keys, expiration: ends };
  const problem =
    credentialsProblem(credentials) ??
    (keys.sessionToken ? undefined : "no sessionToken") ??
    (ends ? undefined : "no expiration") ??
    (ends!.getTime() > Date.now() ? undefined : "credentials that have expired already. Check this machine's clock");
  if (problem) throw new CredentialsProviderError(provider, `the answer has ${problem}.`, { status: 200, attempts: 1 });
  return credentials as AwsCredentials;
}
