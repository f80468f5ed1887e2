import { announcedLength, compress, decompress } from "../../format/compression.js";
import { damaged, FormatError } from "../../format/format-error.js";

/*
 * Vectors as they are stored: exactly their numbers, in less than 4 bytes each. A read of DynamoDB is counted in steps
 * of 4 KB, so a vector of 1,024 dimensions, with its key, must not fill one alone.
 *
 *   u32 little-endian   length of what follows
 *   compressed          the exponents of all numbers: most vectors have few different ones
 *   3 bytes a number    the rest, lowest bytes first: no compression finds anything in it
 */

const LENGTH_BYTES = 4;
const REST_BYTES = 3;

/** Every runtime there is keeps numbers with the lowest byte first. */
export function pack(vectors: Float32Array[]): Uint8Array {
  const count = vectors.reduce((sum, vector) => sum + vector.length, 0);
  const exponents = new Uint8Array(count);
  const rest = new Uint8Array(REST_BYTES * count);
  let at = 0;
  for (const vector of vectors) {
    for (const word of new Uint32Array(vector.buffer, vector.byteOffset, vector.length)) {
      // The sign goes to the other end: so all of the exponent is one byte.
      const turned = (word << 1) | (word >>> 31);
      exponents[at] = turned >>> 24;
      for (let i = 0; i < REST_BYTES; i++) rest[i * count + at] = turned >>> (8 * i);
      at++;
    }
  }
  // Whatever the option says: it is about values. An item that is short is what this is for.
  const packed = compress(exponents, "gzip");
  const bytes = new Uint8Array(LENGTH_BYTES + packed.length + rest.length);
  new DataView(bytes.buffer).setUint32(0, packed.length, true);
  bytes.set(packed, LENGTH_BYTES);
  bytes.set(rest, LENGTH_BYTES + packed.length);
  return bytes;
}

/** The numbers of all vectors, one after the other; `undefined` for what no `pack` has made. */
export function unpack(bytes: Uint8Array): Float32Array | undefined {
  if (bytes.length <= LENGTH_BYTES) return undefined;
  const end = LENGTH_BYTES + new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  const count = (bytes.length - end) / REST_BYTES;
  const packed = bytes.subarray(LENGTH_BYTES, end);
  if (!Number.isInteger(count) || count <= 0 || announcedLength(packed) !== count) return undefined;
  let exponents: Uint8Array;
  try {
    exponents = decompress(packed, count, () => damaged("Vectors are longer than they say"));
  } catch (error) {
    if (error instanceof FormatError) return undefined;
    throw error;
  }
  const words = new Uint32Array(count);
  for (let i = 0, [low, middle, high] = [end, end + count, end + 2 * count]; i < count; i++) {
    const mantissa = (bytes[high + i]! << 16) | (bytes[middle + i]! << 8) | bytes[low + i]!;
    words[i] = (exponents[i]! << 23) | (mantissa >>> 1) | (mantissa << 31);
  }
  return new Float32Array(words.buffer);
}
