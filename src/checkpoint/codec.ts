import { gunzipSync, gzipSync } from "fflate";
import { damaged, FormatError } from "./format-error.js";

/** How new values are compressed. Old ones stay readable whatever this says. */
export type Compression = "gzip" | "none";

/** The first byte of every stored byte string says how the rest is encoded. */
const PLAIN = 0;
const GZIP = 1;

/** Below this, gzip's 18 bytes of frame eat what it saves. */
const WORTH_TRYING = 64;
/** Far above any stored part: a damaged length must not allocate gigabytes. */
const MAX_DECODED_BYTES = 64 * 1024 * 1024;

/** Compresses where that saves a tenth or more. */
export function encodeStored(bytes: Uint8Array, compression: Compression): Uint8Array {
  if (compression === "gzip" && bytes.length >= WORTH_TRYING) {
    const zipped = gzipSync(bytes, { level: 6, mtime: 0 });
    if (zipped.length <= bytes.length * 0.9) return withCodec(GZIP, zipped);
  }
  return withCodec(PLAIN, bytes);
}

/** @throws FormatError */
export function decodeStored(stored: Uint8Array): Uint8Array {
  const rest = stored.subarray(1);
  switch (stored[0]) {
    case PLAIN:
      return rest;
    case GZIP:
      return gunzip(rest);
    case undefined:
      throw damaged("A stored value is empty");
    default:
      throw new FormatError("UNSUPPORTED_FORMAT", `A stored value has codec ${stored[0]}, which this version does not know: upgrade langgraph-checkpoint-dynamodb`);
  }
}

function gunzip(zipped: Uint8Array): Uint8Array {
  // RFC 1952: the last 4 bytes are the length of the original, little-endian.
  const length = zipped.length < 18 ? 0 : new DataView(zipped.buffer, zipped.byteOffset).getUint32(zipped.length - 4, true);
  if (zipped.length < 18 || length > MAX_DECODED_BYTES) throw damaged("A compressed value has an impossible length");
  try {
    const bytes = gunzipSync(zipped, { out: new Uint8Array(length) });
    if (bytes.length === length) return bytes;
  } catch (cause) {
    throw damaged("A compressed value cannot be decompressed", cause);
  }
  throw damaged("A compressed value is shorter than it says");
}

function withCodec(codec: number, bytes: Uint8Array): Uint8Array {
  const stored = new Uint8Array(bytes.length + 1);
  stored[0] = codec;
  stored.set(bytes, 1);
  return stored;
}
