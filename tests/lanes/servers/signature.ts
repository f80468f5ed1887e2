/** As a server receives it. */
export interface SignedRequest {
  method: string;
  url: string;
  headers: Headers;
  body: Uint8Array<ArrayBuffer>;
}

export interface Keys {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string | undefined;
}

const encoder = new TextEncoder();

const AUTHORIZATION = new RegExp(
  "^AWS4-HMAC-SHA256 Credential=([^/]+)/((\\d{8})/([^/]+)/([^/]+)/aws4_request), ?" +
    "SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$",
);

/**
 * "Create a signed AWS API request": why AWS would refuse a request, by the name of the error; `undefined` where it
 * would not. Written from that page, and from none of the libraries that sign.
 */
export async function signatureProblem(
  { method, url, headers, body }: SignedRequest,
  keys: Keys,
  { service, region }: { service: string; region: string },
): Promise<string | undefined> {
  const given = AUTHORIZATION.exec(headers.get("authorization") ?? "");
  if (!given) return "MissingAuthenticationTokenException";
  const [, id, scope = "", day = "", scopeRegion, scopeService, signedHeaders = "", signature] = given;
  if (id !== keys.accessKeyId) return "UnrecognizedClientException";
  if ((headers.get("x-amz-security-token") ?? undefined) !== keys.sessionToken) return "UnrecognizedClientException";
  const date = headers.get("x-amz-date") ?? "";
  const seconds = Date.parse(date.replace(/^(....)(..)(..)T(..)(..)(..)Z$/, "$1-$2-$3T$4:$5:$6Z")) / 1_000;
  const names = signedHeaders.split(";");
  const isInPlace = scopeRegion === region && scopeService === service && date.startsWith(day);
  const isComplete = ["host", "x-amz-date"].every((name) => names.includes(name));
  if (!isInPlace || !isComplete || !(Math.abs(Date.now() / 1_000 - seconds) < 300)) return "InvalidSignatureException";

  const hash = await hexHash(body);
  if ((headers.get("x-amz-content-sha256") ?? hash) !== hash) return "InvalidSignatureException";
  const { host, pathname, search } = new URL(url);
  const valueOf = (name: string): string =>
    name === "host" ? host : (headers.get(name) ?? "").trim().replace(/ +/g, " ");
  const canonical = [
    method,
    pathname,
    search.slice(1),
    ...names.map((name) => `${name}:${valueOf(name)}`),
    "",
    signedHeaders,
    hash,
  ].join("\n");
  const toSign = ["AWS4-HMAC-SHA256", date, scope, await hexHash(encoder.encode(canonical))].join("\n");
  let key: Uint8Array<ArrayBuffer> = encoder.encode(`AWS4${keys.secretAccessKey}`);
  for (const part of [day, region, service, "aws4_request", toSign]) key = await hmac(key, part);
  return hex(key) === signature ? undefined : "InvalidSignatureException";
}

async function hmac(key: Uint8Array<ArrayBuffer>, text: string): Promise<Uint8Array<ArrayBuffer>> {
  const imported = await crypto.subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", imported, encoder.encode(text)));
}

const hexHash = async (bytes: Uint8Array<ArrayBuffer>): Promise<string> =>
  hex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));

const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
