// A part of `npm run lint`: which room of `src` may import which, that no imports go in a circle, and how large a room,
// a file and a line may be.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { cruise } from "dependency-cruiser";

/**
 * From the ground up. A room imports itself and what is below it; the public faces come last. ARCHITECTURE.md says what
 * each is for.
 */
const FLOORS = [
  "src/errors.ts",
  "src/checks.ts",
  "src/aws/",
  "src/options.ts",
  "src/config/",
  "src/format/",
  "src/payload/",
  "src/table/",
  "src/checkpoint/",
  "src/threads/",
  "src/store/",
  "src/vectors/",
  "src/cache/",
  "src/inspect/",
  "src/cli/",
  "src/context.ts",
  "src/credentials.ts",
  "src/reader.ts",
  "src/s3-vectors.ts",
  "src/index.ts",
];
const MAX_FILES = 20;
const MAX_LINES = 250;
const MAX_COLUMNS = 120;

const code = execFileSync("git", ["ls-files", "-co", "--exclude-standard"], { encoding: "utf8" })
  .split("\n")
  // What stands in for a user's project is as users have it.
  .filter(
    (file) =>
      /\.(ts|tsx|mts|cts|js|mjs|cjs|css)$/.test(file) &&
      !file.startsWith("tests/package/projects/") &&
      existsSync(file),
  );
const problems = [...homeless(), ...(await wrongImports()), ...tooManyFiles(), ...code.flatMap(tooLong)];
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exitCode = 1;

/** What is in no room could import anything. */
function homeless() {
  const sources = code.filter((file) => file.startsWith("src/") && !FLOORS.some((room) => file.startsWith(room)));
  return sources.map(
    (file) => `${file} is in no room: add it to FLOORS in scripts/check-rooms.js, and to ARCHITECTURE.md`,
  );
}

/** Of types as well. */
async function wrongImports() {
  const beginning = (/** @type {string} */ path) => `^${path.replaceAll(".", "\\.")}`;
  const upwards = FLOORS.slice(0, -1).map((room, i) => ({
    name: room,
    from: { path: beginning(room) },
    to: { path: FLOORS.slice(i + 1).map(beginning) },
  }));
  const circle = { name: "a circle", from: {}, to: { circular: true } };
  // By its own name, a room would reach a face past all floors.
  const itself = { name: "itself", from: { path: "^src/" }, to: { path: "^langgraph-checkpoint-dynamodb" } };
  const { output } = await cruise(["src"], {
    ruleSet: { forbidden: [circle, itself, ...upwards] },
    validate: true,
    tsPreCompilationDeps: true,
    doNotFollow: { path: ["node_modules"] },
  });
  if (typeof output === "string" || output.summary.totalCruised < FLOORS.length)
    throw new Error("No sources were read.");
  return output.summary.violations.map(({ from, to, cycle }) =>
    cycle
      ? `A circle of imports: ${from} → ${cycle.map(({ name }) => name).join(" → ")}`
      : `${from} imports ${to}, which is above it: see FLOORS in scripts/check-rooms.js`,
  );
}

function tooManyFiles() {
  /** @type {Map<string, number>} */
  const folders = new Map();
  for (const file of code) folders.set(dirname(file), (folders.get(dirname(file)) ?? 0) + 1);
  return [...folders].flatMap(([folder, count]) =>
    count > MAX_FILES ? `${folder} has ${count} files, over ${MAX_FILES}: give it rooms` : [],
  );
}

/** @param {string} file */
function tooLong(file) {
  const lines = readFileSync(file, "utf8").trimEnd().split("\n");
  const wide = lines.flatMap((line, i) =>
    line.length > MAX_COLUMNS ? `${file}:${i + 1} has ${line.length} characters, over ${MAX_COLUMNS}` : [],
  );
  return lines.length > MAX_LINES ? [`${file} has ${lines.length} lines, over ${MAX_LINES}`, ...wide] : wide;
}
