// A part of `npm run lint`: which room of `src` may import which, that no imports go in a circle, there or elsewhere,
// and how large a room, a file and a line may be.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { cruise } from "dependency-cruiser";
import { FLOORS } from "./lib/floors.js";

/** Here no imports go in a circle. */
const PLACES = ["src", "tests", "scripts", "demo", "workers", "bench"];
/** The one file outside of `src` that a source imports. */
const MANIFEST = { importer: "src/cli/main.ts", file: "package.json" };
/** What stands in for a user's project is as users have it. */
const PROJECTS = "tests/package/projects/";
const MAX_FILES = 20;
const MAX_LINES = 250;
const MAX_COLUMNS = 120;

const files = execFileSync("git", ["ls-files", "-co", "--exclude-standard"], { encoding: "utf8" })
  .split("\n")
  .filter((file) => file !== "" && !file.startsWith(PROJECTS) && existsSync(file));
const code = files.filter((file) => /\.(ts|tsx|mts|cts|js|mjs|cjs|css)$/.test(file));
const problems = [...homeless(), ...(await wrongImports()), ...tooManyFiles(), ...code.flatMap(tooLong)];
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exitCode = 1;

/** What is in no room could import anything. */
function homeless() {
  const isAtHome = (/** @type {string} */ file) => {
    for (let room = "src/"; ; room += file.slice(room.length).split("/", 1)[0] + "/") {
      const floors = FLOORS[room];
      if (!floors) return dirname(file) + "/" === room;
      if (!floors.some((floor) => new RegExp(patternOf(room, floor)).test(file))) return false;
      if (dirname(file) + "/" === room) return true;
    }
  };
  const sources = code.filter((file) => file.startsWith("src/") && !isAtHome(file));
  return sources.map((file) => `${file} is in no room: add it to scripts/lib/floors.js, and to ARCHITECTURE.md`);
}

/**
 * @param {string} room
 * @param {string} floor
 */
function patternOf(room, floor) {
  const escaped = (/** @type {string} */ path) => path.replaceAll(".", "\\.") + (path.endsWith("/") ? "" : "$");
  if (floor !== "*") return `^${room}${escaped(floor)}`;
  const named = FLOORS[room]?.filter((one) => one !== "*").map(escaped);
  return `^${room}(?!${named?.join("|")})[^/]+$`;
}

/** Of types as well. */
async function wrongImports() {
  const upwards = Object.entries(FLOORS).flatMap(([room, floors]) =>
    floors.slice(0, -1).map((floor, i) => ({
      name: "upwards",
      from: { path: patternOf(room, floor) },
      to: { path: floors.slice(i + 1).map((above) => patternOf(room, above)) },
    })),
  );
  const outwards = {
    name: "outwards",
    from: { path: "^src/", pathNot: `^${MANIFEST.importer}$` },
    to: { dependencyTypes: [/** @type {const} */ ("local")], pathNot: "^src/" },
  };
  const manifest = {
    ...outwards,
    from: { path: `^${MANIFEST.importer}$` },
    to: { ...outwards.to, pathNot: `^(src/|${MANIFEST.file}$)` },
  };
  // By its own name, a room would reach a face past all floors.
  const itself = { name: "outwards", from: { path: "^src/" }, to: { path: "^langgraph-checkpoint-dynamodb" } };
  const circle = { name: "circle", from: {}, to: { circular: true } };
  const { output } = await cruise(PLACES, {
    ruleSet: { forbidden: [circle, itself, outwards, manifest, ...upwards] },
    validate: true,
    tsPreCompilationDeps: true,
    doNotFollow: { path: ["node_modules"] },
    exclude: { path: [`^${PROJECTS}`] },
  });
  if (typeof output === "string" || output.summary.totalCruised < code.length / 2)
    throw new Error("Not all sources were read.");
  return output.summary.violations.map(({ from, to, cycle, rule }) =>
    cycle
      ? `A circle of imports: ${from} → ${cycle.map(({ name }) => name).join(" → ")}`
      : rule.name === "outwards"
        ? `${from} imports ${to}, which is not in src: a source imports sources and packages alone`
        : `${from} imports ${to}, which is above it: see scripts/lib/floors.js`,
  );
}

function tooManyFiles() {
  /** @type {Map<string, number>} */
  const folders = new Map();
  for (const file of files) folders.set(dirname(file), (folders.get(dirname(file)) ?? 0) + 1);
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
