import { FormatError } from "./format-error.js";
import type { Value } from "./value.js";

/** So many values of the largest size may be in one checkpoint with its writes, and in what one call gives back. */
const MAX_VALUES = 4;
/** For what values are put together from, where `maxValueBytes` is small. */
const LEAST_REST_BYTES = 8 * 1_024 * 1_024;
/** What a list or an object of a header takes in memory at most, with all that is made of it; and a number. */
const LISTED_BYTES = 768;
const NUMBER_BYTES = 256;
/** What each sign of a text takes at most. */
const SIGN_BYTES = 2;
/** What is held of a key besides its text. */
const KEY_BYTES = 100;
/** What is held of a value besides its bytes, and of each segment. */
const VALUE_BYTES = 400;
const SEGMENT_BYTES = 150;

/** Counts what one call holds, before it does. */
export class Meter {
  #values = 0;
  #rest = 0;

  constructor(private readonly maxValueBytes: number) {}

  /** Values of so many bytes. @throws FormatError `VALUE_TOO_LARGE` */
  addValues(bytes: number): void {
    this.#values += bytes;
    if (this.#values > MAX_VALUES * this.maxValueBytes)
      throw tooLarge(
        `Values of ${this.#values} bytes together are over ${MAX_VALUES} times maxValueBytes (${this.maxValueBytes})`,
      );
    this.add(0);
  }

  /** Roughly so many bytes of whatever else: items, lists of values, ids. @throws FormatError `VALUE_TOO_LARGE` */
  add(bytes: number): void {
    this.#rest += bytes;
    if (!this.hasRoomFor(0))
      throw tooLarge(`What one call would hold is too much for maxValueBytes (${this.maxValueBytes})`);
  }

  /** Whether there is room for so many bytes more. */
  hasRoomFor(bytes: number): boolean {
    return this.#values + this.#rest + bytes <= MAX_VALUES * this.maxValueBytes + LEAST_REST_BYTES;
  }
}

/** What a header takes in memory, at most, by the signs that its JSON is made of. */
export function costOf(header: Uint8Array): number {
  let cost = SIGN_BYTES * header.length;
  for (const sign of header) {
    if (sign === 0x5b || sign === 0x7b) cost += LISTED_BYTES;
    else if (sign === 0x2c) cost += NUMBER_BYTES;
  }
  return cost;
}

/** What a text takes in memory. */
export const costOfText = (text: unknown): number => (typeof text === "string" ? SIGN_BYTES * text.length : 0);

/** What a key, or an id, takes in memory where it is kept. */
export const costOfKey = (text: string): number => KEY_BYTES + costOfText(text);

/** What a value takes in memory before its segments are read. */
export const costOfValue = ({ type, segments, tail }: Value): number =>
  VALUE_BYTES + costOfText(type) + tail.length + SEGMENT_BYTES * segments.length;

export const tooLarge = (problem: string): FormatError =>
  new FormatError("VALUE_TOO_LARGE", `${problem}. Raise that option, or keep large values elsewhere`);
