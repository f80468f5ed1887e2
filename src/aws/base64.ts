/*
 * Base64 both ways. Runtimes that have `Uint8Array.prototype.toBase64` (Deno, Bun, Node 25, browsers of 2025)
 * use it; elsewhere a table is several times faster than `btoa`, which wants a binary string first.
 */

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const PADDING = 61; // "="
const ENCODE = new TextEncoder().encode(ALPHABET);
const DECODE = new Uint8Array(256).fill(255);
for (let i = 0; i < 64; i++) DECODE[ENCODE[i]!] = i;
const ascii = new TextDecoder();

/** The methods of ECMAScript 2026, which TypeScript's ES2022 library does not know. */
interface NativeBytes {
  toBase64(): string;
}
interface NativeBytesConstructor {
  fromBase64(text: string, options: { lastChunkHandling: "strict" }): Uint8Array;
}

/** Standard alphabet, padded: the form of DynamoDB's binary attributes. */
export function toBase64(bytes: Uint8Array): string {
  return "toBase64" in bytes ? (bytes as NativeBytes).toBase64() : encode(bytes);
}

/** @throws SyntaxError if the text is not padded base64. */
export function fromBase64(text: string): Uint8Array {
  if (text.length % 4 !== 0) throw new SyntaxError("base64 text must be a multiple of 4 characters");
  if (!("fromBase64" in Uint8Array)) return decode(text);
  const bytes = (Uint8Array as NativeBytesConstructor).fromBase64(text, { lastChunkHandling: "strict" });
  // The native method passes over white space.
  if (bytes.length !== decodedLength(text)) throw new SyntaxError("base64 text has white space");
  return bytes;
}

/** The URL-safe alphabet without padding, for names that stand in a key. */
export function toBase64Url(bytes: Uint8Array): string {
  return toBase64(bytes).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

/** @throws SyntaxError if the text is not unpadded base64url. */
export function fromBase64Url(text: string): Uint8Array {
  const standard = text.replace(/-/g, "+").replace(/_/g, "/");
  return fromBase64(standard + "=".repeat((4 - (standard.length % 4)) % 4));
}

function encode(bytes: Uint8Array): string {
  const out = new Uint8Array(Math.ceil(bytes.length / 3) * 4);
  let o = 0;
  for (let i = 0; i < bytes.length; i += 3) {
    const left = bytes.length - i;
    const group = (bytes[i]! << 16) | (left > 1 ? bytes[i + 1]! << 8 : 0) | (left > 2 ? bytes[i + 2]! : 0);
    out[o++] = ENCODE[group >> 18]!;
    out[o++] = ENCODE[(group >> 12) & 63]!;
    out[o++] = left > 1 ? ENCODE[(group >> 6) & 63]! : PADDING;
    out[o++] = left > 2 ? ENCODE[group & 63]! : PADDING;
  }
  return ascii.decode(out);
}

const paddingOf = (text: string): number => (text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0);

const decodedLength = (text: string): number => (text.length / 4) * 3 - paddingOf(text);

function decode(text: string): Uint8Array {
  const out = new Uint8Array(decodedLength(text));
  const end = text.length - paddingOf(text);
  const digit = (i: number): number => {
    if (i >= end) return 0;
    const code = text.charCodeAt(i);
    const value = code < 256 ? DECODE[code]! : 255;
    if (value === 255) throw new SyntaxError("base64 text has a character outside its alphabet");
    return value;
  };
  let o = 0;
  for (let i = 0; i < text.length; i += 4) {
    const group = (digit(i) << 18) | (digit(i + 1) << 12) | (digit(i + 2) << 6) | digit(i + 3);
    out[o++] = group >> 16;
    if (o < out.length) out[o++] = (group >> 8) & 255;
    if (o < out.length) out[o++] = group & 255;
  }
  return out;
}
