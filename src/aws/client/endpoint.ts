import { inBrowser } from "./browser.js";

/**
 * Where a service is in a region. AWS General Reference, "Service endpoints and quotas": China has a domain of its own.
 */
export function awsEndpoint(service: string, region: string): string {
  return `https://${service}.${region}.amazonaws.com${region.startsWith("cn-") ? ".cn" : ""}/`;
}

export const isRegion = (region: string): boolean => /^[a-z0-9-]{1,63}$/.test(region);

/**
 * Whether a URL's host is this machine, wherever the program runs. `0.0.0.0` is not: not every system takes it for an
 * address to send to. Nor is a name below `localhost`: Node and others ask the name server for it, which may send it
 * anywhere.
 */
const isLoopback = ({ hostname }: URL): boolean => /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);

/**
 * Whether state and signatures may go there: by `https`, or in the clear to this machine, or where the caller trusts
 * the way. A browser's user did not say so, and does not know the way.
 */
export const isSafe = (url: URL, allowInsecure: boolean): boolean =>
  url.protocol === "https:" || (url.protocol === "http:" && (isLoopback(url) || (allowInsecure && !inBrowser())));

/** `undefined` where a text has no scheme: "localhost:8000" would be a URL of the scheme "localhost". */
export const urlOf = (given: string): URL | undefined =>
  given.includes("://") && URL.canParse(given) ? new URL(given) : undefined;

/** What to write in place of what is no URL. Only a host is repeated: what else it is may be a password. */
export const schemeAdvice = (given: string): string => {
  const host = /^[\w.-]+(:\d+)?$/.test(given) ? given : "127.0.0.1:8000";
  return `is not a URL. Write it with its scheme, for example "http://${host}".`;
};

/** What to do about a URL that is not {@link isSafe}. */
export const insecureAdvice = (): string =>
  inBrowser()
    ? "A browser refuses it in any case."
    : "In a network that you trust, pass allowInsecureEndpoint: true or set DYNAMODB_ALLOW_INSECURE_ENDPOINT=true.";
