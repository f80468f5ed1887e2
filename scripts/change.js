// `npm run change`: asks what a user will see of a change, and notes it in .changeset/ for the next release.
// `npm run change -- version`: makes the next version of what is noted, in package.json, jsr.json and CHANGELOG.md.
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Installed when it is wanted, and by nobody else. The newest one for Node 20. */
const changesets = "@changesets/cli@2.29.8";
const root = fileURLToPath(new URL("..", import.meta.url));
const args = process.argv.slice(2);

run("npx", ["--yes", changesets, ...args]);
if (args[0] === "version") {
  const { version } = JSON.parse(readFileSync(`${root}package.json`, "utf8"));
  const jsr = readFileSync(`${root}jsr.json`, "utf8");
  writeFileSync(`${root}jsr.json`, jsr.replace(/"version": "[^"]*"/, `"version": "${version}"`));
  run("npm", ["install", "--package-lock-only", "--no-audit", "--no-fund", "--loglevel=error"]);
  console.log(`This is ${version} now. Look at CHANGELOG.md, commit, and tag the commit v${version}.`);
}

/** @param {string} command @param {string[]} args */
function run(command, args) {
  const shell = process.platform === "win32"; // npm and npx are .cmd files there
  const { status } = spawnSync(command, args, { cwd: root, stdio: "inherit", shell });
  if (status !== 0) process.exit(status ?? 1);
}
