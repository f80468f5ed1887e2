import { readFileSync } from "node:fs";
import { MemorySaver } from "@langchain/langgraph-checkpoint";
import { describe, expect, test } from "vitest";
import { PEERS } from "../../scripts/lib/compare/peers.js";
import { openSaver } from "../../scripts/lib/compare/places/memory.js";
import { open as openOurs } from "../../scripts/lib/compare/places/ours.js";
import { PROBES, type Place } from "../../scripts/lib/compare/probes.js";
import { comparedIn, withCompared } from "../../scripts/lib/compare/table.js";
import { endpoint } from "../lanes/savers/harness.js";
import { FAULTS } from "./faulty-savers.js";

/* What `npm run compare` asks of each saver, and where it puts the answers. */

const probes = Object.entries(PROBES);
const threadId = () => crypto.randomUUID();
let ours: Promise<Place>;

describe.each(probes)("%s", (name, holds) => {
  test("holds on MemorySaver", async () => {
    expect(await holds(openSaver(new MemorySaver()), threadId())).toBe(true);
  });

  test("holds on this saver", async () => {
    ours ??= openOurs({ url: endpoint() });

    expect(await holds(await ours, threadId())).toBe(true);
  });

  test("does not hold on a saver that has that very fault", async () => {
    expect(await holds(openSaver(FAULTS[name]!()), threadId())).toBe(false);
  });
});

describe("docs/comparison.md", () => {
  const page = readFileSync(new URL("../../docs/comparison.md", import.meta.url), "utf8");

  test("has a column for each saver that is compared, a row for each probe, and the versions that are pinned", () => {
    expect(comparedIn(page)).toEqual(PEERS.map(({ name }) => name));
    expect(probes.filter(([name]) => !page.includes(`\n| ${name} |`)).map(([name]) => name)).toEqual([]);
    for (const { package: name, install } of PEERS)
      expect(page).toMatch(new RegExp(`\\| \`${name}\` \\| ${install?.[name] ?? ".+"} \\|`));
  });

  test("gets the tables of a new run in place of the old ones, and keeps what is around them", () => {
    const written = withCompared(page, "new");

    expect(written).toMatch(/^# Comparison[^]*<!-- compare -->\n\nnew\n\n<!-- \/compare -->\n/);
    expect(written.replace("new", "newer")).toBe(withCompared(written, "newer"));
    expect(() => withCompared("# Another page", "new")).toThrow(/docs\/comparison\.md has no <!-- compare -->/);
  });
});
