import { fromBase64Url, toBase64Url } from "../aws/base64.js";
import { invalidInput } from "../errors.js";
import { damaged } from "./format-error.js";
import { costOf, Meter } from "./meter.js";
import { MAX_SEGMENT_BYTES, type Segment, type Value } from "./value.js";

/*
 * The one binary layout of storage format 1, used by checkpoints and by writes:
 *
 *   u32 big-endian   length of the header
 *   header           JSON: [head, [[type, tail length, segment length, …], …]]; [length, days] of one that lies in S3
 *   32 bytes each    hash of every segment, in the header's order
 *   bytes            the tails, in the header's order
 */

const HASH_BYTES = 32;
/** Parsed, a header takes many times its length. */
const MAX_HEADER_BYTES = 4 * 1_024 * 1_024;
/** Hashes cannot be compressed: stored, each takes hardly less than it has. */
const LEAST_HASH_BYTES = 30;
/** A whole container: its header, and what an item of 400 KB holds besides. */
export const MAX_CONTAINER_BYTES = 8 * 1_024 * 1_024;
const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

/** `head` is JSON that says what the values are. */
export function encodeContainer(head: unknown, values: Value[]): Uint8Array {
  const entries = values.map((v) => [
    v.type,
    v.tail.length,
    ...v.segments.map((s) => (s.objectDays === undefined ? s.length : [s.length, s.objectDays])),
  ]);
  const header = encoder.encode(JSON.stringify([head, entries]));
  if (header.length > MAX_HEADER_BYTES) {
    throw invalidInput(
      `${values.length} values are too many for one checkpoint or one call: their list alone is ${header.length} ` +
        "bytes long. Keep many small values in one channel.",
    );
  }
  const hashes = values.reduce((sum, v) => sum + v.segments.length, 0) * HASH_BYTES;
  const tails = values.reduce((sum, v) => sum + v.tail.length, 0);

  const bytes = new Uint8Array(4 + header.length + hashes + tails);
  new DataView(bytes.buffer).setUint32(0, header.length);
  bytes.set(header, 4);
  let offset = 4 + header.length;
  for (const { segments } of values) {
    for (const { name } of segments) {
      bytes.set(fromBase64Url(name), offset);
      offset += HASH_BYTES;
    }
  }
  for (const { tail } of values) {
    bytes.set(tail, offset);
    offset += tail.length;
  }
  return bytes;
}

/**
 * @param bornOf tells from the head under which incarnation of the thread the segments were stored
 * @param meter of the call that reads it
 * @param storedBytes how long it is as it is stored: so much bounds how many segments have to be looked for
 * @throws FormatError unless the bytes are one whole container
 */
export function decodeContainer(
  bytes: Uint8Array,
  bornOf: (head: unknown) => string,
  meter = new Meter(0),
  storedBytes = Infinity,
): { head: unknown; values: Value[] } {
  const { head, entries, end } = decodeHeader(bytes, meter);
  const born = bornOf(head);
  const segmentCount = entries.reduce((sum, e) => sum + e.segments.length, 0);
  const tailBytes = entries.reduce((sum, e) => sum + e.tailLength, 0);
  if (end + segmentCount * HASH_BYTES + tailBytes !== bytes.length)
    throw damaged("A stored part is cut short or too long");
  if (segmentCount * LEAST_HASH_BYTES > storedBytes)
    checkHashes(bytes.subarray(end, end + segmentCount * HASH_BYTES), storedBytes / LEAST_HASH_BYTES);

  let hashAt = end;
  let tailAt = end + segmentCount * HASH_BYTES;
  const values = entries.map(({ type, tailLength, segments: places }): Value => {
    const segments = places.map((place): Segment => {
      const name = toBase64Url(bytes.subarray(hashAt, (hashAt += HASH_BYTES)));
      return { born, name, ...place };
    });
    // A copy: a cached tail must not keep the whole item's bytes alive, unless it is most of them.
    const tail = bytes[2 * tailLength > bytes.length ? "subarray" : "slice"](tailAt, (tailAt += tailLength));
    return { type, segments, tail };
  });
  return { head, values };
}

/** @throws FormatError where there are more different ones than there can be */
function checkHashes(bytes: Uint8Array, most: number): void {
  const hashes = new Set<string>();
  for (let at = 0; at < bytes.length; at += HASH_BYTES) {
    if (hashes.add(toBase64Url(bytes.subarray(at, at + HASH_BYTES))).size > most)
      throw damaged("A stored part refers to more segments than it has room for");
  }
}

interface Entry {
  type: string;
  tailLength: number;
  segments: Pick<Segment, "length" | "objectDays">[];
}

function decodeHeader(bytes: Uint8Array, meter: Meter): { head: unknown; entries: Entry[]; end: number } {
  const length = bytes.length < 4 ? Infinity : new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
  const end = 4 + length;
  if (end > bytes.length) throw damaged("A stored part is cut short");
  if (length > MAX_HEADER_BYTES) throw damaged("A stored part has a header that is too long");
  // Before any of it is made.
  meter.add(costOf(bytes.subarray(4, end)));
  let header: unknown;
  try {
    header = JSON.parse(decoder.decode(bytes.subarray(4, end)));
  } catch {
    throw damaged("A stored part has a header that cannot be read");
  }
  if (!Array.isArray(header) || header.length !== 2 || !Array.isArray(header[1]))
    throw damaged("A stored part has a header of another shape");
  return { head: header[0], entries: header[1].map(decodeEntry), end };
}

function decodeEntry(entry: unknown): Entry {
  if (Array.isArray(entry)) {
    const [type, tailLength, ...places] = entry as unknown[];
    const segments = places.map((place) => {
      const [length, objectDays] = Array.isArray(place) ? (place as unknown[]) : [place];
      return { length, objectDays };
    });
    const areSegments = segments.every(
      (s): s is Entry["segments"][number] =>
        isLength(s.length) &&
        s.length > 0 &&
        s.length <= MAX_SEGMENT_BYTES &&
        (s.objectDays === undefined || isLength(s.objectDays)),
    );
    if (typeof type === "string" && isLength(tailLength) && areSegments) return { type, tailLength, segments };
  }
  throw damaged("A stored part has an entry of another shape");
}

const isLength = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
