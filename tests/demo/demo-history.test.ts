import { describe, expect, it } from "vitest";
import { lanesOf, lineage } from "../../demo/src/history/lanes.js";
import { countChanges, stateTree } from "../../demo/src/history/state-changes.js";

/** `"3<1 2<1 1"`: checkpoint 3 under 1, 2 under 1, and 1 without a parent; newest first. */
const history = (text: string) =>
  text.split(" ").map((pair) => {
    const [id = "", parent] = pair.split("<");
    return { id, parent: parent ?? null };
  });

describe("the lanes of a history", () => {
  it("are one for a thread that was never forked", () => {
    expect(lanesOf(history("3<2 2<1 1"))).toEqual([
      { lane: 0, fromAbove: false, toBelow: true, passing: [], joining: [] },
      { lane: 0, fromAbove: true, toBelow: true, passing: [], joining: [] },
      { lane: 0, fromAbove: true, toBelow: false, passing: [], joining: [] },
    ]);
  });

  it("give the newest branch the leftmost lane, and join where a branch began", () => {
    const [newest, , tip, , origin, first] = lanesOf(history("6<5 5<2 4<3 3<2 2<1 1"));
    expect(newest).toMatchObject({ lane: 0, passing: [] });
    expect(tip).toMatchObject({ lane: 1, fromAbove: false, passing: [0] });
    expect(origin).toEqual({ lane: 0, fromAbove: true, toBelow: true, passing: [], joining: [1] });
    expect(first).toMatchObject({ lane: 0, toBelow: false });
  });

  it("are used again once a branch has ended", () => {
    const lanes = lanesOf(history("7<4 6<4 5<4 4<2 3<2 2")).map((row) => row.lane);
    expect(lanes).toEqual([0, 1, 2, 0, 1, 0]);
  });

  it("end where the history was cut off", () => {
    expect(lanesOf(history("5<4 4<3")).at(-1)).toMatchObject({ fromAbove: true, toBelow: false });
  });

  it("tell which checkpoints led to one", () => {
    expect([...lineage(history("6<5 5<2 4<3 3<2 2<1 1"), "6")]).toEqual(["6", "5", "2", "1"]);
  });
});

describe("a state against its parent's", () => {
  it("marks what was added, changed and removed, where it is", () => {
    const tree = stateTree(
      { same: 1, list: ["a", "b"], inner: { x: 2 } },
      { same: 1, list: ["a"], inner: { x: 1 }, old: true },
    );
    expect(tree.map(({ name, change, holdsChange }) => [name, change, holdsChange])).toEqual([
      ["same", undefined, false],
      ["list", undefined, true],
      ["inner", undefined, true],
      ["old", "removed", false],
    ]);
    expect(tree[1]?.children[1]).toMatchObject({ name: "1", value: "b", change: "added" });
    expect(tree[2]?.children[0]).toMatchObject({ name: "x", value: 2, before: 1, change: "changed" });
    expect(countChanges(tree)).toBe(3);
  });

  it("marks nothing without a parent", () => {
    expect(countChanges(stateTree({ a: { b: 1 } }, undefined))).toBe(0);
  });
});
