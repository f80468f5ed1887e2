import { damaged, FormatError } from "./format-error.js";

/*
 * A serialized value is a list of immutable segments, named by the hash of their bytes, and a short tail that
 * stands in the item that refers to it. A value that grew at its end keeps its segments, so a step of a
 * conversation stores what it added and not the conversation.
 */

/** One PUT within `requestTimeoutMs`, also from a slow place. No segment is longer, and none that says so is read. */
export const MAX_SEGMENT_BYTES = 4 * 1_024 * 1_024;

export interface Segment {
  /** The incarnation of the thread that it was stored under: what deletes one cannot reach what another has. */
  born: string;
  /** Hash of the bytes, base64url. */
  name: string;
  length: number;
  /**
   * Of one that was stored in S3, after how many days it expires there, 0 if it stays. `undefined`: it lies in the
   * table.
   */
  objectDays: number | undefined;
}

/** Whether it was stored in S3. */
export const isObject = ({ objectDays }: Segment): boolean => objectDays !== undefined;

/** A serialized value as its checkpoint refers to it. */
export interface Value {
  /** The serde's type of the bytes, for example `"json"`. */
  type: string;
  segments: Segment[];
  tail: Uint8Array;
}

export const lengthOfSegments = (segments: readonly Segment[]): number =>
  segments.reduce((sum, { length }) => sum + length, 0);

export const lengthOf = ({ segments, tail }: Value): number => lengthOfSegments(segments) + tail.length;

/**
 * Puts a value's bytes together again, in a copy: the caller may hand them out, and tails and segments are cached.
 * @throws FormatError if a segment is missing or damaged, or the error that a segment has in its place
 */
export function join(value: Value, segments: ReadonlyMap<string, Uint8Array | Error>): Uint8Array {
  const bytes = new Uint8Array(lengthOf(value));
  let offset = 0;
  for (const { name, length } of value.segments) {
    const segment = segments.get(name);
    if (segment === undefined) throw new FormatError("MISSING_DATA", `Segment ${name} is missing`);
    if (segment instanceof Error) throw segment;
    if (segment.length !== length) throw damaged(`Segment ${name} has ${segment.length} bytes instead of ${length}`);
    bytes.set(segment, offset);
    offset += length;
  }
  bytes.set(value.tail, offset);
  return bytes;
}
