import type { SaverConfig } from "../config/config.js";

/* Where requests go, so that an error of the network can name it: the library's own errors do not know. */

const origins = new Map<string, string>();

export function rememberEndpoints({ endpoint, s3 }: Pick<SaverConfig, "endpoint" | "s3">): void {
  origins.set("dynamodb", new URL(endpoint).origin);
  if (s3) origins.set("s3", new URL(s3.endpoint).origin);
}

/** The origin that requests of a service go to. */
export const originOf = (service: string | undefined): string | undefined => origins.get(service ?? "");

/** Node's name of what failed, such as `ECONNREFUSED`. */
export function reasonOf(error: unknown): string | undefined {
  for (let cause = error; typeof cause === "object" && cause !== null; cause = (cause as { cause?: unknown }).cause) {
    const { code } = cause as { code?: unknown };
    if (typeof code === "string" && code !== "NETWORK" && /^[A-Z_0-9]+$/.test(code)) return code;
  }
  return undefined;
}

/** What to do about a connection that failed for a reason of these. */
export const NETWORK_REMEDIES: Readonly<Record<string, string>> = {
  ECONNREFUSED: "Nothing listens there. Start the server, or check --endpoint.",
  ENOTFOUND: "There is no such host. Check --endpoint and --region, and this machine's name server.",
  EAI_AGAIN: "This machine's name server does not answer. Check the network.",
  CERT_HAS_EXPIRED: "The certificate has expired, or this machine's clock is wrong.",
};
