// `npm test`: what a user runs and what CI runs. The last line is always "N passed, N failed".
//   npm test -- base64 store       test files with these in their names; in Node, and nothing but vitest runs
//   npm test -- base64 --lane bun  in another runtime (`--lane all`: in every one)
//   npm run test:quick             tests of behaviour in Node, with embedded servers
//   npm run test:whole             every test in every lane, and more of what is drawn at random
// Other options go to vitest (`npm test -- values -t "comes back"`).
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ensureInstalled } from "./lib/install.js";
import { LANES, projectsOf } from "./lib/testing/lanes.js";
import { readTestArguments } from "./lib/testing/test-arguments.js";

/** @import { Tally } from "./lib/testing/tally-reporter.js" */
/** @import { Plan } from "./lib/testing/test-plan.js" */

const root = fileURLToPath(new URL("..", import.meta.url));
const namesShown = 20;

const { filters, lanes, quick, whole, options } = orFail(() => readTestArguments(process.argv.slice(2)));
/** Whether no file was named: what is missing counts then. */
const isOfAllFiles = filters.length === 0 && options.length === 0;
orFail(ensureInstalled);
// While programs are installed, which mostly waits.
const checking =
  isOfAllFiles && (lanes.length > 1 || quick)
    ? runChecks(quick ? ["lint", "typecheck"] : ["lint", "typecheck", "build"])
    : undefined;
const plan = await (
  await import("./lib/testing/test-plan.js")
)
  .planTests({ filters: quick ? ["tests/behaviour/"] : filters, lanes, quick, whole })
  .catch(fail);
sayWhatIsMissing(plan);

const failedChecks = (await checking) ?? 0;
const tally = plan.lanes.length > 0 ? await runVitest() : nothingRan(); // without a lane, vitest would take all of them
const failures = [...plan.missing.map((what) => `not run, for want of ${what}`), ...tally.problems, ...notRun(tally)];
if (failures.length > 0) {
  console.log("\nCounted as failed:");
  for (const failure of failures.slice(0, namesShown)) console.log(`  ${failure}`);
  if (failures.length > namesShown) console.log(`  … and ${failures.length - namesShown} more`);
}
await printLanes(tally);
if (quick)
  console.log(
    `Not run here: ${tally.skipped.length} tests that need DynamoDB Local or Ceph, ${plan.leftOut.length} files ` +
      "that take minutes, and other runtimes. npm test runs all of it.",
  );
if (lanes.length === 1 && !quick)
  console.log(
    `In ${lanes.join()} only. --lane all runs this everywhere, and --lane NAME in one of ${LANES.join(", ")}.`,
  );
const { errors, events, savers, lines } = tally.emitted;
console.log(
  `Searched for secrets: ${errors} errors, ${events} events, ${savers} savers, ${lines} console lines, and what ` +
    "was printed here",
);
finish(tally.passed, tally.failed + failures.length + failedChecks);

/** @param {Plan} plan */
function sayWhatIsMissing({ missing, leftOut }) {
  if (missing.length === 0) return;
  console.log("Something is missing here. The rest runs, and at the end this counts as failed:");
  for (const what of missing) console.log(`  ${what}`);
  if (leftOut.length > 0) console.log(`Left out are ${leftOut.join(", ")}`);
}

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
    const projects = plan.lanes.flatMap(projectsOf).map((project) => `--project=${project}`);
    const vitest = [
      "node_modules/vitest/vitest.mjs",
      "run",
      "--reporter=default",
      "--reporter=./scripts/lib/testing/tally-reporter.js",
      ...projects,
      // Before options: vitest would take a filter behind `-u` for that option's value.
      ...(quick ? ["tests/behaviour/"] : filters),
      ...options,
    ];
    const env = { TEST_TALLY_FILE: file, TEST_PLAN: JSON.stringify(plan) };
    const { code } = await run(process.execPath, vitest, "inherit", env);
    const tally = readTally(file);
    // vitest saw something that the tally did not.
    if (code !== 0 && tally.failed + tally.problems.length === 0)
      tally.problems.push(`vitest ended with exit code ${code}`);
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
    return { ...nothingRan(), problems: ["vitest ended before it had a result"] };
  }
}

/** @returns {Tally} */
function nothingRan() {
  return {
    passed: 0,
    failed: 0,
    skipped: [],
    problems: [],
    lanes: [],
    emitted: { errors: 0, events: 0, lines: 0, savers: 0 },
  };
}

/**
 * What should have run and did not. Filters leave out tests and lanes on purpose, but never all of them.
 * @param {Tally} tally
 * @returns {string[]}
 */
function notRun({ passed, failed, skipped, lanes, emitted }) {
  if (!isOfAllFiles)
    return [
      ...(passed + failed === 0 && plan.missing.length === 0 ? ["no test ran"] : []),
      ...filters.flatMap((filter) => lanesWithout(filter, lanes)),
    ];
  const unseen =
    lanes.some(({ name }) => name === "node") && emitted.errors * emitted.events * emitted.savers === 0
      ? ["the search for secrets has seen no errors, events or savers"]
      : [];
  const idleLanes = lanes.filter((lane) => lane.passed === 0).map(({ name }) => `lane ${name}: no test passed`);
  // With embedded servers, tests that need the real ones are skipped, and `missing` says so.
  const isReal = plan.dynamodb === "real" && plan.s3 === "real";
  return [...unseen, ...idleLanes, ...(isReal ? skipped.map((name) => `skipped: ${name}`) : [])];
}

/**
 * A file that was asked for has to run in each lane that was named; in all of them it runs where it can.
 * @param {string} filter
 * @param {Tally["lanes"]} lanes
 */
function lanesWithout(filter, lanes) {
  const idle = lanes.filter(
    ({ paths }) => !paths.some((path) => path.includes(filter)) && !plan.leftOut.some((path) => path.includes(filter)),
  );
  const isEverywhere = lanes.length === LANES.length;
  return isEverywhere && idle.length < lanes.length
    ? []
    : idle.map(({ name }) => `lane ${name}: no file with ${JSON.stringify(filter)} in its name runs there`);
}

/** @param {Tally} tally */
async function printLanes({ lanes }) {
  const { heading, printTable } = await import("./lib/docs/terminal.js");
  heading("Lanes");
  const rows = lanes.map(({ name, files, passed, failed, seconds }) => [
    name,
    `${files}`,
    `${passed}`,
    `${failed}`,
    seconds.toFixed(0),
  ]);
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

/**
 * @template T
 * @param {() => T} call
 */
function orFail(call) {
  try {
    return call();
  } catch (error) {
    return fail(error);
  }
}

/**
 * @param {unknown} error
 * @returns {never}
 */
function fail(error) {
  console.error(error instanceof Error ? error.message : error);
  return finish(0, 1);
}
