import { deflateSync, gzipSync, Inflate, inflateSync } from "fflate";
import type { Compression } from "../options.js";
import { DICTIONARY } from "./dictionary.js";
import { damaged, FormatError } from "./format-error.js";

/** The first byte of every stored byte string says how the rest is encoded. */
const PLAIN = 0;
const GZIP = 1;
/** The length of the original (u16, big-endian), then raw deflate with the preset dictionary of `dictionary.ts`. */
const DEFLATE_WITH_DICTIONARY = 2;

/** Deflate makes a thousand bytes of one at most: so much is decompressed before its length is looked at. */
const PIECE_BYTES = 16 * 1_024;
/** What says that it is so many times as long can be no more than four times as long as that. */
const SURE_RATIO = 256;
const MIN_GZIP_BYTES = 18;

/** Deflate looks back 32 KB, so on longer values a dictionary is soon out of sight. */
const MAX_WITH_DICTIONARY = 32 * 1_024;

/** Makes of bytes what is stored. */
export type Compress = (bytes: Uint8Array, compression: Compression) => Uint8Array;

/** Compresses where that saves a tenth or more. */
export function compress(bytes: Uint8Array, compression: Compression): Uint8Array {
  if (compression === "gzip") {
    const stored =
      bytes.length <= MAX_WITH_DICTIONARY ? deflate(bytes) : withCodec(GZIP, gzipSync(bytes, { mtime: 0 }));
    if (stored.length <= bytes.length * 0.9) return stored;
  }
  return withCodec(PLAIN, bytes);
}

/**
 * @param maxBytes a value that says it is longer is refused before anything is allocated
 * @param tooLong makes the error of such a value
 * @throws FormatError
 */
export function decompress(stored: Uint8Array, maxBytes: number, tooLong: (length: number) => FormatError): Uint8Array {
  const rest = stored.subarray(1);
  const length = announcedLength(stored);
  if (length > maxBytes) throw tooLong(length);
  switch (stored[0]) {
    case PLAIN:
      return rest;
    case GZIP:
      if (!isGzip(stored)) throw damaged("A compressed value is cut short, or not compressed");
      return inflate(rest.subarray(10, -8), length);
    case DEFLATE_WITH_DICTIONARY:
      return inflate(rest.subarray(2), length, { dictionary: DICTIONARY });
    case undefined:
      throw damaged("A stored value is empty");
    default:
      throw new FormatError(
        "UNSUPPORTED_FORMAT",
        `A stored value has codec ${stored[0]}, which this version does not know: upgrade ` +
          "langgraph-checkpoint-dynamodb",
      );
  }
}

function deflate(bytes: Uint8Array): Uint8Array {
  const deflated = deflateSync(bytes, { dictionary: DICTIONARY });
  const stored = new Uint8Array(3 + deflated.length);
  stored.set([DEFLATE_WITH_DICTIONARY, bytes.length >> 8, bytes.length & 255]);
  stored.set(deflated, 3);
  return stored;
}

/**
 * How long a stored value says that it is, decompressed. Nobody but who has the key knows that of an encrypted one: it
 * is as long as it is.
 */
export function announcedLength(stored: Uint8Array): number {
  const { length } = stored;
  if (stored[0] === DEFLATE_WITH_DICTIONARY) return (stored[1] ?? 0) * 256 + (stored[2] ?? 0);
  // RFC 1952: the last 4 bytes are the length of the original, little-endian.
  if (stored[0] === GZIP && isGzip(stored))
    return new DataView(stored.buffer, stored.byteOffset).getUint32(length - 4, true);
  return length - 1;
}

/** RFC 1952: 10 bytes of header, of which the fourth says what else there is (here nothing), and 8 behind the data. */
const isGzip = (stored: Uint8Array): boolean =>
  stored.length > MIN_GZIP_BYTES && stored[1] === 0x1f && stored[2] === 0x8b && !stored[4];

/**
 * Decompresses into exactly the announced length, and no further: a value that lies about it takes neither memory nor
 * time.
 */
function inflate(zipped: Uint8Array, length: number, options = {}): Uint8Array {
  // Only what got shorter is stored compressed.
  if (zipped.length > length + 64) throw damaged("A compressed value is longer than it says");
  const bytes = new Uint8Array(length);
  const pieceBytes = Math.min(PIECE_BYTES, Math.max(512, length));
  let at = 0;
  const stream = new Inflate(options);
  stream.ondata = (piece) => {
    if (at + piece.length > length) throw damaged("A compressed value is longer than it says");
    bytes.set(piece, at);
    at += piece.length;
  };
  try {
    // At once it takes no memory but the result, and goes on to its end where that is full.
    if (length > SURE_RATIO * zipped.length) at = inflateSync(zipped, { ...options, out: bytes }).length;
    else
      for (let from = 0; from < zipped.length; from += pieceBytes)
        stream.push(zipped.subarray(from, from + pieceBytes), from + pieceBytes >= zipped.length);
  } catch (error) {
    throw error instanceof FormatError ? error : damaged("A compressed value cannot be decompressed", error);
  }
  if (at < length) throw damaged("A compressed value is shorter than it says");
  return bytes;
}

export function withCodec(codec: number, bytes: Uint8Array): Uint8Array {
  const stored = new Uint8Array(bytes.length + 1);
  stored[0] = codec;
  stored.set(bytes, 1);
  return stored;
}
