import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { canInstall, install, installCommand, isDebian } from "./apt.js";
import { startDaemon } from "./daemon.js";
import { claimPort } from "./ports.js";

const program = "redis-server";
const startTimeoutMs = 30_000;

/**
 * Starts Debian's Redis, in memory, and waits until it answers. It ends with this process at the latest. It has no
 * modules: neither JSON nor search.
 *
 * @returns {Promise<{ port: number, version: string, stop: () => Promise<void> }>}
 */
export async function startRedis() {
  const version = ensureRedis();
  const port = await claimPort(0, "Redis");
  const server = startDaemon(program, ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--dir", "/tmp"]);
  for (const deadline = Date.now() + startTimeoutMs; !(await answers(port));) {
    if (server.ended() || Date.now() > deadline) {
      await server.stop();
      throw new Error(`Redis did not start: ${server.lastWords()}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return { port, version, stop: server.stop };
}

/** @returns {string} its version */
function ensureRedis() {
  const found = versionOf();
  if (found) return found;
  if (canInstall()) {
    console.log("Installing Redis, which a saver is compared on (apt-get) …");
    install(program);
    const installed = versionOf();
    if (installed) return installed;
  }
  throw new Error(
    `There is no Redis. ${isDebian() ? `Run ${installCommand(program)}` : "Put redis-server on the PATH."}`,
  );
}

const versionOf = () => /v=([\d.]+)/.exec(spawnSync(program, ["--version"], { encoding: "utf8" }).stdout ?? "")?.[1];

/** @param {number} port */
async function answers(port) {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    socket.write("PING\r\n");
    return String((await once(socket, "data"))[0]).startsWith("+PONG");
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
