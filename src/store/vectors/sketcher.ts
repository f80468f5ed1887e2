import { Scorer } from "./scorer.js";
import { Rotation } from "./rotation.js";

/** In front of the vectors of an item: the format, and how many numbers a vector has, which the length may not tell. */
const HEADER_BYTES = 3;
const FORMAT = 1;
const SCALE_BYTES = 4;

/**
 * How many bits a sketch keeps of each number of a vector: what 128 bytes have room for, and 1 at the least.
 *
 * Few dimensions need more bits each, since what is lost of one number is made up for by the others only if there are
 * many. 32 bits are the number itself: up to 32 dimensions, a sketch is the vector, and its scores are exact.
 */
export const sketchBits = (dims: number): 1 | 2 | 4 | 8 | 32 => {
  if (dims <= 32) return 32;
  if (dims <= 128) return 8;
  if (dims <= 256) return 4;
  return dims <= 512 ? 2 : 1;
};

/**
 * By how much the rounding of a turned vector points away from it: the tangent of the angle. Of 1 bit, √(π/2 - 1). It
 * is alike for all vectors, since turned numbers are distributed as a bell.
 */
const ERROR = { 1: 0.756, 2: 0.37, 4: 0.15, 8: 0.01, 32: 0 };
/** In deviations. Of a bell, 1 of 160 is further down; of vectors that are alike, some more at once. */
const CERTAIN = 2.5;

/**
 * Makes short sketches of vectors, and compares a query with them.
 *
 * A sketch is the turned vector ({@link Rotation}), each number rounded to one of few levels, and a scale, by which the
 * rounded vector estimates cosine similarities without a bias. There is nothing to train and nothing to share: equal
 * vectors have equal sketches in every instance.
 */
export class Sketcher {
  readonly #rotation: Rotation;
  readonly #vectorBytes: number;

  /**
   * @param dims how many numbers a vector has, from 1 to 65,535
   * @param bits of each number; others than these make sketches that cannot be compared with these
   */
  constructor(
    readonly dims: number,
    readonly bits = sketchBits(dims),
  ) {
    this.#rotation = new Rotation(dims);
    this.#vectorBytes = this.isExact ? 4 * dims : SCALE_BYTES + Math.ceil((dims * this.bits) / 8);
  }

  /** Whether the scores of sketches are those of the vectors, so that there is nothing to compare again. */
  get isExact(): boolean {
    return this.bits === 32;
  }

  /** Of an item with so many vectors, in bytes. For 1,024 dimensions: 3, and 132 a vector. */
  bytesOf(vectors: number): number {
    return HEADER_BYTES + vectors * this.#vectorBytes;
  }

  /**
   * How far below its true score the estimate of a vector may be: for about 1 of 100 vectors it is lower than
   * `score - slack(score)`. So a vector whose estimate is below `worst - slack(worst)` need not be compared, where
   * `worst` is the exact score of the last one that is wanted. Holds for vectors of any kind, since how they are turned
   * knows nothing of them.
   */
  slack(score: number): number {
    return (CERTAIN * ERROR[this.bits] * Math.sqrt(Math.max(0, 1 - score * score))) / Math.sqrt(this.dims);
  }

  /** The sketches of all vectors of an item, one after the other. */
  sketch(vectors: Float32Array[]): Uint8Array {
    const bytes = new Uint8Array(this.bytesOf(vectors.length));
    bytes.set([FORMAT, this.dims & 0xff, this.dims >> 8]);
    if (this.isExact) {
      vectors.forEach((vector, i) =>
        bytes.set(new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength), this.bytesOf(i)),
      );
      return bytes;
    }
    vectors.forEach((vector, i) =>
      this.#round(this.#rotation.unit(vector), bytes.subarray(this.bytesOf(i), this.bytesOf(i + 1))),
    );
    return bytes;
  }

  /** What compares this query with the sketches of items. */
  scorer(query: Float32Array): SketchScorer {
    return new SketchScorer(this, this.isExact ? query : this.#rotation.unit(query));
  }

  #round(unit: Float64Array, bytes: Uint8Array): void {
    const { bits, dims } = this;
    const levels = 2 ** bits;
    // Of many levels, the outermost has to reach the largest number. With few, most numbers should be met well: once
    // turned, they are distributed as a bell, and a step as wide as their deviation loses least.
    const step = bits > 2 ? (2 * unit.reduce((most, n) => Math.max(most, Math.abs(n)), 0)) / levels : dims ** -0.5;
    let dot = 0;
    for (let i = 0; i < dims; i++) {
      const level = step > 0 ? Math.min(Math.max(Math.floor(unit[i]! / step) + levels / 2, 0), levels - 1) : 0;
      dot += unit[i]! * valueOf(level, levels);
      bytes[SCALE_BYTES + ((i * bits) >> 3)]! |= level << ((i * bits) & 7);
    }
    // A vector of zeros is like nothing: its scale is 0.
    new DataView(bytes.buffer, bytes.byteOffset).setFloat32(0, dot > 0 ? 1 / dot : 0, true);
  }
}

/** What a level stands for, in steps. */
const valueOf = (level: number, levels: number): number => level - levels / 2 + 0.5;

/** Compares one query with many sketches. */
export class SketchScorer {
  readonly #exact: Scorer | undefined;
  /** For each byte of a sketch, what each of its 256 values adds to the score. */
  readonly #sums: Float32Array;

  /** @internal */
  constructor(
    private readonly sketcher: Sketcher,
    query: Float32Array | Float64Array,
  ) {
    this.#exact = query instanceof Float32Array ? new Scorer(query) : undefined;
    const { bits, dims } = sketcher;
    const perByte = 8 / bits;
    const bytes = this.#exact ? 0 : Math.ceil(dims / perByte);
    this.#sums = new Float32Array(256 * bytes);
    for (let byte = 0; byte < bytes; byte++) {
      const sums = this.#sums.subarray(256 * byte, 256 * (byte + 1));
      for (let filled = 1, i = byte * perByte; filled < 256; filled *= 2 ** bits, i++)
        for (let level = 2 ** bits - 1; level >= 0; level--)
          for (let low = 0; low < filled; low++)
            sums[level * filled + low] = sums[low]! + (query[i] ?? 0) * valueOf(level, 2 ** bits);
    }
  }

  /**
   * The best cosine similarity of an item's vectors: estimated, or exact where {@link Sketcher.isExact}. An estimate
   * can be over 1. `undefined` if there is no vector, or the sketches are of vectors of another length; `Infinity` if
   * they give no number, since no {@link Sketcher} makes such: only the vectors themselves can tell.
   */
  best(sketch: Uint8Array): number | undefined {
    const { sketcher } = this;
    const size = sketcher.bytesOf(1) - sketcher.bytesOf(0);
    const isOurs = sketch[0] === FORMAT && (sketch[1]! | (sketch[2]! << 8)) === sketcher.dims;
    if (!isOurs || sketch.length <= HEADER_BYTES || (sketch.length - HEADER_BYTES) % size !== 0) return undefined;
    if (this.#exact) return this.#exact.bestOf(new Float32Array(sketch.slice(HEADER_BYTES).buffer)) ?? Infinity;
    const view = new DataView(sketch.buffer, sketch.byteOffset);
    let best = -Infinity;
    for (let from = HEADER_BYTES; from < sketch.length; from += size) {
      let sum = 0;
      for (let at = from + SCALE_BYTES, sums = 0; at < from + size; at++, sums += 256)
        sum += this.#sums[sums + sketch[at]!]!;
      best = Math.max(best, sum * view.getFloat32(from, true));
    }
    return Number.isFinite(best) ? best : Infinity;
  }
}
