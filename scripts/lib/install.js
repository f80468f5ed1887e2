import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));
const lockFile = `${root}package-lock.json`;
// npm writes this file last, so an install that was interrupted does not count as one.
const installedLockFile = `${root}node_modules/.package-lock.json`;

/** npm writes the two lock files within milliseconds of each other, in either order. */
const sameInstallMs = 2_000;
const installTimeoutMs = 10 * 60_000;

/**
 * Installs the dependencies when they are missing or older than the lock file.
 * Uses nothing but Node itself, so that it can run on a fresh clone.
 */
export function ensureInstalled() {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    throw new Error(`Node 20.19 or newer is needed here; this is Node ${process.versions.node}.`);
  }
  if (isInstalled()) return;

  console.log("Installing dependencies (npm ci) …");
  const ended = spawnSync("npm", ["ci", "--include=dev", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
    shell: process.platform === "win32", // npm is a .cmd file there
    timeout: installTimeoutMs,
  });
  if (ended.status !== 0) {
    const reason = ended.error?.message ?? (ended.signal ? `ended by ${ended.signal}` : `exit code ${ended.status}`);
    throw new Error(`npm ci failed (${reason}). Run it by hand in ${root} to see why.`);
  }
}

function isInstalled() {
  if (!existsSync(installedLockFile)) return false;
  return statSync(installedLockFile).mtimeMs + sameInstallMs >= statSync(lockFile).mtimeMs;
}

/**
 * Runs npm, beside what this process does meanwhile: it mostly waits.
 * @param {string[]} args
 * @returns {Promise<boolean>} whether it was content
 */
export function npm(args) {
  return new Promise((resolve) => {
    const child = spawn("npm", args, {
      stdio: ["ignore", "ignore", "inherit"],
      shell: process.platform === "win32", // npm is a .cmd file there
      timeout: installTimeoutMs,
    });
    child.on("error", () => resolve(false));
    child.on("close", (code) => resolve(code === 0));
  });
}

/**
 * Whether a folder's `node_modules` has these packages, at these versions.
 * @param {string} folder with a slash at its end
 * @param {Record<string, string>} versions by name
 */
export function hasPackages(folder, versions) {
  return Object.entries(versions).every(([name, version]) => {
    try {
      return JSON.parse(readFileSync(`${folder}node_modules/${name}/package.json`, "utf8")).version === version;
    } catch {
      return false;
    }
  });
}
