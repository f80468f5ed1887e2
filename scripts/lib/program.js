// Uses nothing but Node itself, so that a program can start with it on a fresh clone.

/**
 * @typedef {object} Program
 * @property {(() => Promise<void>)[]} cleanups what ends each part, called in reverse order whatever ends this process
 * @property {(code: number) => Promise<void>} end calls them, and ends this process
 */

/**
 * Runs a program that goes on until a signal or a failure ends it. A failure is said in one line; `DEBUG` shows all of
 * it.
 *
 * @param {string} command what a user types
 * @param {(program: Program) => Promise<void>} main
 */
export function runProgram(command, main) {
  /** @type {Program["cleanups"]} */
  const cleanups = [];
  let ending = false;

  /** @param {number} code */
  async function end(code) {
    if (ending) return;
    ending = true;
    for (const cleanup of cleanups.reverse()) await cleanup().catch(() => {});
    process.exit(code);
  }

  /** @param {unknown} error */
  function fail(error) {
    if (ending) return;
    const message = error instanceof Error ? error.message : String(error);
    console.error(`${command} failed: ${message.trim().replaceAll(/\s*\n\s*/g, " ")}`);
    if (process.env.DEBUG) console.error(error);
    void end(1);
  }

  process.on("SIGINT", () => void end(0));
  process.on("SIGTERM", () => void end(0));
  process.on("uncaughtException", fail);
  main({ cleanups, end }).catch(fail);
}
