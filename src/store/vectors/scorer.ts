import type { Serialized } from "../../format/serde/serialized.js";
import { pack, unpack } from "./packed.js";

/** All vectors of an item as they are stored, and how many numbers each has. */
export const serializedVectors = (vectors: Float32Array[]): Serialized => ({
  type: vectorsType(vectors[0]!.length),
  bytes: pack(vectors),
});

/** Vectors of other models have other numbers of dimensions, and are not compared. */
export const vectorsType = (dims: number): string => `p32*${dims}`;

/** Compares one query with many vectors. */
export class Scorer {
  readonly #magnitude: number;

  constructor(private readonly query: Float32Array) {
    this.#magnitude = Math.sqrt(query.reduce((sum, number) => sum + number * number, 0));
  }

  /**
   * The best cosine similarity; `undefined` if there is no vector of finite numbers, or they are of another length than
   * the query.
   */
  best({ type, bytes }: Serialized): number | undefined {
    const numbers = type === vectorsType(this.query.length) ? unpack(bytes) : undefined;
    return numbers && this.bestOf(numbers);
  }

  /** The same, of numbers of vectors, one after the other, that are known to be as long as the query. */
  bestOf(numbers: Float32Array): number | undefined {
    const { query } = this;
    const dims = query.length;
    if (numbers.length === 0 || numbers.length % dims !== 0) return undefined;
    let best = -Infinity;
    for (let from = 0; from < numbers.length; from += dims) {
      let dot = 0;
      let squares = 0;
      for (let i = 0; i < dims; i++) {
        const number = numbers[from + i]!;
        dot += number * query[i]!;
        squares += number * number;
      }
      const magnitudes = this.#magnitude * Math.sqrt(squares);
      const score = magnitudes === 0 ? 0 : dot / magnitudes;
      // With a number that is not finite it is NaN, which is never greater.
      if (score > best) best = score;
    }
    return best > -Infinity ? best : undefined;
  }
}
