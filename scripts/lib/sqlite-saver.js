import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { hasPackages } from "./install.js";
import { ensureBuilt } from "./testing/package-build.js";
import { ensureRuntimes, executableOf } from "./testing/runtimes.js";

/**
 * LangGraph's SqliteSaver, beside this package and not among its dependencies. It asks for better-sqlite3 12, which is
 * compiled for a minute wherever its binaries cannot be downloaded from GitHub. Version 13 has them in the package from
 * npm, and needs Node 22.
 */
const versions = { "@langchain/langgraph-checkpoint-sqlite": "1.0.4", "better-sqlite3": "13.2.0" };

const root = fileURLToPath(new URL("../../", import.meta.url));
const folder = `${root}.cache/sqlite/`;
const npmInstall = ["npm", "install", "--prefix", folder, "--omit=peer", "--no-audit", "--no-fund", "--loglevel=error"];
const installTimeoutMs = 5 * 60_000;

/**
 * A folder whose programs can import SqliteSaver, this package as it is built, and what is installed for development;
 * and the Node that runs them, TypeScript as well. What is missing is installed from npm.
 *
 * @returns {Promise<{ folder: string, node: string }>}
 */
export async function ensureSqliteSaver() {
  await ensureRuntimes(["node24"]);
  ensureBuilt();
  if (!hasPackages(folder, versions)) {
    mkdirSync(folder, { recursive: true });
    const manifest = {
      private: true,
      type: "module",
      dependencies: versions,
      overrides: { "better-sqlite3": "$better-sqlite3" },
    };
    writeFileSync(`${folder}package.json`, JSON.stringify(manifest, undefined, 2));
    console.log("Installing SqliteSaver, which a test takes threads over from (npm) …");
    const [command = "", ...args] = npmInstall;
    spawnSync(command, args, {
      stdio: ["ignore", "ignore", "inherit"],
      shell: process.platform === "win32",
      timeout: installTimeoutMs,
    });
    if (!hasPackages(folder, versions))
      throw new Error(`There is no SqliteSaver in .cache/sqlite. Install it: ${npmInstall.join(" ")}`);
  }
  const own = `${folder}node_modules/langgraph-checkpoint-dynamodb`;
  if (!existsSync(own)) symlinkSync(process.platform === "win32" ? root : "../../..", own, "junction");
  return { folder, node: executableOf("node24") };
}
