import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL("../../.cache/runtimes/", import.meta.url));
const installTimeoutMs = 5 * 60_000;

/** The runtimes besides Node, from npm: their own installers are scripts of the day. */
const pinned = {
  deno: { version: "2.9.6", file: "deno" },
  bun: { version: "1.4.4", file: "bin/bun.exe" }, // its name on every system
};

/** @typedef {keyof typeof pinned} InstalledRuntime */

/**
 * Installs those of the runtimes that are missing or of another version.
 * @param {InstalledRuntime[]} names
 */
export function ensureRuntimes(names) {
  const missing = names.filter((name) => !isInstalled(name));
  if (missing.length === 0) return;
  console.log(`Installing ${missing.join(", ")} (npm) …`);
  const [command = "", ...args] = npmInstall(missing);
  spawnSync(command, args, { stdio: ["ignore", "ignore", "inherit"], shell: process.platform === "win32", timeout: installTimeoutMs });
}

/**
 * The path of a runtime's executable.
 * @param {InstalledRuntime} name
 * @returns {string}
 */
export function executableOf(name) {
  if (isInstalled(name)) return executable(name);
  throw new Error(`There is no ${name} ${pinned[name].version}. Install it: ${npmInstall([name]).join(" ")}`);
}

/** @param {InstalledRuntime[]} names */
const npmInstall = (names) => ["npm", "install", "--prefix", folder, "--save-exact", "--no-audit", "--no-fund", "--loglevel=error", ...names.map((name) => `${name}@${pinned[name].version}`)];

/** @param {InstalledRuntime} name */
const executable = (name) => `${folder}node_modules/${name}/${pinned[name].file}`;

/** @param {InstalledRuntime} name */
function isInstalled(name) {
  try {
    const { version } = JSON.parse(readFileSync(`${folder}node_modules/${name}/package.json`, "utf8"));
    return version === pinned[name].version && existsSync(executable(name));
  } catch {
    return false;
  }
}
