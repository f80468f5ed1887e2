// `npm test`: what a user runs and what CI runs. The last line is always "N passed, N failed".
// Arguments go to vitest (`npm test -- official`, `npm test -- -t "pending writes"`); then only vitest runs.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ensureCeph } from "./lib/ceph.js";
import { ensureInstalled } from "./lib/install.js";
import { ensureJava } from "./lib/java.js";
import { ensureRuntimes } from "./lib/runtimes.js";

/** @import { Tally } from "./lib/tally-reporter.js" */

const root = fileURLToPath(new URL("..", import.meta.url));
const filters = process.argv.slice(2);
const chosenLanes = filters.flatMap((filter) => (filter.startsWith("--project=") ? [filter.slice("--project=".length)] : []));
const namesShown = 20;

try {
  ensureInstalled();
  if (!process.env.DYNAMODB_ENDPOINT) ensureJava();
  if (!process.env.S3_ENDPOINT) ensureCeph();
  ensureRuntimes(chosenLanes);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  finish(0, 1);
}

const failedChecks = filters.length > 0 ? 0 : await runChecks(["lint", "typecheck", "build"]);
const tally = await runVitest();
const failures = [...tally.problems, ...notRun(tally)];
if (failures.length > 0) {
  console.log("\nCounted as failed:");
  for (const failure of failures.slice(0, namesShown)) console.log(`  ${failure}`);
  if (failures.length > namesShown) console.log(`  … and ${failures.length - namesShown} more`);
}
await printLanes(tally);
const { errors, events, savers, lines } = tally.emitted;
console.log(`Searched for secrets: ${errors} errors, ${events} events, ${savers} savers, ${lines} console lines, and what was printed here`);
finish(tally.passed, tally.failed + failures.length + failedChecks);

/**
 * Runs npm scripts side by side; says more of one only when it fails.
 * @param {string[]} names
 * @returns {Promise<number>} how many failed
 */
async function runChecks(names) {
  const results = await Promise.all(
    names.map(async (name) => {
      const started = performance.now();
      const { code, output } = await run("npm", ["run", "--silent", name], "pipe");
      const seconds = ((performance.now() - started) / 1_000).toFixed(1);
      console.log(`${code === 0 ? "ok    " : "FAILED"} ${name} (${seconds} s)`);
      if (code !== 0) console.log(output.trimEnd());
      return code;
    }),
  );
  return results.filter((code) => code !== 0).length;
}

/** @returns {Promise<Tally>} */
async function runVitest() {
  const folder = mkdtempSync(join(tmpdir(), "tests-"));
  const file = join(folder, "tally.json");
  try {
    const reporters = ["--reporter=default", "--reporter=./scripts/lib/tally-reporter.js"];
    const vitest = ["node_modules/vitest/vitest.mjs", "run", ...reporters, ...filters];
    const { code } = await run(process.execPath, vitest, "inherit", { TEST_TALLY_FILE: file });
    const tally = readTally(file);
    // vitest saw something that the tally did not.
    if (code !== 0 && tally.failed + tally.problems.length === 0) tally.problems.push(`vitest ended with exit code ${code}`);
    return tally;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * @param {string} file
 * @returns {Tally}
 */
function readTally(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    const emitted = { errors: 0, events: 0, lines: 0, savers: 0 };
    return { passed: 0, failed: 0, skipped: [], problems: ["vitest ended before it had a result"], lanes: [], emitted };
  }
}

/**
 * What should have run and did not. Filters leave out tests and lanes on purpose, but never all of them.
 * @param {Tally} tally
 * @returns {string[]}
 */
function notRun({ passed, failed, skipped, lanes, emitted }) {
  const idleLanes = lanes.filter((lane) => lane.passed === 0).map(({ name }) => name);
  if (filters.length > chosenLanes.length) return passed + failed === 0 ? ["no test ran"] : [];
  const unseen = chosenLanes.length === 0 && emitted.errors * emitted.events * emitted.savers === 0 ? ["the search for secrets has seen no errors, events or savers"] : [];
  return [...unseen, ...idleLanes.map((lane) => `lane ${lane}: no test passed`), ...skipped.map((name) => `skipped: ${name}`)];
}

/** @param {Tally} tally */
async function printLanes({ lanes }) {
  const { heading, printTable } = await import("./lib/terminal.js");
  heading("Lanes");
  const rows = lanes.map(({ name, files, passed, failed, seconds }) => [name, `${files}`, `${passed}`, `${failed}`, seconds.toFixed(0)]);
  printTable(["lane", "files", "passed", "failed", "seconds"], rows, ["left", "right", "right", "right", "right"]);
  console.log();
}

/**
 * @param {string} command
 * @param {string[]} args
 * @param {"pipe" | "inherit"} output
 * @param {Record<string, string>} [env]
 * @returns {Promise<{ code: number, output: string }>}
 */
function run(command, args, output, env = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: root,
      stdio: ["ignore", output, output],
      env: { ...process.env, ...env },
      shell: command === "npm" && process.platform === "win32", // npm is a .cmd file there
    });
    let text = "";
    child.stdout?.on("data", (chunk) => (text += chunk));
    child.stderr?.on("data", (chunk) => (text += chunk));
    child.on("error", (error) => resolve({ code: 1, output: error.message }));
    child.on("close", (code) => resolve({ code: code ?? 1, output: text }));
  });
}

/**
 * @param {number} passed
 * @param {number} failed
 * @returns {never}
 */
function finish(passed, failed) {
  console.log(`${passed} passed, ${failed} failed`);
  process.exit(failed === 0 && passed > 0 ? 0 : 1);
}
