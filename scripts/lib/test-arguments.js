import { chosenLanes, LANES } from "./lanes.js";

/** Options of vitest that people use here and whose value is an argument of its own. */
const WITH_VALUE = ["-t", "--testNamePattern"];

/**
 * @typedef {object} TestArguments
 * @property {string[]} filters parts of the names of test files
 * @property {string[]} lanes where they run
 * @property {boolean} quick
 * @property {string[]} options for vitest
 */

/**
 * What `npm test -- …` says.
 * @param {string[]} args
 * @returns {TestArguments}
 */
export function readTestArguments(args) {
  const rest = [...args];
  /** @type {string[]} */
  const filters = [];
  /** @type {string[]} */
  const lanes = [];
  /** @type {string[]} */
  const options = [];
  let quick = false;
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    if (arg === "--quick") quick = true;
    else if (arg === "--lane" || arg === "--project") lanes.push(rest.shift() ?? "");
    else if (/^--(lane|project)=/.test(arg)) lanes.push(arg.slice(arg.indexOf("=") + 1));
    else if (WITH_VALUE.includes(arg)) options.push(arg, rest.shift() ?? "");
    else if (arg.startsWith("-")) options.push(arg);
    else filters.push(arg);
  }
  if (quick && (filters.length > 0 || lanes.length > 0)) throw new Error("The quick tests have no choice of files or lanes. For that: npm test -- NAME --lane NAME");
  const everywhere = filters.length === 0 && options.length === 0 && !quick;
  return { filters, quick, options, lanes: lanes.length > 0 ? chosenLanes(lanes) : everywhere ? LANES : ["node"] };
}
