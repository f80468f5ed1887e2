import { describe, expect, inject, test } from "vitest";
import { exploreAll, exploreAtRandom, type Found, type Space } from "./explore.js";
import { mutants, protocol } from "./rules.js";
import type { Action } from "./steps.js";

/** A resume that runs its node and ends, one that is interrupted again, and one that goes on for another superstep. */
const RESUMES: Action[] = ["acquire", "read", "writes", "put", "release"];
const ASKS: Action[] = ["acquire", "read", "writes", "release"];
const LOOKS: Action[] = ["acquire", "read", "release"];
const GOES_ON: Action[] = ["acquire", "read", "put", "writes", "put", "release"];

/** Twice what the largest space has. What grows over it is not looked at whole, and fails. */
const MOST_STATES = 60_000;

const spaces: Record<string, Space> = {
  "two that resume, the second one's clock ahead": { scripts: [RESUMES, RESUMES], clocks: [0, 1], until: 3 },
  "two, the first one's clock ahead, with a request that comes twice": {
    scripts: [RESUMES, ASKS],
    clocks: [1, 0],
    until: 2,
    doubles: 1,
  },
  "two, with a lease that is broken": { scripts: [RESUMES, ASKS], clocks: [1, 0], until: 2, breaks: 1 },
  "one that asks, and one that waits for it": {
    scripts: [ASKS, RESUMES],
    clocks: [0, 1],
    watches: [false, true],
    until: 3,
  },
  "two whose tasks are different ones": {
    scripts: [
      ["acquire", "read", "other"],
      ["acquire", "read", "writes", "put"],
    ],
    clocks: [1, 0],
    until: 3,
  },
  "one that asks, and one whose task has written already": {
    scripts: [ASKS, ["acquire", "read", "put"]],
    clocks: [1, 0],
    until: 3,
  },
};

const three: Space = {
  scripts: [RESUMES, ASKS, GOES_ON],
  clocks: [1, 0, 1],
  watches: [false, false, true],
  until: 9,
  doubles: 2,
  breaks: 1,
};

/** A run without a lease goes on beside a holder, and others look under leases of their own. */
const beside: Space = {
  scripts: [["read", "put", "put", "put", "put"], RESUMES, LOOKS, ASKS, LOOKS],
  clocks: [1, 0, 1, 1, 0],
  until: 12,
  breaks: 1,
};

const WAYS = inject("effort") === "full" ? 3_000 : 300;

const textOf = ({ problem, steps }: Found): string => (problem ? `${problem}\n${steps!.join("\n")}` : "");

describe("the protocol of leases", () => {
  test.each(Object.entries(spaces))("holds in every state of %s", (_, space) => {
    const found = exploreAll(space, protocol, MOST_STATES);
    expect(textOf(found)).toBe("");
    expect(found.ended.done).toBeGreaterThan(0);
    expect(found.ended.lost).toBeGreaterThan(0);
  });

  test("holds on thousands of ways of three runs", () => {
    const found = exploreAtRandom(three, protocol, "three", WAYS);
    expect(textOf(found)).toBe("");
    expect(found.ended.done).toBeGreaterThan(WAYS / 2);
    expect(found.ended.lost).toBeGreaterThan(WAYS / 10);
  });

  test("holds on thousands of ways beside a run without a lease, with leases under which somebody only looks", () => {
    const found = exploreAtRandom(beside, protocol, "beside", WAYS);
    expect(textOf(found)).toBe("");
    expect(found.ended.done).toBeGreaterThan(WAYS);
  });

  test.each(Object.entries(mutants))("does not hold where %s", (_, fault) => {
    const rules = { ...protocol, ...fault };
    // The smallest first: most faults are found in all of them.
    const all = [three, beside, ...Object.values(spaces).toReversed()];
    const isFound = all.some((space) =>
      space === three || space === beside
        ? exploreAtRandom(space, rules, "mutants", 1_000).problem
        : exploreAll(space, rules, MOST_STATES).problem,
    );
    expect(isFound).toBe(true);
  });

  test("is not taken for proven where there is more than was looked at", () => {
    expect(() => exploreAll(three, protocol, 1_000)).toThrow("More than 1000 states");
  });
});
