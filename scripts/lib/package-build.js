import { spawnSync } from "node:child_process";
import { readdirSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));
/** tsup writes the declarations last. */
const outputs = ["dist/index.js", "dist/index.cjs", "dist/index.d.ts", "dist/index.d.cts"];

/** Builds `dist` where it is missing or older than the sources, for those who import the package by its name. */
export function ensureBuilt() {
  const built = Math.min(...outputs.map(modified));
  const sources = readdirSync(`${root}src`, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));
  if (sources.every((name) => modified(`src/${name}`) <= built)) return;

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
