/** @typedef {{ name: string, stored: Float32Array[], queries: Float32Array[] }} VectorSet */

/** Random numbers, the same in every run. @param {number} seed */
export function randomOf(seed) {
  let state = seed | 1;
  /** Between 0 and 1. */
  const uniform = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
  /** Distributed as a bell, with a deviation of 1. */
  const normal = () => Math.sqrt(-2 * Math.log(uniform() || 1e-9)) * Math.cos(2 * Math.PI * uniform());
  for (let i = 0; i < 20; i++) uniform();
  return { uniform, normal, below: (/** @type {number} */ end) => Math.floor(uniform() * end) };
}

const STORED = 10_000;
const QUERIES = 100;

/**
 * @param {string} name
 * @param {() => Iterable<number>} vector
 * @returns {VectorSet}
 */
function setOf(name, vector) {
  const make = (/** @type {number} */ count) => Array.from({ length: count }, () => Float32Array.from(vector()));
  return { name, stored: make(STORED), queries: make(QUERIES) };
}

/** @param {number} dims @param {() => number} number */
const vectorOf = (dims, number) => Float32Array.from({ length: dims }, number);

/** Each vector is near one of 200 others. */
export function clusters(dims = 1_024) {
  const { normal, below } = randomOf(1);
  const centres = Array.from({ length: 200 }, () => vectorOf(dims, normal));
  return setOf("clusters", () => {
    const centre = /** @type {Float32Array} */ (centres[below(centres.length)]);
    return centre.map((number) => number + normal());
  });
}

/** Counts of words by Zipf's law, of two topics each: no number is below 0, and few are large. */
export function counts(dims = 1_024) {
  const { uniform, normal, below } = randomOf(3);
  const topics = Array.from({ length: 60 }, () => vectorOf(dims, () => Math.exp(1.2 * normal())));
  const frequencies = Array.from({ length: dims }, (_, i) => 40 / (1 + i) ** 0.8);
  /** By Poisson. @param {number} mean */
  const count = (mean) => {
    if (mean > 30) return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal()));
    let drawn = -1;
    for (let product = 1; product > Math.exp(-mean); drawn++) product *= uniform();
    return drawn;
  };
  return setOf("counts of words", () => {
    const [one, other] = [topics[below(60)], topics[below(60)]];
    const length = Math.exp(0.5 * normal());
    return frequencies.map((frequency, i) =>
      count(length * frequency * (0.7 * (one?.[i] ?? 0) + 0.3 * (other?.[i] ?? 0))),
    );
  });
}

/** Vectors of few true dimensions and a little noise, as models give them. */
export function lowRank(dims = 1_024) {
  const { normal } = randomOf(7);
  const axes = Array.from({ length: 64 }, (_, axis) => vectorOf(dims, () => normal() / Math.sqrt(1 + axis / 4)));
  return setOf("few true dimensions", () => {
    const vector = vectorOf(dims, () => 0.3 * normal());
    for (const axis of axes) {
      const weight = normal();
      for (let i = 0; i < dims; i++) vector[i] = (vector[i] ?? 0) + weight * (axis[i] ?? 0);
    }
    return vector;
  });
}

/** 50 times 200 of nearly the same. */
export function nearDuplicates(dims = 1_024) {
  const { normal, below } = randomOf(4);
  const originals = Array.from({ length: 50 }, () => vectorOf(dims, normal));
  return setOf("near duplicates", () => {
    const original = /** @type {Float32Array} */ (originals[below(originals.length)]);
    return original.map((number) => number + 0.03 * normal());
  });
}

/** Nothing is near anything: the nearest are so by chance. */
export function noise(dims = 1_024) {
  const { normal } = randomOf(5);
  return setOf("noise", () => vectorOf(dims, normal));
}

/** 20 numbers of each vector are not 0. */
export function sparse(dims = 1_024) {
  const { uniform, normal } = randomOf(8);
  return setOf("sparse", () => {
    const vector = new Float32Array(dims);
    for (let i = 0; i < 20; i++) vector[Math.floor(dims * uniform() ** 3)] = 1 + Math.abs(normal());
    return vector;
  });
}

/** The same vectors with one vector added to all, as long as `times` the average one. @param {VectorSet} set */
export function withShared(/** @type {string} */ name, set, /** @type {number} */ times) {
  const { normal } = randomOf(99);
  const dims = set.stored[0]?.length ?? 0;
  const common = vectorOf(dims, normal);
  const lengthOf = (/** @type {Float32Array} */ vector) => Math.hypot(...vector);
  const average = set.stored.reduce((sum, vector) => sum + lengthOf(vector), 0) / set.stored.length;
  const scale = (times * average) / lengthOf(common);
  const add = (/** @type {Float32Array} */ vector) => vector.map((number, i) => number + scale * (common[i] ?? 0));
  return { name, stored: set.stored.map(add), queries: set.queries.map(add) };
}
