import { describe, expect, test } from "vitest";
import type { Write } from "./records.js";
import { Register } from "./register.js";

/* What the judge of stores and caches allows, and what it does not. A step takes a second. */

const SIGNED_FOR_MS = 300_000;
const ACTORS: Record<string, object> = { A: { name: "A" }, B: { name: "B" } };

interface Written {
  from: number;
  to: number;
  by?: string;
  failed?: true;
  deletes?: true;
  ttl?: number;
}

/** A key with its writes by name, and reads that give a write of some name, or nothing. */
function judged(writes: Record<string, Written>, reads: [from: number, to: number, name: string | null][]): () => void {
  const register = new Register("the key", 0);
  const at = (step: number): { step: number; ms: number } => ({ step, ms: step * 1_000 });
  const byName = new Map(
    Object.entries(writes).map(([name, { from, to, by = name, failed, deletes, ttl }], order): [string, Write] => [
      name,
      {
        name,
        value: deletes ? undefined : { id: name, shown: name, plain: {} },
        actor: ACTORS[by] ?? {},
        order,
        isOrdered: true,
        start: at(from),
        end: at(to),
        outcome: failed ? "unknown" : "acknowledged",
        untilMs: to * 1_000 + (failed ? SIGNED_FOR_MS : 0),
        ttlMs: ttl === undefined ? undefined : ttl * 1_000,
        refreshes: [],
        skewMs: 0,
        texts: [],
        mayBeObject: false,
        mayHaveObjects: false,
      },
    ]),
  );
  register.writes.push(...byName.values());
  for (const [from, to, name] of reads)
    register.reads.push({
      name: "a get",
      start: at(from),
      from: at(from),
      end: at(to),
      found: name === null ? undefined : { write: byName.get(name)! },
      mayMiss: () => false,
    });
  return () => void register.check();
}

describe("the judge allows", () => {
  test("either of two values while one replaces the other, but not the older one again", () => {
    const writes = { one: { from: 1, to: 2 }, two: { from: 5, to: 9 } };
    expect(
      judged(writes, [
        [6, 6.1, "one"],
        [7, 7.1, "two"],
        [10, 11, "two"],
      ]),
    ).not.toThrow();
    expect(
      judged(writes, [
        [6, 6.1, "two"],
        [7, 7.1, "one"],
      ]),
    ).toThrow("The order of calls is another");
  });

  test("either order of two puts at once, if everybody sees the same", () => {
    const writes = { one: { from: 1, to: 9 }, two: { from: 1, to: 9 } };
    expect(
      judged(writes, [
        [10, 11, "one"],
        [12, 13, "one"],
      ]),
    ).not.toThrow();
    expect(judged(writes, [[10, 11, "two"]])).not.toThrow();
    expect(
      judged(writes, [
        [10, 11, "one"],
        [12, 13, "two"],
      ]),
    ).toThrow("The order of calls is another");
  });

  test("that a put which failed takes effect late, or never", () => {
    const writes = { one: { from: 1, to: 2 }, two: { from: 3, to: 4, failed: true as const } };
    expect(
      judged(writes, [
        [5, 6, "one"],
        [7, 8, "two"],
        [9, 10, "two"],
      ]),
    ).not.toThrow();
    expect(
      judged(writes, [
        [5, 6, "one"],
        [1_000, 1_001, "one"],
      ]),
    ).not.toThrow();
  });

  test("that what has expired is absent, and is created anew", () => {
    const writes = { one: { from: 1, to: 2, ttl: 60 }, two: { from: 100, to: 101 } };
    expect(
      judged(writes, [
        [5, 6, "one"],
        [90, 91, null],
        [102, 103, "two"],
      ]),
    ).not.toThrow();
  });
});

describe("the judge finds", () => {
  test("what was acknowledged and is absent", () => {
    expect(judged({ one: { from: 1, to: 2 } }, [[3, 4, null]])).toThrow("What is there is absent");
  });

  test("what expires and is absent before", () => {
    expect(judged({ one: { from: 1, to: 2, ttl: 60 } }, [[3, 4, null]])).toThrow("What lives is absent");
  });

  test("what has expired and is there", () => {
    expect(judged({ one: { from: 1, to: 2, ttl: 60 } }, [[70, 71, "one"]])).toThrow("What has expired is there");
  });

  test("what was deleted and is there again", () => {
    const writes = { one: { from: 1, to: 2 }, gone: { from: 3, to: 4, deletes: true as const } };
    expect(
      judged(writes, [
        [5, 6, null],
        [7, 8, "one"],
      ]),
    ).toThrow("What was deleted is there again");
  });

  test("a put that failed and replaces what was acknowledged since", () => {
    const writes = { one: { from: 1, to: 2, failed: true as const }, two: { from: 3, to: 4 } };
    expect(judged(writes, [[5, 6, "one"]])).toThrow("A put that failed has undone a later put");
    const deleted = { ...writes, two: { from: 3, to: 4, deletes: true as const } };
    expect(judged(deleted, [[5, 6, "one"]])).toThrow("A put that failed has undone a later deletion");
  });

  test("a deletion that failed and deletes what was put since", () => {
    const writes = { gone: { from: 1, to: 2, failed: true as const, deletes: true as const }, two: { from: 3, to: 4 } };
    expect(judged(writes, [[5, 6, null]])).toThrow("What is there is absent");
  });

  test("a put that takes effect when no request of it can be good any more", () => {
    const writes = { one: { from: 1, to: 2 }, two: { from: 3, to: 4, failed: true as const } };
    expect(
      judged(writes, [
        [1_000, 1_001, "one"],
        [1_002, 1_003, "two"],
      ]),
    ).toThrow("A put that failed takes effect too late");
  });

  test("calls of one instance that take effect in another order than they were made", () => {
    const writes = { one: { from: 1, to: 9, by: "A" }, two: { from: 2, to: 8, by: "A" } };
    expect(judged(writes, [[10, 11, "two"]])).not.toThrow();
    expect(judged(writes, [[10, 11, "one"]])).toThrow("The order of calls is another");
    const deleted = {
      one: { from: 1, to: 2 },
      gone: { from: 3, to: 9, by: "A", deletes: true as const },
      two: { from: 4, to: 8, by: "A" },
    };
    expect(judged(deleted, [[10, 11, "two"]])).not.toThrow();
    expect(judged(deleted, [[10, 11, null]])).toThrow("What is there is absent");
    const apart = { one: { from: 1, to: 9, by: "A" }, two: { from: 2, to: 8, by: "B" } };
    expect(judged(apart, [[10, 11, "one"]])).not.toThrow();
  });
});
