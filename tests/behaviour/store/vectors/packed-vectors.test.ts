import { describe, expect, test } from "vitest";
import { pack, unpack } from "../../../../src/store/vectors/packed.js";
import { Scorer, serializedVectors } from "../../../../src/store/vectors/scorer.js";

/** "DynamoDB item sizes and formats": a read unit. */
const UNIT_BYTES = 4_096;
/** What an item has beside its vectors: a partition key of 250 bytes, a sort key, and when it was put. */
const BESIDE_BYTES = 340;

/** Random numbers like those of a bell, the same in every run. */
function bell(seed: number): () => number {
  let state = seed;
  const next = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
  return () => Math.sqrt(-2 * Math.log(next())) * Math.cos(2 * Math.PI * next());
}

/** A vector of length 1, as models give them. */
function modelVector(dims: number, seed: number): Float32Array {
  const number = bell(seed);
  const vector = Float32Array.from({ length: dims }, number);
  const length = Math.hypot(...vector);
  return vector.map((one) => one / length);
}

const bitsOf = (numbers: Float32Array): number[] => [
  ...new Uint32Array(numbers.buffer, numbers.byteOffset, numbers.length),
];

describe("vectors as they are stored", () => {
  test("are bit by bit what they were, with any numbers there are", () => {
    const random = bell(3);
    const odd = [0, -0, 1, -1, Infinity, -Infinity, NaN, 2 ** -149, -(2 ** -140), 3.4e38, -1e-30];
    const vectors = [Float32Array.from(odd), Float32Array.from(odd, (one) => one * random())];
    const unpacked = unpack(pack(vectors))!;
    expect(bitsOf(unpacked)).toEqual(vectors.flatMap(bitsOf));
    for (const dims of [1, 3, 1_024, 20_000]) {
      const vector = modelVector(dims, dims);
      expect(bitsOf(unpack(pack([vector, vector]))!)).toEqual([...bitsOf(vector), ...bitsOf(vector)]);
    }
    const bits = new Uint32Array(5_000).map((_, i) => i * 0x9e3779b9);
    expect(bitsOf(unpack(pack([new Float32Array(bits.buffer)]))!)).toEqual([...bits]);
  });

  test.each([
    [768, 1],
    [1_024, 1],
    [1_536, 2],
    [2_048, 2],
    [3_072, 3],
  ])("of %i dimensions cost %i read units with their keys", (dims, units) => {
    for (let seed = 1; seed <= 20; seed++) {
      const { bytes } = serializedVectors([modelVector(dims, seed)]);
      expect(Math.ceil((bytes.length + BESIDE_BYTES) / UNIT_BYTES)).toBe(units);
    }
  });

  test("have no score where they are damaged or cut short", () => {
    const vector = modelVector(100, 1);
    const { type, bytes } = serializedVectors([vector]);
    const scorer = new Scorer(vector);
    expect(scorer.best({ type, bytes })).toBeCloseTo(1, 6);
    for (let length = 0; length < bytes.length; length++)
      expect(scorer.best({ type, bytes: bytes.slice(0, length) })).toBeUndefined();
    for (const [at, byte] of [
      [0, 255],
      [3, 255],
      [4, 77],
      [5, 255],
    ] as const) {
      const damaged = bytes.slice();
      damaged[at] = byte;
      expect(scorer.best({ type, bytes: damaged })).toBeUndefined();
    }
    expect(scorer.best({ type, bytes: bytes.map(() => 255) })).toBeUndefined();
  });
});
