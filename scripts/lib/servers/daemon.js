import { spawn } from "node:child_process";

/**
 * @typedef {object} Daemon
 * @property {() => boolean} ended
 * @property {Promise<unknown>} closed
 * @property {() => string} lastWords
 * @property {() => Promise<void>} stop
 */

/**
 * Starts a server that keeps nothing worth a clean shutdown: it is killed, at the latest with this process.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string, isNoise?: (line: string) => boolean }} [options] `isNoise` tells the lines of stderr
 *   that do not say why it ended
 * @returns {Daemon}
 */
export function startDaemon(command, args, { cwd, isNoise = () => false } = {}) {
  const child = spawn(command, args, { cwd, stdio: ["ignore", "ignore", "pipe"] });
  let stderr = "";
  let ended = false;
  child.stderr.setEncoding("utf8").on("data", (text) => (stderr = (stderr + text).slice(-65_536)));
  child.on("error", (error) => (stderr += error.message));
  const closed = new Promise((resolve) => child.once("close", resolve)).then(() => (ended = true));

  const kill = () => void child.kill("SIGKILL");
  void closed.then(atEndOfProcess(kill));

  return {
    ended: () => ended,
    closed,
    lastWords: () =>
      stderr.split("\n").findLast((line) => line.trim() !== "" && !isNoise(line)) ??
      `it said nothing (${child.signalCode ?? `exit code ${child.exitCode}`})`,
    stop: async () => {
      kill();
      await closed;
    },
  };
}

/**
 * @param {() => void} action runs when this process exits, or is asked to by SIGINT or SIGTERM
 * @returns {() => void} undoes it
 */
export function atEndOfProcess(action) {
  /** @param {NodeJS.Signals} signal */
  const onSignal = (signal) => {
    action();
    forget();
    // A listener takes away the signal's own effect; without another listener, nobody else would end us.
    if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
  };
  const forget = () => {
    process.off("exit", action).off("SIGINT", onSignal).off("SIGTERM", onSignal);
  };
  process.on("exit", action).on("SIGINT", onSignal).on("SIGTERM", onSignal);
  return forget;
}
