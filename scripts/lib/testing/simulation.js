// The simulated world as a program of its own: the test runner would take most of the time.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { atEndOfProcess } from "../servers/daemon.js";

const root = fileURLToPath(new URL("../../../", import.meta.url));

/** @import { Job } from "../../../tests/simulation/main.js" */

/** @typedef {{ histories: number, requests: number, faults: number }} Figures */
/** @typedef {{ failed: string, kind: string, problem: string }} Failure */

/** @type {Set<import("node:child_process").ChildProcess>} */
const running = new Set();
atEndOfProcess(() => running.forEach((child) => child.kill()));

/**
 * @param {import("node:child_process").ChildProcess} child
 * @returns {Promise<number>} the exit code
 */
function ended(child) {
  return new Promise((resolve) => {
    child.once("close", (code) => {
      running.delete(child);
      resolve(code ?? 1);
    });
  });
}

/**
 * Builds the program.
 * @param {string} source the folder of the package's sources
 * @param {string} name of the program's file
 * @returns {Promise<string>} the file
 */
export async function buildWorld(source = join(root, "src"), name = "world") {
  const outfile = join(root, ".cache/simulation", `${name}.mjs`);
  const path = join(source, "index.ts");
  /** @type {import("esbuild").Plugin} */
  const sources = {
    name: "sources",
    setup: (made) => made.onResolve({ filter: /^langgraph-checkpoint-dynamodb$/ }, () => ({ path })),
  };
  await build({
    absWorkingDir: root,
    entryPoints: ["tests/simulation/main.ts"],
    bundle: true,
    packages: "external",
    platform: "node",
    format: "esm",
    sourcemap: "inline",
    logLevel: "error",
    plugins: [sources],
    outfile,
  });
  return outfile;
}

/**
 * Runs the program, one line of JSON after the other.
 * @param {string} program
 * @param {Job} job
 * @param {(line: (Figures & { isOver?: boolean }) | Failure) => void} onLine
 * @returns {Promise<number>} the exit code
 */
export async function runWorld(program, job, onLine) {
  const child = spawn(process.execPath, [program, JSON.stringify(job)], {
    cwd: root,
    stdio: ["ignore", "pipe", "inherit"],
  });
  running.add(child);
  createInterface({ input: child.stdout }).on("line", (line) => onLine(JSON.parse(line)));
  return ended(child);
}

/**
 * Shows one history, as small as it can be made.
 * @param {string} program
 * @param {Job["kind"]} kind
 * @param {string} name
 * @returns {Promise<number>} the exit code
 */
export async function replayHistory(program, kind, name) {
  const child = spawn(process.execPath, ["--enable-source-maps", program, JSON.stringify({ kind, replay: name })], {
    cwd: root,
    stdio: "inherit",
  });
  running.add(child);
  return ended(child);
}
