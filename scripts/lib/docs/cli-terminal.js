import { spawn } from "@lydell/node-pty";
import xterm from "@xterm/headless";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../../", import.meta.url));

/** The command line, as it is built. */
export const program = `${root}dist/cli.js`;

/**
 * What a shell has set must not decide what is shown.
 * @param {Record<string, string>} env
 */
export const cliEnvironment = (env) => ({
  PATH: process.env.PATH ?? "",
  HOME: "/nonexistent",
  TERM: "xterm-256color",
  ...env,
});

/**
 * @typedef {object} Screen
 * @property {number} code
 * @property {string[]} lines what is on the screen at the end, and above it, without what is empty at the end
 * @property {string} text the same
 * @property {string} raw as it came, with the sequences of colours and of cursor movements
 */

/**
 * Runs the command line in a terminal, and reads the screen.
 * @param {readonly string[]} args
 * @param {object} options
 * @param {Record<string, string>} options.env
 * @param {number} [options.columns]
 * @param {string} [options.cwd]
 * @param {readonly (readonly [shown: string | RegExp, keys: string])[]} [options.keys] pressed as soon as a text has
 *   been shown
 * @returns {Promise<Screen>}
 */
export async function runInTerminal(args, { env, columns = 100, cwd = root, keys = [] }) {
  const terminal = new xterm.Terminal({ cols: columns, rows: 50, scrollback: 100_000, allowProposedApi: true });
  const child = spawn(process.execPath, [program, ...args], { cols: columns, rows: 50, cwd, env: cliEnvironment(env) });
  const toPress = [...keys];
  let raw = "";
  let written = Promise.resolve();
  child.onData((chunk) => {
    raw += chunk;
    written = written.then(() => new Promise((resolve) => terminal.write(chunk, resolve)));
    const [next] = toPress;
    if (next === undefined || !(typeof next[0] === "string" ? raw.includes(next[0]) : next[0].test(raw))) return;
    toPress.shift();
    child.write(next[1]);
  });
  const code = await new Promise((resolve) => child.onExit(({ exitCode }) => resolve(exitCode)));
  await written;
  const { active } = terminal.buffer;
  const all = Array.from({ length: active.length }, (_, i) => active.getLine(i)?.translateToString(true) ?? "");
  terminal.dispose();
  const lines = all.slice(0, all.findLastIndex((line) => line !== "") + 1);
  return { code, lines, text: lines.join("\n"), raw };
}
