import { describe, expect, test } from "vitest";
import { candidatesFor, Shortlist } from "../../../src/store/vectors/shortlist.js";
import { Sketcher } from "../../../src/store/vectors/sketcher.js";
import { Scorer, serializedVectors } from "../../../src/store/vectors/scorer.js";

/** Random numbers from 0 to 1, the same in every run. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

const vectorOf = (dims: number, number: (i: number) => number): Float32Array =>
  Float32Array.from({ length: dims }, (_, i) => number(i));

/** Some that are near one of ten others, with something that all have in common. */
function clustered(count: number, dims: number, common: (i: number) => number): Float32Array[] {
  const random = randomNumbers(dims);
  const centres = Array.from({ length: 10 }, () => vectorOf(dims, () => random() - 0.5));
  return Array.from({ length: count }, (_, n) => {
    const centre = centres[n % centres.length]!;
    return vectorOf(dims, (i) => centre[i]! + random() - 0.5 + common(i));
  });
}

/** Counts that are never below 0, and large for few dimensions. */
function counted(count: number, dims: number): Float32Array[] {
  const random = randomNumbers(dims);
  return Array.from({ length: count }, () => vectorOf(dims, (i) => Math.floor((random() ** 4 * 400) / (1 + i))));
}

function bestOf(most: number, scores: number[]): number[] {
  const list = new Shortlist<number>(most, (one, other) => one - other);
  scores.forEach((score, n) => list.add(score, () => n));
  return list.best().map(({ item }) => item);
}

const kinds: [string, (count: number, dims: number) => Float32Array[]][] = [
  ["clusters", (count, dims) => clustered(count, dims, () => 0)],
  ["clusters far from zero", (count, dims) => clustered(count, dims, (i) => (i % 7) / 8)],
  ["counts", counted],
];

describe("sketches", () => {
  for (const dims of [100, 384, 1_024]) {
    for (const [kind, make] of kinds) {
      test(`of ${kind} in ${dims} dimensions have the ten nearest among their best hundred`, () => {
        const all = make(1_005, dims);
        const [queries, stored] = [all.slice(0, 5), all.slice(5)];
        const sketcher = new Sketcher(dims);
        const sketches = stored.map((vector) => sketcher.sketch([vector]));
        let found = 0;
        let tooLow = 0;
        for (const query of queries) {
          const [exact, scorer] = [new Scorer(query), sketcher.scorer(query)];
          const scores = stored.map((vector) => exact.best(serializedVectors([vector]))!);
          const estimates = sketches.map((sketch) => scorer.best(sketch)!);
          const candidates = new Set(bestOf(candidatesFor(10), estimates));
          found += bestOf(10, scores).filter((n) => candidates.has(n)).length;
          tooLow += scores.filter((score, n) => estimates[n]! < score - sketcher.slack(score) - 1e-7).length;
        }
        expect(found).toBe(50);
        // About 1 of 100 by its docs, and there are 5,000.
        expect(tooLow).toBeLessThan(75);
      });
    }
  }

  test("have about 128 bytes a vector, unless it has fewer or many more dimensions", () => {
    expect([4, 32, 33, 128, 256, 384, 512, 1_024, 1_536].map((dims) => new Sketcher(dims).bytesOf(1))).toEqual([
      19, 131, 40, 135, 135, 103, 135, 135, 199,
    ]);
    expect(new Sketcher(1_024).sketch([new Float32Array(1_024), new Float32Array(1_024)])).toHaveLength(267);
  });

  test("are the same bytes in every runtime and for good, since they are stored", () => {
    const hex = (dims: number): string =>
      Array.from(new Sketcher(dims).sketch([vectorOf(dims, (i) => ((i * i) % 11) - 3)]), (byte) =>
        byte.toString(16).padStart(2, "0"),
      ).join("");
    expect(hex(33)).toBe("0121002fdb543b866bb4ff459b817050b16658064dcfa47731d13b597239827c7791ae53c972c47f");
    expect(hex(130)).toBe(
      "0182006841f13c865569955a40277db7aed85d8b5f4289dba8b65b56689437088aa964634bb6389398798856c48759eb" +
        "466a6852c69aaa96b966896649676a349a994acc84798285",
    );
    expect(hex(260)).toBe(
      "01040194828f3da563ea86e697941d4669deba17595699e7f4a1982ef24a94ed8deb6a933ae5b4b597f2484119922b95" +
        "aaa5a3d91de5994f96d449f69ae111856a56089abc622a19",
    );
    expect(hex(513)).toBe(
      "010102f929e03deb8ab9e7010046c00b441533af167f92e4a1a6656c5cfa40ce0d22f95b8fa58abe37df82fa0ad737f4" +
        "99ee3ee50c366c3a6d80c840d687a72302f6780e23885601",
    );
  });

  test("know the direction of a vector, and nothing of its length", () => {
    const sketcher = new Sketcher(600);
    const vector = vectorOf(600, (i) => Math.sin(i));
    expect(sketcher.sketch([vector.map((number) => number * 1_024)])).toEqual(sketcher.sketch([vector]));
    const scorer = sketcher.scorer(vector);
    expect(scorer.best(sketcher.sketch([vector]))).toBeCloseTo(1, 6);
    expect(scorer.best(sketcher.sketch([vector.map((number) => -number)]))).toBeCloseTo(-1, 6);
  });

  test("give the score of the best of an item's vectors", () => {
    for (const dims of [8, 64, 1_000]) {
      const sketcher = new Sketcher(dims);
      const [near, far] = [vectorOf(dims, (i) => 1 + (i % 3)), vectorOf(dims, (i) => (i % 2) - 0.5)];
      const scorer = sketcher.scorer(near);
      expect(scorer.best(sketcher.sketch([far, near, far]))).toBe(scorer.best(sketcher.sketch([near])));
      expect(scorer.best(sketcher.sketch([near]))).toBeGreaterThan(scorer.best(sketcher.sketch([far]))!);
    }
  });

  test("of up to 32 dimensions have the exact scores", () => {
    const sketcher = new Sketcher(26);
    expect(sketcher.isExact).toBe(true);
    const random = randomNumbers(5);
    const [query, ...stored] = Array.from({ length: 50 }, () => vectorOf(26, () => random() - 0.3));
    const [exact, scorer] = [new Scorer(query!), sketcher.scorer(query!)];
    for (const vector of stored)
      expect(scorer.best(sketcher.sketch([vector]))).toBe(exact.best(serializedVectors([vector])));
  });

  test("of vectors without a direction score 0, and so does everything for such a query", () => {
    for (const dims of [4, 100, 1_024]) {
      const sketcher = new Sketcher(dims);
      const [zeros, ones] = [new Float32Array(dims), new Float32Array(dims).fill(1)];
      expect(sketcher.scorer(ones).best(sketcher.sketch([zeros]))).toBeCloseTo(0, 12);
      expect(sketcher.scorer(zeros).best(sketcher.sketch([ones]))).toBeCloseTo(0, 12);
      expect(sketcher.scorer(ones).best(sketcher.sketch([ones]))).toBeCloseTo(1, 5);
    }
    const sketcher = new Sketcher(64);
    const unusable = new Float32Array(64).fill(1).fill(NaN, 1, 2);
    expect(sketcher.scorer(new Float32Array(64).fill(1)).best(sketcher.sketch([unusable]))).toBeCloseTo(0, 12);
  });

  test("that give no number say that their vectors have to be compared, and vectors without a number no score", () => {
    for (const number of [NaN, Infinity, -Infinity])
      for (const dims of [8, 64, 1_024]) {
        const [sketcher, ones] = [new Sketcher(dims), new Float32Array(dims).fill(1)];
        const unusable = new Float32Array(dims).fill(number);
        expect(new Scorer(ones).best(serializedVectors([unusable]))).toBeUndefined();
        expect(new Scorer(ones).best(serializedVectors([unusable, ones, unusable]))).toBeCloseTo(1, 12);
        const sketch = sketcher.sketch([sketcher.isExact ? unusable : ones]);
        if (!sketcher.isExact) new DataView(sketch.buffer).setFloat32(3, number, true);
        expect(sketcher.scorer(ones).best(sketch)).toBe(Infinity);
      }
  });

  test("are not compared with a query of other dimensions, nor if there are none", () => {
    const scorer = new Sketcher(1_024).scorer(new Float32Array(1_024).fill(1));
    expect(scorer.best(new Sketcher(1_023).sketch([new Float32Array(1_023).fill(1)]))).toBeUndefined();
    expect(scorer.best(new Sketcher(1_024, 2).sketch([new Float32Array(1_024).fill(1)]))).toBeUndefined();
    expect(scorer.best(new Sketcher(1_024).sketch([]))).toBeUndefined();
    expect(scorer.best(new Uint8Array())).toBeUndefined();
  });
});

describe("a shortlist", () => {
  const scores = Array.from({ length: 500 }, (_, n) => ((n * 37) % 100) / 100);
  const listOf = (order: number[]): { item: number; score: number }[] => {
    const list = new Shortlist<number>(30, (one, other) => one - other);
    for (const n of order) list.add(scores[n]!, () => n);
    return [...list.best()];
  };

  test("has the best, whatever the order in which they come, and of equals the first by their order", () => {
    const all = [...scores.keys()];
    const wanted = all.toSorted((one, other) => scores[other]! - scores[one]! || one - other).slice(0, 30);
    expect(listOf(all).map(({ item }) => item)).toEqual(wanted);
    expect(listOf(all.toReversed())).toEqual(listOf(all));
    expect(listOf(all.toSorted((one, other) => ((one * 7) % 500) - ((other * 7) % 500)))).toEqual(listOf(all));
  });

  test("makes nothing of what is too far down", () => {
    const list = new Shortlist<number>(10, (one, other) => one - other);
    let made = 0;
    for (let n = 1_000; n > 0; n--) list.add(n, () => (made++, n));
    expect(made).toBe(20);
    expect(list.best().map(({ item }) => item)).toEqual([1000, 999, 998, 997, 996, 995, 994, 993, 992, 991]);
  });

  test("leaves out what has no score", () => {
    const list = new Shortlist<number>(2, (one, other) => one - other);
    [1, NaN, 3, NaN, NaN, NaN, NaN, 2].forEach((score, n) => list.add(score, () => n));
    expect(list.best()).toEqual([
      { score: 3, item: 2 },
      { score: 2, item: 7 },
    ]);
  });

  test("of none stays empty", () => {
    const list = new Shortlist<number>(0, (one, other) => one - other);
    list.add(1, () => 1);
    expect(list.best()).toEqual([]);
  });
});

test("pages up to 10 choose from the same 100 candidates, and those up to 20, 40, 80 from twice as many each", () => {
  expect([0, 1, 10, 11, 20, 21, 80, 100].map(candidatesFor)).toEqual([100, 100, 100, 200, 200, 400, 800, 1_600]);
});
