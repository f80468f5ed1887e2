import { parseArgs } from "node:util";

// Nothing but Node is imported here: this is read before anything is installed.

/**
 * The options of a command, as `parseArgs` reads them. What it does not know fails with the way to the list.
 *
 * @template {NonNullable<import("node:util").ParseArgsConfig["options"]>} Options
 * @param {string} command
 * @param {Options} options
 */
export function readOptions(command, options) {
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    const message = error instanceof Error ? error.message.replace(/\.$/, "") : String(error);
    throw new Error(`${message}. "${command} -- --help" lists the options.`, { cause: error });
  }
}

/**
 * @param {string} option
 * @param {string} text
 */
export function readPort(option, text) {
  const port = Number(text);
  if (/^\d+$/.test(text) && port >= 1 && port <= 65_535) return port;
  throw new Error(`${option} ${text} is not a port. Give a number from 1 to 65535.`);
}
