import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../../", import.meta.url));
/** tsup writes the declarations last. */
const outputs = ["dist/index.js", "dist/index.cjs", "dist/index.d.ts", "dist/index.d.cts", "dist/cli.js"];
/** A folder that is there while somebody builds: test files run side by side. */
const lock = `${root}node_modules/.building`;
/** Longer than a build or an installation takes. */
const longestMs = 240_000;

/** Builds `dist` where it is missing or older than the sources, for those who import the package by its name. */
export function ensureBuilt() {
  while (!isBuilt()) {
    if (!take(lock)) continue;
    try {
      if (!isBuilt()) build();
    } finally {
      rmSync(lock, { recursive: true, force: true });
    }
  }
}

function isBuilt() {
  const built = Math.min(...outputs.map(modified));
  const sources = readdirSync(`${root}src`, { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".ts"),
  );
  return ["tsup.config.ts", ...sources.map((name) => `src/${name}`)].every((path) => modified(path) <= built);
}

function build() {
  const { status, stdout, stderr } = spawnSync("npm", ["run", "--silent", "build"], {
    cwd: root,
    encoding: "utf8",
    shell: process.platform === "win32", // npm is a .cmd file there
  });
  if (status !== 0) throw new Error(`npm run build failed: ${(stderr || stdout).trim()}`);
}

/** @param {string} path */
function modified(path) {
  return statSync(root + path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/**
 * Takes a lock, or waits a little for whoever has it. One that was left behind is taken away.
 * @param {string} folder
 * @returns {boolean} whether it was taken
 */
export function take(folder) {
  try {
    mkdirSync(folder);
    return true;
  } catch {
    if (Date.now() - (statSync(folder, { throwIfNoEntry: false })?.mtimeMs ?? Date.now()) > longestMs)
      rmSync(folder, { recursive: true, force: true });
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
    return false;
  }
}
