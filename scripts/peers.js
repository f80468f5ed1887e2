// `npm run peers`: says which LangGraph the tests run with. `npm run peers -- latest` raises it to what the registry
// calls latest, with what else of LangChain's the tests use, and writes the table in docs/support.md. Then `npm test`
// tells.
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { newestPeers, oldestPeers, packageJson, peersTable, withPeersTable } from "./lib/testing/peers.js";

const root = fileURLToPath(new URL("..", import.meta.url));
const [tag, ...rest] = process.argv.slice(2);

if (rest.length > 0 || (tag !== undefined && !/^[a-z]+$/.test(tag))) {
  console.error("Usage: npm run peers, or npm run peers -- latest (or another of npm's dist-tags).");
  process.exit(1);
}
try {
  if (tag !== undefined) raise(tag);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
console.log(peersTable(oldestPeers(), newestPeers()));

/** @param {string} tag */
function raise(tag) {
  const installed = packageJson().devDependencies;
  const wanted = Object.keys(installed)
    .filter(isLangChains)
    .map((name) => `${name}@${latest(name, tag)}`);
  npm(["install", "--save-dev", "--save-exact", "--no-audit", "--no-fund", "--loglevel=error", ...wanted], "inherit");
  const page = `${root}docs/support.md`;
  writeFileSync(page, withPeersTable(readFileSync(page, "utf8"), peersTable(oldestPeers(), newestPeers())));
  for (const [name, version] of Object.entries(packageJson().devDependencies)) {
    if (isLangChains(name) && installed[name] !== version) console.log(`${name} ${installed[name]} → ${version}`);
  }
  console.log("Now run npm test. A failure says what this LangGraph does differently.\n");
}

/** @param {string} name */
function isLangChains(name) {
  return name.startsWith("@langchain/") || name === "langchain" || name === "deepagents";
}

/**
 * @param {string} name
 * @param {string} tag
 */
function latest(name, tag) {
  const { version } = JSON.parse(npm(["view", `${name}@${tag}`, "--json", "version", "name"], "pipe"));
  return version;
}

/**
 * @param {string[]} args
 * @param {"inherit" | "pipe"} output
 */
function npm(args, output) {
  const { status, stdout } = spawnSync("npm", args, {
    cwd: root,
    encoding: "utf8",
    stdio: ["ignore", output, "inherit"],
    shell: process.platform === "win32", // npm is a .cmd file there
  });
  if (status !== 0) throw new Error(`npm ${args[0]} failed.`);
  return stdout ?? "";
}
