import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";
import { hasPackages, npm } from "../install.js";

const root = fileURLToPath(new URL("../../../", import.meta.url));

/**
 * A saver that is compared.
 * @typedef {object} Peer
 * @property {string} name at the head of its column
 * @property {string} package
 * @property {string} place the module in `places` that opens it
 * @property {"dynamodb" | "postgres" | "redis"} [server]
 * @property {Record<string, string>} [install] what is installed for it on demand, and beside nothing else
 */

/** @type {Peer[]} */
export const PEERS = [
  { name: "this one", package: "langgraph-checkpoint-dynamodb", place: "ours", server: "dynamodb" },
  {
    name: "@rwai",
    package: "@rwai/langgraphjs-checkpoint-dynamodb",
    place: "rwai",
    server: "dynamodb",
    install: { "@rwai/langgraphjs-checkpoint-dynamodb": "0.1.6" },
  },
  { name: "Postgres", package: "@langchain/langgraph-checkpoint-postgres", place: "postgres", server: "postgres" },
  {
    name: "Redis",
    package: "@langchain/langgraph-checkpoint-redis",
    place: "redis",
    server: "redis",
    install: { "@langchain/langgraph-checkpoint-redis": "1.0.11", redis: "4.7.1" },
  },
  // Its version stands in sqlite-saver.js, which tests use as well.
  { name: "SQLite", package: "@langchain/langgraph-checkpoint-sqlite", place: "sqlite" },
  { name: "MemorySaver", package: "@langchain/langgraph-checkpoint", place: "memory" },
];

/** How much longer a message takes to the server where a network is pretended. */
export const DELAY_MS = 5;

/** What the Redis saver says where it would search: nothing stands in for that. */
export const NO_SEARCH = "needs RediSearch, which Debian's Redis lacks";

/** What could not be run, and why: it goes into the page as well. */
export const NOT_RUN = {
  "`@langchain/langgraph-checkpoint-mongodb`": "Neither Debian nor npm has a MongoDB server.",
  "`@farukada/aws-langgraph-dynamodb-ts`": "npm's registry answered 404 where this was measured.",
  "Python's `langgraph-checkpoint-aws`": "It runs in Python, so not on this trace.",
};

/** Where a peer's packages are: its own folder, or that of what is installed for development. */
export const folderOf = (/** @type {Peer} */ { place, install }) =>
  place === "sqlite" ? `${root}.cache/sqlite/` : install ? `${root}.cache/compare/${place}/` : root;

/** @param {Peer} peer */
export async function ensurePeer(peer) {
  const folder = folderOf(peer);
  if (!peer.install || hasPackages(folder, peer.install)) return;
  console.log(`Installing ${peer.package} (npm) …`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}package.json`, JSON.stringify({ private: true, type: "module", dependencies: peer.install }));
  // Their peer, LangGraph, is the one that is installed for development.
  await npm(["install", "--prefix", folder, "--omit=peer", "--no-audit", "--no-fund", "--loglevel=error"]);
  if (!hasPackages(folder, peer.install)) throw new Error(`${peer.package} could not be installed in ${folder}.`);
}

/** @param {Peer} peer */
export const versionOf = (peer) =>
  installedVersion(peer.place === "ours" ? root : `${folderOf(peer)}node_modules/${peer.package}/`);

/** Of a package that is installed for development. @param {string} name */
export const developmentVersion = (name) => installedVersion(`${root}node_modules/${name}/`);

/** @param {string} folder @returns {string} */
function installedVersion(folder) {
  try {
    return JSON.parse(readFileSync(`${folder}package.json`, "utf8")).version;
  } catch {
    return "not installed";
  }
}

/**
 * A package as a program in its folder would get it.
 * @param {string} folder @param {string} name
 * @returns {Promise<any>}
 */
export async function importFrom(folder, name) {
  const entry = `${folder}import-${name.replaceAll(/\W+/g, "-")}.mjs`;
  writeFileSync(entry, `export * from ${JSON.stringify(name)};\n`);
  return import(pathToFileURL(entry).href);
}

/**
 * For a package whose ES module does not load in Node.
 * @param {string} folder @param {string} name
 */
export const requireFrom = (folder, name) => createRequire(`${folder}package.json`)(name);
