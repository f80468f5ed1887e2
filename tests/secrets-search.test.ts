import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import type { Tally } from "../scripts/lib/testing/tally-reporter.js";

/*
 * Every test of this project fails if a secret is given out while it runs, and so does a run in which one is printed.
 * Here are tests that do so.
 */

/** Runs one file of `tests/leaks/` as the tests are run, and gives what the reporter makes of it. */
async function runLeaks(name: string): Promise<Tally & { output: string }> {
  const folder = mkdtempSync(join(tmpdir(), "leaks-"));
  const file = join(folder, "tally.json");
  const root = fileURLToPath(new URL("..", import.meta.url));
  const args = [
    "node_modules/vitest/vitest.mjs",
    "run",
    "--config",
    "tests/leaks/vitest.config.ts",
    "--reporter=default",
    "--reporter=./scripts/lib/testing/tally-reporter.js",
    name,
  ];
  try {
    const output = await new Promise<string>((resolve) => {
      execFile(
        process.execPath,
        args,
        { cwd: root, env: { ...process.env, TEST_TALLY_FILE: file, NO_COLOR: "1" } },
        (_, stdout, stderr) => resolve(stdout + stderr),
      );
    });
    return { ...(JSON.parse(readFileSync(file, "utf8")) as Tally), output };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test("each test that gives out a secret fails, and its failure says where it was", async () => {
  const { passed, failed, emitted, output } = await runLeaks("given-out.leak.ts");

  expect([passed, failed]).toEqual([1, 4]);
  expect(emitted.errors).toBe(4);
  expect(emitted.lines).toBe(1);
  for (const name of [
    "an error's cause quotes the request",
    "an error that is no one's business",
    "an error in a list",
    "an object on the console",
  ])
    expect(output).toContain(`FAIL  tests/leaks/given-out.leak.ts > ${name}`);
  expect(output).toMatch(/The package, an error shows \\?"CanarySessionTokenOfTheTests/);
});

test("a run in which a secret is printed fails, though its tests pass", async () => {
  const { passed, failed, problems } = await runLeaks("printed.leak.ts");

  expect([passed, failed]).toEqual([1, 0]);
  expect(problems).toEqual([expect.stringMatching(/^CanarySessionTokenOfTheTests was printed: .*warning: /)]);
});
