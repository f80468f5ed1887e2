import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { hasPackages, npm } from "../install.js";

/* Which LangGraph the tests run with. What runs with today's is what npm installed for this repository. */

const root = fileURLToPath(new URL("../../../", import.meta.url));
const folder = `${root}.cache/peers/oldest/`;

const CORE = "@langchain/core";
const CHECKPOINT = "@langchain/langgraph-checkpoint";
const LANGGRAPH = "@langchain/langgraph";
const VALIDATION = "@langchain/langgraph-checkpoint-validation";

/** What a user installs beside the package. The first two are its peers, and the third brings them into use. */
export const PEERS = [CORE, CHECKPOINT, LANGGRAPH];

/** The oldest LangGraph that goes with the oldest peers. It is no peer, so package.json does not say it. */
const OLDEST_LANGGRAPH = "1.4.17";

/**
 * @returns {{ dependencies: Record<string, string>, devDependencies: Record<string, string>, peerDependencies:
 *   Record<string, string> }}
 */
export function packageJson() {
  return JSON.parse(readFileSync(`${root}package.json`, "utf8"));
}

/**
 * The versions on which this repository is developed.
 * @returns {Record<string, string>} by name
 */
export function newestPeers() {
  const { devDependencies } = packageJson();
  return Object.fromEntries(PEERS.map((name) => [name, devDependencies[name] ?? ""]));
}

/**
 * The oldest that the peer range admits: `^1.2.3` begins with 1.2.3.
 * @returns {Record<string, string>} by name
 */
export function oldestPeers() {
  const { peerDependencies } = packageJson();
  const first = (/** @type {string} */ name) => (peerDependencies[name] ?? "").replace(/^\^/, "");
  return { [CORE]: first(CORE), [CHECKPOINT]: first(CHECKPOINT), [LANGGRAPH]: OLDEST_LANGGRAPH };
}

/**
 * Installs the oldest peers into a folder of their own, with the validation suite, which imports them too.
 * @returns {Promise<string>} the folder; what is imported from a file in it gets the oldest peers
 */
export async function ensureOldestPeers() {
  /** @type {Record<string, string>} */
  const wanted = { ...oldestPeers(), [VALIDATION]: packageJson().devDependencies[VALIDATION] ?? "" };
  if (!hasPackages(folder, wanted)) {
    console.log(`Installing LangGraph ${wanted[LANGGRAPH]} with the oldest peers (npm) …`);
    mkdirSync(folder, { recursive: true });
    writeFileSync(`${folder}package.json`, JSON.stringify({ private: true, dependencies: wanted }));
    const isDone = await npm(["install", "--prefix", folder, "--no-audit", "--no-fund", "--loglevel=error"]);
    if (!isDone || !hasPackages(folder, wanted))
      throw new Error(`The oldest peers are not installed. To see why, run: npm install --prefix ${folder}`);
  }
  return folder;
}

const TABLE = /(<!-- peers -->\n\n)[^]*?(\n\n<!-- \/peers -->)/;

/**
 * What docs/support.md says of it.
 * @param {Record<string, string>} oldest
 * @param {Record<string, string>} newest
 */
export function peersTable(oldest, newest) {
  const rows = PEERS.map((name) => `| \`${name}\` | ${oldest[name]} | ${newest[name]} |`);
  return ["| package | oldest | newest |", "|---|---|---|", ...rows].join("\n");
}

/**
 * Puts the table between its two marks.
 * @param {string} page
 * @param {string} table
 */
export function withPeersTable(page, table) {
  if (!TABLE.test(page))
    throw new Error("docs/support.md has no <!-- peers --> and <!-- /peers --> to put the table between.");
  return page.replace(TABLE, (_, before, after) => before + table + after);
}
