import { CredentialsProviderError } from "./provider-error.js";

/** A token, or a function that gets it whenever it is needed. */
export type TokenSource = string | (() => string | Promise<string>);

/**
 * The token without the line break that files end with.
 * @throws CredentialsProviderError which never shows it
 */
export async function tokenFrom(provider: string, option: string, source: TokenSource): Promise<string> {
  let token: unknown = source;
  if (typeof source === "function") {
    try {
      token = await source();
    } catch (cause) {
      throw new CredentialsProviderError(provider, `the function ${option} failed; see the cause of this error.`, {
        cause,
      });
    }
  }
  const text = typeof token === "string" ? token.trim() : "";
  if (text === "") throw new CredentialsProviderError(provider, `${option} gave no token.`);
  // It may become a header, and the runtime's error about a bad one would quote it.
  if (!/^[\x20-\x7e]+$/.test(text))
    throw new CredentialsProviderError(provider, `${option} gave a token with a line break or a non-ASCII character.`);
  return text;
}
