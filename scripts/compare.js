// `npm run compare`: this saver beside others, on one trace and on this machine. `npm run compare -- --help` lists the
// options.
import { readFileSync, writeFileSync } from "node:fs";
import { availableParallelism, loadavg } from "node:os";
import { fileURLToPath } from "node:url";
import { ensureInstalled } from "./lib/install.js";
import { readOptions } from "./lib/options.js";

/** @import { Measured } from "./lib/compare/measure.js" */

const help = `
npm run compare -- [options]

Runs each saver in a process of its own, on a server of its own: the agent of the bench, and probes of what a saver
must do. Installs what is missing: savers and Node 24 into .cache (npm), Java, PostgreSQL and Redis (apt-get, as root
on Debian).

  --turns N      how long the conversation is (50)
  --rounds N     how often each is measured; the least of each figure is shown (3)
  --only NAME    one saver, by its name in the table
  --write        puts the tables into docs/comparison.md
`;

try {
  const values = readOptions("npm run compare", {
    turns: { type: "string", default: "50" },
    rounds: { type: "string", default: "3" },
    only: { type: "string" },
    write: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  });
  if (values.help) console.log(help);
  else await compare(values);
} catch (error) {
  console.error(`compare failed: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}

/** @param {{ turns: string, rounds: string, only?: string | undefined, write: boolean }} options */
async function compare({ turns: turnsText, rounds: roundsText, only, write }) {
  const [turns, rounds] = [count("turns", turnsText, 2), count("rounds", roundsText, 1)];
  if (only !== undefined && write) throw new Error("--write takes all savers, so it goes without --only.");
  ensureInstalled();
  // Each saver starts on a server that is empty.
  for (const name of ["DYNAMODB_ENDPOINT", "POSTGRES_URL"]) delete process.env[name];
  const { ensureSqliteSaver } = await import("./lib/sqlite-saver.js");
  const { measure } = await import("./lib/compare/measure.js");
  const { developmentVersion, PEERS } = await import("./lib/compare/peers.js");
  const { compareTables, withCompared } = await import("./lib/compare/table.js");

  const peers = PEERS.filter(({ name }) => only === undefined || name === only);
  if (peers.length === 0)
    throw new Error(`There is no ${JSON.stringify(only)}, only ${PEERS.map(({ name }) => name).join(", ")}.`);
  const { node } = await ensureSqliteSaver();
  const conditions =
    `Measured on ${new Date().toISOString().slice(0, 10)} by \`npm run compare -- --write\`, all with LangGraph ` +
    `${developmentVersion("@langchain/langgraph")} on Node 24, one after the other on one machine of ` +
    `${availableParallelism()} cores, whose load was ${loadavg()[0]?.toFixed(1)} before. ` +
    `Of ${rounds === 1 ? "1 round" : `${rounds} rounds`}, the least of each figure is shown.`;
  /** One that cannot be installed or started does not end the table. @param {Error} error @returns {Measured} */
  const failed = ({ message }) => ({ figures: {}, probes: {}, failed: message });
  /** @type {import("./lib/compare/table.js").Result[]} */
  const results = [];
  for (const peer of peers) {
    console.error(`probes: ${peer.package}`);
    results.push({ peer, probed: await measure(peer, { node, turns: 0 }).catch(failed), rounds: [] });
  }
  for (let round = 1; round <= rounds; round++) {
    // In turns, so that what else the machine does meets all of them.
    for (const { peer, rounds: measured } of results) {
      console.error(`round ${round} of ${rounds}: ${peer.package}`);
      measured.push(await measure(peer, { node, turns }).catch(failed));
    }
  }
  const text = compareTables(results, { turns, conditions });
  console.log(text);
  if (!write) return;
  const page = fileURLToPath(new URL("../docs/comparison.md", import.meta.url));
  writeFileSync(page, withCompared(readFileSync(page, "utf8"), text));
}

/** @param {string} option @param {string} text @param {number} least */
function count(option, text, least) {
  if (!/^\d{1,4}$/.test(text) || Number(text) < least)
    throw new Error(`--${option} ${text} is not a number from ${least} to 9999.`);
  return Number(text);
}
