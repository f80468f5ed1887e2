import { readFileSync } from "node:fs";
import { expect, inject, test } from "vitest";
import { commands } from "../../scripts/lib/docs/command-line-text.js";
import { commandLinePage } from "../../scripts/lib/docs/command-line-page.js";
import { endpoint } from "../lanes/savers/harness.js";
import { run } from "./run.js";

// Some sixty commands, one after the other: a minute where nothing else runs.
test("docs/command-line.md is what `npm run docs` writes", { timeout: 300_000 }, async () => {
  const { url, text } = await commandLinePage({ endpoint: endpoint(), s3: inject("s3") });

  expect(readFileSync(url, "utf8")).toBe(text);
});

test("docs/command-line.md has a section for every command", async () => {
  const { stdout } = await run({ env: {} }, ["--help"]);
  const known = [...stdout.matchAll(/^ {2}([a-z]+) (?=[[< ])/gm)]
    .map(([, name]) => name!)
    .filter((name) => name !== "help");

  expect(known).toContain("threads");
  expect(Object.keys(commands)).toEqual(known);
});
