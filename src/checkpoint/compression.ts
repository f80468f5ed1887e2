import { deflateSync, gunzipSync, gzipSync, inflateSync } from "fflate";
import { DICTIONARY } from "./dictionary.js";
import { damaged, FormatError } from "./format-error.js";

/** How new values are compressed. Old ones stay readable whatever this says. */
export type Compression = "gzip" | "none";

/** The first byte of every stored byte string says how the rest is encoded. */
const PLAIN = 0;
const GZIP = 1;
/** The length of the original (u16, big-endian), then raw deflate with the preset dictionary of `dictionary.ts`. */
const DEFLATE_WITH_DICTIONARY = 2;

/** Deflate looks back 32 KB, so on longer values a dictionary is soon out of sight. */
const MAX_WITH_DICTIONARY = 32 * 1_024;

/** Compresses where that saves a tenth or more. */
export function compress(bytes: Uint8Array, compression: Compression): Uint8Array {
  if (compression === "gzip") {
    const stored = bytes.length <= MAX_WITH_DICTIONARY ? deflate(bytes) : withCodec(GZIP, gzipSync(bytes, { mtime: 0 }));
    if (stored.length <= bytes.length * 0.9) return stored;
  }
  return withCodec(PLAIN, bytes);
}

/**
 * @param maxBytes a value that says it is longer is refused before anything is allocated
 * @throws FormatError
 */
export function decompress(stored: Uint8Array, maxBytes: number): Uint8Array {
  const rest = stored.subarray(1);
  switch (stored[0]) {
    case PLAIN:
      return rest;
    case GZIP:
      return gunzip(rest, maxBytes);
    case DEFLATE_WITH_DICTIONARY:
      return inflate(rest);
    case undefined:
      throw damaged("A stored value is empty");
    default:
      throw new FormatError("UNSUPPORTED_FORMAT", `A stored value has codec ${stored[0]}, which this version does not know: upgrade langgraph-checkpoint-dynamodb`);
  }
}

function deflate(bytes: Uint8Array): Uint8Array {
  const deflated = deflateSync(bytes, { dictionary: DICTIONARY });
  const stored = new Uint8Array(3 + deflated.length);
  stored.set([DEFLATE_WITH_DICTIONARY, bytes.length >> 8, bytes.length & 255]);
  stored.set(deflated, 3);
  return stored;
}

function inflate(rest: Uint8Array): Uint8Array {
  const [high = 0, low = 0] = rest;
  return decompressed(high * 256 + low, (out) => inflateSync(rest.subarray(2), { dictionary: DICTIONARY, out }));
}

function gunzip(zipped: Uint8Array, maxBytes: number): Uint8Array {
  if (zipped.length < 18 || zipped[0] !== 0x1f || zipped[1] !== 0x8b) throw damaged("A compressed value is cut short, or not compressed");
  // RFC 1952: the last 4 bytes are the length of the original, little-endian.
  const length = new DataView(zipped.buffer, zipped.byteOffset).getUint32(zipped.length - 4, true);
  if (length > maxBytes) throw tooLarge(length, maxBytes);
  return decompressed(length, (out) => gunzipSync(zipped, { out }));
}

/** Decompresses into exactly the announced length, so that a damaged value cannot grow without bound. */
function decompressed(length: number, run: (out: Uint8Array) => Uint8Array): Uint8Array {
  try {
    // One byte more shows a value that is longer than it says.
    const bytes = run(new Uint8Array(length + 1));
    if (bytes.length === length) return bytes;
  } catch (cause) {
    throw damaged("A compressed value cannot be decompressed", cause);
  }
  throw damaged("A compressed value does not have the length it says");
}

export function tooLarge(length: number, maxBytes: number): FormatError {
  return new FormatError("VALUE_TOO_LARGE", `A value of ${length} bytes is over maxValueBytes (${maxBytes}). Raise that option, or keep the value elsewhere`);
}

export function withCodec(codec: number, bytes: Uint8Array): Uint8Array {
  const stored = new Uint8Array(bytes.length + 1);
  stored[0] = codec;
  stored.set(bytes, 1);
  return stored;
}
