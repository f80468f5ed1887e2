import { chosenLanes, LANES } from "./lanes.js";

/** The option of vitest whose value is an argument of its own here, as people write it. */
const PATTERN = ["-t", "--testNamePattern"];

/**
 * @typedef {object} TestArguments
 * @property {string[]} filters parts of the names of test files
 * @property {string[]} lanes where they run
 * @property {boolean} quick
 * @property {boolean} whole everything in every lane, and as often as it is worth
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
  let whole = false;
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    if (arg === "--quick") quick = true;
    else if (arg === "--whole") whole = true;
    else if (arg === "--lane" || arg === "--project") lanes.push(valueOf(arg, rest.shift()));
    else if (/^--(lane|project)=/.test(arg)) lanes.push(arg.slice(arg.indexOf("=") + 1));
    else if (PATTERN.includes(arg)) options.push(arg, valueOf(arg, rest.shift()));
    else if (arg.startsWith("-")) {
      const next = rest[0];
      // Whether it is the option's value or the name of a file, only vitest could tell.
      if (!arg.includes("=") && next !== undefined && !next.startsWith("-"))
        throw new Error(
          `Write ${arg}=${next} if ${next} is the value of ${arg}; if it is part of a file's name, put it first.`,
        );
      options.push(arg);
    } else filters.push(arg);
  }
  if (quick && (filters.length > 0 || lanes.length > 0))
    throw new Error("The quick tests have no choice of files or lanes. For that: npm test -- NAME --lane NAME");
  if (whole && (quick || filters.length > 0))
    throw new Error("The whole tests have no choice of files: a file that is named is always run whole.");
  const everywhere = filters.length === 0 && options.length === 0 && !quick;
  return {
    filters,
    quick,
    whole,
    options,
    lanes: lanes.length > 0 ? chosenLanes(lanes) : everywhere ? LANES : ["node"],
  };
}

/**
 * @param {string} option
 * @param {string | undefined} value
 */
function valueOf(option, value) {
  if (value === undefined || value === "") throw new Error(`${option} needs a value behind it.`);
  return value;
}
