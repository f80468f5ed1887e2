import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { atEndOfProcess } from "../servers/daemon.js";
import { startDynamoDBLocal } from "../servers/dynamodb-local.js";
import { startPostgres } from "../servers/postgres.js";
import { startRedis } from "../servers/redis.js";
import { DELAY_MS, ensurePeer, folderOf } from "./peers.js";
import { startProxy } from "./proxy.js";

/** @import { Peer } from "./peers.js" */

const program = fileURLToPath(new URL("run.js", import.meta.url));

/**
 * @typedef {object} Measured
 * @property {string} [server] which one it ran on
 * @property {Record<string, number>} figures those that there are of it
 * @property {string} [failed] why there are none
 * @property {Record<string, boolean | string>} probes whether each holds, or why that cannot be said
 */

/**
 * Runs one peer in a process of its own, on a server of its own that has just been started.
 * @param {Peer} peer
 * @param {{ node: string, turns: number }} options of the Node, and the length of the conversation that is measured;
 *   with 0, the saver is probed
 * @returns {Promise<Measured>} with what there is, wherever it ended
 */
export async function measure(peer, { node, turns }) {
  await ensurePeer(peer);
  const server = peer.server && (await START[peer.server]());
  const proxy = server && (await startProxy(Number(new URL(server.url).port)));
  const url = server && server.url.replace(/:\d+(?=\/|$)/, `:${proxy?.port}`);
  try {
    const options = { place: peer.place, url, folder: folderOf(peer), turns, delayMs: DELAY_MS };
    const child = fork(program, [JSON.stringify(options)], {
      execPath: node,
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
    const forget = atEndOfProcess(() => void child.kill("SIGKILL"));
    let stderr = "";
    child.stderr?.setEncoding("utf8").on("data", (text) => (stderr = (stderr + text).slice(-4_096)));
    /** @type {Measured} */
    const measured = { figures: {}, probes: {} };
    child.on("message", (/** @type {any} */ { ask, argument, tell, value }) => {
      if (tell === "server") measured.server = value;
      if (tell === "figures") measured.figures = value;
      if (tell === "failed") measured.failed = value;
      if (tell === "probe") measured.probes[value[0]] = value[1];
      if (ask === "delay") proxy?.delay(argument);
      if (ask) child.send(proxy?.counts() ?? {});
    });
    const code = await new Promise((resolve) => child.once("close", resolve));
    forget();
    if (code !== 0) {
      console.error(`${peer.package} ended with ${code}: ${stderr.trim()}`);
      measured.failed ??= "it ended before that";
    }
    return measured;
  } finally {
    await proxy?.stop();
    await server?.stop();
  }
}

/** @type {Record<NonNullable<Peer["server"]>, () => Promise<{ url: string, stop: () => Promise<void> }>>} */
const START = {
  dynamodb: async () => {
    const { endpoint, stop } = await startDynamoDBLocal();
    return { url: endpoint, stop };
  },
  postgres: startPostgres,
  redis: async () => {
    const { port, stop } = await startRedis();
    return { url: `redis://127.0.0.1:${port}`, stop };
  },
};
