import type { Serialized } from "../../format/serde/serialized.js";

/**
 * Vectors, one after the other, and how many numbers each has. Every runtime there is keeps floats with the lowest byte
 * first.
 */
export function serializedVectors(vectors: Float32Array[]): Serialized {
  const bytes = new Uint8Array(vectors.reduce((sum, vector) => sum + vector.byteLength, 0));
  let at = 0;
  for (const vector of vectors) {
    bytes.set(new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength), at);
    at += vector.byteLength;
  }
  return { type: vectorsType(vectors[0]!.length), bytes };
}

/** Vectors of other models have other numbers of dimensions, and are not compared. */
export const vectorsType = (dims: number): string => `f32*${dims}`;

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
    return type === vectorsType(this.query.length) ? this.bestOf(bytes) : undefined;
  }

  /** The same, of vectors that are known to be as long as the query. */
  bestOf(bytes: Uint8Array): number | undefined {
    const { query } = this;
    const dims = query.length;
    if (bytes.length === 0 || bytes.length % (dims * 4) !== 0) return undefined;
    // A Float32Array begins at a multiple of 4.
    const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
    const numbers = new Float32Array(aligned.buffer, aligned.byteOffset, bytes.length / 4);
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
