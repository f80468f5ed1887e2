import { FormatError } from "./format-error.js";

/** So many values of the largest size may be in one checkpoint with its writes, and in what one call gives back. */
const MAX_VALUES = 4;
/** For what values are put together from, where `maxValueBytes` is small. */
const LEAST_REST_BYTES = 8 * 1_024 * 1_024;

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

export const tooLarge = (problem: string): FormatError =>
  new FormatError("VALUE_TOO_LARGE", `${problem}. Raise that option, or keep large values elsewhere`);
