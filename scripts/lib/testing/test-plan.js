import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { ensureCeph } from "../servers/ceph.js";
import { ensureJava } from "../servers/java.js";
import { ensureOldestPeers } from "./peers.js";
import { ensureRuntimes, executableOf, runtimeNames } from "./runtimes.js";

/** @import { Need } from "./test-needs.js" */

const root = fileURLToPath(new URL("../../../", import.meta.url));

/**
 * Which servers a run of the tests starts: `real` ones (DynamoDB Local, Ceph's S3), `embedded` ones in JavaScript, or
 * `none`.
 * @typedef {"real" | "embedded" | "none"} Servers
 */

/**
 * @typedef {object} Plan
 * @property {Servers} dynamodb
 * @property {Servers} s3
 * @property {string[]} lanes
 * @property {string[]} leftOut test files that cannot run
 * @property {"usual" | "full"} effort how often is tried what is drawn from very many, and how much in which lane
 * @property {string[]} missing what this system does not have, and the command that would provide it
 */

/**
 * What takes minutes, and is for faults and chance rather than for a look whether something broke. `npm test` runs
 * them.
 */
const LONG =
  /\/(crash-|history\.|ttl-invariant\.|prune-model\.|hostile-fuzz\.|differential[-.]|faults\.|outage[-.]|official-)/;

/** @type {Plan} What vitest does when nobody has planned. */
const everything = { dynamodb: "real", s3: "real", lanes: [], leftOut: [], effort: "full", missing: [] };

/**
 * The plan that `npm test` made, for vitest's own process.
 * @returns {Plan}
 */
export const planFromEnv = () => (process.env.TEST_PLAN ? JSON.parse(process.env.TEST_PLAN) : everything);

/**
 * Finds out what the chosen tests need, and installs it where that is possible without asking. What cannot be had is
 * replaced where it can, else left out, and named either way.
 *
 * @param {object} chosen
 * @param {string[]} chosen.filters parts of the names of test files; none: all of them
 * @param {string[]} chosen.lanes
 * @param {boolean} chosen.quick with embedded servers only
 * @param {boolean} [chosen.whole] everything, as often as it is worth
 * @returns {Promise<Plan>}
 */
export async function planTests({ filters, lanes, quick, whole = false }) {
  const { needsOf } = await import("./test-needs.js");
  const all = testFiles();
  const unknown = filters.find((filter) => !all.some((file) => file.includes(filter)));
  if (unknown !== undefined) throw new Error(`No test file's name has ${JSON.stringify(unknown)} in it.`);
  const files = all.filter((file) => filters.length === 0 || filters.some((filter) => file.includes(filter)));
  const needs = await needsOf(files);
  const needing = (/** @type {Need} */ need) => files.filter((file) => needs.get(file)?.has(need));
  /** @type {Plan} */
  const plan = {
    ...everything,
    lanes,
    // Who names files wants them, whether or not a lane has them when everything runs.
    effort: !quick && (whole || filters.length > 0) ? "full" : "usual",
    leftOut: quick ? files.filter((file) => LONG.test(file)) : [],
  };

  /** @param {Need} need @param {() => unknown} ensure */
  const canHave = async (need, ensure) => {
    try {
      await ensure();
      return true;
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      // Of one lack there is one line, whoever finds it.
      if (!plan.missing.some((what) => what.endsWith(why))) plan.missing.push(`${need}: ${why}`);
      return false;
    }
  };
  // What npm installs arrives while apt-get is at work.
  const oldestPeers =
    lanes.includes("oldest-peers") && canHave(/** @type {Need} */ ("oldest-peers"), ensureOldestPeers);
  const runtimes = ensureRuntimes(
    runtimeNames.filter((name) => lanes.includes(name) || (lanes.includes("node") && needing(name).length > 0)),
  );
  /**
   * The tests of behaviour make do with embedded servers; the others are about the real ones.
   * @param {"dynamodb" | "s3"} need
   * @param {() => void} ensure
   * @returns {Promise<Servers>}
   */
  const serversFor = async (need, ensure) => {
    const all = needing(need);
    if (all.length === 0) return "none";
    if (!quick && (await canHave(need, ensure))) return "real";
    plan.leftOut.push(...all.filter((file) => !isBehaviour(file)));
    return all.some(isBehaviour) ? "embedded" : "none";
  };
  plan.dynamodb = await serversFor("dynamodb", () => void (process.env.DYNAMODB_ENDPOINT ?? ensureJava()));
  plan.s3 = await serversFor("s3", () => void (process.env.S3_ENDPOINT ?? ensureCeph()));
  await runtimes;
  /** @type {[Need | "oldest-peers", () => unknown][]} */
  const others = [
    ["java", ensureJava],
    ["ceph", ensureCeph],
    ...runtimeNames.map((name) => /** @type {[Need, () => unknown]} */ ([name, () => executableOf(name)])),
  ];
  for (const [need, ensure] of others) {
    const wanting = lanes.includes("node") ? needing(/** @type {Need} */ (need)) : [];
    const isWanted = lanes.includes(need) || wanting.length > 0;
    if (!isWanted || (await canHave(/** @type {Need} */ (need), ensure))) continue;
    plan.lanes = plan.lanes.filter((lane) => lane !== need);
    plan.leftOut.push(...wanting);
  }
  if (oldestPeers && !(await oldestPeers)) plan.lanes = plan.lanes.filter((lane) => lane !== "oldest-peers");
  if (lanes.includes("workerd") && /\s/.test(root)) {
    plan.missing.push(
      `workerd: its pool for vitest loads nothing from a path with a space. Clone to another than ${root}`,
    );
    plan.lanes = plan.lanes.filter((lane) => lane !== "workerd");
  }
  plan.leftOut = [...new Set(plan.leftOut)];
  if (plan.leftOut.length === files.length) plan.lanes = [];
  return plan;
}

/** @param {string} file */
const isBehaviour = (file) => file.startsWith("tests/behaviour/");

/** @returns {string[]} from the project's folder on, with slashes on every system */
function testFiles() {
  const names = readdirSync(`${root}tests`, { recursive: true, encoding: "utf8" });
  return names
    .filter((name) => name.endsWith(".test.ts") && !name.includes("node_modules"))
    .map((name) => `tests/${name.replaceAll("\\", "/")}`);
}
