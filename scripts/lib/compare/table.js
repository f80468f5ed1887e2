import { DELAY_MS, NO_SEARCH, NOT_RUN, versionOf } from "./peers.js";
import { PROBES } from "./probes.js";

/** @import { Measured } from "./measure.js" */
/** @import { Peer } from "./peers.js" */
/** @typedef {{ peer: Peer, probed: Measured, rounds: Measured[] }} Result */

const PART = /(<!-- compare -->\n)[^]*(<!-- \/compare -->)/;

/** @type {[label: string, figure: string, show: (value: number) => string][]} */
const FIGURES = [
  ["round trips to its server a turn", "roundTrips", (n) => n.toFixed(0)],
  ["sent to its server a turn, KB", "sent", (n) => (n / 1_000).toFixed(0)],
  ["stored, the whole conversation, MB", "stored", (n) => (n / 1e6).toFixed(1)],
  ["write units a turn", "writeUnits", (n) => n.toFixed(0)],
  ["read units a turn", "readUnits", (n) => n.toFixed(0)],
  ["processor time of the program a turn, ms", "cpuMs", (n) => n.toFixed(0)],
  ["time a turn, ms", "ms", (n) => n.toFixed(0)],
  [`the same, with ${DELAY_MS} ms to its server, ms`, "delayedMs", (n) => n.toFixed(0)],
];

/**
 * The least of each figure: that round was disturbed least by what else the machine does. And what each probe said.
 * @param {Result[]} results
 * @param {{ turns: number, conditions: string }} run
 */
export function compareTables(results, { turns, conditions }) {
  const notes = new Notes();
  const names = results.map(({ peer }) => peer.name);
  const figures = FIGURES.map(([label, figure, show]) => [
    label,
    ...results.map((result) => figureOf(result, figure, show, notes)),
  ]);
  const probes = Object.keys(PROBES).map((probe) => [
    probe,
    ...results.map(({ probed }) => {
      const said = probed.probes[probe] ?? probed.failed ?? "it ended before that";
      if (typeof said === "boolean") return said ? "yes" : "**no**";
      return `${said === NO_SEARCH ? "not run" : "error"}${notes.mark(said)}`;
    }),
  ]);
  return [
    `${conditions} A conversation of ${turns} turns:`,
    markdownTable(["", ...names], figures),
    "What each one did:",
    markdownTable(["", ...names], probes),
    ...(notes.texts.length > 0 ? [notes.texts.join("  \n")] : []),
    "What the names mean, and their versions:",
    markdownTable(
      ["", "package", "version", "server"],
      results.map(({ peer, probed }) => [
        peer.name,
        `\`${peer.package}\``,
        versionOf(peer),
        probed.server ?? (peer.server ? "DynamoDB Local" : "none"),
      ]),
    ),
    "What was not run:",
    Object.entries(NOT_RUN)
      .map(([name, why]) => `- ${name}: ${why}`)
      .join("\n"),
  ].join("\n\n");
}

/** @param {string} page @param {string} text @returns {string} the page with these tables in place of what was there */
export function withCompared(page, text) {
  if (!PART.test(page)) throw new Error("docs/comparison.md has no <!-- compare --> and <!-- /compare -->.");
  return page.replace(PART, (_, before, after) => `${before}\n${text}\n\n${after}`);
}

/** The names at the heads of the columns. @param {string} page */
export const comparedIn = (page) =>
  PART.exec(page)?.[0]
    .split("\n")
    .find((line) => line.startsWith("| |"))
    ?.split("|")
    .slice(2, -1)
    .map((name) => name.trim());

/** @param {Result} result @param {string} figure @param {(value: number) => string} show @param {Notes} notes */
function figureOf({ rounds }, figure, show, notes) {
  const failed = rounds.find((round) => round.failed)?.failed;
  if (failed) return `error${notes.mark(failed)}`;
  const values = rounds.flatMap(({ figures }) => figures[figure] ?? []);
  return values.length > 0 ? show(Math.min(...values)) : "–";
}

/** Each message once, by a number that stands in the table. */
class Notes {
  /** @type {string[]} */
  texts = [];

  /** @param {string} message */
  mark(message) {
    const text = message.replaceAll(/[\s|<>]+/g, " ").slice(0, 200);
    let index = this.texts.findIndex((one) => one.endsWith(` ${text}`));
    if (index < 0) index = this.texts.push(`<sup>${this.texts.length + 1}</sup> ${text}`) - 1;
    return `<sup>${index + 1}</sup>`;
  }
}

/** @param {string[]} head @param {string[][]} rows */
const markdownTable = (head, rows) =>
  [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`.replaceAll("|  |", "| |")).join("\n");
