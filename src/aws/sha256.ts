import { toBase64Url } from "./base64.js";

const encoder = new TextEncoder();

/** SHA-256 of bytes, or of a text's UTF-8. */
export async function sha256(data: Uint8Array | string): Promise<Uint8Array> {
  const bytes = typeof data === "string" ? encoder.encode(data) : data;
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>));
}

/** The same, as it stands in a key: base64url. */
export const sha256Name = async (data: Uint8Array | string): Promise<string> => toBase64Url(await sha256(data));
