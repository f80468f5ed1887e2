/** Turned so often, no direction that data has by nature stays along few of the numbers. */
const ROUNDS = 3;

/**
 * Turns vectors of one length, always in the same way, so that what they have in common spreads over all their numbers.
 *
 * Signs that look random and the fast Walsh-Hadamard transform take turns. All vectors of a length are turned alike, in
 * every instance and for good: sketches that are stored depend on it. Lengths and angles stay as they were.
 */
export class Rotation {
  readonly #signs: Int8Array;
  /** The transform takes a power of two. Of other lengths it turns the first numbers, and then the last. */
  readonly #power: number;

  constructor(readonly dims: number) {
    this.#power = 2 ** Math.floor(Math.log2(dims));
    this.#signs = new Int8Array(ROUNDS * dims);
    // Xorshift of 32 bits, which is the same in every runtime.
    let state = 0x9e3779b9 | 0;
    for (let i = 0; i < this.#signs.length; i++) {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      this.#signs[i] = state < 0 ? -1 : 1;
    }
  }

  /** The vector, turned and of length 1; of zeros, if it has no direction. */
  unit(vector: Float32Array): Float64Array {
    const { dims } = this;
    const numbers = Float64Array.from(vector);
    for (let round = 0; round < ROUNDS; round++) {
      for (let i = 0; i < dims; i++) numbers[i]! *= this.#signs[round * dims + i]!;
      this.#transform(numbers, 0);
      if (this.#power < dims) this.#transform(numbers, dims - this.#power);
    }
    const scale = 1 / Math.sqrt(numbers.reduce((sum, number) => sum + number * number, 0));
    return scale > 0 && scale < Infinity ? numbers.map((number) => number * scale) : numbers.fill(0);
  }

  #transform(numbers: Float64Array, from: number): void {
    const end = from + this.#power;
    for (let width = 1; width < this.#power; width *= 2) {
      for (let pair = from; pair < end; pair += 2 * width) {
        for (let i = pair; i < pair + width; i++) {
          const [one, other] = [numbers[i]!, numbers[i + width]!];
          numbers[i] = one + other;
          numbers[i + width] = one - other;
        }
      }
    }
    const scale = 1 / Math.sqrt(this.#power);
    for (let i = from; i < end; i++) numbers[i]! *= scale;
  }
}
