import { importSource } from "../saver.js";

/** @import { VectorSet } from "./synthetic.js" */

/** @type {typeof import("../../../src/store/vectors/sketcher.js")} */
const { Sketcher } = await importSource("store/vectors/sketcher.ts");
/** @type {typeof import("../../../src/store/vectors/shortlist.js")} */
const { Shortlist } = await importSource("store/vectors/shortlist.ts");

/** @param {Float32Array} vector */
const unit = (vector) => {
  const length = Math.hypot(...vector);
  return length > 0 ? vector.map((number) => number / length) : vector;
};

/** @param {ArrayLike<number>} one @param {ArrayLike<number>} other */
function dotOf(one, other) {
  let dot = 0;
  for (let i = 0; i < one.length; i++) dot += /** @type {number} */ (one[i]) * /** @type {number} */ (other[i]);
  return dot;
}

/** @param {number} most @param {Iterable<number>} scores @returns {number[]} the indices of the highest ones */
function bestOf(most, scores) {
  /** @type {InstanceType<typeof Shortlist<number>>} */
  const list = new Shortlist(most, (one, other) => one - other);
  let index = 0;
  for (const score of scores) {
    const item = index++;
    list.add(score, () => item);
  }
  return list.best().map(({ item }) => item);
}

/**
 * What share of the nearest is found.
 *
 * @typedef {object} Recall
 * @property {number} dims
 * @property {number} bits of each number
 * @property {number} bytes of a sketch of one vector
 * @property {number} alike the mean cosine of two vectors
 * @property {number} plain recall@10 by the signs of the numbers as they are, 100 compared exactly
 * @property {Map<number, number>} at10 by how many are compared exactly
 * @property {Map<number, number>} at100
 * @property {number} compared in the mean, if it is decided by what the first 50 show, of 1,000 at most
 * @property {number} ruled recall@10 so
 * @property {number} lost of the cosine, by each of the ten found of 100, in the mean
 * @property {number} sketchMs processor time to make 10,000 sketches
 * @property {number} searchMs processor time to compare a query with 10,000 sketches
 */

/**
 * @param {VectorSet} set
 * @param {import("../../../src/store/vectors/sketcher.js").Sketcher["bits"]} [bits]
 * @returns {Recall}
 */
export function recallOf({ stored, queries }, bits) {
  const dims = stored[0]?.length ?? 0;
  const sketcher = new Sketcher(dims, bits);
  let began = process.cpuUsage();
  const sketches = stored.map((vector) => sketcher.sketch([vector]));
  const sketchMs = cpuMs(began) * (10_000 / stored.length);

  const units = stored.map(unit);
  const signs = units.map((vector) => vector.map((number) => (number < 0 ? -1 : 1)));
  /** @type {Map<number, number>} */
  const at10 = new Map([50, 100, 200, 400].map((count) => [count, 0]));
  /** @type {Map<number, number>} */
  const at100 = new Map([400, 1_000].map((count) => [count, 0]));
  let [plain, alike, lost, searchMs, compared, ruled] = [0, 0, 0, 0, 0, 0];
  queries.forEach((query) => {
    const direction = unit(query);
    const exact = units.map((vector) => dotOf(direction, vector));
    const scoreAt = (/** @type {number} */ i) => exact[i] ?? NaN;
    alike += exact.reduce((sum, score) => sum + score, 0) / exact.length / queries.length;
    // Of those that are as near as the last of the nearest, any may be found.
    const nearest = bestOf(100, exact).map(scoreAt);
    const foundOf = (/** @type {number[]} */ candidates, /** @type {number} */ wanted) =>
      candidates.filter((i) => scoreAt(i) >= (nearest[wanted - 1] ?? NaN) - 1e-7).slice(0, wanted).length /
      wanted /
      queries.length;

    const signed = direction.map((number) => (number < 0 ? -1 : 1));
    plain += foundOf(
      bestOf(
        100,
        signs.map((vector) => dotOf(signed, vector)),
      ),
      10,
    );

    began = process.cpuUsage();
    const scorer = sketcher.scorer(query);
    const scores = sketches.map((sketch) => scorer.best(sketch) ?? NaN);
    const candidates = bestOf(1_000, scores);
    searchMs += (cpuMs(began) / queries.length) * (10_000 / stored.length);
    for (const [count, sum] of at10) at10.set(count, sum + foundOf(candidates.slice(0, count), 10));
    for (const [count, sum] of at100) at100.set(count, sum + foundOf(candidates.slice(0, count), 100));
    const tenth = Math.min(
      ...bestOf(10, candidates.slice(0, 50).map(scoreAt)).map((i) => scoreAt(candidates[i] ?? NaN)),
    );
    const least = tenth - sketcher.slack(tenth);
    const likely = candidates.filter((i, rank) => rank < 50 || (scores[i] ?? NaN) >= least);
    compared += likely.length / queries.length;
    ruled += foundOf(likely, 10);
    const found = bestOf(10, candidates.slice(0, 100).map(scoreAt)).map((i) => scoreAt(candidates[i] ?? NaN));
    found.forEach((score, i) => (lost += ((nearest[i] ?? NaN) - score) / 10 / queries.length));
  });
  return {
    dims,
    bits: sketcher.bits,
    bytes: sketcher.bytesOf(1),
    alike,
    plain,
    at10,
    at100,
    compared,
    ruled,
    lost,
    sketchMs,
    searchMs,
  };
}

/** @param {NodeJS.CpuUsage} since */
function cpuMs(since) {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1_000;
}
