/** What is wrong, without what differs from history to history. */
export const kindOf = (problem: string): string =>
  problem
    .split("\n")[0]!
    .replace(/^Call \d+ \(\w+\): /, "")
    .replace(
      /(?<=left (in the (table|bucket) )?are ).*|(?<=^Thread ).*(?= was )|expected .*|, but .*|that is not one of .*/s,
      "",
    )
    .replace(/\[".*?\]|\[.*?\]|"(?:[^"\\]|\\.)*"|1f0\d+\S*|(?<=Segment )\S+|\d+/g, "…")
    .replace(/\b[A-DZ](?='s)/, "…")
    .slice(0, 70);
