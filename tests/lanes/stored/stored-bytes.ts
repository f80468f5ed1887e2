import { deflateSync, gzipSync } from "fflate";

/*
 * The bytes that items hold, put together by hand: what src/format/container.ts documents, with the freedom to
 * lie in every part of it.
 */

/** One value's entry in a header: its type, the length of its tail, the lengths of its segments. */
export type Entry = [type: string, tailLength: number, ...segmentLengths: number[]];

export interface Container {
  head: unknown;
  entries: unknown[];
  /** Names of the segments, 32 bytes each. */
  hashes: Uint8Array[];
  tails: Uint8Array[];
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export const utf8 = (text: string): Uint8Array => encoder.encode(text);
export const text = (bytes: Uint8Array): string => decoder.decode(bytes);

export function concat(...parts: Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** Takes a container apart that the saver has made. */
export function parseContainer(bytes: Uint8Array): Container {
  const end = 4 + new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
  const [head, entries] = JSON.parse(text(bytes.subarray(4, end))) as [unknown, Entry[]];
  let at = end;
  const take = (length: number): Uint8Array => bytes.slice(at, (at += length));
  const hashes = entries.flatMap(([, , ...segments]) => segments.map(() => take(32)));
  return { head, entries, hashes, tails: entries.map(([, tail]) => take(tail)) };
}

/**
 * The bytes of a container, however little its parts fit together.
 * @param header in place of what `head` and `entries` make
 */
export function buildContainer(
  { head, entries, hashes, tails }: Container,
  header = JSON.stringify([head, entries]),
  headerLength?: number,
): Uint8Array {
  const json = utf8(header);
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, headerLength ?? json.length);
  return concat(length, json, ...hashes, ...tails);
}

/** A frame with a body, metadata and channels, given as JSON text or as bytes. */
export function buildFrame(parts: {
  body?: string;
  metadata?: string;
  channels?: Record<string, Uint8Array | string>;
}): Uint8Array {
  const { body = BODY, metadata = '{"source":"loop","step":0,"parents":{}}', channels = {} } = parts;
  const tails = [body, metadata, ...Object.values(channels)].map((value) =>
    typeof value === "string" ? utf8(value) : value,
  );
  const types = [body, metadata, ...Object.values(channels)].map((value) =>
    typeof value === "string" ? "json" : "bytes",
  );
  return buildContainer({
    head: [Object.keys(channels).map((name) => [name, 1])],
    entries: tails.map((tail, i) => [types[i], tail.length]),
    hashes: [],
    tails,
  });
}

/** A checkpoint's body that is as it should be. */
export const BODY = '{"v":4,"ts":"2026-01-01T00:00:00.000Z","channel_versions":{},"versions_seen":{}}';

/** What stands in front of every stored byte string, and says how the rest is encoded. */
export const CODEC = { plain: 0, gzip: 1, deflateWithDictionary: 2, encrypted: 3 } as const;

export const plain = (bytes: Uint8Array): Uint8Array => concat(Uint8Array.of(CODEC.plain), bytes);

/** @param announced the length that it says the original has; the true one by default */
export function gzipped(bytes: Uint8Array, announced?: number): Uint8Array {
  const zipped = gzipSync(bytes, { level: 9, mtime: 0 });
  if (announced !== undefined)
    new DataView(zipped.buffer, zipped.byteOffset).setUint32(zipped.length - 4, announced, true);
  return concat(Uint8Array.of(CODEC.gzip), zipped);
}

/** Codec 2, but without a look into the dictionary. */
export function deflated(bytes: Uint8Array, announced = bytes.length): Uint8Array {
  return concat(
    Uint8Array.of(CODEC.deflateWithDictionary, (announced >> 8) & 255, announced & 255),
    deflateSync(bytes, { level: 9 }),
  );
}

export function toBase64(bytes: Uint8Array): string {
  let signs = "";
  // By parts: a call takes only so many arguments.
  for (let i = 0; i < bytes.length; i += 8_192) signs += String.fromCharCode(...bytes.subarray(i, i + 8_192));
  return btoa(signs);
}

export const fromBase64 = (base64: string): Uint8Array => Uint8Array.from(atob(base64), (sign) => sign.charCodeAt(0));

/** A binary attribute with these bytes. */
export const binary = (bytes: Uint8Array): { B: string } => ({ B: toBase64(bytes) });
